import assert from 'node:assert/strict'
import type {ClusterObservation, ConsumerReplica} from '../../../../src/lib/domain/observation.ts'
import {Exit, InterruptedError} from '../../../../src/lib/errors.ts'
import type {RollRig} from '../../../support/fake-roll.ts'
import {atState, bendJetStream, makeRig} from '../../../support/roll-faults.ts'

/** A roll may wait long, but not for ever. */
describe('roll, sequences that must not harm', () => {
  describe('waits end', () => {
    it('a soak that is broken again and again is held', async () => {
      const rig = makeRig({request: {settleMs: 20_000}})
      let turns = 0
      atState(rig, 'SOAK', () => {
        rig.nodesLens = (seen) => {
          rig.canaryFails = ++turns % 5 === 0
          return seen
        }
      })
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in SOAK/)
      assert.equal(rig.cluster.terminated.length, 1)
    })

    for (const kind of ['ends', 'is interrupted'] as const) {
      it(`a wait whose every look takes longer than a laptop's nap ${kind}`, async () => {
        const rig = makeRig({only: ['c-node-3']})
        let looks = 0
        rig.nodesLens = (seen) => {
          rig.clock.pass(61_000)
          if (kind === 'is interrupted' && ++looks === 3) rig.abort.abort(new InterruptedError('SIGINT'))
          return seen
        }
        assert.equal(await rig.run(), kind === 'ends' ? Exit.held : Exit.interrupted, rig.lastError?.message)
        assert.deepEqual(rig.cluster.terminated, [])
      })
    }

    it('a lock that is always slow to write stops no server', async () => {
      const rig = makeRig({only: ['c-node-3']})
      slowDown(rig)
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in STOP of c-node-3: .*longer than 5 s/)
      assert.ok(!rig.events.some(({type}) => type === 'stopped'))
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('a lock that has become slow to write is no reason to keep the server stopped for ever', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'INTENT', () => slowDown(rig))
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in TERMINATE of c-node-3: .*longer than 5 s/)
      assert.deepEqual(rig.cluster.terminated, [])
      assert.deepEqual(rig.cluster.unsound(), [])
    })

    function slowDown({store, clock}: RollRig): void {
      const [get, put] = [store.get.bind(store), store.put.bind(store)]
      store.get = (names) => {
        clock.pass(3000)
        return get(names)
      }
      store.put = (...given) => {
        clock.pass(3000)
        return put(...given)
      }
    }

    it('a replacement that is restarted again and again and comes no further is held', async () => {
      const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 0, stored: 60_000}]})
      const node = rig.cluster.node('c-node-3')
      let looks = 0
      atState(rig, 'SYNC', () => {
        node.frozen = true
        rig.nodesLens = (seen) => {
          if (++looks % 10 === 0) node.server = 'stopped'
          else if (looks % 10 === 3) rig.cluster.start(node.name)
          return seen
        }
      })
      assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in SYNC/)
    })

    it('streams that are fed in turns have five minutes each, not together', async () => {
      const stored = 60_000
      const names = ['orders', 'audit'] as const
      const rig = makeRig({only: ['c-node-3']}, {streams: names.map((name) => ({name, perSecond: 0, stored}))})
      let looks = 0
      atState(rig, 'SYNC', () => {
        rig.cluster.node('c-node-3').frozen = true
        for (const name of names) rig.cluster.node('c-node-3').store.set(name, 0)
        rig.nodesLens = (seen) => {
          const fed = names[(looks / 4) % 2]
          const {store} = rig.cluster.node('c-node-3')
          if (fed) store.set(fed, Math.min(stored, (store.get(fed) ?? 0) + 2000))
          looks += 1
          return seen
        }
      })
      const started = rig.clock.monotonic()
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.ok(rig.clock.monotonic() - started > 300_000)
    })

    it('but one that stands still is held, however the other one moves', async () => {
      const names = ['orders', 'audit'] as const
      const rig = makeRig({only: ['c-node-3']}, {streams: names.map((name) => ({name, perSecond: 0, stored: 60_000}))})
      let enteredAt = 0
      atState(rig, 'SYNC', () => {
        enteredAt = rig.clock.monotonic()
        rig.cluster.node('c-node-3').frozen = true
        for (const name of names) rig.cluster.node('c-node-3').store.set(name, 0)
        rig.nodesLens = (seen) => {
          const {store} = rig.cluster.node('c-node-3')
          store.set('orders', (store.get('orders') ?? 0) + 10)
          return seen
        }
      })
      assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in SYNC .*not within 300 s/)
      assert.ok(rig.clock.monotonic() - enteredAt < 330_000)
    })

    it('requests that pile up at the meta leader while a node is away do not end the watch over its return', async () => {
      const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 0, stored: 200_000}]})
      atState(rig, 'SYNC', () => {
        rig.nodesLens = (seen) =>
          seen.nodes.reduce((bent, {target, jetStream}) => {
            const meta = jetStream.ok ? jetStream.value.meta : undefined
            return meta ? bendJetStream(bent, target.name, {meta: {...meta, pending: 150}}) : bent
          }, seen)
      })
      assert.equal(await rig.run(), Exit.heldDegraded)
      assert.match(rig.lastError!.message, /held in VERIFY of c-node-3: .*\n.*I5: .*150 requests waited/)
    })

    it('consumers without a durable name that come and go in every look hold nothing up', async () => {
      const rig = makeRig({only: ['c-node-3']})
      let looks = 0
      rig.nodesLens = (seen) => withEphemeral(seen, `pull-${++looks}`)
      assert.equal(await rig.run(), 0, rig.lastError?.message)
    })

    it('but one that was there in both looks is judged like any other', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.nodesLens = (seen) => withEphemeral(seen, 'pull', ['c-node-2'])
      assert.equal(await rig.run(), Exit.held)
      assert.match(rig.lastError!.message, /consumer orders\/pull on c-node-2/)
    })
  })
})

/** A replicated consumer of `orders` that dies with its client; nodes of `behind` have applied none of it. */
function withEphemeral(seen: ClusterObservation, name: string, behind: readonly string[] = []): ClusterObservation {
  return {
    ...seen,
    nodes: seen.nodes.map((node) => {
      if (!node.jetStream.ok) return node
      const streams = node.jetStream.value.streams.map((each) => {
        const [worker] = each.consumers
        if (each.stream !== 'orders' || !worker) return each
        const lacks = behind.includes(node.target.name) ? {deliveredStreamSeq: 0, deliveredConsumerSeq: 0} : {}
        const consumer: ConsumerReplica = {...worker, name, durable: false, ...lacks}
        return {...each, consumers: [...each.consumers, consumer]}
      })
      return {...node, jetStream: {...node.jetStream, value: {...node.jetStream.value, streams}}}
    }),
  }
}
