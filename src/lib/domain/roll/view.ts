import type {Answer} from '../answer.ts'
import type {AwsNodeObservation, ClusterObservation} from '../observation.ts'
import type {NodeTarget} from '../settings.ts'

/** Everything a decision of the roll is made from: two looks at the cluster, one at AWS, the canary, the clock. */
export interface RollView {
  /** At least the sample gap older than `later`; both complete looks of their own. */
  readonly earlier: ClusterObservation
  readonly later: ClusterObservation
  /** One entry a node; not ok where any of the calls behind it failed. */
  readonly aws: Answer<readonly AwsNodeObservation[]>
  readonly canary: Answer<CanaryEcho>
  /** Addresses each node's host name resolves to; names that do not resolve are absent. */
  readonly addresses: ReadonlyMap<string, readonly string[]>
  /** When the AWS credentials in use expire, milliseconds since the epoch; undefined: they say nothing of it. */
  readonly credentialsExpireAt: number | undefined
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number
}

/** One message of natsops' own, published to an R3 stream, acknowledged, and read back. */
export interface CanaryEcho {
  readonly sequence: number
  readonly roundTripMs: number
}

/**
 * Who a node is at one moment. Everything the roll does to a node it does to this identity; a node whose identity
 * changed is another node.
 */
export interface NodeIdentity {
  readonly node: string
  readonly asg: string
  readonly instanceId: string
  readonly privateIp: string | undefined
  /** Undefined when the server did not answer: a broken node. */
  readonly serverId: string | undefined
  readonly serverStartedAt: number | undefined
  readonly version: string | undefined
}

/** With every field: JSON leaves out what is undefined. */
export function wholeIdentity(read: NodeIdentity): NodeIdentity {
  const {node, asg, instanceId, privateIp, serverId, serverStartedAt, version} = read
  return {node, asg, instanceId, privateIp, serverId, serverStartedAt, version}
}

/** What the invariants are asked about. */
export interface Subject {
  /** Every node of the cluster. */
  readonly nodes: readonly NodeTarget[]
  /** Server name of the node to be replaced; undefined: the whole cluster, nobody in particular. */
  readonly target: string | undefined
  /** As planned. */
  readonly identity: NodeIdentity | undefined
  /** The target is not expected to serve: found broken, stopped by us, or not yet back. */
  readonly targetIsDown: boolean
  /** Assets with one replica whose loss the operator accepted: STREAM, STREAM/CONSUMER, ACCOUNT/STREAM(/CONSUMER). */
  readonly acceptedLoss: readonly string[]
  /** The operator accepted that a silent node may hold single copies nobody can see. */
  readonly acceptsUnseen: boolean
  /** The target was stopped by this roll right after it had told what it holds: its silence hides nothing. */
  readonly targetWasSearched: boolean
}

/** One invariant as it stands. */
export interface Predicate {
  readonly id: PredicateId
  /** What it demands, e.g. `every other replica holds the data`. */
  readonly title: string
  readonly holds: boolean
  /** Why not, with values; empty when it holds. Untrusted text. */
  readonly reasons: readonly string[]
  /** What would make it true. */
  readonly remedy: string
}

export type PredicateId = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9'

/** The nodes that are expected to serve. */
export function servingNodes({nodes, target, targetIsDown}: Subject): readonly NodeTarget[] {
  return targetIsDown ? nodes.filter((node) => node.name !== target) : nodes
}

/** Those that do not hold, in order. */
export function broken(predicates: readonly Predicate[]): readonly Predicate[] {
  return predicates.filter((predicate) => !predicate.holds)
}
