import type {ConsumerRow, StreamRow} from './rows.ts'
import type {ConsumerSighting, StreamSighting} from './sightings.ts'

/**
 * One stream or consumer in full, as its leader tells of it in the account's own API. `configuration` is the server's
 * own document: its names, its units (durations in nanoseconds, -1 for no limit). Times in milliseconds since the epoch.
 */

export interface StreamDetail extends StreamSighting {
  readonly configuration: Configuration
  readonly firstAt: number | undefined
  /** Distinct subjects of stored messages; undefined where the server does not say. */
  readonly subjectCount: number | undefined
  /** Messages of each subject that was asked for, sorted by name; undefined where none was. */
  readonly messagesBySubject: ReadonlyMap<string, number> | undefined
  /** Ascending; undefined where they were not asked for. */
  readonly deletedSequences: readonly number[] | undefined
  readonly mirror: Upstream | undefined
  readonly sources: readonly Upstream[]
  /** Where reads may go instead: mirrors of this stream and itself, the nearest first. */
  readonly alternates: readonly {
    readonly stream: string
    readonly cluster: string | undefined
    readonly domain: string | undefined
  }[]
}

export interface ConsumerDetail extends ConsumerSighting {
  readonly configuration: Configuration
  /** A push consumer's subscriber is there. */
  readonly pushBound: boolean
  /** Undefined where it is not paused. */
  readonly pausedForMs: number | undefined
}

export type Configuration = Readonly<Record<string, unknown>>

/** Where a stream's messages come from, when it is a mirror or has sources. */
export interface Upstream {
  readonly stream: string
  /** Messages of the other stream that have not arrived. */
  readonly lag: number
  /** Since it was last heard of; undefined: never. */
  readonly activeMs: number | undefined
  readonly error: string | undefined
  readonly filter: string | undefined
  /** API prefix of the account or domain that it is in, where it is another. */
  readonly external: string | undefined
}

/** A stream in full as it is shown, and public under --json. */
export interface StreamInfoRow extends StreamRow {
  readonly firstAt: string | null
  readonly subjectCount: number | null
  /** Null unless subjects were asked for. */
  readonly messagesBySubject: Readonly<Record<string, number>> | null
  /** Null unless they were asked for; ascending. */
  readonly deletedSequences: readonly number[] | null
  readonly mirror: UpstreamRow | null
  readonly sources: readonly UpstreamRow[]
  readonly alternates: readonly {
    readonly stream: string
    readonly cluster: string | null
    readonly domain: string | null
  }[]
  /** As the server has it: its names, nanoseconds, -1 for no limit. */
  readonly configuration: Configuration
}

export interface UpstreamRow {
  readonly stream: string
  readonly lag: number
  readonly activeMs: number | null
  readonly error: string | null
  readonly filter: string | null
  readonly external: string | null
}

/** A consumer in full as it is shown, and public under --json. */
export interface ConsumerInfoRow extends ConsumerRow {
  readonly pushBound: boolean
  readonly pausedForMs: number | null
  readonly configuration: Configuration
}
