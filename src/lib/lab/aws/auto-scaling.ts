import {invalid, paging, requireGroup, toTime} from './auto-scaling-input.ts'
import {refreshOperations} from './auto-scaling-refreshes.ts'
import {fixedHex, fixedId} from './ids.ts'
import type {Input} from './input.ts'
import {launchTemplateId} from './launch-templates.ts'
import {pageOf} from './paging.ts'
import {queryProtocol} from './protocol-query.ts'
import type {ActivityRecord, InstanceRecord} from './records.ts'
import {refuseAsQuery, validationComplaints} from './refusals.ts'
import {type ScalingGroup, unmanaged} from './scaling-group.ts'
import type {Service} from './service.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

/** EC2 Auto Scaling: what natsops and a person at the aws CLI ask of the groups of a cluster. */
export const autoScaling: Service = {
  name: 'autoscaling',
  protocol: queryProtocol('2011-01-01', 'http://autoscaling.amazonaws.com/doc/2011-01-01/'),
  complaints: validationComplaints('ValidationError'),
  refuse: refuseAsQuery,
  operations: {
    DescribeAutoScalingGroups: ({world, input}) => {
      const names = input.texts('AutoScalingGroupNames')
      if (input.structures('Filters').length > 0) throw invalid('The lab does not know filters of groups')
      const groups = world.groups().filter(({plan}) => names.length === 0 || names.includes(plan.name))
      const keyOf = (group: ScalingGroup) => group.plan.name
      const page = pageOf(groups, {...paging(input, {usual: 50, most: 100}), list: 'groups', keyOf})
      return {AutoScalingGroups: page.items.map((group) => showGroup(world, group)), NextToken: page.nextToken}
    },

    DescribeAutoScalingInstances: ({world, input}) => {
      const ids = input.texts('InstanceIds')
      const members = world
        .groups()
        .flatMap((group) => group.members)
        .filter(({id}) => ids.length === 0 || ids.includes(id))
      const keyOf = ({id}: Readonly<InstanceRecord>) => id
      const page = pageOf(members, {...paging(input, {usual: 50, most: 50}), list: 'members', keyOf})
      const instances = page.items.map((member) => ({
        ...showMember(world, member),
        AutoScalingGroupName: member.group,
        HealthStatus: member.health.toUpperCase(),
      }))
      return {AutoScalingInstances: instances, NextToken: page.nextToken}
    },

    TerminateInstanceInAutoScalingGroup: async ({world, input}) => {
      const instanceId = input.required('InstanceId')
      if (!input.has('ShouldDecrementDesiredCapacity')) {
        throw autoScaling.complaints.missing('ShouldDecrementDesiredCapacity')
      }
      const decrement = input.flag('ShouldDecrementDesiredCapacity')
      return {Activity: showActivity(world, await world.terminate(instanceId, {decrement}))}
    },

    DescribeScalingActivities: ({world, input}) => {
      const name = input.text('AutoScalingGroupName')
      const ids = input.texts('ActivityIds')
      const activities = world
        .groups()
        .filter(({plan}) => name === undefined || plan.name === name)
        .flatMap((group) => group.activities)
        .filter(({id}) => ids.length === 0 || ids.includes(id))
      if (name === undefined) activities.sort((one, other) => other.startedAt - one.startedAt)
      const keyOf = ({id}: Readonly<ActivityRecord>) => id
      const page = pageOf(activities, {...paging(input, {usual: 100, most: 100}), list: 'activities', keyOf})
      return {Activities: page.items.map((activity) => showActivity(world, activity)), NextToken: page.nextToken}
    },

    ...refreshOperations,

    DescribeLifecycleHooks: ({world, input}) => {
      const group = requireGroup(world, input)
      const names = input.texts('LifecycleHookNames')
      const hooks = group.hooks.list().filter(({name}) => names.length === 0 || names.includes(name))
      return {
        LifecycleHooks: hooks.map(({name, transition, heartbeatTimeoutSeconds, defaultResult}) => ({
          LifecycleHookName: name,
          AutoScalingGroupName: group.plan.name,
          LifecycleTransition: transition,
          HeartbeatTimeout: heartbeatTimeoutSeconds,
          GlobalTimeout: Math.min(heartbeatTimeoutSeconds * 100, 172_800),
          DefaultResult: defaultResult,
        })),
      }
    },

    SuspendProcesses: ({world, input}) => {
      requireGroup(world, input).suspensions.suspend(readProcesses(input))
      return undefined
    },

    ResumeProcesses: ({world, input}) => {
      requireGroup(world, input).suspensions.resume(readProcesses(input))
      return undefined
    },

    SetInstanceProtection: ({world, input}) => {
      const group = requireGroup(world, input)
      const ids = input.texts('InstanceIds')
      const stranger = ids.find((id) => !group.members.some((member) => member.id === id))
      if (stranger !== undefined) throw unmanaged(stranger)
      if (!input.has('ProtectedFromScaleIn')) throw autoScaling.complaints.missing('ProtectedFromScaleIn')
      for (const id of ids) group.protect(id, input.flag('ProtectedFromScaleIn'))
      return {}
    },
  },
}

const processes = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
]

/** All of them where none is named. */
function readProcesses(input: Input): readonly string[] {
  const named = input.texts('ScalingProcesses')
  const stranger = named.find((name) => !processes.includes(name))
  if (stranger !== undefined) throw invalid(`Invalid process: ${stranger}. Valid processes: ${processes.join(', ')}`)
  return named.length > 0 ? named : processes
}

function showGroup(world: AwsWorld, group: ScalingGroup): XmlContent {
  const {plan} = group
  const resource = {ResourceId: plan.name, ResourceType: 'auto-scaling-group'}
  return {
    AutoScalingGroupName: plan.name,
    AutoScalingGroupARN: arnOf(world, plan.name),
    LaunchTemplate: showLaunchTemplate(world, plan.node, '$Latest'),
    MinSize: plan.minimum,
    MaxSize: group.maximum,
    DesiredCapacity: group.desired,
    DefaultCooldown: 300,
    AvailabilityZones: [plan.zone],
    LoadBalancerNames: [],
    TargetGroupARNs: [],
    HealthCheckType: 'EC2',
    HealthCheckGracePeriod: 300,
    Instances: group.members.map((member) => showMember(world, member)),
    CreatedTime: toTime(group.createdAt),
    SuspendedProcesses: [...group.suspensions.list()].map(([name, reason]) => ({
      ProcessName: name,
      SuspensionReason: reason,
    })),
    VPCZoneIdentifier: fixedId('subnet', world.account, plan.zone),
    EnabledMetrics: [],
    Tags: [{...resource, Key: 'Name', Value: plan.instanceName, PropagateAtLaunch: true}],
    TerminationPolicies: ['Default'],
    NewInstancesProtectedFromScaleIn: false,
    ServiceLinkedRoleARN: `arn:aws:iam::${world.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
  }
}

function showMember(world: AwsWorld, member: Readonly<InstanceRecord>): {readonly [name: string]: XmlContent} {
  return {
    InstanceId: member.id,
    InstanceType: member.type,
    AvailabilityZone: member.zone,
    LifecycleState: member.lifecycle,
    HealthStatus: member.health,
    LaunchTemplate: showLaunchTemplate(world, member.node, member.launchTemplateVersion),
    ProtectedFromScaleIn: member.protected || world.faults.standing('scale-in-protection', member.node) !== undefined,
  }
}

function showLaunchTemplate({account}: AwsWorld, node: string, version: string): XmlContent {
  return {LaunchTemplateId: launchTemplateId(account, node), LaunchTemplateName: node, Version: version}
}

function showActivity(world: AwsWorld, activity: Readonly<ActivityRecord>): XmlContent {
  const {endedAt, zone} = activity
  const subnet = fixedId('subnet', world.account, zone)
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.group,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: toTime(activity.startedAt),
    EndTime: endedAt === undefined ? undefined : toTime(endedAt),
    StatusCode: activity.status,
    StatusMessage: activity.statusMessage?.slice(0, 255),
    Progress: activity.progress,
    Details: JSON.stringify({'Subnet ID': subnet, 'Availability Zone': zone}),
    AutoScalingGroupARN: arnOf(world, activity.group),
  }
}

function arnOf({region, account}: AwsWorld, group: string): string {
  const id = fixedHex(account, group)
  return `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:${id}:autoScalingGroupName/${group}`
}
