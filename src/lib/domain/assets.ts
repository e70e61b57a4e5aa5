import type {ConsumerReplica, PeerView, RaftNode, StreamConfig, StreamState} from './observation.ts'

/**
 * One stream or consumer of the whole cluster, put together from what every node says of itself. A stream with three
 * replicas is one asset with three members.
 */
export type Asset = StreamAsset | ConsumerAsset

export interface StreamAsset extends AssetBase {
  readonly kind: 'stream'
  readonly config: StreamConfig
  /**
   * Interest retention only: how many messages one of its consumers, at least, has yet to acknowledge, as the
   * consumers' leaders say. Undefined where a consumer has no leader that answered. Whatever else an interest stream
   * holds is acknowledged and about to be deleted.
   */
  readonly owed?: number | undefined
  /** As `owed`, of messages that were never delivered: no lost acknowledgement makes it too large. */
  readonly undelivered?: number | undefined
  readonly members: readonly StreamMember[]
}

export interface ConsumerAsset extends AssetBase {
  readonly kind: 'consumer'
  readonly consumer: string
  readonly members: readonly ConsumerMember[]
}

interface AssetBase {
  readonly account: string
  /** What tells two accounts of one name apart; `account` where it is absent. */
  readonly accountId?: string
  readonly stream: string
  /** As configured; a consumer that follows its stream has the stream's. */
  readonly replicas: number
  readonly storage: 'file' | 'memory'
  /** RAFT group, e.g. S-R3F-ck2DcAc2; undefined where no node tells. */
  readonly group: string | undefined
  /** The one leader that its members agree on; undefined when there is none or they disagree. */
  readonly leader: string | undefined
  /** Every leader that any member names, sorted; more than one is a disagreement (or a change under way). */
  readonly claimedLeaders: readonly string[]
  /** The earliest time that a holder tells: one that is just setting it up may have its own yet. Undefined: none tells. */
  readonly createdAt: number | undefined
}

export interface Member {
  /** Server name, or `unknown peer ID` for a peer nobody can name. */
  readonly node: string
  /**
   * `holds`: the node itself says it has a replica. `missing`: the node answered in full and has none, though the
   * group's leader counts it. `silent`: the node did not answer, or not in full, or its JetStream is off. `ghost`: the
   * leader counts a peer that is none of the expected nodes: a server whose name was changed, or one that was never seen.
   */
  readonly presence: 'holds' | 'missing' | 'silent' | 'ghost'
  /** What the group's leader says of it; undefined for the leader itself and where there is no leader's word. */
  readonly leaderView: PeerView | undefined
  /** The node's own RAFT state of this group, where /raftz answered. */
  readonly raft: RaftNode | undefined
}

export interface StreamMember extends Member {
  /** The node's own stored state; undefined unless `holds`. */
  readonly state: StreamState | undefined
}

export interface ConsumerMember extends Member {
  /** First sequence of the node's own copy of the stream: the consumer can have nothing to do with any below it. */
  readonly streamFirstSeq?: number | undefined
  readonly state: ConsumerReplica | undefined
}
