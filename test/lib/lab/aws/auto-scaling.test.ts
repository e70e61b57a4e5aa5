import assert from 'node:assert/strict'
import {
  AutoScalingClient,
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
  DescribeScalingActivitiesCommand,
  ResumeProcessesCommand,
  SetInstanceProtectionCommand,
  SuspendProcessesCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FakeClock} from './support/fake-clock.ts'
import type {FakeHost} from './support/fake-host.ts'
import {planOf, startLab, startWorld} from './support/lab.ts'

const group = 'c-node-1-asg'

describe('Auto Scaling of the lab', () => {
  let clock: FakeClock
  let world: AwsWorld
  let host: FakeHost
  let client: AutoScalingClient
  let close: () => Promise<void>

  beforeEach(async () => {
    clock = new FakeClock()
    ;({world, host} = await startWorld({clock}))
    const lab = await startLab(world)
    client = new AutoScalingClient(lab.settings)
    close = async () => {
      client.destroy()
      await lab.close()
    }
  })
  afterEach(() => close())

  const groups = async (...names: string[]) =>
    (await client.send(new DescribeAutoScalingGroupsCommand({AutoScalingGroupNames: names}))).AutoScalingGroups ?? []
  const memberOf = (name: string) => world.group(name)?.members[0]?.id ?? assert.fail('no member')
  const terminate = (InstanceId: string | undefined, ShouldDecrementDesiredCapacity: boolean | undefined = false) =>
    client.send(new TerminateInstanceInAutoScalingGroupCommand({InstanceId, ShouldDecrementDesiredCapacity}))
  const activities = async (input: object = {}) =>
    (await client.send(new DescribeScalingActivitiesCommand({AutoScalingGroupName: group, ...input}))).Activities ?? []

  it('describes a group whole', async () => {
    const [described] = await groups(group)
    const launchTemplate = described?.LaunchTemplate
    assert.match(launchTemplate?.LaunchTemplateId ?? '', /^lt-[0-9a-f]{17}$/)
    assert.match(
      described?.AutoScalingGroupARN ?? '',
      /^arn:aws:autoscaling:us-east-2:123456789012:autoScalingGroup:.+:autoScalingGroupName\/c-node-1-asg$/,
    )
    assert.match(described?.VPCZoneIdentifier ?? '', /^subnet-[0-9a-f]{17}$/)
    const {
      AutoScalingGroupARN: _arn,
      VPCZoneIdentifier: _subnet,
      ServiceLinkedRoleARN: _role,
      ...rest
    } = described ?? {}
    assert.deepEqual(rest, {
      AutoScalingGroupName: group,
      LaunchTemplate: {...launchTemplate, LaunchTemplateName: 'c-node-1', Version: '$Latest'},
      MinSize: 1,
      MaxSize: 1,
      DesiredCapacity: 1,
      DefaultCooldown: 300,
      AvailabilityZones: ['us-east-2a'],
      LoadBalancerNames: [],
      TargetGroupARNs: [],
      HealthCheckType: 'EC2',
      HealthCheckGracePeriod: 300,
      Instances: [
        {
          InstanceId: memberOf(group),
          InstanceType: 'm8gd.medium',
          AvailabilityZone: 'us-east-2a',
          LifecycleState: 'InService',
          HealthStatus: 'Healthy',
          LaunchTemplate: {...launchTemplate, Version: '1'},
          ProtectedFromScaleIn: false,
        },
      ],
      CreatedTime: new Date('2026-03-01T09:00:00Z'),
      SuspendedProcesses: [],
      EnabledMetrics: [],
      Tags: [
        {
          ResourceId: group,
          ResourceType: 'auto-scaling-group',
          Key: 'Name',
          Value: 'c-node-1',
          PropagateAtLaunch: true,
        },
      ],
      TerminationPolicies: ['Default'],
      NewInstancesProtectedFromScaleIn: false,
    })
  })

  it('describes the named groups that exist, or all', async () => {
    const names = async (...asked: string[]) => (await groups(...asked)).map((one) => one.AutoScalingGroupName)
    assert.deepEqual(await names('c-node-3-asg', 'none', group), [group, 'c-node-3-asg'])
    assert.deepEqual(await names(), [group, 'c-node-2-asg', 'c-node-3-asg'])
    assert.deepEqual(await names('none'), [])
  })

  it('pages through sixty groups', async () => {
    for (let number = 4; number <= 60; number++) world.createGroup(planOf(number))
    const page = (input: object) => client.send(new DescribeAutoScalingGroupsCommand(input))
    const first = await page({})
    assert.equal(first.AutoScalingGroups?.length, 50)
    const second = await page({NextToken: first.NextToken})
    assert.deepEqual([second.AutoScalingGroups?.length, second.NextToken], [10, undefined])
    const all = [first, second].flatMap((one) => one.AutoScalingGroups ?? []).map((one) => one.AutoScalingGroupName)
    assert.equal(new Set(all).size, 60)
    assert.equal((await page({MaxRecords: 100})).AutoScalingGroups?.length, 60)
    await assert.rejects(page({MaxRecords: 101}), {name: 'ValidationError'})
    await assert.rejects(page({NextToken: 'x'}), {name: 'InvalidNextToken'})
  })

  it('describes members, with their health in capitals', async () => {
    const ids = [memberOf(group), 'i-0123456789abcdef0']
    const {AutoScalingInstances} = await client.send(new DescribeAutoScalingInstancesCommand({InstanceIds: ids}))
    assert.partialDeepStrictEqual(AutoScalingInstances, [
      {InstanceId: ids[0], AutoScalingGroupName: group, HealthStatus: 'HEALTHY', LifecycleState: 'InService'},
    ])
    const all = await client.send(new DescribeAutoScalingInstancesCommand({}))
    assert.equal(all.AutoScalingInstances?.length, 3)
  })

  it('terminates an instance and shows the replacement through its states', async () => {
    const old = memberOf(group)
    const {Activity} = await terminate(old)
    assert.match(Activity?.ActivityId ?? '', /^[0-9a-f-]{36}$/)
    assert.deepEqual(JSON.parse(Activity?.Details ?? ''), {
      'Subnet ID': (await groups(group))[0]?.VPCZoneIdentifier,
      'Availability Zone': 'us-east-2a',
    })
    const {ActivityId: _id, Details: _details, AutoScalingGroupARN: _arn, ...rest} = Activity ?? {}
    assert.deepEqual(rest, {
      AutoScalingGroupName: group,
      Description: `Terminating EC2 instance: ${old}`,
      Cause: `At 2026-03-01T09:00:00Z instance ${old} was taken out of service in response to a user request.`,
      StartTime: new Date('2026-03-01T09:00:00Z'),
      StatusCode: 'InProgress',
      Progress: 0,
    })
    await clock.advance(1000)
    const [pending] = (await groups(group))[0]?.Instances ?? []
    assert.equal(pending?.LifecycleState, 'Pending')
    assert.notEqual(pending?.InstanceId, old)
    assert.deepEqual(
      (await activities({MaxRecords: 2})).map(({Description, StatusCode, EndTime}) => [
        Description,
        StatusCode,
        EndTime,
      ]),
      [
        [`Launching a new EC2 instance: ${pending?.InstanceId}`, 'PreInService', undefined],
        [`Terminating EC2 instance: ${old}`, 'Successful', new Date('2026-03-01T09:00:00Z')],
      ],
    )
    await clock.advance(1000)
    assert.equal((await groups(group))[0]?.Instances?.[0]?.LifecycleState, 'InService')
    assert.deepEqual(host.diary, ['terminate c-node-1', 'launch c-node-1'])
  })

  it('pages activities, newest first, of one group or of all', async () => {
    for (let count = 0; count < 3; count++) {
      await terminate(memberOf(group))
      await clock.advance(5000)
    }
    const all = await activities()
    assert.equal(all.length, 7)
    assert.deepEqual(
      all.map(({StartTime}) => StartTime?.getTime() ?? 0),
      all.map(({StartTime}) => StartTime?.getTime() ?? 0).sort((one, other) => other - one),
    )
    const paged: (string | undefined)[] = []
    let NextToken: string | undefined
    do {
      const page = await client.send(
        new DescribeScalingActivitiesCommand({AutoScalingGroupName: group, MaxRecords: 3, NextToken}),
      )
      paged.push(...(page.Activities ?? []).map(({ActivityId}) => ActivityId))
      NextToken = page.NextToken
    } while (NextToken)
    assert.deepEqual(
      paged,
      all.map(({ActivityId}) => ActivityId),
    )
    assert.equal((await activities({AutoScalingGroupName: undefined})).length, 9)
    assert.deepEqual(await activities({AutoScalingGroupName: 'none'}), [])
    assert.equal((await activities({ActivityIds: [paged[4]]})).length, 1)
  })

  it('shows why a launch failed, whatever characters are in the reason', async () => {
    host.beforeLaunch = () => {
      throw new Error('<no> "room" & \u001b[31mred')
    }
    await terminate(memberOf(group))
    await clock.advance(2000)
    const [failed] = await activities()
    assert.deepEqual([failed?.StatusCode, failed?.StatusMessage], ['Failed', '<no> "room" & \ufffd[31mred'])
  })

  it('refuses to terminate as AWS does', async () => {
    const refused = (name: string, message: RegExp) => (error: Error) => {
      assert.equal(error.name, name)
      assert.match(error.message, message)
      return true
    }
    await assert.rejects(
      terminate('i-0123456789abcdef0'),
      refused(
        'ValidationError',
        /^Instance Id not found - No managed instance found for instance ID: i-0123456789abcdef0$/,
      ),
    )
    await assert.rejects(
      terminate(memberOf(group), true),
      refused('ValidationError', /^Currently, desiredSize equals minSize/),
    )
    await assert.rejects(
      terminate(undefined),
      refused('ValidationError', /'instanceId' failed to satisfy constraint: Member must not be null/),
    )
    const bare = new TerminateInstanceInAutoScalingGroupCommand({
      InstanceId: memberOf(group),
      ShouldDecrementDesiredCapacity: undefined,
    })
    await assert.rejects(client.send(bare), refused('ValidationError', /'shouldDecrementDesiredCapacity'/))
    const id = memberOf(group)
    host.beforeTerminate = () => new Promise(() => {})
    await terminate(id)
    await assert.rejects(terminate(id), {name: /^ScalingActivityInProgress/})
  })

  it('suspends and resumes processes', async () => {
    const name = {AutoScalingGroupName: group}
    await client.send(new SuspendProcessesCommand({...name, ScalingProcesses: ['Launch', 'Terminate']}))
    assert.deepEqual((await groups(group))[0]?.SuspendedProcesses, [
      {ProcessName: 'Launch', SuspensionReason: 'User suspended at 2026-03-01T09:00:00Z'},
      {ProcessName: 'Terminate', SuspensionReason: 'User suspended at 2026-03-01T09:00:00Z'},
    ])
    await client.send(new ResumeProcessesCommand({...name, ScalingProcesses: ['Launch']}))
    assert.deepEqual(
      (await groups(group))[0]?.SuspendedProcesses?.map((one) => one.ProcessName),
      ['Terminate'],
    )
    await client.send(new SuspendProcessesCommand(name))
    assert.equal((await groups(group))[0]?.SuspendedProcesses?.length, 9)
    await client.send(new ResumeProcessesCommand(name))
    assert.deepEqual((await groups(group))[0]?.SuspendedProcesses, [])
    const wrong = new SuspendProcessesCommand({...name, ScalingProcesses: ['Lunch']})
    await assert.rejects(client.send(wrong), {name: 'ValidationError'})
    const nowhere = new SuspendProcessesCommand({AutoScalingGroupName: 'none'})
    await assert.rejects(client.send(nowhere), {
      name: 'ValidationError',
      message: "AutoScalingGroup name not found - AutoScalingGroup 'none' not found",
    })
  })

  it('protects an instance from scale-in, which does not stop a user', async () => {
    const InstanceIds = [memberOf(group)]
    const protect = (ProtectedFromScaleIn: boolean, ids = InstanceIds) =>
      client.send(
        new SetInstanceProtectionCommand({AutoScalingGroupName: group, InstanceIds: ids, ProtectedFromScaleIn}),
      )
    await protect(true)
    assert.equal((await groups(group))[0]?.Instances?.[0]?.ProtectedFromScaleIn, true)
    await protect(false)
    assert.equal((await groups(group))[0]?.Instances?.[0]?.ProtectedFromScaleIn, false)
    await assert.rejects(protect(true, [memberOf('c-node-2-asg')]), {name: 'ValidationError'})
    await protect(true)
    assert.equal((await terminate(InstanceIds[0])).Activity?.StatusCode, 'InProgress')
  })

  it('describes refreshes and hooks', async () => {
    world.group(group)?.refreshes.add({id: 'r-1', status: 'Successful', endedAt: clock.now(), percent: 100})
    world.group(group)?.refreshes.add({id: 'r-2', percent: 50})
    const name = {AutoScalingGroupName: group}
    const {InstanceRefreshes} = await client.send(new DescribeInstanceRefreshesCommand(name))
    const StartTime = new Date('2026-03-01T09:00:00Z')
    assert.deepEqual(InstanceRefreshes, [
      {
        InstanceRefreshId: 'r-2',
        ...name,
        Status: 'InProgress',
        StartTime,
        PercentageComplete: 50,
        InstancesToUpdate: 1,
      },
      {
        InstanceRefreshId: 'r-1',
        ...name,
        Status: 'Successful',
        StartTime,
        EndTime: StartTime,
        PercentageComplete: 100,
        InstancesToUpdate: 1,
      },
    ])
    const transition = 'autoscaling:EC2_INSTANCE_LAUNCHING'
    const hook = {name: 'boot', transition, heartbeatTimeoutSeconds: 60, defaultResult: 'ABANDON'} as const
    world.group(group)?.hooks.put(hook)
    const {LifecycleHooks} = await client.send(new DescribeLifecycleHooksCommand(name))
    assert.deepEqual(LifecycleHooks, [
      {
        LifecycleHookName: 'boot',
        ...name,
        LifecycleTransition: transition,
        HeartbeatTimeout: 60,
        GlobalTimeout: 6000,
        DefaultResult: 'ABANDON',
      },
    ])
    await assert.rejects(client.send(new DescribeInstanceRefreshesCommand({AutoScalingGroupName: 'none'})), {
      name: 'ValidationError',
    })
  })
})
