import assert from 'node:assert/strict'
import {unanswered} from '../../../../src/lib/domain/answer.ts'
import {formatLock} from '../../../../src/lib/domain/roll/lock.ts'
import {Exit} from '../../../../src/lib/errors.ts'
import type {RollRig} from '../../../support/fake-roll.ts'
import {LOCK, lockIn} from '../../../support/lock-store.ts'
import {atState, bendGroup, bendInstance, makeRig, stuck} from '../../../support/roll-faults.ts'

describe('roll faults before the instance goes', () => {
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
        assert.equal(lockIn(rig.store.parameters.get(LOCK)!.value).handedOver, true)
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
        row: '49: the group of a sibling calls its instance ill',
        strike: (rig) => bendInstance(rig, {health: 'Unhealthy'}, 'c-node-2'),
        says: /I7: c-node-2-asg calls i-4 Unhealthy and may replace it at any moment/,
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

    function takeOver({store}: RollRig): void {
      const lock = store.parameters.get(LOCK)!
      const stolen = {...lockIn(lock.value), holder: {user: 'ben', host: 'other', pid: 7}}
      store.parameters.set(LOCK, {...lock, value: formatLock(stolen), version: lock.version + 1})
    }

    it('41: another laptop took over while the server was started again: it stops there, with 6', async () => {
      const rig = makeRig()
      let starts = 0
      rig.onEvent = (event) => {
        if (event.type === 'state' && event.state === 'INTENT') rig.canaryFails = true
        if (event.type !== 'noticed' || event.what !== 'its server was started again') return
        starts += 1
        takeOver(rig)
      }
      assert.equal(await rig.run(), Exit.locked, rig.lastError?.message)
      assert.deepEqual([rig.lastError!.code, starts, rig.cluster.terminated], ['LOCK_LOST', 1, []])
    })

    it('41: another laptop took over while this one slept: it stops and changes nothing', async () => {
      const rig = makeRig()
      atState(rig, 'INTENT', () => takeOver(rig))
      assert.equal(await rig.run(), Exit.locked)
      assert.equal(rig.lastError!.code, 'LOCK_LOST')
      assert.match(rig.lastError!.message, /changes nothing more; the server of c-node-\d may have been stopped$/)
      assert.deepEqual(rig.cluster.terminated, [])
      assert.equal(lockIn(rig.store.parameters.get(LOCK)!.value).holder.host, 'other', 'what the other wrote stays')
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
})
