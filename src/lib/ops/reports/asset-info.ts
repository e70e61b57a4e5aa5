import type {JetStreamApi} from '../../clients/ports.ts'
import type {ClusterContext} from '../../context.ts'
import type {CredentialOwner} from '../../domain/credentials.ts'
import {inTurns} from '../../domain/in-turns.ts'
import {consumerRowOf, streamRowOf} from '../../domain/reports/assets.ts'
import type {
  ConsumerDetail,
  ConsumerInfoRow,
  StreamDetail,
  StreamInfoRow,
  Upstream,
  UpstreamRow,
} from '../../domain/reports/details.ts'
import {momentOf} from '../../domain/reports/look.ts'
import type {ConsumerRow, MemberRow, StreamRow} from '../../domain/reports/rows.ts'
import type {ConsumerSighting, StreamSighting} from '../../domain/reports/sightings.ts'
import type {SourceNote} from '../../domain/reports/source.ts'
import {Exit, OpsError} from '../../errors.ts'
import {notFound} from './asset-list.ts'
import {openAccountApi, openSource} from './source.ts'

/** Public, under --json. */
export interface StreamInfo {
  readonly cluster: string
  readonly source: SourceNote
  readonly at: string
  readonly stream: StreamInfoRow
  readonly consumers: readonly ConsumerRow[]
}

/** Public, under --json. */
export interface ConsumerInfo {
  readonly cluster: string
  readonly source: SourceNote
  readonly at: string
  readonly consumer: ConsumerInfoRow
}

export interface StreamQuestion {
  readonly stream: string
  readonly owner: CredentialOwner
  /** Pattern: count messages by subject. */
  readonly subjects?: string | undefined
  readonly deleted?: boolean
}

const PAGE = 256
const CONCURRENCY = 8

/**
 * One stream in full: its leader's word from the account's own API, and what each replica holds from the replicas
 * themselves where the system account or the monitoring ports answer.
 *
 * Rejects with STREAM_NOT_FOUND (exit 9), NO_JETSTREAM, PERMISSION_DENIED and as credentials and NATS do.
 */
export async function readStream(ctx: ClusterContext, question: StreamQuestion): Promise<StreamInfo> {
  const {stream, owner, subjects, deleted = false} = question
  const {api, account} = await openAccountApi(ctx, owner)
  const [detail, witness] = await Promise.all([
    askStream(ctx, api, stream, {...(subjects !== undefined && {subjects}), deleted}),
    askNodes(ctx, account.id, stream),
  ])
  const listed = await listConsumers(api, detail)
  const consumers = listed.consumers.map((consumer) => {
    const row = consumerRowOf({account: account.name, accountId: account.id, stream}, consumer)
    return withMembers(row, witness.consumers.get(row.consumer))
  })
  const unacknowledged = listed.complete ? consumers.reduce((sum, {ackPending}) => sum + ackPending, 0) : null
  return {
    cluster: ctx.settings.name,
    source: {
      kind: 'account',
      description: describeSource(account, witness),
      cannotSee: [...witness.cannotSee, ...listed.cannotSee],
    },
    at: new Date(ctx.clock.now()).toISOString(),
    stream: {
      ...withMembers(streamRowOf(detail, unacknowledged), witness.stream),
      firstAt: momentOf(detail.firstAt),
      subjectCount: detail.subjectCount ?? null,
      messagesBySubject: detail.messagesBySubject ? Object.fromEntries(detail.messagesBySubject) : null,
      deletedSequences: detail.deletedSequences ?? null,
      mirror: detail.mirror ? upstreamRow(detail.mirror) : null,
      sources: detail.sources.map(upstreamRow),
      alternates: detail.alternates.map(({stream: name, cluster = null, domain = null}) => ({
        stream: name,
        cluster,
        domain,
      })),
      configuration: detail.configuration,
    },
    consumers,
  }
}

/** As readStream, for one consumer; rejects with CONSUMER_NOT_FOUND too. */
export async function readConsumer(
  ctx: ClusterContext,
  {stream, consumer, owner}: {readonly stream: string; readonly consumer: string; readonly owner: CredentialOwner},
): Promise<ConsumerInfo> {
  const {api, account} = await openAccountApi(ctx, owner)
  const [detail, witness] = await Promise.all([
    askStream(ctx, api, stream).then((found) => askConsumer(ctx, api, found, consumer)),
    askNodes(ctx, account.id, stream),
  ])
  const row = consumerRowOf({account: account.name, accountId: account.id, stream}, detail)
  return {
    cluster: ctx.settings.name,
    source: {kind: 'account', description: describeSource(account, witness), cannotSee: witness.cannotSee},
    at: new Date(ctx.clock.now()).toISOString(),
    consumer: {
      ...withMembers(row, witness.consumers.get(consumer)),
      pushBound: detail.pushBound,
      pausedForMs: detail.pausedForMs ?? null,
      configuration: detail.configuration,
    },
  }
}

/** With the nearest name where it is not there and the user may see the names. */
async function askStream(
  ctx: ClusterContext,
  api: JetStreamApi,
  name: string,
  options: Parameters<JetStreamApi['stream']>[1] = {},
): Promise<StreamDetail> {
  try {
    return await api.stream(name, options)
  } catch (error) {
    if (!isRefusal(error, 'STREAM_NOT_FOUND')) throw error
    throw notFound(ctx, 'stream', name, await api.names().catch(() => []))
  }
}

async function askConsumer(
  ctx: ClusterContext,
  api: JetStreamApi,
  stream: StreamSighting,
  name: string,
): Promise<ConsumerDetail> {
  try {
    return await api.consumer(stream, name)
  } catch (error) {
    if (!isRefusal(error, 'CONSUMER_NOT_FOUND')) throw error
    const names = await api.names(stream.stream).catch(() => [])
    throw notFound(ctx, 'consumer', name, names, stream.stream)
  }
}

/**
 * A service may often look into its stream, but not list the consumers of others; the list waits for every consumer's
 * leader, and without a quorum of the meta group nobody answers it. The stream is shown without them then.
 */
export async function listConsumers(
  api: Pick<JetStreamApi, 'consumers'>,
  stream: StreamSighting,
): Promise<{
  readonly consumers: readonly ConsumerSighting[]
  readonly complete: boolean
  readonly cannotSee: readonly string[]
}> {
  try {
    const first = await api.consumers(stream, 0)
    const offsets = Array.from({length: Math.ceil(first.total / PAGE) - 1}, (_, index) => (index + 1) * PAGE)
    const pages = [first, ...(await inTurns(offsets, CONCURRENCY, (offset) => api.consumers(stream, offset)))]
    const missing = [...new Set(pages.flatMap((page) => page.missing))]
    return {
      consumers: pages.flatMap(({items}) => items).sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))),
      complete: missing.length === 0,
      cannotSee: missing.length === 0 ? [] : [`consumers whose leader did not answer: ${missing.join(', ')}`],
    }
  } catch (error) {
    const isUnavailable = isRefusal(error, 'JETSTREAM_REFUSED') && error.exit === Exit.unreachable
    if (!isUnavailable && !isRefusal(error, 'PERMISSION_DENIED', 'REQUEST_TIMEOUT')) throw error
    return {consumers: [], complete: false, cannotSee: [`consumers: ${error.message}`]}
  }
}

/** What the nodes themselves say they hold. */
interface Witness {
  readonly from: string | undefined
  readonly stream: StreamRow | undefined
  readonly consumers: ReadonlyMap<string, ConsumerRow>
  readonly cannotSee: readonly string[]
}

async function askNodes(ctx: ClusterContext, account: string, stream: string): Promise<Witness> {
  try {
    const source = await openSource(ctx, {owner: {kind: 'admin'}, kinds: ['system', 'monitor']})
    const [streams, consumers] = await Promise.all([source.streams({account}), source.consumers({account, stream})])
    return {
      from: streams.source.description,
      stream: streams.rows.find((row) => row.stream === stream),
      consumers: new Map(consumers.rows.map((row) => [row.consumer, row])),
      cannotSee: streams.source.cannotSee,
    }
  } catch (error) {
    if (!(error instanceof OpsError) || ctx.signal.aborted) throw error
    const [why = ''] = error.lines
    return {
      from: undefined,
      stream: undefined,
      consumers: new Map(),
      cannotSee: [`what replicas have stored themselves, only their leader's word: ${why}`],
    }
  }
}

/** Numbers are the leader's of this moment; the members are as they speak for themselves, where they do. */
function withMembers<Row extends {readonly members: readonly MemberRow[]; readonly behind: number | null}>(
  row: Row,
  witness: Row | undefined,
): Row {
  return witness === undefined ? row : {...row, members: witness.members, behind: witness.behind}
}

function describeSource({name, id}: {readonly name: string; readonly id: string}, {from}: Witness): string {
  const account = name === id ? `account ${id}` : `account ${name} (${id})`
  return from === undefined ? account : `${account}; replicas by ${from}`
}

function upstreamRow({stream, lag, activeMs, error, filter, external}: Upstream): UpstreamRow {
  return {
    stream,
    lag,
    activeMs: activeMs ?? null,
    error: error ?? null,
    filter: filter ?? null,
    external: external ?? null,
  }
}

function isRefusal(error: unknown, ...codes: readonly string[]): error is OpsError {
  return error instanceof OpsError && codes.includes(error.code)
}
