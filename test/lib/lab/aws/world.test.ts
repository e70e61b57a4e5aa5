import assert from 'node:assert/strict'
import {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FakeClock} from './support/fake-clock.ts'
import {FakeHost} from './support/fake-host.ts'
import {account, eventually, firstMember, planOf, region, startWorld, states, timing} from './support/lab.ts'

describe('the lab account', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = new FakeClock()
  })

  const start = (options: Partial<Parameters<typeof startWorld>[0]> = {}) => startWorld({clock, timing, ...options})

  it('starts with every node in service, its checks passed', async () => {
    const {world, host} = await start()
    assert.deepEqual(states(world), Array(3).fill('running InService ok'))
    assert.deepEqual([...host.on.values()].sort(), ['c-node-1', 'c-node-2', 'c-node-3'])
    for (const {id} of world.instances()) assert.match(id, /^i-[0-9a-f]{17}$/)
  })

  it('replaces a terminated instance: off first, then a new id through Pending to InService', async () => {
    const {world, host} = await start({nodes: 1})
    const old = firstMember(world)
    const off = Promise.withResolvers<void>()
    host.beforeTerminate = () => off.promise
    const activity = await world.terminate(old, {decrement: false})
    assert.deepEqual(
      {description: activity.description, cause: activity.cause, status: activity.status, progress: activity.progress},
      {
        description: `Terminating EC2 instance: ${old}`,
        cause: `At 2026-03-01T09:00:00Z instance ${old} was taken out of service in response to a user request.`,
        status: 'InProgress',
        progress: 0,
      },
    )
    await clock.advance(60_000)
    assert.deepEqual(states(world), ['shutting-down Terminating ok'], 'no replacement beside a machine that still runs')

    off.resolve()
    await clock.advance(0)
    assert.deepEqual(states(world), ['terminated undefined ok', 'pending Pending initializing'])
    await clock.advance(1999)
    assert.deepEqual(host.diary, ['terminate c-node-1'])
    await clock.advance(1)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    assert.deepEqual(states(world), ['terminated undefined ok', 'running InService initializing'])
    await clock.advance(3000)
    assert.deepEqual(states(world), ['terminated undefined ok', 'running InService ok'])
    assert.notEqual(firstMember(world), old)
    assert.deepEqual(
      world.group('c-node-1-asg')?.activities.map(({description, cause, status, progress}) => ({
        description,
        cause,
        status,
        progress,
      })),
      [
        {
          description: `Launching a new EC2 instance: ${firstMember(world)}`,
          cause:
            'At 2026-03-01T09:01:00Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.',
          status: 'Successful',
          progress: 100,
        },
        {
          description: `Terminating EC2 instance: ${old}`,
          cause: `At 2026-03-01T09:00:00Z instance ${old} was taken out of service in response to a user request.`,
          status: 'Successful',
          progress: 100,
        },
        {
          description: `Launching a new EC2 instance: ${old}`,
          cause:
            'At 2026-03-01T09:00:00Z an instance was started in response to a difference between desired and actual capacity, increasing the capacity from 0 to 1.',
          status: 'Successful',
          progress: 100,
        },
      ],
    )
  })

  it('forgets a terminated instance after an hour', async () => {
    const {world} = await start({nodes: 1})
    await world.terminate(firstMember(world), {decrement: false})
    await clock.advance(3_599_999)
    assert.equal(world.instances().length, 2)
    await clock.advance(1)
    assert.deepEqual(states(world), ['running InService ok'])
  })

  it('replaces nothing when the capacity is to shrink, and says so', async () => {
    const host = new FakeHost()
    const world = new AwsWorld({region, account, host, clock, timing})
    world.createGroup({...planOf(1), minimum: 0})
    await world.start()
    const id = firstMember(world)
    const {cause} = await world.terminate(id, {decrement: true})
    assert.equal(
      cause,
      `At 2026-03-01T09:00:00Z instance ${id} was taken out of service in response to a user request, shrinking the capacity from 1 to 0.`,
    )
    await clock.advance(60_000)
    assert.deepEqual(states(world), ['terminated undefined ok'])
    assert.equal(world.group('c-node-1-asg')?.desired, 0)
  })

  it('refuses to shrink below the minimum, and leaves the instance in service', async () => {
    const {world, host} = await start({nodes: 1})
    await assert.rejects(world.terminate(firstMember(world), {decrement: true}), {
      code: 'ValidationError',
      message: /^Currently, desiredSize equals minSize \(1\)\. /,
    })
    await clock.advance(60_000)
    assert.deepEqual(states(world), ['running InService ok'])
    assert.deepEqual(host.diary, [])
  })

  it('refuses an instance that is in no group, or already on its way out', async () => {
    const {world, host} = await start({nodes: 1})
    const unknown = {
      code: 'ValidationError',
      message: 'Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0',
    }
    await assert.rejects(world.terminate('i-0123456789abcdef0', {decrement: false}), unknown)
    const id = firstMember(world)
    const [first, second] = await Promise.allSettled([1, 2].map(() => world.terminate(id, {decrement: false})))
    assert.equal(first?.status, 'fulfilled')
    assert.equal(second?.status === 'rejected' && second.reason.code, 'ScalingActivityInProgress')
    await clock.advance(60_000)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    await assert.rejects(world.terminate(id, {decrement: false}), {code: 'ValidationError'})
  })

  it('shows a shutdown that failed, and lets it be asked for again', async () => {
    const {world, host} = await start({nodes: 1})
    const id = firstMember(world)
    host.beforeTerminate = () => {
      throw new Error('it does not go off')
    }
    await world.terminate(id, {decrement: false})
    await clock.advance(60_000)
    assert.deepEqual(states(world), ['shutting-down Terminating ok'])
    assert.equal(world.group('c-node-1-asg')?.activities[0]?.statusMessage, 'it does not go off')
    host.beforeTerminate = () => {}
    await world.terminate(id, {decrement: false})
    await clock.advance(2000)
    assert.deepEqual(states(world), ['terminated undefined ok', 'running InService initializing'])
  })

  it('lets a listener see the world before every termination, and stop it', async () => {
    const {world, host} = await start()
    const seen: string[] = []
    const stop = world.onTerminate((id) => {
      seen.push(`${id} ${world.instances().find((one) => one.id === id)?.lifecycle}`)
    })
    const id = firstMember(world, 2)
    await world.terminate(id, {decrement: false})
    assert.deepEqual(seen, [`${id} InService`])
    stop()
    world.onTerminate(async () => Promise.reject(new Error('a second node is down')))
    await clock.advance(10_000)
    await assert.rejects(world.terminate(firstMember(world, 3), {decrement: false}), /^Error: a second node is down$/)
    await clock.advance(10_000)
    assert.deepEqual(seen, [`${id} InService`])
    assert.deepEqual(host.diary, ['terminate c-node-2', 'launch c-node-2'])
    assert.equal(world.group('c-node-3-asg')?.members[0]?.lifecycle, 'InService')
  })

  it('closes without another launch, and only when the host has no call left', async () => {
    const {world, host} = await start()
    await world.terminate(firstMember(world, 1), {decrement: false})
    const off = Promise.withResolvers<void>()
    host.beforeTerminate = () => off.promise
    await world.terminate(firstMember(world, 2), {decrement: false})
    await clock.advance(500)
    let isClosed = false
    const closing = world.close().then(() => {
      isClosed = true
    })
    await clock.advance(60_000)
    assert.equal(isClosed, false)
    off.resolve()
    await closing
    await clock.advance(60_000)
    assert.deepEqual(host.diary, ['terminate c-node-1', 'terminate c-node-2'])
    assert.equal(clock.sleeping, 0)
    await assert.rejects(world.terminate(firstMember(world, 3), {decrement: false}), /the lab is going down/)
  })

  it('closes in the midst of its start only when the host has no launch left', async () => {
    const host = new FakeHost()
    const launched = Promise.withResolvers<void>()
    host.beforeLaunch = () => launched.promise
    const world = new AwsWorld({region, account, host, clock, timing})
    world.createGroup(planOf(1))
    const starting = assert.rejects(world.start(), /the lab is going down/)
    let isClosed = false
    const closing = world.close().then(() => {
      isClosed = true
    })
    await clock.advance(60_000)
    assert.equal(isClosed, false)
    launched.resolve()
    await Promise.all([starting, closing])
    assert.deepEqual(states(world), ['running Pending ok'])
  })

  it('describes itself without the value of any parameter', async () => {
    const {world} = await start({nodes: 1})
    world.putParameter('/nats-cluster/c/admin/nats_admin_nkey_seed', 'SUSECRET', {type: 'SecureString'})
    const id = firstMember(world)
    const {lastActivity, ...group} = world.describe().groups[0] ?? assert.fail()
    assert.equal(lastActivity?.status, 'Successful')
    assert.deepEqual(
      {...world.describe(), groups: [group]},
      {
        region: 'us-east-2',
        account: '123456789012',
        groups: [
          {
            name: 'c-node-1-asg',
            node: 'c-node-1',
            desired: 1,
            suspended: [],
            instances: [
              {
                id,
                state: 'running',
                lifecycle: 'InService',
                checks: 'ok',
                zone: 'us-east-2a',
                launchedAt: Date.parse('2026-03-01T09:00:00Z'),
                terminatedAt: undefined,
              },
            ],
          },
        ],
        parameters: [{name: '/nats-cluster/c/admin/nats_admin_nkey_seed', type: 'SecureString', version: 1}],
      },
    )
  })

  it('lives in real time too', async () => {
    const {world, host} = await startWorld({nodes: 1, timing: {bootDelayMs: 30, statusCheckMs: 30}})
    const old = firstMember(world)
    await world.terminate(old, {decrement: false})
    await eventually(
      () =>
        world
          .instances()
          .map(({state, checks}) => (state === 'running' ? `${state} ${checks}` : state))
          .sort()
          .join() === 'running ok,terminated',
      'a replacement in service',
    )
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
    await world.close()
  })
})
