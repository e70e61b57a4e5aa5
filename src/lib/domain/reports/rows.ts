/**
 * The rows of the reports. Plain data and public under --json: numbers exact, times in RFC 3339 (UTC), null where nobody
 * says. Names are untrusted text. A row of something replicated is one row: its totals are the leader's, or those of the
 * replica with the highest last sequence where no leader answered; what each replica holds stands in `members`.
 */

/** JetStream on one server. All null but `server` and `problem` where it did not answer. */
export interface ServerRow {
  readonly server: string
  /** Why there is no answer, in words; null where there is one. */
  readonly problem: string | null
  readonly serverId: string | null
  readonly version: string | null
  readonly isMetaLeader: boolean
  /** JetStream is switched on. */
  readonly jetStream: boolean | null
  readonly accounts: number | null
  /** Replicas that the server holds, whoever leads them. */
  readonly streams: number | null
  readonly consumers: number | null
  readonly messages: number | null
  readonly bytes: number | null
  /** Streams and consumers whose leader it is, those of one replica included. */
  readonly streamsLed: number | null
  readonly consumersLed: number | null
  readonly memoryBytes: number | null
  /** 0: no memory may be used. */
  readonly maxMemoryBytes: number | null
  readonly memoryPercent: number | null
  readonly fileBytes: number | null
  readonly maxFileBytes: number | null
  readonly filePercent: number | null
  readonly reservedMemoryBytes: number | null
  readonly reservedFileBytes: number | null
  readonly apiRequests: number | null
  readonly apiErrors: number | null
}

/** One member of the meta group, which places streams and consumers. */
export interface MetaPeerRow {
  /** Server name, or `Server name unknown ...` for a peer that no running server has met. */
  readonly name: string
  readonly peerId: string | null
  readonly isLeader: boolean
  /** The leader's word, which says nothing about stored data; null where no leader answered. */
  readonly current: boolean | null
  readonly offline: boolean | null
  /** Milliseconds since the leader heard of it; null for the leader itself, and where it never has since it leads. */
  readonly activeMs: number | null
  /** RAFT entries behind, not messages. */
  readonly lag: number | null
  /** Counted by the group, and none of the expected nodes: a vote that never comes. */
  readonly ghost: boolean
}

export interface MetaGroup {
  /** Undisputed: every server that answers names it, itself included. */
  readonly leader: string | null
  /** Several where servers disagree. */
  readonly claimedLeaders: readonly string[]
  /** Voters. */
  readonly size: number | null
  /** RAFT entries that the leader has not processed. */
  readonly pending: number | null
  readonly peers: readonly MetaPeerRow[]
}

/** What is known of one replica. */
export interface MemberRow {
  readonly node: string
  readonly isLeader: boolean
  /**
   * `holds`: the node says itself that it has a replica. `missing`: it answered in full and has none. `silent`: it did
   * not answer. `ghost`: a peer that is no expected node. `counted`: only the leader's word, from a source in which
   * nodes do not speak for themselves.
   */
  readonly presence: 'holds' | 'missing' | 'silent' | 'ghost' | 'counted'
  /** What it has stored itself, a consumer: deliveries; null unless `holds`. */
  readonly messages: number | null
  readonly lastSeq: number | null
  /**
   * Messages that it lacks of the leader's last sequence at about the same moment, for a consumer deliveries; null where
   * either does not say. A busy stream's replica is a few behind in a single look; whether it keeps up is the question
   * of natsops health.
   */
  readonly behind: number | null
  /** The leader's word; null for the leader itself and where it is silent. `activeMs` as in MetaPeerRow. */
  readonly current: boolean | null
  readonly offline: boolean | null
  readonly activeMs: number | null
  /** RAFT entries, not messages. */
  readonly lag: number | null
}

interface GroupRow {
  readonly account: string
  /** What tells two accounts of one name apart: a public key in operator mode. */
  readonly accountId: string
  readonly stream: string
  /** As configured. */
  readonly replicas: number
  /** Undisputed leader. */
  readonly leader: string | null
  readonly leaderSince: string | null
  /** RAFT group; null for one replica, and where the source does not say. */
  readonly group: string | null
  /** The most that any replica is behind; null where one of them cannot be told, and where there is none but the leader. */
  readonly behind: number | null
  /** Sorted by name. */
  readonly members: readonly MemberRow[]
}

export interface StreamRow extends GroupRow {
  readonly subjects: readonly string[]
  readonly retention: string
  readonly storage: 'file' | 'memory'
  readonly messages: number
  readonly bytes: number
  readonly firstSeq: number
  readonly lastSeq: number
  /** Deleted in the middle. */
  readonly deleted: number
  /** When the last message was stored. */
  readonly lastAt: string | null
  readonly consumers: number
  /** Delivered and not acknowledged, over all consumers; null unless it was asked for. */
  readonly unacknowledged: number | null
  /** -1: unlimited. */
  readonly maxMessages: number
  readonly maxBytes: number
  readonly isMirror: boolean
  readonly hasSources: boolean
  readonly createdAt: string
}

export interface ConsumerRow extends GroupRow {
  readonly consumer: string
  readonly durable: boolean
  readonly mode: 'pull' | 'push'
  readonly ackPolicy: string
  readonly storage: 'file' | 'memory'
  /** Not delivered yet. */
  readonly pending: number
  /** Delivered and not acknowledged. */
  readonly ackPending: number
  readonly redelivered: number
  /** Pull requests that wait for a message. */
  readonly waiting: number
  /** Stream sequence of the last delivery. */
  readonly deliveredSeq: number
  readonly ackFloorSeq: number
  readonly lastDeliveredAt: string | null
  readonly lastAcknowledgedAt: string | null
  readonly paused: boolean
  readonly createdAt: string | null
}

/** One RAFT group of a stream, a consumer, or the meta group. */
export interface RaftRow {
  /** For people; the meta group's is the system account. */
  readonly account: string
  readonly accountId: string
  readonly kind: 'meta' | 'stream' | 'consumer' | 'unknown'
  readonly stream: string | null
  readonly consumer: string | null
  readonly group: string
  readonly leader: string | null
  readonly leaderSince: string | null
  readonly term: number | null
  readonly replicas: number
  /** The most that the leader says of any member. */
  readonly lag: number | null
  /** In messages, from what the members have stored; null for the meta group and where it is not known. */
  readonly behind: number | null
  /** Sorted by name. */
  readonly members: readonly RaftMemberRow[]
}

export interface RaftMemberRow {
  readonly node: string
  readonly isLeader: boolean
  readonly presence: MemberRow['presence']
  /** LEADER, FOLLOWER, CANDIDATE, OBSERVER; null where the node does not say. */
  readonly state: string | null
  readonly applied: number | null
  readonly committed: number | null
  readonly catchingUp: boolean | null
  readonly current: boolean | null
  readonly offline: boolean | null
  readonly lag: number | null
  readonly behind: number | null
}

/** One client or leaf node connection. */
export interface ConnectionRow {
  readonly server: string
  readonly id: number
  readonly kind: string
  readonly name: string | null
  readonly account: string | null
  readonly accountId: string | null
  readonly user: string | null
  readonly ip: string
  readonly port: number
  readonly language: string | null
  readonly version: string | null
  readonly subscriptions: number
  /** Waits in the server for the client to read it. */
  readonly pendingBytes: number
  readonly inMessages: number
  readonly outMessages: number
  readonly inBytes: number
  readonly outBytes: number
  readonly rttMs: number | null
  /** Data waits for the client now, or publishers have been held up because of it (2.12 and newer count that). */
  readonly slow: boolean
  readonly stalls: number | null
  readonly uptimeSeconds: number
  readonly idleSeconds: number
}

export interface AccountRow {
  readonly account: string
  readonly accountId: string
  readonly connections: number | null
  readonly leafNodes: number | null
  readonly subscriptions: number | null
  readonly slowConsumers: number | null
  /** As the servers count them, summed up; what they pass on to each other is counted at both ends. */
  readonly inMessages: number | null
  readonly inBytes: number | null
  readonly outMessages: number | null
  readonly outBytes: number | null
  readonly jetStream: boolean
  readonly streams: number | null
  readonly consumers: number | null
  /** All replicas together, as limits count them. */
  readonly memoryBytes: number | null
  readonly fileBytes: number | null
  /** -1: unlimited; null where the source does not say. */
  readonly maxMemoryBytes: number | null
  readonly maxFileBytes: number | null
  readonly apiRequests: number | null
  readonly apiErrors: number | null
}
