import type {Asset} from '../assets.ts'
import {compareNames} from '../natural-order.ts'
import type {NodeTarget} from '../settings.ts'
import type {Advice} from './advice.ts'
import {assetsOf} from './facts.ts'
import {hasMember, isAccepted, isEphemeral, isHidden, labelOf, singleCopies} from './predicates.ts'
import {isDown, metaLeader, nodeOf} from './standing.ts'
import type {NodeIdentity, Predicate, RollView} from './view.ts'

/** What the operator asked for. */
export interface RollRequest {
  /** Server names to replace; empty: all. */
  readonly only: readonly string[]
  readonly onlyOutdated: boolean
  readonly strategy: Strategy
  readonly drain: DrainMode
  readonly settleMs: number
  readonly acceptedLoss: readonly string[]
  readonly acceptsUnseen: boolean
  /** The operator accepts servers older than 2.12, which do not protect against an empty node's vote. */
  readonly acceptsOldServers: boolean
  readonly checksBootstrap: boolean
}

export const strategies = ['terminate', 'instance-refresh'] as const
export type Strategy = (typeof strategies)[number]
export const drainModes = ['auto', 'ssm', 'api', 'none'] as const
export type DrainMode = (typeof drainModes)[number]

export interface RollPlan {
  readonly cluster: string
  readonly account: string
  readonly region: string
  readonly strategy: Strategy
  /** In the order of today; chosen again before each node. */
  readonly nodes: readonly PlannedNode[]
  /** What the operator should know, though it stops nothing. */
  readonly warnings: readonly string[]
  /** What refuses the roll. */
  readonly blockers: readonly Predicate[]
  /** Where a node that does not serve is behind the blockers; null where none is. */
  readonly advice: Advice | null
}

export interface PlannedNode {
  readonly identity: NodeIdentity
  /** Why it stands at this place in the order. */
  readonly reason: string
  /** Groups it leads, the meta group as `_meta_`. */
  readonly leads: readonly string[]
  readonly streams: number
  /** To be fed to the replacement again, bytes. */
  readonly bytes: number
  /** At SYNC_BYTES_PER_SECOND; seconds. */
  readonly syncSeconds: number
  /** Assets whose only replica is here, and whether their loss was accepted. */
  readonly singles: readonly {readonly name: string; readonly accepted: boolean}[]
  /** Replicated assets in memory: they survive, as long as the others hold them. */
  readonly inMemory: readonly string[]
}

/** A careful guess for an m8gd.medium behind a VPN-free private network; the roll itself shows the real rate. */
const SYNC_BYTES_PER_SECOND = 50_000_000

/** The plan for a view. Pure: same view and request, same plan. `blockers`: the invariants that do not hold. */
export function planRoll(
  view: RollView,
  nodes: readonly NodeTarget[],
  request: RollRequest,
  where: {readonly account: string; readonly region: string},
  blockers: readonly Predicate[],
  advice: Advice | null,
): RollPlan {
  const chosen = chooseNodes(view, nodes, request)
  return {
    cluster: view.later.cluster,
    ...where,
    strategy: request.strategy,
    nodes: rankNodes(view, chosen).map(({node, reason}) => planNode(view, node, reason, request)),
    warnings: warningsOf(view, request, chosen),
    blockers,
    advice,
  }
}

/** Names of the nodes that a request means, in the order of `nodes`. */
export function chooseNodes(view: RollView, nodes: readonly NodeTarget[], request: RollRequest): readonly string[] {
  return nodes
    .map(({name}) => name)
    .filter((name) => request.only.length === 0 || request.only.includes(name))
    .filter((name) => !request.onlyOutdated || isOutdated(view, name))
}

/**
 * SELECT: the order of what is left to do. Broken first (it costs nothing more), outdated before others, then followers
 * by the bytes they hold, the meta leader last: each step-down of it is felt by every API call.
 */
export function rankNodes(
  view: RollView,
  names: readonly string[],
): readonly {readonly node: string; readonly reason: string}[] {
  const meta = metaLeader(view)
  const ranked = names.map((node) => {
    const isBroken = isDown(view, node)
    const outdated = isOutdated(view, node)
    const leads = ledBy(view, node).length
    const bytes = storedBytes(view, node)
    const reason = isBroken
      ? 'broken: it does not serve'
      : node === meta
        ? 'meta leader: last'
        : outdated
          ? 'outdated'
          : leads > 0
            ? `leads ${leads} ${leads === 1 ? 'group' : 'groups'}`
            : 'follower'
    return {node, reason, key: [isBroken ? 0 : 1, node === meta ? 1 : 0, outdated ? 0 : 1, bytes, leads] as const}
  })
  ranked.sort((a, b) => compareKeys(a.key, b.key) || compareNames(a.node, b.node))
  return ranked.map(({node, reason}) => ({node, reason}))
}

/** Identity as seen now; undefined where its group does not have exactly one instance. */
export function identityOf(view: RollView, node: string): NodeIdentity | undefined {
  const seen = view.aws.ok ? view.aws.value.find((entry) => entry.node === node) : undefined
  const [instance, ...more] = seen?.group?.instances ?? []
  if (!seen?.group || !instance || more.length > 0) return undefined
  const server = nodeOf(view, node)?.server
  const known = server?.ok && server.value.name === node ? server.value : undefined
  return {
    node,
    asg: seen.group.name,
    instanceId: instance.id,
    privateIp: seen.instances.find(({id}) => id === instance.id)?.privateIp,
    serverId: known?.id,
    serverStartedAt: known?.startedAt,
    version: known?.version,
  }
}

/** Labels of the groups this node leads by its own word, `_meta_` first. */
export function ledBy(view: RollView, node: string): readonly string[] {
  const led = assetsOf(view).filter((asset) => asset.replicas > 1 && asset.leader === node)
  return [...(metaLeader(view) === node ? ['_meta_'] : []), ...led.map(labelOf)]
}

/** Servers older than this let an empty node vote (measured: acknowledged messages lost). */
export const PROTECTED_VERSION: readonly [number, number] = [2, 12]

/** Serving nodes whose server has no protection against an empty node's vote. */
export function unprotectedNodes(view: RollView): readonly string[] {
  return view.later.nodes.flatMap(({target, server}) =>
    server.ok && isOlder(server.value.version, PROTECTED_VERSION) ? `${target.name} (${server.value.version})` : [],
  )
}

/** Compares dotted versions numerically; a suffix (2.15.1-RC.1) is ignored. Negative: a is older. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [a, b].map(
    (text) =>
      text
        .split(/[-+]/, 1)[0]
        ?.split('.')
        .map((part) => Number(part) || 0) ?? [],
  )
  return compareKeys(x ?? [], y ?? [])
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  return compareVersions(version, `${major}.${minor}.0`) < 0
}

/** An older launch template than its group's, or an older server than the newest of the cluster. */
function isOutdated(view: RollView, node: string): boolean {
  const group = view.aws.ok ? view.aws.value.find((entry) => entry.node === node)?.group : undefined
  const wanted = group?.launchTemplateVersion
  if (
    wanted !== undefined &&
    group?.instances.some(
      ({launchTemplateVersion}) => launchTemplateVersion !== undefined && launchTemplateVersion !== wanted,
    )
  )
    return true
  const versions = view.later.nodes.flatMap(({server}) => (server.ok ? server.value.version : []))
  const server = nodeOf(view, node)?.server
  return server?.ok === true && versions.some((version) => compareVersions(server.value.version, version) < 0)
}

function planNode(view: RollView, node: string, reason: string, {acceptedLoss}: RollRequest): PlannedNode {
  const assets = assetsOf(view).filter((asset) => hasMember(asset, node))
  const bytes = storedBytes(view, node)
  return {
    identity: identityOf(view, node) ?? unknownIdentity(node),
    reason,
    leads: ledBy(view, node),
    streams: assets.filter(({kind}) => kind === 'stream').length,
    bytes,
    syncSeconds: Math.ceil(bytes / SYNC_BYTES_PER_SECOND),
    singles: singleCopies(view, node).map((asset) => ({
      name: nameOfSingle(asset),
      accepted: isAccepted(asset, acceptedLoss) || isEphemeral(asset),
    })),
    inMemory: assets.filter(({replicas, storage}) => replicas > 1 && storage === 'memory').map(labelOf),
  }
}

function nameOfSingle(asset: Asset): string {
  return isEphemeral(asset) ? `${labelOf(asset)} (ephemeral)` : labelOf(asset)
}

/** What the runbook leaves between two nodes, milliseconds. */
export const ADVISED_SETTLE_MS = 120_000

function warningsOf(
  view: RollView,
  {acceptsOldServers, acceptsUnseen, checksBootstrap, drain, settleMs}: RollRequest,
  chosen: readonly string[],
): readonly string[] {
  const old = unprotectedNodes(view)
  const versions = [...new Set(view.later.nodes.flatMap(({server}) => (server.ok ? server.value.version : [])))].sort(
    compareVersions,
  )
  const hidden = acceptsUnseen ? chosen.filter((node) => isHidden(view, node)) : []
  const warnings = hidden.map((node) => `what lives on ${node} alone cannot be seen and will be lost`)
  if (versions.length > 1) warnings.push(`the cluster runs several server versions: ${versions.join(', ')}`)
  if (old.length > 0 && acceptsOldServers)
    warnings.push(`no protection against an empty node's vote before 2.12: ${old.join(', ')}`)
  // After the last node nothing is waited for.
  if (settleMs < ADVISED_SETTLE_MS && chosen.length > 1)
    warnings.push(
      `${settleMs / 1000} s between two nodes is less than the ${ADVISED_SETTLE_MS / 1000} s advised: what breaks later than that is found with the next node away`,
    )
  if (!checksBootstrap) warnings.push('the bootstrap log will not be checked')
  if (drain === 'none') warnings.push('leaders are not moved away first: publishers stall for seconds at each node')
  return warnings
}

/** Bytes of every stream replica on the node, by its own word, else by the largest other replica of what it should hold. */
function storedBytes(view: RollView, node: string): number {
  return assetsOf(view)
    .filter((asset) => asset.kind === 'stream' && hasMember(asset, node))
    .reduce((sum, asset) => {
      if (asset.kind !== 'stream') return sum
      const own = asset.members.find((member) => member.node === node)?.state?.bytes
      return sum + (own ?? Math.max(0, ...asset.members.map((member) => member.state?.bytes ?? 0)))
    }, 0)
}

export function unknownIdentity(node: string): NodeIdentity {
  return {
    node,
    asg: '',
    instanceId: '',
    privateIp: undefined,
    serverId: undefined,
    serverStartedAt: undefined,
    version: undefined,
  }
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
