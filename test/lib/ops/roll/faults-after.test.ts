import assert from 'node:assert/strict'
import type {State} from '../../../../src/lib/domain/roll/algorithm.ts'
import {Exit} from '../../../../src/lib/errors.ts'
import type {RollRig} from '../../../support/fake-roll.ts'
import {atState, bendInstance, makeRig, withHole, withoutMeta} from '../../../support/roll-faults.ts'

describe('roll faults once the instance is gone', () => {
  describe('after the termination: held with one node down, and a resume finishes the same node', () => {
    const after: readonly {
      readonly row: string
      readonly at: State
      readonly strike: (rig: RollRig) => void
      readonly mend: (rig: RollRig) => void
      readonly says: RegExp
    }[] = [
      {
        row: '17: a sibling crashes',
        at: 'SYNC',
        strike: ({cluster}) => {
          cluster.node('c-node-1').server = 'paused'
        },
        mend: ({cluster}) => {
          cluster.node('c-node-1').server = 'up'
        },
        says: /c-node-1 does not answer/,
      },
      {
        row: '19: the catch-up makes no progress',
        at: 'SYNC',
        strike: ({cluster}) => {
          cluster.node('c-node-3').frozen = true
        },
        mend: ({cluster}) => {
          cluster.node('c-node-3').frozen = false
        },
        says: /holds what the others hold: not within 300 s/,
      },
      {
        row: '27: DNS still has the old address',
        at: 'JOIN',
        strike: (rig) => {
          rig.addressLens = (addresses) => new Map([...addresses, ['c-node-3', ['10.9.9.9']]])
        },
        mend: (rig) => {
          rig.addressLens = (addresses) => addresses
        },
        says: /resolves to 10.9.9.9, the new instance has/,
      },
      {
        row: '28: there is no capacity',
        at: 'GONE',
        strike: ({cluster}) => {
          cluster.launches = false
        },
        mend: ({cluster}) => {
          cluster.launches = true
        },
        says: /last activity: Replacing/,
      },
      {
        row: '33: a launch hook is stuck',
        at: 'LAUNCH',
        strike: (rig) => bendInstance(rig, {lifecycle: 'Pending:Wait'}),
        mend: (rig) => {
          rig.awsLens = (nodes) => nodes
        },
        says: /waits in Pending:Wait for a launch lifecycle hook/,
      },
      {
        row: '37: the credentials expire',
        at: 'LAUNCH',
        strike: (rig) => {
          rig.cluster.awsAnswers = false
          rig.store.answers = false
        },
        mend: (rig) => {
          rig.cluster.awsAnswers = true
          rig.store.answers = true
        },
        says: /AWS did not answer/,
      },
      {
        row: 'the bootstrap log stays silent',
        at: 'BOOTSTRAP',
        strike: (rig) => {
          rig.bootstrapSilent = true
        },
        mend: (rig) => {
          rig.bootstrapSilent = false
        },
        says: /does not say so yet/,
      },
    ]
    for (const {row, at, strike, mend, says} of after) {
      it(row, async () => {
        const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 50, stored: 40_000}]})
        atState(rig, at, () => strike(rig))
        assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
        assert.match(rig.lastError!.message, says)
        assert.equal(rig.cluster.terminated.length, 1)
        mend(rig)
        rig.onEvent = undefined
        assert.equal(await rig.run(2), 0, rig.lastError?.message)
        assert.equal(rig.cluster.terminated.length, 1)
        assert.deepEqual(rig.cluster.violations, [])
      })
    }

    it('12: a replica that comes back as something else in SYNC is a breach, not a stall', async () => {
      const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 0, stored: 5000}]})
      atState(rig, 'SYNC', () => {
        rig.nodesLens = (seen) => ({
          ...seen,
          nodes: seen.nodes.map((node) => (node.target.name === 'c-node-3' ? withHole(node) : node)),
        })
      })
      assert.equal(await rig.run(), Exit.breached, rig.lastError?.message)
      assert.match(
        rig.lastError!.message,
        /held in SYNC of c-node-3: replicas differ and nothing moves\n.*orders on c-node-3: /,
      )
      assert.equal(rig.cluster.terminated.length, 1)
    })

    it('19: the replacement is never told of the meta group: the way out is named', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'SYNC', () => {
        rig.nodesLens = (seen) => ({
          ...seen,
          nodes: seen.nodes.map((node) => (node.target.name === 'c-node-3' ? withoutMeta(node) : node)),
        })
      })
      assert.equal(await rig.run(), Exit.heldDegraded)
      assert.match(rig.lastError!.message, /c-node-3: missing, the node has no such replica/)
      assert.equal(rig.lastError!.suggestions[0], 'natsops node run c-node-3 --cluster c -- systemctl restart nats')
      rig.nodesLens = (seen) => seen
      rig.onEvent = undefined
      assert.equal(await rig.run(2), 0, rig.lastError?.message)
      assert.equal(rig.cluster.terminated.length, 1)
    })

    it('18: the replacement restarts mid catch-up: said, and waited for', async () => {
      const rig = makeRig({only: ['c-node-3']}, {streams: [{name: 'orders', perSecond: 0, stored: 60_000}]})
      let turns = 0
      rig.onEvent = (event) => {
        if (event.type !== 'progress' || ++turns !== 3) return
        rig.cluster.node('c-node-3').server = 'stopped'
        rig.cluster.start('c-node-3')
      }
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.ok(rig.events.some((event) => event.type === 'noticed' && /restarted while it caught up/.test(event.what)))
    })

    it('21: the replacement has another name: the stranger is shown, no peer is removed', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'JOIN', () => {
        rig.nodesLens = (seen) => ({
          ...seen,
          nodes: seen.nodes.map((node) => {
            if (node.target.name === 'c-node-3')
              return node.server.ok
                ? {...node, server: {...node.server, value: {...node.server.value, name: 'ip-10-0-0-9'}}}
                : node
            return node.routes.ok
              ? {
                  ...node,
                  routes: {
                    ...node.routes,
                    value: node.routes.value.map((route) =>
                      route.remoteName === 'c-node-3' ? {...route, remoteName: 'ip-10-0-0-9'} : route,
                    ),
                  },
                }
              : node
          }),
        })
      })
      assert.equal(await rig.run(), Exit.heldDegraded)
      assert.match(rig.lastError!.message, /ip-10-0-0-9/)
    })

    it('23: the replacement runs an older version', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'LAUNCH', () => {
        rig.cluster.node('c-node-3').version = '2.14.9'
      })
      assert.equal(await rig.run(), Exit.heldDegraded)
      assert.match(rig.lastError!.message, /runs 2.14.9, older than 2.15.1/)
    })

    it('11: data is below the baseline: breached', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'VERIFY', () => {
        rig.nodesLens = (seen) => ({
          ...seen,
          nodes: seen.nodes.map((node) =>
            node.jetStream.ok
              ? {...node, jetStream: {...node.jetStream, value: {...node.jetStream.value, streams: []}}}
              : node,
          ),
        })
      })
      assert.equal(await rig.run(), Exit.breached)
      assert.match(rig.lastError!.message, /stream orders is gone/)
    })
  })

  describe('order and leaders', () => {
    it('13: the meta leader is last, and stepped down before it goes', async () => {
      const rig = makeRig()
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      const moved = rig.events.filter((event) => event.type === 'moved' && event.group === '_meta_')
      assert.equal(moved.length, 1)
      assert.equal(moved[0]!.type === 'moved' && moved[0]!.node, 'c-node-1')
    })

    it('14: the meta leader moves mid-roll: the order is chosen again', async () => {
      const rig = makeRig()
      let soaks = 0
      rig.onEvent = (event) => {
        if (event.type === 'state' && event.state === 'SOAK' && ++soaks === 1)
          rig.cluster.metaLeader = rig.cluster.nodes.find(
            ({name}) => name !== 'c-node-1' && !('node' in event && event.node === name),
          )!.name
      }
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      const order = rig.events.flatMap((event) => (event.type === 'selected' ? event.identity.node : []))
      assert.equal(order.indexOf('c-node-1'), 1)
    })

    it('15: step-down is refused: held, nothing stopped', async () => {
      const rig = makeRig({only: ['c-node-1']})
      rig.stepDownRefused = true
      assert.equal(await rig.run(), Exit.held)
      assert.match(rig.lastError!.message, /still leads/)
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('a node that is down for all is replaced first, without drain or stop', async () => {
      const rig = makeRig({request: {acceptsUnseen: true}})
      rig.cluster.node('c-node-2').server = 'stopped'
      rig.cluster.advance(30_000)
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.equal(rig.events.find((event) => event.type === 'selected')!.type, 'selected')
      const [first] = rig.events.flatMap((event) => (event.type === 'selected' ? event.identity.node : []))
      assert.equal(first, 'c-node-2')
      assert.deepEqual(rig.cluster.violations, [])
    })

    it('Run Command is not permitted: said, and the shutdown of the instance stops the server', async () => {
      const rig = makeRig({only: ['c-node-2']})
      rig.stopAnswers = ['not-permitted']
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.ok(
        rig.events.some((event) => event.type === 'skipped' && event.what === 'STOP' && /own shutdown/.test(event.why)),
      )
    })
  })

  it('48: five nodes with streams on three of them', async () => {
    const rig = makeRig(
      {},
      {
        nodes: 5,
        streams: [
          {name: 'orders', perSecond: 20, stored: 2000, on: [1, 2, 3]},
          {name: 'events', perSecond: 20, stored: 2000, on: [3, 4, 5]},
        ],
      },
    )
    assert.equal(await rig.run(), 0, rig.lastError?.message)
    assert.equal(rig.cluster.terminated.length, 5)
    assert.deepEqual(rig.cluster.violations, [])
  })
})
