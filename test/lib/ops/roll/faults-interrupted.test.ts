import assert from 'node:assert/strict'
import {states} from '../../../../src/lib/domain/roll/algorithm.ts'
import {Exit, InterruptedError} from '../../../../src/lib/errors.ts'
import {atState, makeRig} from '../../../support/roll-faults.ts'

describe('a roll that is interrupted', () => {
  const everyState = states.slice(states.indexOf('SELECT'), states.indexOf('DONE'))
  for (const state of everyState) {
    for (const how of ['Ctrl-C', 'SIGKILL'] as const) {
      it(`44: ${how} at ${state}: a resume finishes the same node and reaches the end`, async () => {
        const rig = makeRig()
        let inFlight: string | undefined
        atState(rig, state, (node) => {
          inFlight = node
          if (how === 'Ctrl-C') rig.abort.abort(new InterruptedError('SIGINT'))
          else rig.crash()
        })
        const status = await rig.run()
        assert.equal(status, how === 'Ctrl-C' ? Exit.interrupted : 'crashed', rig.lastError?.message)
        rig.onEvent = undefined
        const before = rig.events.length
        assert.equal(await rig.run(2), 0, rig.lastError?.message)
        const next = rig.events.slice(before).find((event) => event.type === 'state' && event.node !== undefined)
        if (inFlight !== undefined) assert.equal(next?.type === 'state' && next.node, inFlight)
        assert.equal(rig.cluster.terminated.length, 3)
        assert.deepEqual(rig.cluster.violations, [])
      })
    }
  }

  it('45: the journal is gone: rebuilt from the lock and the world, without the comparison', async () => {
    const rig = makeRig()
    atState(rig, 'SYNC', () => rig.crash())
    assert.equal(await rig.run(), 'crashed')
    rig.loseJournal()
    rig.onEvent = undefined
    assert.equal(await rig.run(2), 0, rig.lastError?.message)
    const why = rig.events.flatMap((event) =>
      event.type === 'skipped' && event.what === 'comparison with the state before' ? event.why : [],
    )
    assert.deepEqual(why, ['this machine has no journal of its gate'])
  })

  it('40: the laptop sleeps two hours in SOAK: the soak starts again', async () => {
    const rig = makeRig({request: {settleMs: 60_000}})
    let slept = false
    rig.onEvent = (event) => {
      if (event.type !== 'soaking' || event.soakedMs < 40_000 || slept) return
      slept = true
      rig.clock.pass(7_200_000)
    }
    assert.equal(await rig.run(), 0, rig.lastError?.message)
    const soaked = rig.events.flatMap((event) => (event.type === 'soaking' ? event.soakedMs : []))
    const restart = soaked.findIndex((ms, index) => index > 0 && ms < soaked[index - 1]!)
    assert.ok(restart > 0 && soaked[restart]! < 10_000, `soaked ${soaked.join(', ')}`)
  })

  it('46: the wall clock jumps: nothing ends early, nothing is believed from before', async () => {
    const rig = makeRig()
    let jumps = 0
    rig.onEvent = (event) => {
      if (event.type === 'state') rig.clock.skew += ++jumps % 2 === 0 ? -86_400_000 : 86_400_000
    }
    assert.equal(await rig.run(), 0, rig.lastError?.message)
    assert.deepEqual(rig.cluster.violations, [])
  })
})
