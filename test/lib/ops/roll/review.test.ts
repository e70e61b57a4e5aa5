import assert from 'node:assert/strict'
import {answered} from '../../../../src/lib/domain/answer.ts'
import {formatLock} from '../../../../src/lib/domain/roll/lock.ts'
import {Exit, InterruptedError, OpsError} from '../../../../src/lib/errors.ts'
import {acquireLock, readLock} from '../../../../src/lib/ops/roll/lock.ts'
import {RollMachine} from '../../../../src/lib/ops/roll/machine.ts'
import {LOCK, LockStore, lockIn, PLACE} from '../../../support/lock-store.ts'
import {atState, bendJetStream, makeRig} from '../../../support/roll-faults.ts'

/** Sequences of events that would terminate, stop, release or promise what must not be: one test each. */
describe('roll, sequences that must not harm', () => {
  describe('a node that nobody can ask what it holds', () => {
    it('is not terminated while it is down: its disk may hold the only copy of something', async () => {
      const rig = makeRig({only: ['c-node-2']})
      rig.cluster.node('c-node-2').server = 'stopped'
      rig.cluster.advance(30_000)
      assert.equal(await rig.run(), Exit.held)
      assert.match(rig.lastError!.message, /I6: what c-node-2 holds is not known/)
      assert.match(rig.lastError!.message, /--accept-unseen/)
      assert.deepEqual(rig.cluster.terminated, [])
    })

    it('is terminated where that was accepted', async () => {
      const rig = makeRig({only: ['c-node-2'], request: {acceptsUnseen: true}})
      rig.cluster.node('c-node-2').server = 'stopped'
      rig.cluster.advance(30_000)
      assert.equal(await rig.run(), 0, rig.lastError?.message)
    })

    it('is not terminated while its JetStream is off, as in the first moments of every start', async () => {
      const rig = makeRig({only: ['c-node-2']})
      rig.nodesLens = (seen) => bendJetStream(seen, 'c-node-2', {enabled: false, streams: [], meta: undefined})
      assert.equal(await rig.run(), Exit.held)
      assert.match(rig.lastError!.message, /I6: what c-node-2 holds is not known/)
      assert.deepEqual(rig.cluster.terminated, [])
    })
  })

  describe('the lock', () => {
    it('of another roll that has come to the same version is neither overwritten nor released', async () => {
      const store = new LockStore()
      const {clock} = makeRig()
      const document = {...(await lockDocument()), roll: 'ours'}
      const lock = await acquireLock(store, PLACE, document, clock)
      await lock.renew(document)
      // Meanwhile: aborted from elsewhere, and a new roll that renewed its own lock as often.
      const theirs = {...document, roll: 'theirs', holder: {user: 'ben', host: 'other', pid: 7}}
      const value = formatLock(theirs)
      store.parameters.set(LOCK, {name: LOCK, value, secure: false, version: store.parameters.get(LOCK)!.version})
      await assert.rejects(lock.renew(document), {code: 'LOCK_LOST'})
      await assert.rejects(lock.release(), {code: 'LOCK_LOST'})
      assert.equal(store.parameters.get(LOCK)?.value, value)
    })

    it('that is no lock any more was written by somebody else: nothing more is done', async () => {
      const rig = makeRig()
      atState(rig, 'INTENT', () => {
        const lock = rig.store.parameters.get(LOCK)!
        rig.store.parameters.set(LOCK, {...lock, value: '{"format":1}', version: lock.version + 1})
      })
      assert.equal(await rig.run(), Exit.locked)
      assert.equal(rig.lastError?.code, 'LOCK_LOST')
      assert.deepEqual(rig.cluster.terminated, [])
      assert.equal(rig.store.parameters.get(LOCK)?.value, '{"format":1}')
    })

    it('lost while a server is being stopped ends the roll as such, not as a crash', async () => {
      const rig = makeRig()
      const lost = new OpsError('the lock was written by somebody else', {code: 'LOCK_LOST', exit: Exit.locked})
      const document = await lockDocument()
      const machine = new RollMachine({
        lock: {document, renewedAt: () => -1e9, renew: () => Promise.reject(lost), release: async () => {}},
        clock: rig.clock,
        rhythm: {poll: 1, sampleGap: 1, heartbeat: 1, freshLock: 1, freshLook: 1, sleepGap: 1},
      } as unknown as ConstructorParameters<typeof RollMachine>[0])
      const work = new Promise<string>((resolve) => setTimeout(resolve, 50, 'stopped'))
      await assert.rejects(machine.beating(work), {code: 'LOCK_LOST'})
    })
  })

  describe('what is said', () => {
    it('contact lost in VERIFY is contact lost, not lost data', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'VERIFY', () => {
        for (const node of rig.cluster.nodes) node.visible = false
      })
      assert.equal(await rig.run(), Exit.unreachable, rig.lastError?.message)
      assert.doesNotMatch(rig.lastError!.message, /is gone/)
    })

    it('one node out of sight in VERIFY breaches nothing', async () => {
      const rig = makeRig({only: ['c-node-3']}, {nodes: 5, streams: [stream({on: [1, 2, 3]})]})
      atState(rig, 'VERIFY', () => {
        for (const name of ['c-node-1', 'c-node-2', 'c-node-3']) rig.cluster.node(name).visible = false
      })
      assert.equal(await rig.run(), Exit.heldDegraded, rig.lastError?.message)
    })

    it('a breach names the way out, for a resume would find it again', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'VERIFY', () => {
        rig.nodesLens = (seen) => ({
          ...seen,
          nodes: seen.nodes.map((node) =>
            node.jetStream.ok ? {...node, jetStream: answered({...node.jetStream.value, streams: []}, seen.at)} : node,
          ),
        })
      })
      assert.equal(await rig.run(), Exit.breached)
      assert.ok(
        rig.lastError!.suggestions.includes('natsops roll abort --cluster c'),
        rig.lastError!.suggestions.join(),
      )
    })

    it('Ctrl-C with a stopped server that cannot be started again does not say that every node is up', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'INTENT', () => {
        rig.startFails = true
        rig.abort.abort(new InterruptedError('SIGINT'))
      })
      assert.equal(await rig.run(), Exit.interrupted)
      assert.equal(rig.cluster.node('c-node-3').server, 'stopped')
      assert.doesNotMatch(rig.lastError!.message, /every node is up/)
      assert.match(rig.lastError!.message, /server of c-node-3 was stopped and is not known to serve again/)
    })

    it('a hold for a node that is down by itself does not say that every node is up', async () => {
      const rig = makeRig({only: ['c-node-3']})
      rig.cluster.node('c-node-2').server = 'paused'
      assert.equal(await rig.run(), Exit.held)
      assert.doesNotMatch(rig.lastError!.message, /every node is still up/)
    })

    it('a full disk between STOP and TERMINATE: started again, handed over, held', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'INTENT', () => {
        rig.journalFails = true
      })
      assert.equal(await rig.run(), Exit.held, rig.lastError?.message)
      assert.match(rig.lastError!.message, /no space left/)
      assert.deepEqual(rig.cluster.terminated, [])
      assert.deepEqual(rig.cluster.unsound(), [])
      assert.equal(lockIn(rig.store.parameters.get(LOCK)!.value).handedOver, true)
    })
  })

  describe('resuming', () => {
    it('where AWS cannot say what became of the instance changes nothing and forgets nothing', async () => {
      const rig = makeRig({only: ['c-node-3']})
      atState(rig, 'TERMINATE', () => rig.crash())
      assert.equal(await rig.run(), 'crashed')
      rig.onEvent = undefined
      rig.cluster.awsAnswers = false
      assert.equal(await rig.run(2), Exit.unreachable)
      assert.equal(
        rig.cluster.node('c-node-3').server,
        'stopped',
        'nobody knows yet whether there is something to undo',
      )
      const {current} = lockIn(rig.store.parameters.get(LOCK)!.value)
      assert.equal(current?.identity.node, 'c-node-3')
      rig.cluster.awsAnswers = true
      assert.equal(await rig.run(3), 0, rig.lastError?.message)
      assert.equal(rig.cluster.terminated.length, 1)
    })

    it('after a refresh was asked for waits for that refresh, and does not ask for a second one', async () => {
      const rig = makeRig({only: ['c-node-3'], request: {strategy: 'instance-refresh'}})
      let isAsked = false
      rig.awsLens = (nodes) =>
        nodes.map((node) =>
          node.node === 'c-node-3' && isAsked
            ? {
                ...node,
                refreshes: [
                  {
                    id: 'r-1',
                    group: 'c-node-3-asg',
                    status: 'Pending',
                    statusReason: undefined,
                    startedAt: 0,
                    endedAt: undefined,
                    percent: 0,
                  },
                ],
              }
            : node,
        )
      atState(rig, 'TERMINATE', () => {
        isAsked = true
        rig.crash()
      })
      assert.equal(await rig.run(), 'crashed')
      const resumedAt = rig.events.length
      const id = rig.cluster.node('c-node-3').instance.id
      rig.onEvent = (event) => {
        if (event.type !== 'state' || event.state !== 'GONE') return
        rig.onEvent = undefined
        rig.cluster.terminate(id)
        isAsked = false
      }
      assert.equal(await rig.run(2), 0, rig.lastError?.message)
      assert.deepEqual(rig.cluster.terminated, [id])
      const entered = rig.events.slice(resumedAt).flatMap((event) => (event.type === 'state' ? event.state : []))
      assert.equal(entered[0], 'GONE')
    })
  })
})

function stream({on}: {readonly on: readonly number[]}) {
  return {name: 'orders', perSecond: 20, stored: 2000, on}
}

async function lockDocument() {
  const rig = makeRig()
  rig.onEvent = () => rig.crash()
  await rig.run()
  const held = await readLock(rig.store, PLACE)
  assert.ok(held)
  return held.document
}
