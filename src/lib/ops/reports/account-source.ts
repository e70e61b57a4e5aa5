import type {ApiPage, Clock, JetStreamApi} from '../../clients/ports.ts'
import {compareText} from '../../domain/assemble.ts'
import {inTurns} from '../../domain/in-turns.ts'
import {counted, listed} from '../../domain/quantity.ts'
import {consumerRowOf, streamRowOf} from '../../domain/reports/assets.ts'
import type {AccountRow, ConsumerRow, StreamRow} from '../../domain/reports/rows.ts'
import type {StreamSighting} from '../../domain/reports/sightings.ts'
import type {SourceNote} from '../../domain/reports/source.ts'
import {Exit, OpsError, UsageError} from '../../errors.ts'
import type {ConsumerQuery, ReportSource, StreamQuery} from './report-source.ts'

/** Of the pages of one list, and of the lists of several streams: enough to hide a round trip, few for the server. */
const CONCURRENCY = 8
/** Of $JS.API.STREAM.LIST and CONSUMER.LIST, by the server. */
const PAGE = 256

export type AccountReportApi = Pick<JetStreamApi, 'account' | 'streams' | 'consumers'>

export interface AccountSourceOptions {
  readonly clock: Clock
  readonly account: {readonly name: string; readonly id: string}
  /** Why no better source was used, in words. */
  readonly because: readonly string[]
  /** The first page of streams, with which it was found that the user may ask. */
  readonly first: ApiPage<StreamSighting>
}

/** One account as its own API tells of it: the leaders' word. */
export function openAccountSource(
  api: AccountReportApi,
  {clock, account, because, first}: AccountSourceOptions,
): ReportSource {
  let fresh: ApiPage<StreamSighting> | undefined = first
  const streamPage = async (offset: number): Promise<ApiPage<StreamSighting>> => {
    const page = offset === 0 ? fresh : undefined
    if (offset === 0) fresh = undefined
    return page ?? api.streams(offset)
  }
  const noteOf = (missing: readonly string[], what: string): SourceNote => ({
    kind: 'account',
    description: account.name === account.id ? `account ${account.id}` : `account ${account.name} (${account.id})`,
    cannotSee: [
      ...(missing.length > 0
        ? [`${counted(missing.length, what)} whose leader did not answer: ${listed(missing)}`]
        : []),
      'other accounts',
      "what replicas have stored themselves: only their leaders' word",
      ...because,
    ],
  })
  const checkAccount = (wanted: string | undefined): void => {
    if (wanted === undefined || wanted === account.name || wanted === account.id) return
    throw new OpsError(`these credentials see account ${account.name} and not ${wanted}`, {
      code: 'ACCOUNT_NOT_FOUND',
      exit: Exit.notFound,
      suggestions: ['use --source system or --source monitor, which see all accounts'],
    })
  }
  const everyStream = async (wanted: string | undefined): ReturnType<typeof allPages<StreamSighting>> => {
    checkAccount(wanted)
    return allPages(streamPage)
  }
  const everyConsumer = async (
    streams: readonly StreamSighting[],
  ): Promise<{readonly rows: readonly ConsumerRow[]; readonly missing: readonly string[]}> => {
    const found = await inTurns(streams, CONCURRENCY, async (stream) => {
      const {items, missing} = await allPages((offset) => api.consumers(stream, offset))
      const base = {account: account.name, accountId: account.id, stream: stream.stream}
      return {
        rows: items.map((consumer) => consumerRowOf(base, consumer)),
        missing: missing.map((name) => `${stream.stream} > ${name}`),
      }
    })
    return {rows: found.flatMap(({rows}) => rows), missing: found.flatMap(({missing}) => missing)}
  }
  const notHere = (report: string): UsageError =>
    new UsageError(`--source account cannot tell of ${report}`, ['use --source system or --source monitor'])

  return {
    kind: 'account',
    servers: () => Promise.reject(notHere('servers')),
    raftGroups: () => Promise.reject(notHere('RAFT groups')),
    connections: () => Promise.reject(notHere('connections')),
    async streams({account: wanted, unacknowledged = false}: StreamQuery = {}) {
      const {items, missing} = await everyStream(wanted)
      const consumers = unacknowledged ? await everyConsumer(items) : undefined
      const owed = Map.groupBy(consumers?.rows ?? [], ({stream}) => stream)
      const rows = items.map((stream): StreamRow => {
        const own = owed.get(stream.stream) ?? []
        return streamRowOf(stream, consumers ? own.reduce((sum, {ackPending}) => sum + ackPending, 0) : null)
      })
      rows.sort((a, b) => compareText(a.stream, b.stream))
      return {source: noteOf([...missing, ...(consumers?.missing ?? [])], 'asset'), at: clock.now(), rows}
    },
    async *streamPages({account: wanted} = {}) {
      checkAccount(wanted)
      const missing = new Set<string>()
      for await (const page of pagesInOrder(streamPage)) {
        for (const name of page.missing) missing.add(name)
        yield page.items.map((stream) => streamRowOf(stream, null))
      }
      return noteOf([...missing], 'asset')
    },
    async consumers({account: wanted, stream}: ConsumerQuery = {}) {
      const {items, missing} = await everyStream(wanted)
      const streams = stream === undefined ? items : items.filter((each) => each.stream === stream)
      const found = await everyConsumer(streams)
      const rows = found.rows.toSorted((a, b) => compareText(a.stream, b.stream) || compareText(a.consumer, b.consumer))
      return {source: noteOf([...missing, ...found.missing], 'asset'), at: clock.now(), rows}
    },
    async accounts() {
      const used = await api.account()
      const row: AccountRow = {
        account: account.name,
        accountId: account.id,
        connections: null,
        leafNodes: null,
        subscriptions: null,
        slowConsumers: null,
        inMessages: null,
        inBytes: null,
        outMessages: null,
        outBytes: null,
        jetStream: true,
        streams: used.streams,
        consumers: used.consumers,
        memoryBytes: used.memoryBytes,
        fileBytes: used.fileBytes,
        maxMemoryBytes: used.maxMemoryBytes ?? null,
        maxFileBytes: used.maxFileBytes ?? null,
        apiRequests: used.apiRequests,
        apiErrors: used.apiErrors,
      }
      return {source: noteOf([], 'asset'), at: clock.now(), rows: [row]}
    },
  }
}

async function allPages<Item>(
  page: (offset: number) => Promise<ApiPage<Item>>,
): Promise<Pick<ApiPage<Item>, 'items' | 'missing'>> {
  const pages: ApiPage<Item>[] = []
  for await (const each of pagesInOrder(page)) pages.push(each)
  return {items: pages.flatMap(({items}) => items), missing: [...new Set(pages.flatMap(({missing}) => missing))]}
}

/** The first page tells how many there are; the others are asked for side by side, and come in their order. */
async function* pagesInOrder<Item>(page: (offset: number) => Promise<ApiPage<Item>>): AsyncGenerator<ApiPage<Item>> {
  const first = await page(0)
  const underWay: Promise<ApiPage<Item>>[] = []
  let offset = PAGE
  const askAhead = (): void => {
    for (; offset < first.total && underWay.length < CONCURRENCY; offset += PAGE) {
      const asked = page(offset)
      // One that fails is heard of in its turn, or never, where the reader has gone.
      asked.catch(() => {})
      underWay.push(asked)
    }
  }
  askAhead()
  yield first
  for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
    askAhead()
    yield await next
  }
}
