import assert from 'node:assert/strict'
import {AckPolicy, StorageType} from 'nats'
import type {State} from '../../../src/lib/domain/roll/algorithm.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {eventually} from '../../support/eventually.ts'
import {addStream, deleteStream, publishAll} from '../../support/jetstream.ts'
import {paceWith, type RollLab, type RunOptions, startRollLab} from '../../support/roll-lab.ts'

/** Faults before the knife, on real servers: each ends with every node up and nothing terminated. */
describe('a roll is stopped before it terminates anything', function () {
  this.timeout(600_000)
  this.slow(30_000)
  const target = 'lab-node-2'
  const others = ['lab-node-1', 'lab-node-3']
  const request = {only: [target]}
  const singles: string[] = []
  let lab: RollLab

  before(async () => {
    lab = await startRollLab({series: '2.15'})
    await addStream(lab.admin, {name: 'orders', subjects: ['orders.>'], num_replicas: 3})
    await publishAll(lab.admin, 'orders.new', 10_000)
  })
  afterEach(async () => {
    for (const node of lab.nodes) {
      await lab.act('resume', node)
      await lab.act('start', node)
    }
    await lab.whole()
    for (const name of singles.splice(0)) await deleteStream(lab.admin, name)
    await lab.abort()
    await lab.whole()
    assert.equal((await lab.terminations()).length, 0)
  })
  after(() => lab?.stop())

  /** Does something once, before the first look of the roll in a state. */
  const when = (state: State, act: () => Promise<unknown>): Pick<RunOptions, 'onEntry'> & {came(): void} => {
    let isDone = false
    return {
      onEntry: async (entered) => {
        if (entered !== state || isDone) return
        isDone = true
        await act()
      },
      came: () => assert.ok(isDone, `never came to ${state}`),
    }
  }

  const addSingle = async (name: string, storage = StorageType.File): Promise<string | undefined> => {
    singles.push(name)
    const {cluster} = await addStream(lab.admin, {name, subjects: [`${name}.>`], num_replicas: 1, storage})
    return cluster?.leader
  }

  it('rows 6, 8, 10: single copies of a file stream, a memory stream and a consumer refuse the roll; accepted by name they do not', async () => {
    const manager = await lab.admin.jetstreamManager()
    const config = {durable_name: 'solo', ack_policy: AckPolicy.Explicit, num_replicas: 1}
    const {cluster} = await eventually('the consumer is made', () => manager.consumers.add('orders', config))
    const homes = [
      ['stream audit', await addSingle('audit')],
      ['stream cache', await addSingle('cache', StorageType.Memory)],
      ['consumer orders/solo', cluster?.leader],
    ]
    const {exit, message, events} = await lab.roll({pace: paceWith({preflight: 8_000})})
    assert.equal(exit, Exit.refused, message)
    assert.deepEqual(events, [])
    for (const [name, home] of homes) assert.ok(message.includes(`${name} has its only replica on ${home}`), message)
    const accepted = await lab.plan({request: {acceptedLoss: ['audit', 'cache', 'orders/solo']}})
    assert.deepEqual(accepted.blockers, [])
    assert.deepEqual(
      accepted.nodes
        .flatMap(({identity, singles}) => singles.map((single) => [single.name, identity.node, single.accepted]))
        .sort(),
      homes.map((home) => [...home, true]).sort(),
    )
    await manager.consumers.delete('orders', 'solo')
  })

  it('row 7: a single copy that is made after the plan holds it', async () => {
    let made = 0
    const place = () =>
      eventually('a single copy on the target', async () => {
        made += 1
        return (await addSingle(`late-${made}`)) === target
      })
    const late = when('DRAIN', place)
    const {exit, message, states} = await lab.roll({request, pace: paceWith({intent: 20_000}), ...late})
    late.came()
    assert.equal(exit, Exit.held, message)
    assert.match(message, /I6: stream late-\d+ has its only replica on lab-node-2/)
    assert.ok(!states.includes('TERMINATE'))
  })

  it('row 4: another replica is paused, though a majority is there', async () => {
    const paused = when('GATE', () => lab.act('pause', others[0] ?? ''))
    const {exit, message, states} = await lab.roll({request, pace: paceWith({gate: 8_000}), ...paused})
    paused.came()
    assert.equal(exit, Exit.held, message)
    assert.match(message, /lab-node-1/)
    assert.equal(states.at(-1), 'GATE')
  })

  it('row 5: a replica stops following after the gate: the stopped server is started again', async () => {
    const paused = when('INTENT', () => lab.act('pause', others[1] ?? ''))
    const {exit, message, events, states} = await lab.roll({request, pace: paceWith({intent: 20_000}), ...paused})
    paused.came()
    assert.equal(exit, Exit.held, message)
    assert.equal(states.at(-1), 'INTENT')
    assert.ok(events.some((event) => event.type === 'noticed' && event.what === 'its server was started again'))
  })

  it('row 16: a sibling crashes after the gate: nothing is terminated, the stopped server is started again', async () => {
    const killed = when('INTENT', () => lab.act('kill', others[0] ?? ''))
    const {exit, message, states, events} = await lab.roll({request, pace: paceWith({intent: 20_000}), ...killed})
    killed.came()
    assert.equal(exit, Exit.held, message)
    assert.equal(states.at(-1), 'INTENT')
    assert.ok(events.some((event) => event.type === 'noticed' && event.what === 'its server was started again'))
  })

  it('row 15: a leader that comes back each time it is moved', async () => {
    const manager = await lab.admin.jetstreamManager()
    const payload = JSON.stringify({placement: {preferred: target}})
    const comeBack = () =>
      eventually('the target leads again', async () => {
        const {cluster} = await manager.streams.info('orders')
        if (cluster?.leader === target) return true
        await lab.admin.request('$JS.API.STREAM.LEADER.STEPDOWN.orders', payload, {timeout: 5_000})
        return false
      })
    const {exit, message, states} = await lab.roll({request, pace: paceWith({drain: 12_000}), onLook: comeBack})
    assert.equal(exit, Exit.held, message)
    assert.match(message, /orders/)
    assert.equal(states.at(-1), 'DRAIN')
  })
})
