import assert from 'node:assert/strict'
import {
  DescribeAutoScalingGroupsCommand,
  DescribeAutoScalingInstancesCommand,
  DescribeInstanceRefreshesCommand,
  DescribeLifecycleHooksCommand,
} from '@aws-sdk/client-auto-scaling'
import {AutoScalingLab, group} from './support/auto-scaling-lab.ts'
import {planOf} from './support/lab.ts'

describe('Auto Scaling of the lab', () => {
  let lab: AutoScalingLab
  beforeEach(async () => {
    lab = await AutoScalingLab.open()
  })
  afterEach(() => lab.close())

  it('describes a group whole', async () => {
    const [described] = await lab.groups(group)
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
          InstanceId: lab.memberOf(group),
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
    const names = async (...asked: string[]) => (await lab.groups(...asked)).map((one) => one.AutoScalingGroupName)
    assert.deepEqual(await names('c-node-3-asg', 'none', group), [group, 'c-node-3-asg'])
    assert.deepEqual(await names(), [group, 'c-node-2-asg', 'c-node-3-asg'])
    assert.deepEqual(await names('none'), [])
  })

  it('pages through sixty groups', async () => {
    for (let number = 4; number <= 60; number++) lab.world.createGroup(planOf(number))
    const page = (input: object) => lab.client.send(new DescribeAutoScalingGroupsCommand(input))
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
    const ids = [lab.memberOf(group), 'i-0123456789abcdef0']
    const {AutoScalingInstances} = await lab.client.send(new DescribeAutoScalingInstancesCommand({InstanceIds: ids}))
    assert.partialDeepStrictEqual(AutoScalingInstances, [
      {InstanceId: ids[0], AutoScalingGroupName: group, HealthStatus: 'HEALTHY', LifecycleState: 'InService'},
    ])
    const all = await lab.client.send(new DescribeAutoScalingInstancesCommand({}))
    assert.equal(all.AutoScalingInstances?.length, 3)
  })

  it('describes refreshes and hooks', async () => {
    lab.world.group(group)?.refreshes.add({id: 'r-1', status: 'Successful', endedAt: lab.clock.now(), percent: 100})
    lab.world.group(group)?.refreshes.add({id: 'r-2', percent: 50})
    const name = {AutoScalingGroupName: group}
    const {InstanceRefreshes} = await lab.client.send(new DescribeInstanceRefreshesCommand(name))
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
    lab.world.group(group)?.hooks.put(hook)
    const {LifecycleHooks} = await lab.client.send(new DescribeLifecycleHooksCommand(name))
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
    await assert.rejects(lab.client.send(new DescribeInstanceRefreshesCommand({AutoScalingGroupName: 'none'})), {
      name: 'ValidationError',
    })
  })
})
