import type {AutoScalingGroup, GroupInstance, Instance} from '../observation.ts'
import type {Predicate, RollView, Subject} from './view.ts'

const REMEDY =
  'activities end, every group desires one instance, an ill node is replaced before any other (natsops node replace NODE), suspended processes are resumed, protection is removed by whoever set it'

/**
 * I7: AWS is at rest: one instance in service in every group, nothing under way, nothing that would stop a replacement,
 * and no sign that AWS is about to take another node's instance, whose store would go with it.
 */
export function groupsAreAtRest({aws}: RollView, {nodes, target}: Subject): Predicate {
  if (!aws.ok) return atRest([`AWS did not answer: ${aws.problem.detail}`])
  const reasons: string[] = []
  for (const {name: node} of nodes) {
    const seen = aws.value.find((entry) => entry.node === node)
    if (seen?.group === undefined) {
      reasons.push(`${node} has no Auto Scaling group`)
      continue
    }
    const {group, activities, refreshes, instances} = seen
    const inService = group.instances.filter(({lifecycle}) => lifecycle === 'InService')
    if (inService.length !== 1 || group.instances.length !== 1) {
      reasons.push(
        `${group.name} has ${group.instances.map(({id, lifecycle}) => `${id} ${lifecycle}`).join(', ') || 'no instance'}, one InService is expected`,
      )
    }
    for (const activity of activities) {
      if (activity.endedAt === undefined)
        reasons.push(`${group.name} is busy: ${activity.description} (${activity.status})`)
    }
    for (const refresh of refreshes) {
      if (isRunning(refresh.status))
        reasons.push(`${group.name} has the instance refresh ${refresh.id} ${refresh.status}`)
    }
    if (group.desired !== 1) reasons.push(`${group.name} desires ${group.desired} instances, 1 is expected`)
    // The target may be ill: it goes anyway, and what it holds is asked of the others.
    if (node !== target) reasons.push(...group.instances.flatMap((instance) => ailmentsOf(group, instance, instances)))
    if (node !== target && target !== undefined) continue
    for (const process of ['Launch', 'Terminate']) {
      if (group.suspended.includes(process)) reasons.push(`${group.name} has its process ${process} suspended`)
    }
    for (const instance of group.instances) {
      if (instance.protectedFromScaleIn) reasons.push(`${instance.id} in ${group.name} is protected from scale-in`)
    }
  }
  return atRest(reasons)
}

function atRest(reasons: readonly string[]): Predicate {
  const title = 'the Auto Scaling groups are at rest'
  return {id: 'I7', title, holds: reasons.length === 0, reasons, remedy: REMEDY}
}

/**
 * Why AWS may take an instance away, before it has begun to: its group calls it ill, EC2 does not call it running or
 * knows nothing of it, or a status check fails. A check that says nothing yet (`initializing`, for minutes after every
 * launch) is no such sign: the NATS servers are asked themselves.
 */
function ailmentsOf(
  {name}: AutoScalingGroup,
  {id, health}: GroupInstance,
  instances: readonly Instance[],
): readonly string[] {
  const instance = instances.find((entry) => entry.id === id)
  const reasons: string[] = []
  if (health !== 'Healthy') reasons.push(`${name} calls ${id} ${health} and may replace it at any moment`)
  if (instance === undefined) return [...reasons, `${id} in ${name} is not in EC2's answer`]
  const {state, systemStatus, instanceStatus} = instance
  if (state !== 'running') reasons.push(`${id} in ${name} is ${state}, running is expected`)
  if (systemStatus === 'impaired') reasons.push(`the system status check of ${id} in ${name} is impaired`)
  if (instanceStatus === 'impaired') reasons.push(`the instance status check of ${id} in ${name} is impaired`)
  return reasons
}

/** An instance refresh that is doing or about to do something. */
export function isRunning(refreshStatus: string): boolean {
  return ['Pending', 'InProgress', 'Cancelling', 'RollbackInProgress', 'Baking'].includes(refreshStatus)
}
