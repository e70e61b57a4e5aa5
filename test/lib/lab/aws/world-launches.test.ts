import assert from 'node:assert/strict'
import {FakeClock} from './support/fake-clock.ts'
import {FakeHost} from './support/fake-host.ts'
import {firstMember, startWorld, states, timing} from './support/lab.ts'

describe('the lab account', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = new FakeClock()
  })

  const start = (options: Partial<Parameters<typeof startWorld>[0]> = {}) => startWorld({clock, timing, ...options})

  it('launches nothing while Launch is suspended, and at once when it is resumed', async () => {
    const {world} = await start({nodes: 1})
    const group = world.group('c-node-1-asg')
    group?.suspensions.suspend(['Launch'])
    assert.deepEqual(group && [...group.suspensions.list()], [['Launch', 'User suspended at 2026-03-01T09:00:00Z']])
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(60_000)
    assert.deepEqual(states(world), ['terminated undefined ok'])
    group?.suspensions.resume(['Launch'])
    await clock.advance(2000)
    assert.deepEqual(states(world), ['terminated undefined ok', 'running InService initializing'])
  })

  it('says why a launch failed, clears away what it left, and tries again', async () => {
    const {world, host} = await start({nodes: 1})
    host.beforeLaunch = () => {
      throw new Error('no room on the disk')
    }
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(2000)
    const [failed] = world.group('c-node-1-asg')?.activities ?? []
    assert.deepEqual([failed?.status, failed?.statusMessage], ['Failed', 'no room on the disk'])
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1', 'terminate what never ran'])
    host.beforeLaunch = () => {}
    await clock.advance(9999)
    assert.equal(world.group('c-node-1-asg')?.members.length, 0)
    await clock.advance(2001)
    assert.deepEqual(
      world.group('c-node-1-asg')?.members.map(({lifecycle}) => lifecycle),
      ['InService'],
    )
  })

  it('fails to start with the error of the node that did not launch', async () => {
    const host = new FakeHost()
    host.beforeLaunch = () => {
      if (host.diary.length === 2) throw new Error('no nats-server')
    }
    await assert.rejects(start({host}), /^Error: no nats-server$/)
    assert.equal(host.on.size, 2)
  })

  it('terminates a pending instance without ever powering it on', async () => {
    const {world, host} = await start({nodes: 1})
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(1000)
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(2000)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    assert.deepEqual(
      world.instances().map(({state}) => state),
      ['terminated', 'terminated', 'running'],
    )
    assert.deepEqual(
      world.group('c-node-1-asg')?.activities.map(({status}) => status),
      ['Successful', 'Successful', 'Cancelled', 'Successful', 'Successful'],
    )
  })

  it('powers off a machine only after its launch has ended', async () => {
    const {world, host} = await start({nodes: 1})
    await world.terminate(firstMember(world), {decrement: false})
    const launched = Promise.withResolvers<void>()
    host.beforeLaunch = () => launched.promise
    await clock.advance(2000)
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(1000)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    launched.resolve()
    await clock.advance(0)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1', 'terminate c-node-1'])
  })

  it('keeps a launch warming up where a warm-up is set', async () => {
    const {world} = await start({nodes: 1, timing: {...timing, warmupMs: 5000}})
    const group = world.group('c-node-1-asg')
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(2000)
    assert.deepEqual(
      group?.members.map(({lifecycle}) => lifecycle),
      ['InService'],
    )
    assert.equal(group?.activities[0]?.status, 'WaitingForInstanceWarmup')
    await clock.advance(5000)
    assert.equal(group?.activities[0]?.status, 'Successful')
  })

  it('makes an instance wait at a launch hook, then goes on or starts over as the hook says', async () => {
    for (const [defaultResult, lifecycle, status] of [
      ['CONTINUE', 'InService', 'Successful'],
      ['ABANDON', undefined, 'Failed'],
    ] as const) {
      const {world} = await start({nodes: 1})
      const group = world.group('c-node-1-asg')
      const transition = 'autoscaling:EC2_INSTANCE_LAUNCHING'
      group?.hooks.put({name: 'bootstrap', transition, heartbeatTimeoutSeconds: 60, defaultResult})
      await world.terminate(firstMember(world), {decrement: false})
      await clock.advance(61_999)
      const id = firstMember(world)
      assert.deepEqual(
        [group?.members[0]?.lifecycle, group?.activities[0]?.status],
        ['Pending:Wait', 'MidLifecycleAction'],
      )
      await clock.advance(1)
      assert.equal(world.instances().find((instance) => instance.id === id)?.lifecycle, lifecycle)
      assert.equal(group?.activities[0]?.status, status)
    }
  })
})
