import {known, type Problem} from '../answer.ts'
import {listsAll} from '../assemble.ts'
import {majorityOf} from '../meta-group.ts'
import type {
  ClusterObservation,
  HealthAnswer,
  JetStreamInfo,
  MetaView,
  NodeObservation,
  PeerView,
  ServerInfo,
} from '../observation.ts'
import type {NodeTarget} from '../settings.ts'
import type {HealthInput} from './input.ts'

/** A peer that its leader has not heard of for this long is lost to it: the server's own lost-quorum interval. */
const LOST_AFTER_MS = 10_000

/** A node that told who it is. `before` is the same process in the earlier look; undefined after a restart. */
export interface AnsweringNode {
  readonly name: string
  readonly target: NodeTarget
  readonly seen: NodeObservation
  readonly server: ServerInfo
  readonly jetStream: JetStreamInfo | undefined
  readonly before: {readonly server: ServerInfo; readonly jetStream: JetStreamInfo | undefined} | undefined
}

/** A node of which nothing came back. */
export interface SilentNode {
  readonly target: NodeTarget
  readonly problem: Problem
  /** What the meta leader says of it, where that leader answered. */
  readonly peer: PeerView | undefined
  /** False: the meta leader has heard it between the two looks, so that it is only out of our reach. */
  readonly lost: boolean
}

export function answeringNodes({earlier, later}: HealthInput): readonly AnsweringNode[] {
  return later.nodes.flatMap((seen): AnsweringNode[] => {
    const {target} = seen
    const server = known(seen.server)
    if (!server) return []
    const first = earlier.nodes.find((node) => node.target.name === target.name)
    const old = known(first?.server)
    const before = old?.id === server.id ? {server: old, jetStream: known(first?.jetStream)} : undefined
    return [{name: target.name, target, seen, server, jetStream: known(seen.jetStream), before}]
  })
}

export function silentNodes(input: HealthInput): readonly SilentNode[] {
  const {earlier, later} = input
  const view = metaOfLeader(input)
  const first = metaOfLeader({later: earlier})
  return later.nodes.flatMap((node): SilentNode[] => {
    const {target, server} = node
    if (server.ok || hasAnswered(node)) return []
    const isThis = (each: PeerView): boolean => nodeOfPeer(input, each) === target.name
    const peer = view?.meta.peers?.find(isThis)
    const before = view && first?.leader === view.leader ? first.meta.peers?.find(isThis) : undefined
    const moved = peer && before && heardAt(later, peer) > heardAt(earlier, before) + SAME_MOMENT_MS
    const heard = moved && !isLost(peer) && !isNeverHeard(peer)
    return [{target, problem: server.problem, peer, lost: !heard}]
  })
}

/** Two looks tell when a peer was last heard with this much doubt: requests take their time. */
const SAME_MOMENT_MS = 200

function heardAt({at}: ClusterObservation, {activeMs}: PeerView): number {
  return at - activeMs
}

/** The meta group as its leader sees it: the only view that lists peers. */
export function metaOfLeader({
  later,
}: Pick<HealthInput, 'later'>): {readonly leader: string; readonly meta: MetaView} | undefined {
  for (const {target, server, jetStream} of later.nodes) {
    const meta = known(jetStream)?.meta
    const name = known(server)?.name ?? target.name
    if (meta && meta.leader === name) return {leader: name, meta}
  }
  return undefined
}

/** A leader that was elected after the peer went has nothing to tell: 0 is no age. */
export function isNeverHeard({activeMs}: Pick<PeerView, 'activeMs'>): boolean {
  return activeMs === 0
}

/** The expected node that a peer is, also one that its leader has never seen and knows by its peer id only. */
export function nodeOfPeer({later}: Pick<HealthInput, 'later'>, {name, peerId}: PeerView): string | undefined {
  const node = later.nodes.find((each) => each.target.name === name || (peerId !== undefined && each.peerId === peerId))
  return node?.target.name
}

/** `current` is not asked: a leader says it of nodes that are gone or empty. */
export function isLost({offline, activeMs}: PeerView): boolean {
  return offline || activeMs > LOST_AFTER_MS
}

/** Whether a majority of the expected nodes is up, runs JetStream and calls itself healthy. */
export function hasServingQuorum(input: HealthInput): boolean {
  const serving = input.later.nodes.filter(
    (node) => isServing(known(node.health), healthBefore(input, node)) && known(node.jetStream)?.enabled !== false,
  ).length
  const unseen = silentNodes(input).filter(({lost}) => !lost).length
  return serving + unseen >= majorityOf(input.later.nodes.length)
}

/** Healthy by its own word, or unwell only for the sake of single groups: those have findings that say how badly. */
function isServing(health: HealthAnswer | undefined, before: HealthAnswer | undefined): boolean {
  if (!health || health.httpStatus === 200) return health !== undefined
  return health.errors.length > 0 && health.errors.every((each) => each.stream !== undefined || isPassing(each, before))
}

export type HealthError = HealthAnswer['errors'][number]

/** What healthz of the same process said in the earlier look; undefined where it did not answer then. */
export function healthBefore({earlier}: HealthInput, {target, server}: NodeObservation): HealthAnswer | undefined {
  const node = earlier.nodes.find((each) => each.target.name === target.name)
  const id = known(server)?.id
  return id !== undefined && known(node?.server)?.id === id ? known(node?.health) : undefined
}

/**
 * Whether a server calls its JetStream unwell in the later look only. While streams and consumers are made, each is for
 * a moment "not current with the meta leader", two at once now and then; one that is for good says so in both looks.
 */
export function isPassing({type, stream}: HealthError, before: HealthAnswer | undefined): boolean {
  return type === JETSTREAM && stream === undefined && before !== undefined && hasCheckedGroups(before)
}

/** A server that is unwell as a whole, or whose client port is closed, says so and has not looked at its groups. */
export function hasCheckedGroups({httpStatus, errors}: HealthAnswer): boolean {
  return httpStatus === 200 || (errors.length > 0 && errors.every(({stream}) => stream !== undefined))
}

/** The server's own name for what is wrong with JetStream as a whole. */
const JETSTREAM = 'JETSTREAM'

/**
 * What such a node does not list, it did not hold. One that knows no meta leader does not yet know what it holds: it
 * starts, and has nothing loaded.
 */
export function hasToldAll({jetStream}: NodeObservation): boolean {
  return listsAll(jetStream) && known(jetStream)?.meta?.leader !== undefined
}

/**
 * Whether something was made between the looks, or a moment before them, and not only loaded or found again. By the
 * servers' clocks, of which the slowest counts: ours need not agree with them.
 */
export function isMadeNow({earlier}: Pick<HealthInput, 'earlier'>, createdAt: number | undefined): boolean {
  const clocks = earlier.nodes.flatMap(({server}) => known(server)?.now ?? [])
  return createdAt !== undefined && createdAt > Math.min(...(clocks.length > 0 ? clocks : [earlier.at])) - MAKING_MS
}

/** How long a stream may take from the request to all its replicas, differences of the servers' clocks included. */
const MAKING_MS = 10_000

/** Anything at all came back, be it only from one endpoint. */
export function hasAnswered({server, health, jetStream, routes, raft}: NodeObservation): boolean {
  return [server, health, jetStream, routes, raft].some(({ok}) => ok)
}
