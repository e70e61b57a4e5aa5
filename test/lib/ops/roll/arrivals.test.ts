import assert from 'node:assert/strict'
import type {Aws, LogService} from '../../../../src/lib/clients/ports.ts'
import {systemClock} from '../../../../src/lib/clock.ts'
import {Exit, OpsError} from '../../../../src/lib/errors.ts'
import {bootstrapSays, freshEvents} from '../../../../src/lib/ops/roll/arrivals.ts'

const launchedAt = Date.parse('2026-01-01T00:10:00Z')
const pattern = 'Axiom ingest check'
const logs = {bootstrapGroup: '/g', bootstrapPattern: pattern} as Parameters<typeof bootstrapSays>[0]['logs']

/** EC2 with one instance; log lines and events of a node, each at its time. */
function scene(times: readonly number[], clock = systemClock) {
  const find = async (_group: string, {since}: {readonly since: number}) =>
    times.filter((at) => at >= since).map((at) => ({stream: 'c-node-1-bootstrap-x', at, message: `${pattern}: 200`}))
  const instances = async ({ids}: {readonly ids: readonly string[]}) => (ids[0] === 'i-new' ? [{launchedAt}] : [])
  const aws = {ec2: async () => ({instances}), logs: async () => ({find})} as unknown as Aws
  const service = {
    hasEvents: async (_node: string, since: number) => times.some((at) => at >= since),
  } as unknown as LogService
  return {
    bootstrap: (id = 'i-new') => bootstrapSays({aws, clock, logs}, 'c-node-1', id),
    events: (id = 'i-new') => freshEvents({aws, clock, service}, 'c-node-1', id),
  }
}

const value = (answer: Awaited<ReturnType<typeof freshEvents>>): boolean | string =>
  answer.ok ? answer.value : answer.problem.detail

describe('what arrives from a replacement', () => {
  for (const skewMs of [-600_000, 0, 600_000]) {
    it(`counts from its launch by AWS's clock, this machine's being ${skewMs / 1000} s ahead`, async () => {
      const clock = {...systemClock, now: () => launchedAt + 60_000 + skewMs}
      const before = scene([launchedAt - 5000], clock)
      assert.deepEqual([value(await before.bootstrap()), value(await before.events())], [false, false])
      const after = scene([launchedAt - 5000, launchedAt + 5000], clock)
      assert.deepEqual([value(await after.bootstrap()), value(await after.events())], [true, true])
    })
  }

  it('is not known of an instance that EC2 does not know', async () => {
    const {bootstrap, events} = scene([launchedAt + 5000])
    assert.equal(value(await bootstrap('i-other')), 'EC2 does not know i-other')
    assert.equal(value(await events('i-other')), 'EC2 does not know i-other')
  })

  it('is not known where AWS does not answer', async () => {
    const problem = new OpsError('no answer', {code: 'AWS_TIMEOUT', exit: Exit.unreachable})
    const aws = {ec2: () => Promise.reject(problem)} as unknown as Aws
    const answer = await bootstrapSays({aws, clock: systemClock, logs}, 'c-node-1', 'i-new')
    assert.deepEqual(!answer.ok && answer.problem, {kind: 'timeout', detail: 'no answer'})
  })
})
