import type {Answer} from '../answer.ts'
import type {ConsumerReplica, JetStreamInfo, StreamReplica} from '../observation.ts'
import type {NodeTarget} from '../settings.ts'

/**
 * What one server tells of itself, as reports want it: more than an observation has, and the same whether it came over
 * the monitoring port or through the system account. Times are milliseconds since the epoch, names untrusted text.
 */

export interface ServerIdentity {
  readonly name: string
  readonly id: string
  readonly version: string
}

/** One node's answer to one question; `server` is who gave it. */
export interface NodeSighting<T> {
  readonly node: NodeTarget
  readonly server: ServerIdentity | undefined
  readonly answer: Answer<T>
}

/** How much of JetStream is asked for: sums only, sums of each account, every stream, every consumer too. */
export type JetStreamDetail = 'totals' | 'accounts' | 'streams' | 'consumers'

export interface JetStreamSighting extends JetStreamInfo {
  readonly streams: readonly StreamSighting[]
  readonly totals: JetStreamTotals
  readonly accounts: readonly AccountUsage[]
}

export interface JetStreamTotals {
  readonly accounts: number
  readonly streams: number
  readonly consumers: number
  readonly messages: number
  readonly bytes: number
  /** Undefined where the server has led none, or is too old to say. */
  readonly streamsLed: number | undefined
  readonly consumersLed: number | undefined
}

/** One account's JetStream, all servers together: each server sums up what the others tell it. */
export interface AccountUsage {
  readonly account: string
  readonly accountId: string
  readonly memoryBytes: number
  readonly fileBytes: number
  readonly apiRequests: number
  readonly apiErrors: number
  /** -1: unlimited; undefined where the server does not say. */
  readonly maxMemoryBytes: number | undefined
  readonly maxFileBytes: number | undefined
}

export interface StreamSighting extends StreamReplica {
  readonly consumers: readonly ConsumerSighting[]
  readonly lastAt: number | undefined
}

export interface ConsumerSighting extends ConsumerReplica {
  readonly mode: 'pull' | 'push'
  readonly lastDeliveredAt: number | undefined
  readonly lastAcknowledgedAt: number | undefined
}

/** One account's clients on one server. */
export interface AccountTraffic {
  readonly account: string
  readonly accountId: string
  readonly connections: number
  readonly leafNodes: number
  readonly subscriptions: number
  readonly slowConsumers: number
  readonly inMessages: number
  readonly inBytes: number
  readonly outMessages: number
  readonly outBytes: number
}

/** One connection as its server lists it. */
export interface ConnectionSighting {
  readonly id: number
  readonly kind: string
  readonly name: string | undefined
  readonly accountId: string | undefined
  readonly user: string | undefined
  readonly ip: string
  readonly port: number
  readonly language: string | undefined
  readonly version: string | undefined
  readonly subscriptions: number
  readonly pendingBytes: number
  readonly inMessages: number
  readonly outMessages: number
  readonly inBytes: number
  readonly outBytes: number
  readonly rttMs: number | undefined
  /** Undefined where the server does not count them. */
  readonly stalls: number | undefined
  readonly uptimeSeconds: number
  readonly idleSeconds: number
}

export interface ConnectionsSighting {
  readonly connections: readonly ConnectionSighting[]
  /** Open ones, by the server's own count. */
  readonly total: number
}
