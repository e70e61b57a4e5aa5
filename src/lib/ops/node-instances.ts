import type {ClusterContext} from '../context.ts'
import type {AutoScalingGroup, Instance} from '../domain/observation.ts'
import type {NodeTarget} from '../domain/settings.ts'
import {Exit, OpsError} from '../errors.ts'
import {orInterrupted} from './interruption.ts'
import {discoverNodes, findNode} from './nodes.ts'

/** A node and the machine it is on now. */
export interface PlacedNode {
  readonly node: NodeTarget
  readonly instanceId: string
}

/** A node of which there is no machine, or more than one; `problem` is what to reject with, or to show. */
export interface UnplacedNode {
  readonly node: NodeTarget
  readonly problem: OpsError
}

/**
 * The instance of one node, which is given short or whole. Rejects with NODE_NOT_FOUND (exit 9, naming the known ones),
 * NODE_HAS_NO_INSTANCE (9), NODE_HAS_SEVERAL_INSTANCES (3), AWS's refusal or the signal's reason.
 */
export async function findInstance(ctx: Looker, given: string): Promise<PlacedNode> {
  return orInterrupted(ctx.signal, lookFor(ctx, given))
}

/** The instances of all nodes, in the nodes' order. Rejects with AWS's refusal or the signal's reason. */
export async function findInstances(ctx: Looker): Promise<readonly (PlacedNode | UnplacedNode)[]> {
  const look = knownNodes(ctx).then((nodes) => placeNodes(ctx, nodes))
  return orInterrupted(ctx.signal, look)
}

type Looker = Pick<ClusterContext, 'settings' | 'aws' | 'signal'>

async function lookFor(ctx: Looker, given: string): Promise<PlacedNode> {
  const nodes = await knownNodes(ctx)
  const name = findNode(ctx, nodes, given)
  const [found] = await placeNodes(
    ctx,
    nodes.filter((node) => node.name === name),
  )
  if (found === undefined) throw new Error(`${name} was found and lost`)
  if ('problem' in found) throw found.problem
  return found
}

/** Without AWS there is nothing to run anything on: what is a warning elsewhere is an error here. */
async function knownNodes(ctx: Looker): Promise<readonly NodeTarget[]> {
  const {nodes, problem} = await discoverNodes(ctx, {aws: true})
  if (problem) throw problem
  return nodes
}

async function placeNodes(
  {aws: openAws}: Pick<ClusterContext, 'aws'>,
  nodes: readonly NodeTarget[],
): Promise<readonly (PlacedNode | UnplacedNode)[]> {
  const aws = await openAws()
  const groups = await (await aws.autoScaling()).groups(nodes.map(({asg}) => asg))
  const groupless = nodes.filter(({asg}) => (membersOf(groups, asg)?.length ?? 0) === 0)
  const tagged =
    groupless.length === 0
      ? []
      : await (await aws.ec2()).instances({names: groupless.map(({instanceName}) => instanceName)})
  return nodes.map((node) => place(node, membersOf(groups, node.asg), tagged))
}

/** Ids of a group's instances that are not leaving it; undefined where there is no such group. */
function membersOf(groups: readonly AutoScalingGroup[], name: string): readonly string[] | undefined {
  const group = groups.find((each) => each.name === name)
  return group?.instances.filter(({lifecycle}) => !lifecycle.startsWith('Terminat')).map(({id}) => id)
}

/** By the group, and where that has none by the tag Name, as the runbook does: an instance may be there without a group. */
function place(
  node: NodeTarget,
  members: readonly string[] | undefined,
  tagged: readonly Instance[],
): PlacedNode | UnplacedNode {
  const named = tagged.filter(({name, state}) => name === node.instanceName && state === 'running').map(({id}) => id)
  const [instanceId, ...more] = members?.length ? members : named
  if (instanceId === undefined) {
    const where = members ? `${node.asg} has no instance, and none` : `there is no group ${node.asg}, and no instance`
    const message = `${node.name} has no instance now: ${where} named ${node.instanceName} runs`
    return {node, problem: problem(message, 'NODE_HAS_NO_INSTANCE', Exit.notFound)}
  }
  if (more.length === 0) return {node, instanceId}
  const message = `${node.name} has several instances now: ${[instanceId, ...more].join(', ')}`
  return {node, problem: problem(message, 'NODE_HAS_SEVERAL_INSTANCES', Exit.refused)}
}

function problem(message: string, code: string, exit: Exit): OpsError {
  return new OpsError(message, {code, exit, suggestions: ['natsops node list']})
}
