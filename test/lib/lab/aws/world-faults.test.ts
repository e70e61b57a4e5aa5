import assert from 'node:assert/strict'
import {AutoScalingClient, TerminateInstanceInAutoScalingGroupCommand} from '@aws-sdk/client-auto-scaling'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FaultBoard} from '../../../../src/lib/lab/faults-board.ts'
import {FakeClock} from './support/fake-clock.ts'
import type {FakeHost} from './support/fake-host.ts'
import {startLab, startWorld} from './support/lab.ts'

describe('faults of the lab account', () => {
  const node = 'c-node-1'
  const timing = {bootDelayMs: 2000, statusCheckMs: 3000, launchRetryMs: 10_000}
  let clock: FakeClock
  let world: AwsWorld
  let host: FakeHost
  let faults: FaultBoard

  beforeEach(async () => {
    clock = new FakeClock()
    faults = new FaultBoard({nodes: [node], clock})
    ;({world, host} = await startWorld({clock, faults, timing}))
  })

  const group = () => world.group('c-node-1-asg') ?? assert.fail('no group')
  const lifecycles = () => group().members.map(({lifecycle}) => lifecycle)
  const terminate = async () => {
    await world.terminate(group().members[0]?.id ?? '', {decrement: false})
    await clock.advance(0)
  }

  it('refuse a launch with a text and no instance, and let it be tried again', async () => {
    faults.switchOn({name: 'launch-fails', node, value: 'no room', count: 1})
    await terminate()
    const [activity] = group().activities
    assert.deepEqual(
      [activity?.description, activity?.status, activity?.statusMessage, activity?.progress],
      ['Launching a new EC2 instance.  Status Reason: no room', 'Failed', 'no room', 100],
    )
    await clock.advance(9999)
    assert.deepEqual(lifecycles(), [])
    await clock.advance(2001)
    assert.deepEqual(lifecycles(), ['InService'])
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
  })

  it('delay a boot', async () => {
    faults.switchOn({name: 'boot-delay', node, value: '1m', count: 1})
    await terminate()
    await clock.advance(61_999)
    assert.deepEqual(lifecycles(), ['Pending'])
    await clock.advance(1)
    assert.deepEqual(lifecycles(), ['InService'])
  })

  it('suspend processes, and a launch happens as soon as that is over', async () => {
    faults.switchOn({name: 'launch-suspended', node, forMs: 60_000})
    faults.switchOn({name: 'terminate-suspended', node})
    assert.deepEqual([...group().suspensions.list().keys()], ['Launch', 'Terminate'])
    assert.deepEqual([...(world.group('c-node-2-asg')?.suspensions.list().keys() ?? [])], [])
    await terminate()
    await clock.advance(59_999)
    assert.deepEqual(lifecycles(), [])
    await clock.advance(2001)
    assert.deepEqual(lifecycles(), ['InService'])
  })

  it('hold an instance at a lifecycle hook until they are over', async () => {
    faults.switchOn({name: 'hook-stuck', node, value: 'boot'})
    await terminate()
    await clock.advance(10_000_000)
    assert.deepEqual(lifecycles(), ['Pending:Wait'])
    assert.equal(group().activities[0]?.status, 'MidLifecycleAction')
    assert.deepEqual(
      group()
        .hooks.list()
        .map(({name}) => name),
      ['boot'],
    )
    faults.switchOff()
    await clock.advance(0)
    assert.deepEqual(lifecycles(), ['InService'])
    assert.deepEqual(group().hooks.list(), [])
  })

  it('give the instances launched meanwhile another address, and the right one afterwards', async () => {
    faults.switchOn({name: 'dns-stale'})
    assert.equal(group().members[0]?.address, '127.0.0.1')
    await terminate()
    assert.equal(group().members[0]?.address, '127.0.0.2')
    faults.switchOff()
    assert.equal(group().members[0]?.address, '127.0.0.1')
  })

  it('lose the answer to a call that was done', async () => {
    const lost: string[] = []
    const lab = await startLab(world, {losesAnswer: (action) => lost.push(action) === 1})
    const client = new AutoScalingClient(lab.settings)
    try {
      const InstanceId = group().members[0]?.id
      const command = new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId,
        ShouldDecrementDesiredCapacity: false,
      })
      await assert.rejects(client.send(command), /ECONNRESET|socket hang up|aborted/)
      assert.deepEqual(lost, ['autoscaling:TerminateInstanceInAutoScalingGroup'])
      await clock.advance(0)
      assert.deepEqual(host.diary, ['terminate c-node-1'])
    } finally {
      client.destroy()
      await lab.close()
    }
  })
})
