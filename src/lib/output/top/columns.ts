import type {ConnectionTopRow, ConsumerTopRow, NodeTopRow, StreamTopRow, Trend} from '../../domain/top/rows.ts'
import type {TopView} from '../../domain/top/screen.ts'
import type {ListingColumn} from '../listing.ts'
import type {Tone} from '../terminal.ts'
import {sparkline} from './sparkline.ts'

const TREND = 'trend'
const TREND_WIDTH = 12

/** The columns of each view. Ranks are set for 80 columns to show what one looks at first. */
export const NODE_COLUMNS: readonly ListingColumn<NodeTopRow>[] = [
  {
    key: 'node',
    header: 'NODE',
    kind: 'text',
    value: ({node, metaLeader}) => (metaLeader ? `${node} *` : node),
    tone: toneOfNode,
  },
  {key: 'state', header: 'STATE', kind: 'text', value: stateText, tone: toneOfNode},
  {key: 'inMessages', header: 'IN', kind: 'rate', value: ({inMessages}) => inMessages, rank: 1},
  {key: 'outMessages', header: 'OUT', kind: 'rate', value: ({outMessages}) => outMessages, rank: 1},
  {key: 'inBytes', header: 'IN B/s', kind: 'bytes', value: ({inBytes}) => rounded(inBytes), rank: 8},
  {key: 'outBytes', header: 'OUT B/s', kind: 'bytes', value: ({outBytes}) => rounded(outBytes), rank: 8},
  {key: 'connections', header: 'CONN', kind: 'count', value: ({connections}) => connections, rank: 4},
  {
    key: 'slowConsumers',
    header: 'SLOW',
    kind: 'count',
    value: ({slowConsumers}) => slowConsumers,
    tone: ({slowConsumers, newSlowConsumers}) => (newSlowConsumers ? 'bad' : slowConsumers ? 'warning' : undefined),
    rank: 2,
  },
  {key: 'leads', header: 'LEADS', kind: 'count', value: ({leads}) => leads, rank: 5},
  {
    key: 'storePercent',
    header: 'STORE',
    kind: 'percent',
    value: ({storePercent}) => storePercent,
    tone: ({storePercent}) => toneOfPercent(storePercent),
    rank: 6,
  },
  {
    key: 'cpuPercent',
    header: 'CPU',
    kind: 'percent',
    value: ({cpuPercent}) => cpuPercent,
    rank: 5,
  },
  {key: 'memoryBytes', header: 'MEM', kind: 'bytes', value: ({memoryBytes}) => memoryBytes, rank: 7},
  {key: 'apiRequests', header: 'API', kind: 'rate', value: ({apiRequests}) => apiRequests, rank: 10},
  {
    key: 'apiErrors',
    header: 'API ERR',
    kind: 'rate',
    value: ({apiErrors}) => apiErrors,
    tone: ({apiErrors}) => (apiErrors ? 'warning' : undefined),
    rank: 9,
  },
  {key: 'uptimeSeconds', header: 'UP', kind: 'duration', value: ({uptimeSeconds}) => uptimeSeconds, rank: 11},
  {key: 'version', header: 'VERSION', kind: 'text', value: ({version}) => version, rank: 12},
  trendColumn(3),
]

export const STREAM_COLUMNS: readonly ListingColumn<StreamTopRow>[] = [
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream, tone: toneOfAsset},
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 7},
  {key: 'stored', header: 'STORED', kind: 'rate', value: ({stored}) => stored},
  {key: 'messages', header: 'MESSAGES', kind: 'count', value: ({messages}) => messages, rank: 1},
  {key: 'bytes', header: 'BYTES', kind: 'bytes', value: ({bytes}) => bytes, rank: 4},
  {key: 'leader', header: 'LEADER', kind: 'text', value: ({leader}) => leader, rank: 2},
  {key: 'replicas', header: 'R', kind: 'count', value: ({replicas}) => replicas, rank: 6},
  {key: 'behind', header: 'BEHIND', kind: 'count', value: ({behind}) => behind, tone: toneOfBehind, rank: 2},
  {key: 'lag', header: 'LAG', kind: 'count', value: ({lag}) => lag, rank: 8},
  {key: 'consumers', header: 'CONS', kind: 'count', value: ({consumers}) => consumers, rank: 9},
  {key: 'state', header: 'STATE', kind: 'text', value: ({state}) => state, tone: toneOfAsset},
  trendColumn(3),
]

export const CONSUMER_COLUMNS: readonly ListingColumn<ConsumerTopRow>[] = [
  {key: 'consumer', header: 'CONSUMER', kind: 'text', value: ({consumer}) => consumer, tone: toneOfAsset},
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream},
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 9},
  {key: 'delivered', header: 'DELIV', kind: 'rate', value: ({delivered}) => delivered},
  {key: 'acknowledged', header: 'ACKED', kind: 'rate', value: ({acknowledged}) => acknowledged, rank: 5},
  {key: 'pending', header: 'PENDING', kind: 'count', value: ({pending}) => pending},
  {key: 'ackPending', header: 'UNACKED', kind: 'count', value: ({ackPending}) => ackPending, rank: 1},
  {
    key: 'redelivered',
    header: 'REDEL',
    kind: 'count',
    value: ({redelivered}) => redelivered,
    tone: ({redelivered}) => (redelivered ? 'warning' : undefined),
    rank: 4,
  },
  {key: 'waiting', header: 'WAITING', kind: 'count', value: ({waiting}) => waiting, rank: 10},
  {key: 'leader', header: 'LEADER', kind: 'text', value: ({leader}) => leader, rank: 6},
  {key: 'replicas', header: 'R', kind: 'count', value: ({replicas}) => replicas, rank: 7},
  {key: 'behind', header: 'BEHIND', kind: 'count', value: ({behind}) => behind, tone: toneOfBehind, rank: 5},
  {key: 'lag', header: 'LAG', kind: 'count', value: ({lag}) => lag, rank: 8},
  {key: 'state', header: 'STATE', kind: 'text', value: ({state}) => state, tone: toneOfAsset, rank: 2},
  trendColumn(3),
]

export const CONNECTION_COLUMNS: readonly ListingColumn<ConnectionTopRow>[] = [
  {key: 'name', header: 'NAME', kind: 'text', value: ({name}) => name, tone: toneOfConnection},
  {key: 'ip', header: 'IP', kind: 'text', value: ({ip}) => ip, rank: 4},
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 7},
  {key: 'server', header: 'NODE', kind: 'text', value: ({server}) => server, rank: 5},
  {key: 'id', header: 'ID', kind: 'count', value: ({id}) => id, rank: 6},
  {key: 'toServer', header: 'IN', kind: 'rate', value: ({toServer}) => toServer},
  {key: 'fromServer', header: 'OUT', kind: 'rate', value: ({fromServer}) => fromServer},
  {key: 'toServerBytes', header: 'IN B/s', kind: 'bytes', value: ({toServerBytes}) => rounded(toServerBytes), rank: 8},
  {
    key: 'fromServerBytes',
    header: 'OUT B/s',
    kind: 'bytes',
    value: ({fromServerBytes}) => rounded(fromServerBytes),
    rank: 8,
  },
  {
    key: 'pendingBytes',
    header: 'PENDING',
    kind: 'bytes',
    value: ({pendingBytes}) => pendingBytes,
    tone: ({pendingBytes}) => (pendingBytes > 0 ? 'warning' : undefined),
    rank: 1,
  },
  {
    key: 'slow',
    header: 'SLOW',
    kind: 'text',
    value: ({slow}) => (slow ? 'SLOW' : 'no'),
    tone: toneOfConnection,
    rank: 2,
  },
  {key: 'subscriptions', header: 'SUBS', kind: 'count', value: ({subscriptions}) => subscriptions, rank: 9},
  {key: 'rttMs', header: 'RTT', kind: 'milliseconds', value: ({rttMs}) => rttMs, rank: 10},
  {key: 'uptimeSeconds', header: 'UP', kind: 'duration', value: ({uptimeSeconds}) => uptimeSeconds, rank: 11},
  trendColumn(3),
]

/** What a view can be sorted by, in the order of its columns. */
export const SORT_KEYS: Readonly<Record<TopView, readonly string[]>> = {
  nodes: keysOf(NODE_COLUMNS),
  streams: keysOf(STREAM_COLUMNS),
  consumers: keysOf(CONSUMER_COLUMNS),
  connections: keysOf(CONNECTION_COLUMNS),
}

function keysOf<Row>(columns: readonly ListingColumn<Row>[]): readonly string[] {
  return columns.map(({key}) => key).filter((key) => key !== TREND)
}

function trendColumn<Row extends {readonly trend: Trend}>(rank: number): ListingColumn<Row> {
  return {key: TREND, header: 'TREND', kind: 'text', value: ({trend}) => sparkline(trend, TREND_WIDTH), rank}
}

/** In capitals what has to be seen without colour too. */
function stateText({state, newSlowConsumers}: NodeTopRow): string {
  if (state === 'ok') return newSlowConsumers ? `SLOW +${newSlowConsumers}` : state
  return state === 'closing' ? state : state.toUpperCase()
}

function toneOfNode({state, newSlowConsumers}: NodeTopRow): Tone | undefined {
  if (state === 'ok') return newSlowConsumers ? 'bad' : undefined
  return state === 'restarted' || state === 'closing' ? 'warning' : 'bad'
}

function toneOfAsset({bad}: {readonly bad: boolean}): Tone | undefined {
  return bad ? 'bad' : undefined
}

function toneOfBehind({behind}: {readonly behind: number}): Tone | undefined {
  return behind > 0 ? 'bad' : undefined
}

function toneOfConnection({slow}: ConnectionTopRow): Tone | undefined {
  return slow ? 'bad' : undefined
}

function toneOfPercent(percent: number | null): Tone | undefined {
  if (percent === null || percent < 80) return undefined
  return percent < 95 ? 'warning' : 'bad'
}

/** Bytes a second are whole bytes. */
function rounded(rate: number | null): number | null {
  return rate === null ? null : Math.round(rate)
}
