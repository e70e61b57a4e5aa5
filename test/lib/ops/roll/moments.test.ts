import assert from 'node:assert/strict'
import {formatLock} from '../../../../src/lib/domain/roll/lock.ts'
import {Exit} from '../../../../src/lib/errors.ts'
import {LOCK, lockIn} from '../../../support/lock-store.ts'
import {atState, makeRig} from '../../../support/roll-faults.ts'

/** What was seen is acted on while it is young, and by whoever still holds the lock. */
describe('roll, between the look and the act', () => {
  it('a look that took long is not acted on: a sibling may have gone since it answered', async () => {
    const rig = makeRig({only: ['c-node-3']})
    atState(rig, 'INTENT', () => {
      rig.nodesLens = (seen) => {
        rig.clock.pass(50_000)
        return seen
      }
    })
    assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
    assert.deepEqual(rig.cluster.terminated, [])
  })

  it('one slow look does not vouch for a replica that stopped following while it went on', async () => {
    const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 50, stored: 2000}]})
    const {cluster} = rig
    const lagging = cluster.node('c-node-2')
    const observe = cluster.observe.bind(cluster)
    let held = 0
    cluster.observe = () => {
      held = lagging.store.get('orders') ?? 0
      return observe()
    }
    let looks = Number.NaN
    rig.nodesLens = (seen) => {
      looks += 1
      rig.clock.pass(looks === 1 ? 50_000 : 6000)
      if (looks === 1) {
        lagging.frozen = true
        lagging.store.set('orders', held)
      }
      return seen
    }
    atState(rig, 'INTENT', () => {
      looks = 0
    })
    assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
    assert.deepEqual(cluster.terminated, [])
  })

  describe('while the instance is asked how its server can be stopped, which AWS may take its time for,', () => {
    it('a sibling that dies keeps the server running', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.onUnitRead = () => {
        rig.clock.pass(40_000)
        rig.cluster.stop('c-node-2')
      }
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in STOP of c-node-3/)
      assert.equal(rig.cluster.node('c-node-3').server, 'up')
      assert.ok(!rig.events.some(({type}) => type === 'stopped'))
    })

    it('a lock that somebody else takes over keeps it running too', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.onUnitRead = () => {
        rig.onUnitRead = undefined
        const {value, version} = rig.store.parameters.get(LOCK)!
        const theirs = formatLock({...lockIn(value), roll: 'theirs'})
        rig.store.parameters.set(LOCK, {name: LOCK, value: theirs, secure: false, version: version + 1})
      }
      assert.equal(await rig.run(), Exit.locked, rig.lastError?.message)
      assert.equal(rig.cluster.node('c-node-3').server, 'up')
      assert.ok(!rig.events.some(({type}) => type === 'stopped'))
    })
  })

  describe('a stop that AWS did not take', () => {
    it('is asked for again', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.stopAnswers = ['again', 'again']
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.deepEqual(
        rig.events.flatMap((event) => (event.type === 'noticed' ? event.what : [])),
        ['stopping its server: by test', 'stopping its server: by test'],
      )
      assert.deepEqual(rig.cluster.violations, [])
    })

    it('is not asked for again where a sibling has gone meanwhile', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.stopAnswers = ['again']
      rig.startFails = true
      rig.onEvent = (event) => {
        if (event.type === 'noticed') rig.cluster.node('c-node-1').server = 'paused'
      }
      // Held with every server as it was: there is nothing to start again.
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /c-node-1 does not answer/)
      assert.ok(!rig.events.some(({type}) => type === 'stopped'))
      assert.deepEqual(rig.cluster.violations, [])
    })

    it('holds when AWS never takes it', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.stopAnswers = Array(100).fill('again')
      rig.startFails = true
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /the server could not be stopped: by test/)
    })
  })

  for (const seconds of [45, 320, 620]) {
    it(`credentials with ${seconds} s left stop no server: its replacement and the way back need them longer`, async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.credentialsExpireAt = rig.clock.now() + seconds * 1000
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /I8: the AWS credentials expire in/)
      assert.ok(!rig.events.some(({type}) => type === 'stopped'))
      assert.deepEqual(rig.cluster.terminated, [])
    })
  }
})
