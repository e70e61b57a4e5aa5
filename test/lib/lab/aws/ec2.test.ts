import assert from 'node:assert/strict'
import {
  DescribeInstanceStatusCommand,
  type DescribeInstanceStatusCommandInput,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FakeClock} from './support/fake-clock.ts'
import {startLab, startWorld} from './support/lab.ts'

describe('EC2 of the lab', () => {
  let clock: FakeClock
  let world: AwsWorld
  let client: EC2Client
  let close: () => Promise<void>

  beforeEach(async () => {
    clock = new FakeClock()
    ;({world} = await startWorld({clock, nodes: 12}))
    const lab = await startLab(world)
    client = new EC2Client(lab.settings)
    close = async () => {
      client.destroy()
      await lab.close()
    }
  })
  afterEach(() => close())

  const describeInstances = async (input: DescribeInstancesCommandInput = {}) =>
    (await client.send(new DescribeInstancesCommand(input))).Reservations?.flatMap((one) => one.Instances ?? []) ?? []
  const status = async (input: DescribeInstanceStatusCommandInput = {}) =>
    (await client.send(new DescribeInstanceStatusCommand(input))).InstanceStatuses ?? []
  const named = async (Name: string, ...Values: string[]) =>
    (await describeInstances({Filters: [{Name, Values}]}))
      .map(({Tags}) => Tags?.find(({Key}) => Key === 'Name')?.Value)
      .sort()
  const idOf = (number: number) => world.group(`c-node-${number}-asg`)?.members[0]?.id ?? assert.fail('no member')

  it('describes a running instance', async () => {
    const [instance] = await describeInstances({InstanceIds: [idOf(2)]})
    assert.match(instance?.SubnetId ?? '', /^subnet-[0-9a-f]{17}$/)
    assert.match(instance?.VpcId ?? '', /^vpc-[0-9a-f]{17}$/)
    assert.match(instance?.ImageId ?? '', /^ami-[0-9a-f]{17}$/)
    const {SubnetId: _subnet, VpcId: _vpc, ImageId: _image, ...rest} = instance ?? {}
    assert.deepEqual(rest, {
      InstanceId: idOf(2),
      State: {Code: 16, Name: 'running'},
      PrivateDnsName: 'ip-127-0-0-1.us-east-2.compute.internal',
      PublicDnsName: '',
      StateTransitionReason: '',
      AmiLaunchIndex: 0,
      ProductCodes: [],
      InstanceType: 'm8gd.medium',
      LaunchTime: new Date('2026-03-01T09:00:00Z'),
      Placement: {AvailabilityZone: 'us-east-2b', GroupName: '', Tenancy: 'default'},
      Monitoring: {State: 'disabled'},
      PrivateIpAddress: '127.0.0.1',
      Architecture: 'arm64',
      RootDeviceType: 'ebs',
      VirtualizationType: 'hvm',
      Tags: [
        {Key: 'Name', Value: 'c-node-2'},
        {Key: 'aws:autoscaling:groupName', Value: 'c-node-2-asg'},
      ],
      Hypervisor: 'xen',
      EbsOptimized: true,
    })
  })

  it('keeps showing a terminated instance, without its place in the network', async () => {
    const id = idOf(1)
    await world.terminate(id, {decrement: false})
    await clock.advance(60_000)
    const [gone] = await describeInstances({InstanceIds: [id]})
    assert.deepEqual(
      {
        state: gone?.State,
        address: gone?.PrivateIpAddress,
        dns: gone?.PrivateDnsName,
        reason: gone?.StateTransitionReason,
        code: gone?.StateReason,
        name: gone?.Tags?.[0],
      },
      {
        state: {Code: 48, Name: 'terminated'},
        address: undefined,
        dns: '',
        reason: 'User initiated (2026-03-01 09:00:00 GMT)',
        code: {
          Code: 'Client.UserInitiatedShutdown',
          Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
        },
        name: {Key: 'Name', Value: 'c-node-1'},
      },
    )
    assert.deepEqual(await named('tag:Name', 'c-node-1'), ['c-node-1', 'c-node-1'], 'old and new')
    const running = {Name: 'instance-state-name', Values: ['pending', 'running']}
    const [current] = await describeInstances({Filters: [{Name: 'tag:Name', Values: ['c-node-1']}, running]})
    assert.equal(current?.InstanceId, idOf(1))
  })

  it('filters by several values, with wildcards, all filters at once', async () => {
    assert.deepEqual(await named('tag:Name', 'c-node-2', 'c-node-11', 'none'), ['c-node-11', 'c-node-2'])
    assert.deepEqual(await named('tag:Name', 'c-node-1*'), ['c-node-1', 'c-node-10', 'c-node-11', 'c-node-12'])
    assert.deepEqual(await named('tag:Name', 'c-node-1?'), ['c-node-10', 'c-node-11', 'c-node-12'])
    assert.deepEqual(await named('tag:Name', 'c.node.1'), [])
    assert.deepEqual(await named('tag:Name', 'c-node-1\\*'), [])
    assert.deepEqual(await named('tag:Name', 'C-NODE-1'), [])
    assert.deepEqual(await named('tag:aws:autoscaling:groupName', '*node-3-asg'), ['c-node-3'])
    assert.deepEqual(await named('tag:Stage', '*'), [])
    assert.deepEqual(await named('instance-id', idOf(4)), ['c-node-4'])
    assert.equal((await named('private-ip-address', '127.0.0.1')).length, 12)
    assert.equal((await named('availability-zone', 'us-east-2c')).length, 4)
    assert.deepEqual(await named('instance-state-name', 'terminated'), [])
    const both = [
      {Name: 'tag:Name', Values: ['c-node-1', 'c-node-2']},
      {Name: 'availability-zone', Values: ['us-east-2b']},
    ]
    assert.deepEqual(
      (await describeInstances({Filters: both})).map(({InstanceId}) => InstanceId),
      [idOf(2)],
    )
  })

  it('pages, five at the least', async () => {
    const page = (input: DescribeInstancesCommandInput) => client.send(new DescribeInstancesCommand(input))
    const ids: (string | undefined)[] = []
    const sizes: (number | undefined)[] = []
    let NextToken: string | undefined
    do {
      const {Reservations, NextToken: next} = await page({MaxResults: 5, NextToken})
      sizes.push(Reservations?.length)
      ids.push(...(Reservations ?? []).map((one) => one.Instances?.[0]?.InstanceId))
      NextToken = next
    } while (NextToken)
    assert.deepEqual(sizes, [5, 5, 2])
    assert.equal(new Set(ids).size, 12)
    await assert.rejects(page({MaxResults: 4}), {name: 'InvalidParameterValue'})
    await assert.rejects(page({MaxResults: 5, InstanceIds: [idOf(1)]}), {name: 'InvalidParameterCombination'})
    await assert.rejects(page({NextToken: 'x'}), {name: 'InvalidParameterValue'})
  })

  it('refuses ids and filters that AWS refuses', async () => {
    await assert.rejects(describeInstances({InstanceIds: ['i-0123456789abcdef0', idOf(1), 'i-01234567']}), {
      name: 'InvalidInstanceID.NotFound',
      message: "The instance IDs 'i-0123456789abcdef0, i-01234567' do not exist",
    })
    await assert.rejects(describeInstances({InstanceIds: ['i-0123456789abcdef0']}), {
      name: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-0123456789abcdef0' does not exist",
    })
    await assert.rejects(describeInstances({InstanceIds: ['node-1']}), {
      name: 'InvalidInstanceID.Malformed',
      message: 'Invalid id: "node-1"',
    })
    await assert.rejects(describeInstances({Filters: [{Name: 'colour', Values: ['red']}]}), {
      name: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
    await assert.rejects(describeInstances({Filters: [{Name: 'instance-id'}]}), {name: 'InvalidParameterValue'})
    await assert.rejects(describeInstances({Filters: [{Values: ['x']}]}), {name: 'MissingParameter'})
    await assert.rejects(describeInstances({DryRun: true}), {name: 'DryRunOperation'})
  })

  it('gives the status checks of running instances, of others only when asked to', async () => {
    const id = idOf(1)
    await world.terminate(id, {decrement: false})
    await clock.advance(1000)
    assert.equal((await status()).length, 11)
    const all = await status({IncludeAllInstances: true})
    assert.equal(all.length, 13)
    assert.deepEqual(
      all.find(({InstanceId}) => InstanceId === id),
      {
        InstanceId: id,
        AvailabilityZone: 'us-east-2a',
        InstanceState: {Code: 48, Name: 'terminated'},
        SystemStatus: {Status: 'not-applicable'},
        InstanceStatus: {Status: 'not-applicable'},
        Events: [],
      },
    )
    await clock.advance(1000)
    const InstanceIds = [idOf(1)]
    const checks = (Status: string, reachability: string) => ({
      Status,
      Details: [{Name: 'reachability', Status: reachability}],
    })
    const [young] = await status({InstanceIds})
    assert.deepEqual(young?.InstanceStatus, checks('initializing', 'initializing'))
    await clock.advance(3000)
    const [grown] = await status({InstanceIds})
    assert.deepEqual([grown?.SystemStatus, grown?.InstanceStatus], [checks('ok', 'passed'), checks('ok', 'passed')])
    assert.equal((await status({Filters: [{Name: 'instance-status.status', Values: ['ok']}]})).length, 12)
  })
})
