import type {ClusterContext} from '../../context.ts'
import {
  type ConsumerFilter,
  filterConsumers,
  filterStreams,
  missingName,
  type StreamFilter,
} from '../../domain/reports/filters.ts'
import type {ConsumerRow, StreamRow} from '../../domain/reports/rows.ts'
import type {Reported, SourceNote} from '../../domain/reports/source.ts'
import {configuredNodes} from '../../domain/settings.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, OpsError, UsageError} from '../../errors.ts'
import {nearestName} from '../../nearest.ts'
import {findNode} from '../nodes.ts'
import {type ReportSource, streamsInPages} from './report-source.ts'

type ListContext = Pick<ClusterContext, 'settings'>

export interface StreamsWanted extends StreamFilter {
  /** Name or id. */
  readonly account?: string | undefined
  /** Count what is not acknowledged, which takes a look at every consumer; so does `unackedOver`. */
  readonly unacknowledged?: boolean
}

/** Rejects with STREAM_NOT_FOUND or NODE_NOT_FOUND for a name that is none, and as the source does. */
export async function listStreams(
  ctx: ListContext,
  source: ReportSource,
  {account, unacknowledged, ...filter}: StreamsWanted,
): Promise<Reported<StreamRow>> {
  const counts = unacknowledged === true || filter.unackedOver !== undefined
  const seen = await source.streams({account, unacknowledged: counts})
  const names = new Set(seen.rows.map(({stream}) => stream))
  const missing = missingName(filter.patterns, names)
  if (missing !== undefined) throw notFound(ctx, 'stream', missing, names)
  return {...seen, rows: filterStreams(seen.rows, {...filter, leader: wholeName(ctx, filter.leader, seen.rows)})}
}

/**
 * The same as they come, for output that keeps none of them. Undefined where one can only be told after all have been
 * seen: whether a name is there, which node is meant, what waits at consumers.
 */
export function listStreamsInPages({
  account,
  unacknowledged,
  ...filter
}: StreamsWanted): ((source: ReportSource) => AsyncGenerator<readonly StreamRow[], SourceNote>) | undefined {
  const {patterns, leader, unackedOver} = filter
  const isByAll = unacknowledged || leader !== undefined || unackedOver !== undefined
  if (isByAll || missingName(patterns, new Set()) !== undefined) return undefined
  return async function* (source) {
    const pages = streamsInPages(source, {account})
    for (;;) {
      const page = await pages.next()
      if (page.done) return page.value
      yield filterStreams(page.value, filter)
    }
  }
}

export interface ConsumersWanted extends ConsumerFilter {
  readonly account?: string | undefined
  /** Whole name. */
  readonly stream: string
}

/** As listStreams, and CONSUMER_NOT_FOUND. */
export async function listConsumers(
  ctx: ListContext,
  source: ReportSource,
  {account, stream, ...filter}: ConsumersWanted,
): Promise<Reported<ConsumerRow>> {
  const seen = await source.consumers({account, stream})
  // A stream without consumers, or no stream: JetStream's API answers both alike.
  if (seen.rows.length === 0) await listStreams(ctx, source, {account, patterns: [stream]})
  const names = new Set(seen.rows.map(({consumer}) => consumer))
  const missing = missingName(filter.patterns, names)
  if (missing !== undefined) throw notFound(ctx, 'consumer', missing, names, stream)
  return {...seen, rows: filterConsumers(seen.rows, {...filter, leader: wholeName(ctx, filter.leader, seen.rows)})}
}

/** A name for a subject of JetStream's API: what the server refuses in a name would be read as something else there. */
export function checkAssetName(kind: 'stream' | 'consumer', name: string): void {
  if (name !== '' && !/[\s.*>/\\\u0000-\u001f\u007f]/.test(name)) return
  throw new UsageError(`${JSON.stringify(name)} cannot be the name of a ${kind}`, [
    `names are without spaces, dots, * and >: natsops ${kind} list`,
  ])
}

/** `stream` is that of the consumer. */
export function notFound(
  {settings}: ListContext,
  kind: 'stream' | 'consumer',
  name: string,
  names: Iterable<string>,
  stream?: string,
): OpsError {
  const near = nearestName(name, names)
  const hint = near === undefined ? '' : `, did you mean ${near}?`
  const list = ['natsops', kind, 'list', ...(stream === undefined ? [] : [stream]), '--cluster', settings.name]
  return new OpsError(`there is no ${kind} ${JSON.stringify(name)}${hint}`, {
    code: `${kind.toUpperCase()}_NOT_FOUND`,
    exit: Exit.notFound,
    suggestions: [quoteForShell(list)],
  })
}

/** The node that is meant, of the expected ones and of those that hold anything. */
function wholeName(
  ctx: ListContext,
  given: string | undefined,
  rows: readonly (StreamRow | ConsumerRow)[],
): string | undefined {
  if (given === undefined) return undefined
  const names = new Set(configuredNodes(ctx.settings).map(({name}) => name))
  for (const {leader, members} of rows) {
    if (leader !== null) names.add(leader)
    for (const {node} of members) names.add(node)
  }
  const nodes = [...names].sort().map((name) => ({name}))
  return findNode(ctx, nodes, given)
}
