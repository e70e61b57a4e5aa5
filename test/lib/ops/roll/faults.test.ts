import assert from 'node:assert/strict'
import {unanswered} from '../../../../src/lib/domain/answer.ts'
import type {NodeObservation} from '../../../../src/lib/domain/observation.ts'
import type {State} from '../../../../src/lib/domain/roll/algorithm.ts'
import {formatLock, parseLock} from '../../../../src/lib/domain/roll/lock.ts'
import {Exit, InterruptedError} from '../../../../src/lib/errors.ts'
import {FakeCluster, type FakeClusterOptions} from '../../../support/fake-cluster.ts'
import {LOCK, type RigOptions, RollRig} from '../../../support/fake-roll.ts'

/**
 * Faults by the numbers of the table in docs/roll.md, on a cluster in memory. Those that depend on how real servers
 * behave are in test/integration as well.
 */
describe('roll faults', () => {
  describe('at the gate: held, nothing was terminated', () => {
    const held: readonly {readonly row: string; readonly arrange: (rig: RollRig) => void; readonly says: RegExp}[] = [
      {
        row: '3: a group is leaderless while every health check says 200',
        arrange: ({cluster}) => {
          cluster.streams[0]!.leader = undefined
          cluster.streams[0]!.leaderless = Number.POSITIVE_INFINITY
        },
        says: /orders has no leader/,
      },
      {
        row: '4: another peer is paused',
        arrange: ({cluster}) => {
          cluster.node('c-node-2').server = 'paused'
        },
        says: /c-node-2 does not answer/,
      },
      {
        row: '29: Launch is suspended',
        arrange: (rig) => bendGroup(rig, {suspended: ['Launch']}),
        says: /has its process Launch suspended/,
      },
      {
        row: '34: scale-in protection',
        arrange: (rig) => bendInstance(rig, {protectedFromScaleIn: true}),
        says: /is protected from scale-in/,
      },
      {
        row: '35: an instance refresh is running',
        arrange: (rig) => {
          rig.awsLens = (nodes) =>
            nodes.map((node) => ({
              ...node,
              refreshes: [
                {
                  id: 'r-1',
                  group: 'g',
                  status: 'InProgress',
                  statusReason: undefined,
                  startedAt: 0,
                  endedAt: undefined,
                  percent: 10,
                },
              ],
            }))
        },
        says: /has the instance refresh r-1 InProgress/,
      },
      {
        row: '38: AWS is out of reach',
        arrange: ({cluster}) => {
          cluster.awsAnswers = false
        },
        says: /AWS did not answer/,
      },
      {
        row: '39: one node is out of sight of this laptop only',
        arrange: ({cluster}) => {
          cluster.node('c-node-3').visible = false
        },
        says: /c-node-3 does not answer/,
      },
      {
        row: '47: one monitor answers incompletely',
        arrange: (rig) => {
          rig.nodesLens = (seen) => ({
            ...seen,
            nodes: seen.nodes.map((node) =>
              node.target.name === 'c-node-2'
                ? {...node, jetStream: unanswered('truncated', 'the answer was cut short', seen.at)}
                : node,
            ),
          })
        },
        says: /streams of c-node-2 are not known: the answer was cut short/,
      },
      {
        row: '25: writes are wedged',
        arrange: (rig) => {
          rig.canaryFails = true
        },
        says: /the canary failed/,
      },
    ]
    for (const {row, arrange, says} of held) {
      it(row, async () => {
        const rig = makeRig({only: ['c-node-3']})
        arrange(rig)
        assert.equal(await rig.run(), Exit.held)
        assert.match(rig.lastError!.message, says)
        assert.deepEqual(rig.cluster.terminated, [])
        assert.deepEqual(rig.cluster.violations, [])
        assert.equal(parseLock(rig.store.parameters.get(LOCK)!.value)!.handedOver, true)
      })
    }

    it('38: no node answers: contact lost', async () => {
      const rig = makeRig()
      for (const node of rig.cluster.nodes) node.visible = false
      assert.equal(await rig.run(), Exit.unreachable)
      assert.deepEqual(rig.cluster.terminated, [])
    })
  })

  describe('between the gate and the termination: the stopped server is started again', () => {
    const late: readonly {readonly row: string; readonly strike: (rig: RollRig) => void; readonly says: RegExp}[] = [
      {
        row: '5: another peer starts lagging',
        strike: ({cluster}) => {
          cluster.node('c-node-2').frozen = true
          cluster.node('c-node-2').store.set('orders', 4000)
        },
        says: /I2: .*on c-node-2: behind/,
      },
      {
        row: '16: a sibling crashes',
        strike: ({cluster}) => {
          cluster.node('c-node-1').server = 'paused'
        },
        says: /c-node-1 does not answer/,
      },
      {
        row: '35: an instance refresh starts',
        strike: (rig) => bendGroup(rig, {desired: 2}),
        says: /desires 2 instances/,
      },
      {
        row: '36: the credentials expire',
        strike: (rig) => {
          rig.store.answers = false
        },
        says: /the lock cannot be renewed: the AWS credentials expired/,
      },
      {
        row: '36: the credentials are about to expire',
        strike: (rig) => {
          rig.credentialsExpireAt = rig.clock.now() + 10_000
        },
        says: /the AWS credentials expire in/,
      },
    ]
    for (const {row, strike, says} of late) {
      it(row, async () => {
        const rig = makeRig({only: ['c-node-3']})
        atState(rig, 'INTENT', () => strike(rig))
        assert.equal(await rig.run(), Exit.held)
        assert.match(rig.lastError!.message, says)
        assert.deepEqual(rig.cluster.terminated, [])
        assert.ok(
          rig.cluster.nodes.every(({name, server}) => server === 'up' || name === 'c-node-1'),
          'the target serves again',
        )
        assert.ok(rig.events.some((event) => event.type === 'noticed' && event.what === 'its server was started again'))
      })
    }

    it('32: its group replaces the instance by itself: the roll follows that replacement and terminates nothing', async () => {
      const rig = makeRig({only: ['c-node-2']})
      const id = rig.cluster.node('c-node-2').instance.id
      atState(rig, 'INTENT', () => rig.cluster.replaceByItself('c-node-2'))
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.deepEqual(rig.cluster.terminated, [])
      assert.notEqual(rig.cluster.node('c-node-2').instance.id, id)
    })

    it('32: its group replaces the instance while the gate waits: that replacement is followed, and counts', async () => {
      const rig = makeRig({only: ['c-node-2', 'c-node-3']})
      atState(rig, 'GATE', () => rig.cluster.replaceByItself('c-node-2'))
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.deepEqual(rig.cluster.terminated, ['i-6'])
      const noticed = rig.events.flatMap((event) => (event.type === 'noticed' ? [[event.node, event.what]] : []))
      assert.deepEqual(noticed, [
        ['c-node-2', 'its group replaced it since the plan: that replacement is followed, nothing is terminated'],
      ])
      const replaced = rig.events.flatMap((event) => (event.type === 'replaced' ? event.node : []))
      assert.deepEqual(replaced, ['c-node-2', 'c-node-3'])
      const skipped = rig.events.flatMap((event) =>
        event.type === 'skipped' && event.what === 'comparison with the state before' ? [[event.node, event.why]] : [],
      )
      assert.deepEqual(skipped, [['c-node-2', 'its group replaced it before it had passed a gate']])
    })

    it('32: the same while another node is replaced, and by whoever resumes after a kill', async () => {
      const rig = makeRig()
      let states = 0
      rig.onEvent = (event) => {
        if (event.type === 'state' && event.state === 'VERIFY' && ++states === 1)
          rig.cluster.replaceByItself('c-node-3')
        if (event.type === 'state' && event.state === 'BOOTSTRAP' && event.node === 'c-node-3') rig.crash()
      }
      assert.equal(await rig.run(), 'crashed')
      rig.onEvent = undefined
      rig.loseJournal()
      assert.equal(await rig.run(2), 0, rig.lastError?.message)
      assert.deepEqual(rig.cluster.terminated, ['i-4', 'i-2'])
      assert.deepEqual(rig.cluster.violations, [])
    })

    it('32: a node whose replacement by its group does not come up is held as one that is down', async () => {
      const rig = makeRig({only: ['c-node-2']})
      atState(rig, 'GATE', () => rig.cluster.replaceByItself('c-node-2'))
      rig.awsLens = (nodes) =>
        nodes.map((node) => (node.node === 'c-node-2' && node.group?.instances[0]?.id !== 'i-4' ? stuck(node) : node))
      assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in LAUNCH of c-node-2: .*\n.*waits in Pending:Wait/)
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('32: the same where its group finds no capacity for another', async () => {
      const rig = makeRig({only: ['c-node-2']})
      rig.cluster.launches = false
      atState(rig, 'GATE', () => rig.cluster.replaceByItself('c-node-2'))
      assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
      assert.match(rig.lastError!.message, /held in LAUNCH of c-node-2: /)
      rig.cluster.launches = true
      rig.onEvent = undefined
      assert.equal(await rig.run(2), 0, rig.lastError?.message)
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('40: the laptop sleeps right before the call: everything is looked at again first', async () => {
      const rig = makeRig({only: ['c-node-2']})
      atState(rig, 'TERMINATE', () => {
        rig.clock.pass(7_200_000)
        rig.cluster.node('c-node-1').server = 'paused'
        rig.onEvent = undefined
      })
      assert.equal(await rig.run(), Exit.held)
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('41: another laptop took over while this one slept: it stops and changes nothing', async () => {
      const rig = makeRig()
      atState(rig, 'INTENT', () => {
        const lock = rig.store.parameters.get(LOCK)!
        const stolen = {...parseLock(lock.value)!, holder: {user: 'ben', host: 'other', pid: 7}}
        rig.store.parameters.set(LOCK, {...lock, value: formatLock(stolen), version: lock.version + 1})
      })
      assert.equal(await rig.run(), Exit.locked)
      assert.equal(rig.lastError!.code, 'LOCK_LOST')
      assert.deepEqual(rig.cluster.terminated, [])
      assert.equal(parseLock(rig.store.parameters.get(LOCK)!.value)!.holder.host, 'other', 'what the other wrote stays')
    })
  })

  describe('terminating', () => {
    it('30: the answer is lost: one termination, described again', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.terminateAnswers = ['lost']
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.equal(rig.cluster.terminated.length, 1)
    })

    it('31: AWS says later: asked again, after the invariants were read again', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.terminateAnswers = ['again', 'again']
      assert.equal(await rig.run(), 0, rig.lastError?.message)
      assert.equal(rig.cluster.terminated.length, 1)
    })

    it('31: AWS refuses: held at full strength', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.terminateAnswers = ['refused']
      assert.equal(await rig.run(), Exit.held)
      assert.deepEqual(rig.cluster.unsound(), [])
    })
  })

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

  describe('interrupted', () => {
    const everyState: readonly State[] = [
      'SELECT',
      'GATE',
      'DRAIN',
      'STOP',
      'INTENT',
      'TERMINATE',
      'GONE',
      'LAUNCH',
      'JOIN',
      'BOOTSTRAP',
      'SYNC',
      'VERIFY',
      'SOAK',
    ]
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

function makeRig(options: RigOptions = {}, cluster: FakeClusterOptions = {}): RollRig {
  return new RollRig(new FakeCluster(cluster), options)
}

/** Calls once, as the roll enters the state for the first time. */
function atState(rig: RollRig, state: State, strike: (node: string | undefined) => void): void {
  rig.onEvent = (event) => {
    if (event.type !== 'state' || event.state !== state) return
    rig.onEvent = undefined
    strike(event.node)
  }
}

/** A launch that waits for its hook. */
function stuck(node: Bent): Bent {
  const {group} = node
  const instances = group?.instances.map((instance) => ({...instance, lifecycle: 'Pending:Wait'}))
  return group && instances ? {...node, group: {...group, instances}} : node
}

/** The last message is there, many before it are not. */
function withHole(node: NodeObservation): NodeObservation {
  if (!node.jetStream.ok) return node
  const streams = node.jetStream.value.streams.map((each) => ({
    ...each,
    state: {...each.state, messages: each.state.messages - 1000, numDeleted: 1000},
  }))
  return {...node, jetStream: {...node.jetStream, value: {...node.jetStream.value, streams}}}
}

type Bent = ReturnType<FakeCluster['observeAws']>[number]

function bendGroup(rig: RollRig, change: Partial<NonNullable<Bent['group']>>): void {
  rig.awsLens = (nodes) => nodes.map((node) => (node.group ? {...node, group: {...node.group, ...change}} : node))
}

function bendInstance(rig: RollRig, change: Partial<NonNullable<Bent['group']>['instances'][number]>): void {
  rig.awsLens = (nodes) =>
    nodes.map((node) =>
      node.group
        ? {
            ...node,
            group: {...node.group, instances: node.group.instances.map((instance) => ({...instance, ...change}))},
          }
        : node,
    )
}
