import assert from 'node:assert/strict'
import {readdir, rm} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import type {State} from '../../../src/lib/domain/roll/algorithm.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {eventually} from '../../support/eventually.ts'
import {addStream, deleteStream, publishAll} from '../../support/jetstream.ts'
import {paceWith, type RollLab, type RunOptions, startRollLab} from '../../support/roll-lab.ts'

const MESSAGES = 20_000

/** Faults after the knife, on real servers: one node is away, and nothing may happen to another one. */
describe('a roll whose node is away', function () {
  this.timeout(600_000)
  this.slow(60_000)
  let lab: RollLab

  before(async () => {
    lab = await startRollLab({series: '2.15'})
    await addStream(lab.admin, {name: 'bulk', subjects: ['bulk.>'], num_replicas: 3})
    await publishAll(lab.admin, 'bulk.new', MESSAGES, new Uint8Array(2048))
  })
  afterEach(async () => {
    await lab.mend()
    await lab.whole()
    for (const {violations} of await lab.terminations()) assert.deepEqual(violations, [])
    const {state} = await eventually('an answer', async () => {
      return (await lab.admin.jetstreamManager()).streams.info('bulk')
    })
    assert.deepEqual([state.first_seq, state.last_seq, state.messages], [1, MESSAGES, MESSAGES])
  })
  after(() => lab?.stop())

  /** Does something once, before the first look of the roll after its node came back. */
  const onceJoined = (act: () => Promise<unknown>): Pick<RunOptions, 'onEntry'> & {came(): void} => {
    let isDone = false
    return {
      onEntry: async (entered) => {
        if (entered !== 'BOOTSTRAP' || isDone) return
        isDone = true
        await act()
      },
      came: () => assert.ok(isDone, 'it never came back'),
    }
  }

  it('rows 1, 2: the leader calls the empty node current, and its health is 200 too early: the roll is not past SYNC before it holds everything', async () => {
    const target = 'lab-node-3'
    const port = (await lab.status()).nodes.find(({name}) => name === target)?.monitorPort
    const past: readonly State[] = ['VERIFY', 'SOAK', 'DONE']
    const replacing: readonly State[] = ['GONE', 'LAUNCH', 'JOIN', 'BOOTSTRAP', 'SYNC', ...past]
    const early: {readonly state: State; readonly by: string; readonly held: number}[] = []
    // The leader remembers for ten seconds where the node was. Where the replacement takes longer, it has forgotten.
    for (let turn = 0; turn < 3 && !early.some(({by}) => by === 'leader'); turn += 1) {
      let state: State = 'LOCK'
      let over = false
      const watch = async (): Promise<void> => {
        const manager = await lab.admin.jetstreamManager()
        while (!over) {
          // In this order: what the node lacks at the end, it lacked when the others spoke and in the state of before.
          const before = state
          const [info, healthy] = await Promise.all([
            manager.streams.info('bulk').catch(() => undefined),
            fetch(`http://127.0.0.1:${port}/healthz`).then(
              ({ok}) => ok,
              () => false,
            ),
          ])
          const held = await heldBy(port)
          const peer = info?.cluster?.replicas?.find(({name}) => name === target)
          if (replacing.includes(before) && held !== undefined && held < MESSAGES) {
            if (peer?.current && !peer.offline) early.push({state: before, by: 'leader', held})
            if (healthy) early.push({state: before, by: 'healthz', held})
          }
          await delay(20)
        }
      }
      const watching = watch()
      const {message, states} = await lab.roll({
        request: {only: [target]},
        onEvent: (event) => {
          if (event.type === 'state') state = event.state
        },
      })
      over = true
      await watching
      assert.equal(message, '')
      assert.equal(states.at(-1), 'DONE')
    }
    assert.ok(
      early.some(({by}) => by === 'leader'),
      'the leader never called the node current too early: this shows nothing',
    )
    assert.deepEqual(
      early.filter(({state}) => past.includes(state)),
      [],
    )
  })

  it('row 18: the replacement restarts while it catches up', async () => {
    const target = 'lab-node-1'
    const crash = onceJoined(() => lab.act('crash', target))
    const {message, states, events} = await lab.roll({request: {only: [target]}, ...crash})
    crash.came()
    assert.equal(message, '')
    assert.equal(states.at(-1), 'DONE')
    assert.ok(
      events.some((event) => event.type === 'noticed' && event.what === 'its server was restarted while it caught up'),
    )
  })

  it('row 19: catching up makes no progress: held with one node away, and resumed to the end', async () => {
    const target = 'lab-node-2'
    const paused = onceJoined(() => lab.act('pause', target))
    const pace = paceWith({bootstrap: 20_000, syncStall: 12_000})
    const {exit, message, states} = await lab.roll({request: {only: [target]}, pace, ...paused})
    paused.came()
    assert.equal(exit, Exit.heldDegraded, message)
    assert.ok(['SYNC', 'BOOTSTRAP'].includes(states.at(-1) ?? ''), states.join())
    await lab.act('resume', target)
    const resumed = await lab.resume()
    assert.equal(resumed.message, '')
    assert.equal(resumed.states.at(-1), 'DONE')
    assert.ok(!resumed.states.includes('TERMINATE'))
  })

  it('row 17: a sibling crashes while the node catches up: held, and nothing more is terminated', async () => {
    const before = (await lab.terminations()).length
    const killed = onceJoined(() => lab.act('kill', 'lab-node-1'))
    const pace = paceWith({siblings: 20_000})
    const {exit, message} = await lab.roll({request: {only: ['lab-node-3', 'lab-node-2']}, pace, ...killed})
    killed.came()
    assert.equal(exit, Exit.heldDegraded, message)
    assert.match(message, /lab-node-1/)
    assert.equal((await lab.terminations()).length, before + 1)
    await lab.act('start', 'lab-node-1')
    await lab.whole()
    await lab.abort()
  })

  it('row 25: writes are refused while every node looks healthy', async () => {
    const refuseWrites = () =>
      eventually('the canary stream takes nothing', async () => {
        return (await lab.admin.jetstreamManager()).streams.update('NATSOPS_CANARY', {max_msg_size: 1})
      })
    const wedge = onceJoined(refuseWrites)
    const pace = paceWith({verify: 12_000})
    const {exit, message} = await lab.roll({request: {only: ['lab-node-1']}, pace, ...wedge})
    wedge.came()
    assert.equal(exit, Exit.heldDegraded, message)
    assert.match(message, /I4: the canary failed/)
    await deleteStream(lab.admin, 'NATSOPS_CANARY')
    const resumed = await lab.resume()
    assert.equal(resumed.message, '')
  })

  it('row 12: the replacement holds something else than its leader while every health check says 200: breached, not waited for', async () => {
    const target = 'lab-node-2'
    let hole = ''
    const onEntry = async (state: State): Promise<void> => {
      if (state !== 'VERIFY' || hole !== '') return
      await lab.act('stop', target)
      hole = await loseBlock(join(lab.files.instances, await instanceOf(target), 'store'))
      await lab.act('start', target)
      await eventually('200', async () => (await fetch(`http://127.0.0.1:${await portOf(target)}/healthz`)).ok)
    }
    const {exit, message, events} = await lab.roll({request: {only: [target]}, onEntry})
    assert.notEqual(hole, '')
    assert.equal(exit, Exit.breached, message)
    assert.match(message, /replicas differ and nothing moves\n.*bulk on lab-node-2: /)
    await replaceByHand(target, events.findLast((event) => event.type === 'joined')?.identity.instanceId)
    const resumed = await lab.resume()
    assert.equal(resumed.message, '')
    assert.equal(resumed.states.at(-1), 'DONE')
  })

  it('row 22: the old server goes on beside the new one: nothing moves until there is one', async () => {
    await lab.breakIt('old-lingers', {node: 'lab-node-2', value: '8s', count: 1})
    const {message, events} = await lab.roll({
      // Nothing stops the server before: its instance's end is what it outlives.
      request: {only: ['lab-node-2'], drain: 'api'},
    })
    assert.equal(message, '')
    const terminatedAt = (await lab.terminations()).at(-1)?.at ?? 0
    const launch = events.find((event) => event.type === 'state' && event.state === 'LAUNCH')
    assert.ok((launch?.at ?? 0) - terminatedAt >= 8_000, 'the roll went on while the old server was there')
    assert.ok(
      events.some(
        (event) =>
          event.type === 'waiting' &&
          event.state === 'GONE' &&
          event.predicates.some(({reasons}) => reasons.some((reason) => reason.includes('still has a route to'))),
      ),
    )
  })

  it('row 20: the store of the replacement is too small: held; once it was replaced by a right one, the roll ends well', async () => {
    const target = 'lab-node-3'
    await lab.breakIt('store-small', {node: target, value: '1MiB', count: 1})
    const {exit, message, events} = await lab.roll({request: {only: [target]}, pace: paceWith({syncStall: 12_000})})
    assert.equal(exit, Exit.heldDegraded, message)
    const instance = events.findLast((event) => event.type === 'joined')?.identity.instanceId
    await replaceByHand(target, instance)
    const resumed = await lab.resume()
    assert.equal(resumed.message, '')
    assert.equal(resumed.states.at(-1), 'DONE')
  })

  const nodeOf = async (name: string) => (await lab.status()).nodes.find((node) => node.name === name)
  const instanceOf = async (name: string): Promise<string> => (await nodeOf(name))?.instanceId ?? ''
  const portOf = async (name: string): Promise<number | undefined> => (await nodeOf(name))?.monitorPort

  async function replaceByHand(name: string, instance: string | undefined): Promise<void> {
    const groups = await (await (await lab.cluster()).aws()).autoScaling()
    await groups.terminateInstance(instance ?? '')
    await eventually('another instance', async () => {
      const node = await nodeOf(name)
      return node?.instanceId !== instance && node?.lifecycle === 'InService'
    })
  }
})

/**
 * Removes a block from the middle of the stream's store, as a bad disk might; its name. The index goes too: with it the
 * server claims the lost messages until it reads them, and nobody can know better.
 */
async function loseBlock(store: string): Promise<string> {
  const files = await readdir(store, {recursive: true})
  const blocks = files.filter((file) => /streams\/bulk\/msgs\/\d+\.blk$/.test(file)).sort()
  const [, block = ''] = blocks
  assert.ok(blocks.length > 2, `too few blocks: ${blocks.join()}`)
  await rm(join(store, block))
  await rm(join(store, dirname(block), 'index.db'), {force: true})
  return block
}

async function heldBy(port: number | undefined): Promise<number | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/jsz?accounts=true&streams=true`)
    const {account_details: accounts = []} = (await response.json()) as {
      account_details?: {stream_detail?: {name: string; state: {last_seq: number}}[]}[]
    }
    const streams = accounts.flatMap(({stream_detail: list = []}) => list)
    return streams.find(({name}) => name === 'bulk')?.state.last_seq ?? 0
  } catch {
    return undefined
  }
}
