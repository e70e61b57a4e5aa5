/** What the live view lists. Null where nobody says, or a rate has only one look. Names are untrusted text. */

/** The latest last; null where there was no rate. Only rates of the same kind are compared. */
export type Trend = readonly (number | null)[]

export interface NodeTopRow {
  readonly node: string
  readonly state: 'ok' | 'restarted' | 'unwell' | 'closing' | 'down'
  /** Why it is not ok, in words. */
  readonly why: string | null
  readonly metaLeader: boolean
  /** Streams and consumers of several replicas that it leads. */
  readonly leads: number
  readonly version: string | null
  readonly uptimeSeconds: number | null
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly storePercent: number | null
  readonly connections: number | null
  readonly inMessages: number | null
  readonly outMessages: number | null
  readonly inBytes: number | null
  readonly outBytes: number | null
  readonly apiRequests: number | null
  readonly apiErrors: number | null
  /** Since the server started. */
  readonly slowConsumers: number | null
  /** Since the earlier look. */
  readonly newSlowConsumers: number | null
  /** Messages in and out, a second. */
  readonly trend: Trend
}

interface AssetTopRow {
  readonly account: string
  readonly stream: string
  readonly replicas: number
  readonly leader: string | null
  /** `ok`, or what is wrong: `no leader`, `n1 behind`, `n2 silent`. */
  readonly state: string
  readonly bad: boolean
  /** Messages that the worst replica lacks of what the leader had in the earlier look. */
  readonly behind: number
  /** RAFT entries, the leader's word on the worst replica. */
  readonly lag: number
  readonly trend: Trend
}

export interface StreamTopRow extends AssetTopRow {
  readonly messages: number | null
  readonly bytes: number | null
  readonly consumers: number | null
  /** Messages stored, a second. */
  readonly stored: number | null
}

export interface ConsumerTopRow extends AssetTopRow {
  readonly consumer: string
  readonly pending: number | null
  readonly ackPending: number | null
  readonly redelivered: number | null
  readonly waiting: number | null
  /** Deliveries a second, redeliveries included. */
  readonly delivered: number | null
  /** Messages below the ack floor, a second. */
  readonly acknowledged: number | null
}

export interface ConnectionTopRow {
  readonly server: string
  readonly id: number
  readonly name: string | null
  readonly account: string | null
  readonly ip: string
  readonly subscriptions: number
  readonly pendingBytes: number
  readonly rttMs: number | null
  readonly uptimeSeconds: number
  readonly slow: boolean
  readonly toServer: number | null
  readonly fromServer: number | null
  readonly toServerBytes: number | null
  readonly fromServerBytes: number | null
  readonly trend: Trend
}

/** How many rates a trend keeps. */
const TREND = 20

/** `before` with the newest rate at its end. */
export function extendTrend(before: Trend | undefined, rate: number | null): Trend {
  return [...(before ?? []).slice(1 - TREND), rate]
}

/** The sum of what is known; null where nothing is. */
export function sumOf(rates: readonly (number | null)[]): number | null {
  const known = rates.filter((rate) => rate !== null)
  return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0)
}
