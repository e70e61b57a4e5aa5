import assert from 'node:assert/strict'
import {openClusterContext} from '../../../../src/lib/context.ts'
import {conventionalSettings} from '../../../../src/lib/domain/settings.ts'
import {OpsError} from '../../../../src/lib/errors.ts'
import {RollRefused} from '../../../../src/lib/ops/roll/outcome.ts'
import {type PreparedRoll, startRoll} from '../../../../src/lib/ops/roll/start.ts'
import {openTerminal} from '../../../../src/lib/output/terminal.ts'
import {BLOCKERS, plan} from '../../../support/roll-events.ts'
import {emptyConfiguration} from '../../../support/run.ts'

describe('startRoll', () => {
  it('refuses a plan with blockers before it touches anything, whoever calls it', async () => {
    const settings = conventionalSettings('nats-prod')
    const untouchable = new Proxy({}, {get: () => assert.fail('nothing may be touched')})
    const context = {
      ...openClusterContext(
        {
          configuration: emptyConfiguration(),
          terminal: openTerminal({colour: false, quiet: true}),
          signal: new AbortController().signal,
          requestTimeoutMs: 1000,
        },
        {settings, sources: new Map()},
      ),
      aws: async () => assert.fail('AWS may not be asked'),
    }
    const prepared = {plan: plan({blockers: BLOCKERS}), nodes: [], world: untouchable, request: {}} as unknown
    await assert.rejects(
      startRoll(context, prepared as PreparedRoll, () => {}),
      (error) => {
        assert.ok(error instanceof RollRefused && error instanceof OpsError)
        assert.match(error.message, /^the roll is refused, nothing was changed\n {2}I2 every other replica .*: no\n/)
        return true
      },
    )
  })
})
