import type {
  AccountRow,
  ConnectionRow,
  ConsumerRow,
  MetaGroup,
  RaftRow,
  ServerRow,
  StreamRow,
} from '../../domain/reports/rows.ts'
import type {Reported, SourceNote} from '../../domain/reports/source.ts'

export interface StreamQuery {
  /** Account name or id; all that the source shows where absent. */
  readonly account?: string | undefined
  /** Fill `unacknowledged` in, at the price of asking about every consumer. */
  readonly unacknowledged?: boolean
}

export interface ConsumerQuery {
  readonly account?: string | undefined
  /** Only this stream's. */
  readonly stream?: string | undefined
}

/**
 * One place that reports come from. Every method looks anew and returns the note for what it saw itself: which servers
 * were silent is only known afterwards. Rows are sorted by account, then by name. All reject with an OpsError where
 * nothing could be seen at all, and with UNSUPPORTED_SOURCE (exit 2) where this source has no such report.
 */
export interface ReportSource {
  readonly kind: SourceNote['kind']
  servers(): Promise<Reported<ServerRow> & {readonly meta: MetaGroup | null}>
  streams(query?: StreamQuery): Promise<Reported<StreamRow>>
  /** The same page by page, never more than a few of them in memory; only where the source has pages. */
  streamPages?(query?: Pick<StreamQuery, 'account'>): AsyncGenerator<readonly StreamRow[], SourceNote>
  consumers(query?: ConsumerQuery): Promise<Reported<ConsumerRow>>
  raftGroups(): Promise<Reported<RaftRow>>
  /** `account` by name or id. */
  connections(query?: {readonly account?: string | undefined}): Promise<Reported<ConnectionRow>>
  accounts(): Promise<Reported<AccountRow>>
}

/** Streams as they come: page by page where the source has pages, else all at once. Returns the source's note. */
export async function* streamsInPages(
  source: ReportSource,
  query: Pick<StreamQuery, 'account'>,
): AsyncGenerator<readonly StreamRow[], SourceNote> {
  if (source.streamPages) return yield* source.streamPages(query)
  const {rows, source: note} = await source.streams(query)
  yield rows
  return note
}
