import {compareNames} from '../natural-order.ts'
import type {AwsNodeObservation, ScalingActivity} from '../observation.ts'
import {counted, listed} from '../quantity.ts'
import {quoteForShell} from '../shell.ts'
import {type Finding, finding, groupBy} from './finding.ts'
import type {AwsProblem, HealthInput} from './input.ts'

/** A failed activity older than this is history. */
const RECENT_MS = 3_600_000

/** Processes without which a dead node stays dead, or is never noticed. */
const VITAL_PROCESSES: ReadonlySet<string> = new Set(['Launch', 'Terminate', 'HealthCheck', 'ReplaceUnhealthy'])

/** The instances below the nodes, and what AWS is doing with them. */
export function judgeAws({aws, awsProblem, nodesWarning, now}: HealthInput): readonly Finding[] {
  if (awsProblem) return [withoutAws(awsProblem)]
  if (!aws) return []
  const present = aws.filter(({group}) => group)
  return [
    ...missingGroups(aws, nodesWarning),
    ...present.flatMap((node) => [
      ...instanceCount(node),
      ...unhealthyInstances(node),
      ...suspended(node),
      ...failedActivity(node, now),
      ...runningActivities(node),
      ...impaired(node),
    ]),
    ...refreshes(present),
    ...instanceTypes(present),
  ]
}

function withoutAws({kind, message, suggestions}: AwsProblem): Finding {
  if (kind === 'failed') {
    return finding({
      code: 'aws-failed',
      severity: 'warning',
      message,
      meaning: 'the instances below the nodes are unchecked: half of what health should tell is missing',
      next: suggestions.length > 0 ? suggestions.join('; ') : 'leave AWS out: natsops health --no-aws',
    })
  }
  return finding({
    code: 'aws-not-asked',
    severity: 'info',
    message: kind === 'skipped' ? 'AWS was not asked (--no-aws)' : message,
    meaning: 'instances, Auto Scaling activities and EC2 status checks are unknown',
    next: suggestions.length > 0 ? suggestions.join('; ') : 'with AWS credentials: natsops health',
  })
}

/** Whether AWS's groups and the list of nodes are the same. */
function missingGroups(aws: readonly AwsNodeObservation[], warning: string | undefined): readonly Finding[] {
  const missing = aws.filter(({group}) => !group).map(({node}) => node)
  const all = missing.length === aws.length
  if (missing.length > 0) {
    return [
      finding({
        code: 'asg-missing',
        severity: 'warning',
        nodes: missing,
        message:
          warning ?? (all ? 'none of the nodes has an Auto Scaling group' : 'has no Auto Scaling group of its name'),
        measured: aws.length - missing.length,
        limit: aws.length,
        meaning: all
          ? 'another account or region is asked than the one the cluster lives in, or its groups have other names'
          : 'nothing brings the node back when its instance dies, or its group has another name',
        next: 'check region, profile and patterns.asg: natsops cluster show; without AWS: natsops health --no-aws',
      }),
    ]
  }
  if (warning === undefined) return []
  return [
    finding({
      code: 'nodes-uncertain',
      severity: 'warning',
      message: warning,
      meaning: 'an instance there runs a server that nobody configured, or the configuration is out of date',
      next: 'set nodes in the configuration, or remove the group: natsops cluster show',
    }),
  ]
}

function instanceCount({node, group}: AwsNodeObservation): readonly Finding[] {
  if (!group) return []
  const states = group.instances.map(({lifecycle}) => lifecycle)
  const inService = states.filter((state) => state === 'InService').length
  if (inService === 1 && states.length === 1 && group.desired === 1) return []
  const seen = states.length > 0 ? states.sort().join(', ') : 'none'
  return [
    finding({
      code: 'asg-instances',
      severity: 'warning',
      nodes: [node],
      message: `${group.name} has instances: ${seen}; desired ${group.desired} (exactly one InService expected)`,
      measured: inService,
      limit: 1,
      meaning:
        group.desired === 1
          ? 'the instance is being replaced, or the group cannot launch one'
          : 'one group is one node: with another number, none or two servers have its name',
      next: quoteForShell([
        ...['aws', 'autoscaling', 'describe-scaling-activities', '--max-items', '3'],
        ...['--auto-scaling-group-name', group.name],
      ]),
    }),
  ]
}

function unhealthyInstances({node, group}: AwsNodeObservation): readonly Finding[] {
  return (group?.instances ?? [])
    .filter(({lifecycle, health}) => lifecycle === 'InService' && health.toLowerCase() !== 'healthy')
    .map(({id, health}) =>
      finding({
        code: 'asg-instance-unhealthy',
        severity: 'warning',
        nodes: [node],
        message: `instance ${id} is ${health} in the eyes of its Auto Scaling group`,
        meaning: 'the group will replace it, and its JetStream store goes with it',
        next: 'make sure that every other node is healthy now; touch none of them',
      }),
    )
}

function suspended({node, group}: AwsNodeObservation): readonly Finding[] {
  const names = (group?.suspended ?? []).filter((name) => VITAL_PROCESSES.has(name))
  if (!group || names.length === 0) return []
  return [
    finding({
      code: 'asg-suspended',
      severity: 'warning',
      nodes: [node],
      message: `${group.name} has processes suspended: ${names.sort().join(', ')}`,
      measured: names.length,
      limit: 0,
      meaning: 'a dead instance is not replaced',
      next: quoteForShell([
        ...['aws', 'autoscaling', 'resume-processes', '--auto-scaling-group-name', group.name],
        ...['--scaling-processes', ...names],
      ]),
    }),
  ]
}

/** The last one that ended, where it ended badly: an older failure that a success followed is history. */
function failedActivity({node, activities, group}: AwsNodeObservation, now: number): readonly Finding[] {
  const ended = activities.filter(({endedAt}) => endedAt !== undefined)
  const last = ended.toSorted((a, b) => b.startedAt - a.startedAt)[0]
  if (!group || !last || !isFailure(last) || now - last.startedAt > RECENT_MS) return []
  return [
    finding({
      code: 'asg-activity-failed',
      severity: 'warning',
      nodes: [node],
      message: `${last.description}: ${last.status}${last.statusMessage ? `, ${last.statusMessage}` : ''}`,
      meaning: 'AWS could not do what the group asked for; it tries again by itself, often for the same reason in vain',
      next: quoteForShell([
        ...['aws', 'autoscaling', 'describe-scaling-activities', '--max-items', '3'],
        ...['--auto-scaling-group-name', group.name],
      ]),
    }),
  ]
}

function isFailure({status}: ScalingActivity): boolean {
  return status === 'Failed' || status === 'Cancelled'
}

function runningActivities({node, activities, group}: AwsNodeObservation): readonly Finding[] {
  const running = activities.filter(
    ({status, endedAt}) =>
      endedAt === undefined && status !== 'Successful' && status !== 'Failed' && status !== 'Cancelled',
  )
  const [newest] = running.toSorted((a, b) => b.startedAt - a.startedAt)
  if (!group || !newest) return []
  return [
    finding({
      code: 'asg-activity',
      severity: 'info',
      nodes: [node],
      message: `${newest.description}: ${newest.status}, ${newest.progressPercent}%${newest.cause === '' ? '' : `; ${newest.cause}`}`,
      measured: running.length,
      limit: 0,
      meaning: 'its Auto Scaling group is launching or ending an instance just now',
      next: 'wait until it is done before you touch another node: natsops health --watch',
    }),
  ]
}

const REFRESHING: ReadonlySet<string> = new Set(['Pending', 'InProgress', 'Cancelling', 'RollbackInProgress', 'Baking'])

/** A refresh sees its own group only: two at once take two nodes at once. */
function refreshes(nodes: readonly AwsNodeObservation[]): readonly Finding[] {
  const running = nodes.flatMap(({node, refreshes: all}) =>
    all.filter(({status}) => REFRESHING.has(status)).map((refresh) => ({node, refresh})),
  )
  const [first] = running
  if (!first) return []
  const several = new Set(running.map(({node}) => node)).size > 1
  const states = running.map(({node, refresh}) => `${node} ${refresh.status} ${refresh.percent ?? 0}%`)
  return [
    finding({
      code: 'asg-refresh',
      severity: several ? 'warning' : 'info',
      nodes: running.map(({node}) => node),
      message: `${counted(running.length, 'instance refresh').replace(/hs$/, 'hes')} running: ${listed(states)}`,
      measured: running.length,
      limit: several ? 1 : 0,
      meaning: several
        ? 'a refresh knows its own group only: these can take two nodes at once, and the majority with them'
        : 'the instance is replaced: the node comes back empty and must catch up',
      next: several
        ? quoteForShell([
            'aws',
            'autoscaling',
            'cancel-instance-refresh',
            '--auto-scaling-group-name',
            first.refresh.group,
          ])
        : 'touch no other node until it has caught up: natsops health --watch',
    }),
  ]
}

const IMPAIRED: ReadonlySet<string> = new Set(['impaired', 'insufficient-data'])

/** Of the instances in service; one that is being launched or ended is an activity. */
function impaired({node, group, instances}: AwsNodeObservation): readonly Finding[] {
  const inService = new Set(group?.instances.filter(({lifecycle}) => lifecycle === 'InService').map(({id}) => id))
  return instances.flatMap(({id, state, systemStatus = 'unknown', instanceStatus = 'unknown'}) => {
    if (!inService.has(id)) return []
    const failing = IMPAIRED.has(systemStatus) || IMPAIRED.has(instanceStatus)
    if (state === 'running' && !failing) return []
    return finding({
      code: 'ec2-impaired',
      severity: 'warning',
      nodes: [node],
      message: `instance ${id} is ${state}; status checks: system ${systemStatus}, instance ${instanceStatus}`,
      meaning:
        systemStatus === 'impaired'
          ? "AWS's host below it fails: expect the instance, and its local disk, to go"
          : 'the instance does not answer its own checks: kernel, network or disk',
      next: quoteForShell(['aws', 'ec2', 'describe-instance-status', '--instance-ids', id]),
    })
  })
}

function instanceTypes(nodes: readonly AwsNodeObservation[]): readonly Finding[] {
  const typed = nodes.flatMap(({node, group, instances}) =>
    (group?.instances ?? [])
      .filter(({lifecycle}) => lifecycle === 'InService')
      .flatMap(({id, type}) => {
        const told = type ?? instances.find((instance) => instance.id === id)?.type
        return told === undefined ? [] : [{node, type: told}]
      }),
  )
  const types = groupBy(typed, ({type}) => type)
  if (types.size < 2) return []
  const parts = [...types].map(([type, of]) => `${type} (${listed(of.map(({node}) => node))})`)
  return [
    finding({
      code: 'instance-type-differs',
      severity: 'warning',
      nodes: typed.map(({node}) => node),
      message: `${types.size} instance types: ${parts.sort(compareNames).join(', ')}`,
      measured: types.size,
      limit: 1,
      meaning: 'the smallest instance sets what the cluster can store and bear',
      next: 'give all groups the same launch template version',
    }),
  ]
}
