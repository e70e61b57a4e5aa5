import type {ClusterContext} from '../context.ts'
import {assembleAssets} from '../domain/assemble.ts'
import type {Asset} from '../domain/assets.ts'
import {hasAnswered} from '../domain/health/look.ts'
import {judgeMetaGroup} from '../domain/meta-group.ts'
import type {AwsNodeObservation, NodeObservation} from '../domain/observation.ts'
import {Exit, OpsError} from '../errors.ts'
import {discoverNodes} from './nodes.ts'
import {observeAws, observeCluster} from './observe.ts'

/** One node, by its own word and by AWS's; null where nobody says. Public under --json; times in RFC 3339. */
export interface NodeRow {
  readonly node: string
  readonly host: string
  readonly health: string
  readonly version: string | null
  readonly startedAt: string | null
  readonly uptimeSeconds: number | null
  readonly isMetaLeader: boolean
  /** Streams and consumers of more than one replica that it leads. */
  readonly leads: number
  readonly instanceId: string | null
  readonly instanceType: string | null
  readonly zone: string | null
  readonly privateIp: string | null
  readonly launchedAt: string | null
  readonly asg: string
  /** Life cycle of its instance in the group, e.g. InService; several where the group has several. */
  readonly lifecycle: string | null
}

export interface NodeList {
  readonly cluster: string
  readonly at: string
  readonly nodes: readonly NodeRow[]
  /** What is not known, and why, one line each. Untrusted text. */
  readonly warnings: readonly string[]
  /** Not 0 where no node has answered and AWS has told nothing, so that even the list is only expected. */
  readonly exit: number
}

/** One look at every node and at AWS. What does not answer is a null with a warning, never a failure. */
export async function listNodes(context: ClusterContext, {aws}: {readonly aws: boolean}): Promise<NodeList> {
  const {settings} = context
  const discovery = await discoverNodes(context, {aws})
  const {nodes, warning, problem} = discovery
  const asked = aws && problem === undefined
  const [observation, seen] = await Promise.all([
    observeCluster(context, nodes),
    asked ? askAws(context, nodes) : {instances: [], warnings: []},
  ])
  const assets = assembleAssets(observation)
  const {leader} = judgeMetaGroup(observation)
  const rows = observation.nodes.map((node) => {
    const view = seen.instances.find((each) => each.node === node.target.name)
    return describeNode(node, view, assets, leader)
  })
  const isBlind = !asked && !observation.nodes.some(hasAnswered)
  return {
    cluster: settings.name,
    at: new Date(context.clock.now()).toISOString(),
    nodes: rows,
    warnings: [...(warning === undefined ? [] : [warning]), ...seen.warnings],
    exit: isBlind ? Exit.unreachable : 0,
  }
}

async function askAws(
  context: ClusterContext,
  nodes: Parameters<typeof observeAws>[1],
): Promise<{readonly instances: readonly AwsNodeObservation[]; readonly warnings: readonly string[]}> {
  try {
    return {instances: await observeAws(context, nodes), warnings: []}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    return {instances: [], warnings: [`AWS could not be asked: ${error.message}`]}
  }
}

function describeNode(
  {target, server, health}: NodeObservation,
  aws: AwsNodeObservation | undefined,
  assets: readonly Asset[],
  metaLeader: string | undefined,
): NodeRow {
  const info = server.ok ? server.value : undefined
  const members = aws?.group?.instances ?? []
  const instance = aws?.instances.find(({id}) => id === members[0]?.id)
  return {
    node: target.name,
    host: target.host,
    health: health.ok
      ? health.value.httpStatus === 200
        ? 'ok'
        : String(health.value.httpStatus)
      : health.problem.kind,
    version: info?.version ?? null,
    startedAt: moment(info?.startedAt),
    uptimeSeconds: info ? Math.max(0, Math.round((info.now - info.startedAt) / 1000)) : null,
    isMetaLeader: metaLeader === target.name,
    leads: assets.filter(({leader, replicas}) => replicas > 1 && leader === target.name).length,
    instanceId: members.length > 0 ? members.map(({id}) => id).join(',') : null,
    instanceType: instance?.type ?? members[0]?.type ?? null,
    zone: instance?.zone ?? members[0]?.zone ?? null,
    privateIp: instance?.privateIp ?? null,
    launchedAt: moment(instance?.launchedAt),
    asg: target.asg,
    lifecycle: members.length > 0 ? members.map(({lifecycle}) => lifecycle).join(',') : null,
  }
}

function moment(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
