import {
  type Activity,
  AutoScalingClient,
  DescribeInstanceRefreshesCommand,
  paginateDescribeAutoScalingGroups,
  paginateDescribeScalingActivities,
  type AutoScalingGroup as SdkGroup,
  type Instance as SdkGroupInstance,
  type InstanceRefresh as SdkRefresh,
  StartInstanceRefreshCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling'
import type {AutoScalingGroup, GroupInstance, InstanceRefresh, ScalingActivity} from '../../domain/observation.ts'
import type {AutoScaling} from '../ports.ts'
import type {AwsCall} from './errors.ts'
import type {LaunchTemplates, TemplateVersion} from './launch-templates.ts'
import {chunksOf, collect, nameSome, required, timeOf} from './lists.ts'
import type {Session} from './session.ts'

/** What DescribeAutoScalingGroups takes as names at once. */
const namesPerCall = 50
const recordsPerPage = 100

/** Amazon EC2 Auto Scaling. */
export function openAutoScaling(session: Session): AutoScaling {
  const reader = session.client('autoscaling', 'repeat', (options) => new AutoScalingClient(options))
  const writer = session.client('autoscaling', 'now', (options) => new AutoScalingClient(options))
  let opened: Promise<LaunchTemplates> | undefined
  const templates = (): Promise<LaunchTemplates> =>
    (opened ??= import('./launch-templates.ts').then((m) => m.openLaunchTemplates(session)))

  async function describeGroups(names: readonly string[]): Promise<readonly SdkGroup[]> {
    return session.call(callOf('DescribeAutoScalingGroups', nameSome(names)), async () => {
      const config = {client: await reader(), pageSize: recordsPerPage, stopOnSameToken: true}
      const input = names.length === 0 ? {} : {AutoScalingGroupNames: [...names]}
      return collect(paginateDescribeAutoScalingGroups(config, input), (page) =>
        required(page.AutoScalingGroups, 'AutoScalingGroups'),
      )
    })
  }

  /** The version a launch would use; the template itself is asked only where the group follows it. */
  async function complete(group: SdkGroup): Promise<AutoScalingGroup> {
    const template = templateOf(group)
    const isFollowed = template !== undefined && /^\$(Latest|Default)$/.test(template.version)
    return toGroup(group, isFollowed ? await (await templates()).resolve(template) : template?.version)
  }

  return {
    async groups(names) {
      // AWS takes an empty list of names for no list: nobody who asks for nothing wants every group of the account.
      const chunks = names === undefined ? [[]] : chunksOf([...new Set(names)], namesPerCall)
      return Promise.all((await Promise.all(chunks.map(describeGroups))).flat().map(complete))
    },
    async activities(group, limit) {
      const found: Activity[] = []
      await session.call(callOf('DescribeScalingActivities', group), async () => {
        const pageSize = Math.min(limit, recordsPerPage)
        const config = {client: await reader(), pageSize, stopOnSameToken: true}
        for await (const page of paginateDescribeScalingActivities(config, {AutoScalingGroupName: group})) {
          found.push(...required(page.Activities, 'Activities'))
          if (found.length >= limit) break
        }
      })
      return found.slice(0, limit).map(toActivity).sort(newestFirst)
    },
    async refreshes(group) {
      const command = new DescribeInstanceRefreshesCommand({AutoScalingGroupName: group, MaxRecords: recordsPerPage})
      const refreshes = await session.call(callOf('DescribeInstanceRefreshes', group), async () => {
        const {InstanceRefreshes} = await (await reader()).send(command)
        return required(InstanceRefreshes, 'InstanceRefreshes')
      })
      return refreshes.map((refresh) => toRefresh(refresh, group)).sort(newestFirst)
    },
    async terminateInstance(instanceId) {
      const command = new TerminateInstanceInAutoScalingGroupCommand({
        InstanceId: instanceId,
        ShouldDecrementDesiredCapacity: false,
      })
      const call = {
        ...callOf('TerminateInstanceInAutoScalingGroup', instanceId),
        iamResource: 'autoScalingGroup:*:autoScalingGroupName/*',
      }
      const {Activity: activity = {}} = await session.call(call, async () => (await writer()).send(command))
      return toActivity(activity as Activity)
    },
    async startRefresh(group, {warmupSeconds, minHealthyPercentage, skipMatching}) {
      const command = new StartInstanceRefreshCommand({
        AutoScalingGroupName: group,
        Strategy: 'Rolling',
        Preferences: {
          InstanceWarmup: warmupSeconds,
          MinHealthyPercentage: minHealthyPercentage,
          SkipMatching: skipMatching,
        },
      })
      const call = {
        ...callOf('StartInstanceRefresh', group),
        iamResource: `autoScalingGroup:*:autoScalingGroupName/${group}`,
      }
      return session.call(call, async () => {
        const {InstanceRefreshId} = await (await writer()).send(command)
        return required(InstanceRefreshId, 'InstanceRefreshId')
      })
    },
  }
}

/**
 * The launch template of a group, directly or in its mixed-instances policy. Undefined for a launch configuration, and
 * where instance types have templates of their own: then there is no one version.
 */
function templateOf({LaunchTemplate, MixedInstancesPolicy}: SdkGroup): TemplateVersion | undefined {
  const mixed = MixedInstancesPolicy?.LaunchTemplate
  if (mixed?.Overrides?.some((each) => each.LaunchTemplateSpecification)) return undefined
  const template = LaunchTemplate ?? mixed?.LaunchTemplateSpecification
  if (template === undefined) return undefined
  const {LaunchTemplateId: id, LaunchTemplateName: name, Version: version = '$Default'} = template
  return {id, name, version}
}

/**
 * The SDK's types promise fields that an answer may lack all the same. `version` is the template's, resolved. An
 * instance of another template than the group's has that one's name before its version: numbers of two templates must
 * not pass for each other.
 */
export function toGroup(group: Partial<SdkGroup>, version?: string): AutoScalingGroup {
  const templateId = templateOf(group as SdkGroup)?.id
  return {
    name: group.AutoScalingGroupName ?? '',
    desired: group.DesiredCapacity ?? 0,
    minimum: group.MinSize ?? 0,
    maximum: group.MaxSize ?? 0,
    instances: (group.Instances ?? []).map((instance) => {
      const {LaunchTemplateId: id, LaunchTemplateName: name = id, Version} = instance.LaunchTemplate ?? {}
      const isStrange = templateId !== undefined && id !== undefined && id !== templateId
      return {...toGroupInstance(instance), ...(isStrange ? {launchTemplateVersion: `${name}:${Version}`} : {})}
    }),
    suspended: (group.SuspendedProcesses ?? []).flatMap(({ProcessName}) => ProcessName ?? []),
    ...(version === undefined ? {} : {launchTemplateVersion: version}),
  }
}

export function toGroupInstance(instance: Partial<SdkGroupInstance>): GroupInstance {
  return {
    id: instance.InstanceId ?? '',
    lifecycle: instance.LifecycleState ?? 'unknown',
    health: instance.HealthStatus ?? 'unknown',
    zone: instance.AvailabilityZone ?? '',
    protectedFromScaleIn: instance.ProtectedFromScaleIn ?? false,
    type: instance.InstanceType,
    launchTemplateVersion: instance.LaunchTemplate?.Version,
  }
}

export function toActivity(activity: Partial<Activity>): ScalingActivity {
  return {
    id: activity.ActivityId ?? '',
    group: activity.AutoScalingGroupName ?? '',
    description: activity.Description ?? '',
    cause: activity.Cause ?? '',
    status: activity.StatusCode ?? 'unknown',
    statusMessage: activity.StatusMessage,
    startedAt: timeOf(activity.StartTime) ?? 0,
    endedAt: timeOf(activity.EndTime),
    progressPercent: activity.Progress ?? 0,
  }
}

export function toRefresh(refresh: SdkRefresh, group: string): InstanceRefresh {
  return {
    id: refresh.InstanceRefreshId ?? '',
    group: refresh.AutoScalingGroupName ?? group,
    status: refresh.Status ?? 'unknown',
    statusReason: refresh.StatusReason,
    startedAt: timeOf(refresh.StartTime),
    endedAt: timeOf(refresh.EndTime),
    percent: refresh.PercentageComplete,
  }
}

/** One that has not started yet is the newest of all. */
function newestFirst(a: {readonly startedAt: number | undefined}, b: {readonly startedAt: number | undefined}): number {
  const now = Number.MAX_SAFE_INTEGER
  return (b.startedAt ?? now) - (a.startedAt ?? now)
}

function callOf(action: string, resource: string): AwsCall {
  return {service: 'autoscaling', action, resource, iamResource: '*'}
}
