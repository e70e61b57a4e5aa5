import type {Answer} from './answer.ts'
import type {NodeTarget} from './settings.ts'

/**
 * One look at a cluster: what each node answered, each about itself, plus AWS's view where it was asked. Plain data,
 * in our own words; clients/monitor.ts builds it from /varz, /jsz, /healthz, /routez, /connz and /raftz of servers
 * 2.10 to 2.15. All times are milliseconds since the epoch, all durations milliseconds, sizes bytes, unless the name
 * says otherwise. All names are untrusted text.
 */
export interface ClusterObservation {
  readonly cluster: string
  readonly at: number
  /** One entry for every expected node, in configured order, whether it answered or not. */
  readonly nodes: readonly NodeObservation[]
}

export interface NodeObservation {
  readonly target: NodeTarget
  /** The RAFT peer id of a server with the target's name: how a group calls it before it has ever seen it. */
  readonly peerId?: string
  readonly server: Answer<ServerInfo>
  readonly health: Answer<HealthAnswer>
  readonly jetStream: Answer<JetStreamInfo>
  readonly routes: Answer<readonly Route[]>
  readonly raft: Answer<readonly RaftNode[]>
  /** Expiry of the certificate an https monitor or the client port showed; undefined without TLS. */
  readonly certificateExpiresAt?: number
}

/** From /varz. */
export interface ServerInfo {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly clusterName: string | undefined
  readonly startedAt: number
  /** The server's own clock when it answered. */
  readonly now: number
  readonly connections: number
  readonly totalConnections: number
  readonly subscriptions: number
  readonly slowConsumers: number
  readonly memoryBytes: number
  readonly cpuPercent: number
  readonly cores: number
  readonly maxConnections: number
  readonly inMsgs: number
  readonly outMsgs: number
  readonly inBytes: number
  readonly outBytes: number
  /** 2.11 and newer. */
  readonly configDigest: string | undefined
  readonly tlsRequired: boolean
  /**
   * The server runs on, but its client port and JetStream are closed: a lame duck under way, or a start that has not
   * finished. No version says it in /varz; observeCluster concludes it from /healthz and /jsz, a monitor says false.
   */
  readonly lameDuck: boolean
}

/** From /healthz?details=true: the node's word about itself, never proof that its data is there. */
export interface HealthAnswer {
  readonly httpStatus: number
  /** `ok`, `unavailable`, `error`, ... */
  readonly status: string
  readonly errors: readonly {
    readonly type: string
    readonly error: string
    readonly account?: string
    readonly stream?: string
    readonly consumer?: string
  }[]
}

/** From /jsz with accounts, streams, consumers, config and raft. */
export interface JetStreamInfo {
  readonly enabled: boolean
  readonly memoryBytes: number
  readonly fileBytes: number
  readonly maxMemoryBytes: number
  readonly maxFileBytes: number
  readonly reservedMemoryBytes: number
  readonly reservedFileBytes: number
  readonly apiRequests: number
  readonly apiErrors: number
  readonly meta: MetaView | undefined
  /** Every account that uses JetStream on this node, every stream it holds a replica of. */
  readonly streams: readonly StreamReplica[]
  /** False when the answer does not add up with its own totals. Whether absence proves anything: see listsAll. */
  readonly complete: boolean
}

/** The meta group as this node sees it; peers are listed by its leader only. */
export interface MetaView {
  readonly leader: string | undefined
  readonly clusterSize: number
  readonly pending: number
  readonly peers: readonly PeerView[] | undefined
}

/** What a group's leader says about another replica. Says nothing about the data that replica holds. */
export interface PeerView {
  readonly name: string
  readonly peerId: string | undefined
  readonly current: boolean
  readonly offline: boolean
  /** Milliseconds since the leader last heard of it. */
  readonly activeMs: number
  /** RAFT entries behind, not messages. */
  readonly lag: number
  /** Part of the assignment but not of the RAFT group yet, or on its way out (2.15). */
  readonly pending?: boolean
}

/** A stream as one node holds it: its own stored state, and the group as this node sees it. */
export interface StreamReplica {
  /** The account's name for people; in operator mode its id is a public key. */
  readonly account: string
  /** What tells two accounts apart, and what /raftz calls the account; `account` where it is absent. */
  readonly accountId?: string
  readonly stream: string
  readonly config: StreamConfig
  readonly state: StreamState
  readonly group: GroupView
  readonly consumers: readonly ConsumerReplica[]
  /** When it was asked for, by the clock of the server that took the request. */
  readonly createdAt: number
}

export interface StreamConfig {
  readonly subjects: readonly string[]
  readonly retention: string
  readonly storage: 'file' | 'memory'
  readonly replicas: number
  readonly maxBytes: number
  readonly maxMsgs: number
  readonly isMirror: boolean
  readonly hasSources: boolean
  /** Messages leave by age (max_age or a TTL of their own), each replica by its own clock. */
  readonly expires?: boolean
}

export interface StreamState {
  readonly messages: number
  readonly bytes: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly consumerCount: number
  /** Deleted in the middle, where the server says. */
  readonly numDeleted: number
}

/** A RAFT group as seen from one node; `peers` are the others, meaningful only when this node is the leader. */
export interface GroupView {
  /** e.g. S-R3F-ck2DcAc2; undefined for an R1 asset on servers that do not tell. */
  readonly name: string | undefined
  readonly leader: string | undefined
  /** When that leader was elected (2.11 and newer, leader only). */
  readonly leaderSince: number | undefined
  readonly peers: readonly PeerView[]
}

export interface ConsumerReplica {
  readonly name: string
  readonly durable: boolean
  /** Effective number of replicas: its own, or the stream's where it says 0. */
  readonly replicas: number
  readonly storage: 'file' | 'memory'
  /** Deliveries so far, redeliveries included: replicated exactly, unlike the leader's stream sequence before the first. */
  readonly deliveredConsumerSeq?: number
  readonly deliveredStreamSeq: number
  readonly ackFloorStreamSeq: number
  readonly numPending: number
  readonly numAckPending: number
  readonly numRedelivered: number
  readonly numWaiting: number
  readonly ackPolicy: string
  readonly paused: boolean
  readonly createdAt: number | undefined
  readonly group: GroupView
}

/** From /routez: one entry for every connection, so several for one remote. */
export interface Route {
  readonly remoteId: string
  readonly remoteName: string | undefined
}

/** From /raftz, this node's own replica of one group (2.10.17 and newer). */
export interface RaftNode {
  /** The account's id: a public key in operator mode. */
  readonly account: string
  readonly group: string
  /** LEADER, FOLLOWER, CANDIDATE, OBSERVER ... in the server's upper case. */
  readonly state: string
  /** Server name; the peer id where this node cannot name it. */
  readonly leader: string | undefined
  readonly size: number
  readonly term: number
  readonly committed: number
  readonly applied: number
  readonly catchingUp: boolean
  /** Set when writes failed: disk full or broken. */
  readonly writeError: string | undefined
  readonly paused: boolean
  readonly peers: readonly {readonly id: string; readonly name: string | undefined; readonly known: boolean}[]
}

/** AWS's view of one node: its Auto Scaling group and what runs in it. */
export interface AwsNodeObservation {
  readonly node: string
  readonly group: AutoScalingGroup | undefined
  readonly activities: readonly ScalingActivity[]
  readonly refreshes: readonly InstanceRefresh[]
  readonly instances: readonly Instance[]
}

export interface AutoScalingGroup {
  readonly name: string
  readonly desired: number
  readonly minimum: number
  readonly maximum: number
  readonly instances: readonly GroupInstance[]
  /** Names of suspended processes: Launch, Terminate, ReplaceUnhealthy ... */
  readonly suspended: readonly string[]
  /** Version a launch would use now, resolved to a number; undefined where it is not known. */
  readonly launchTemplateVersion?: string | undefined
}

export interface GroupInstance {
  readonly id: string
  /** InService, Pending, Pending:Wait, Terminating ... */
  readonly lifecycle: string
  /** Healthy or Unhealthy, the group's word. */
  readonly health: string
  readonly zone: string
  readonly protectedFromScaleIn: boolean
  readonly type: string | undefined
  readonly launchTemplateVersion: string | undefined
}

export interface ScalingActivity {
  readonly id: string
  readonly group: string
  readonly description: string
  readonly cause: string
  /** InProgress, Successful, Failed, Cancelled, WaitingForInstanceWarmup ... */
  readonly status: string
  readonly statusMessage: string | undefined
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly progressPercent: number
}

export interface InstanceRefresh {
  readonly id: string
  readonly group: string
  /** Pending, InProgress, Successful, Failed, Cancelling, Cancelled, RollbackInProgress ... */
  readonly status: string
  readonly statusReason: string | undefined
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  readonly percent: number | undefined
}

export interface Instance {
  readonly id: string
  /** EC2 tag Name. */
  readonly name: string | undefined
  /** pending, running, shutting-down, terminated, stopping, stopped. */
  readonly state: string
  readonly type: string
  readonly zone: string
  readonly privateIp: string | undefined
  readonly launchedAt: number
  /** From DescribeInstanceStatus: ok, impaired, initializing, insufficient-data, not-applicable; undefined when absent. */
  readonly systemStatus: string | undefined
  readonly instanceStatus: string | undefined
}
