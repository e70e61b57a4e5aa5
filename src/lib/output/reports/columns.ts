import type {AccountRow, ConnectionRow, ConsumerRow, RaftRow, ServerRow, StreamRow} from '../../domain/reports/rows.ts'
import {CONSUMER_COLUMNS} from '../consumer-list.ts'
import type {ListingColumn} from '../listing.ts'
import {STREAM_COLUMNS} from '../stream-list.ts'
import {membersInShort, membersInWords, memberTone} from './members.ts'

/** Public: the order of the fields in a pipe and of the columns of a CSV. Columns are added at the end. */
export const SERVER_COLUMNS: readonly ListingColumn<ServerRow>[] = [
  {
    key: 'server',
    header: 'SERVER',
    kind: 'text',
    value: ({server}) => server,
    tone: ({problem}) => (problem === null ? undefined : 'bad'),
  },
  {key: 'isMetaLeader', header: 'META', kind: 'flag', value: ({isMetaLeader}) => isMetaLeader, rank: 9},
  {key: 'version', header: 'VERSION', kind: 'text', value: ({version}) => version, rank: 9},
  {key: 'accounts', header: 'ACCOUNTS', kind: 'count', value: ({accounts}) => accounts, rank: 10},
  {key: 'streams', header: 'STREAMS', kind: 'count', value: ({streams}) => streams},
  {key: 'consumers', header: 'CONSUMERS', kind: 'count', value: ({consumers}) => consumers, rank: 1},
  {key: 'streamsLed', header: 'LEADS', kind: 'count', value: ({streamsLed}) => streamsLed, rank: 3},
  {key: 'consumersLed', header: 'LEADS CONS', kind: 'count', value: ({consumersLed}) => consumersLed, rank: 11},
  {key: 'messages', header: 'MESSAGES', kind: 'count', value: ({messages}) => messages, rank: 2},
  {key: 'bytes', header: 'BYTES', kind: 'bytes', value: ({bytes}) => bytes, rank: 8},
  {key: 'fileBytes', header: 'FILE', kind: 'bytes', value: ({fileBytes}) => fileBytes, rank: 4},
  {
    key: 'filePercent',
    header: 'FILE %',
    kind: 'percent',
    value: ({filePercent}) => filePercent,
    tone: ({filePercent}) => ((filePercent ?? 0) >= 80 ? 'warning' : undefined),
    rank: 5,
  },
  {key: 'memoryBytes', header: 'MEMORY', kind: 'bytes', value: ({memoryBytes}) => memoryBytes, rank: 12},
  {key: 'memoryPercent', header: 'MEM %', kind: 'percent', value: ({memoryPercent}) => memoryPercent, rank: 13},
  {key: 'apiRequests', header: 'API REQ', kind: 'count', value: ({apiRequests}) => apiRequests, rank: 7},
  {
    key: 'apiErrors',
    header: 'API ERR',
    kind: 'count',
    value: ({apiErrors}) => apiErrors,
    tone: ({apiErrors}) => ((apiErrors ?? 0) > 0 ? 'warning' : undefined),
    rank: 6,
  },
  {key: 'maxFileBytes', header: 'MAX FILE', kind: 'bytes', value: ({maxFileBytes}) => maxFileBytes, rank: 14},
  {key: 'maxMemoryBytes', header: 'MAX MEM', kind: 'bytes', value: ({maxMemoryBytes}) => maxMemoryBytes, rank: 15},
  {key: 'problem', header: 'PROBLEM', kind: 'text', value: ({problem}) => problem, rank: 16},
]

/** Who holds what is the question here: neither left out nor cut, since the one in trouble may be the last of them. */
const MEMBERS_COLUMN: ListingColumn<StreamRow | ConsumerRow | RaftRow> = {
  key: 'members',
  header: 'REPLICAS',
  kind: 'text',
  value: ({members}) => membersInWords(members),
  screen: membersInShort,
  tone: ({members}) => memberTone(members),
  whole: true,
}

export const REPORT_STREAM_COLUMNS: readonly ListingColumn<StreamRow>[] = [...STREAM_COLUMNS, MEMBERS_COLUMN]

/** Names of consumers are those of services, the same in many streams: the stream is always shown. */
export const REPORT_CONSUMER_COLUMNS: readonly ListingColumn<ConsumerRow>[] = [
  ...CONSUMER_COLUMNS.map(({rank, ...column}) => ({...column, ...(column.key !== 'stream' && rank && {rank})})),
  MEMBERS_COLUMN,
]

export const RAFT_COLUMNS: readonly ListingColumn<RaftRow>[] = [
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 6},
  {key: 'asset', header: 'ASSET', kind: 'text', value: assetInWords},
  {key: 'group', header: 'GROUP', kind: 'text', value: ({group}) => group, rank: 5},
  {
    key: 'leader',
    header: 'LEADER',
    kind: 'text',
    value: ({leader}) => leader,
    tone: ({leader}) => (leader === null ? 'bad' : undefined),
  },
  {key: 'leaderSince', header: 'SINCE', kind: 'time', value: ({leaderSince}) => leaderSince, rank: 4},
  {key: 'term', header: 'TERM', kind: 'count', value: ({term}) => term, rank: 3},
  {key: 'replicas', header: 'R', kind: 'count', value: ({replicas}) => replicas, rank: 2},
  {key: 'lag', header: 'LAG', kind: 'count', value: ({lag}) => lag, rank: 1},
  {
    key: 'behind',
    header: 'BEHIND',
    kind: 'count',
    value: ({behind}) => behind,
    tone: ({behind}) => ((behind ?? 0) > 0 ? 'warning' : undefined),
  },
  {...MEMBERS_COLUMN, header: 'MEMBERS'},
  {key: 'kind', header: 'KIND', kind: 'text', value: ({kind}) => kind, rank: 8},
]

export const CONNECTION_COLUMNS: readonly ListingColumn<ConnectionRow>[] = [
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 4},
  {key: 'server', header: 'SERVER', kind: 'text', value: ({server}) => server, rank: 5},
  {key: 'id', header: 'ID', kind: 'count', value: ({id}) => id, rank: 11},
  {key: 'name', header: 'NAME', kind: 'text', value: ({name}) => name},
  {key: 'ip', header: 'IP', kind: 'text', value: ({ip}) => ip},
  {key: 'port', header: 'PORT', kind: 'text', value: ({port}) => port, rank: 13},
  {key: 'language', header: 'LANGUAGE', kind: 'text', value: ({language}) => language, rank: 8},
  {key: 'version', header: 'VERSION', kind: 'text', value: ({version}) => version, rank: 9},
  {key: 'subscriptions', header: 'SUBS', kind: 'count', value: ({subscriptions}) => subscriptions, rank: 3},
  {key: 'pendingBytes', header: 'PENDING', kind: 'bytes', value: ({pendingBytes}) => pendingBytes, rank: 2},
  {key: 'inMessages', header: 'IN', kind: 'count', value: ({inMessages}) => inMessages},
  {key: 'outMessages', header: 'OUT', kind: 'count', value: ({outMessages}) => outMessages},
  {key: 'inBytes', header: 'IN BYTES', kind: 'bytes', value: ({inBytes}) => inBytes, rank: 10},
  {key: 'outBytes', header: 'OUT BYTES', kind: 'bytes', value: ({outBytes}) => outBytes, rank: 10},
  {key: 'rttMs', header: 'RTT MS', kind: 'count', value: ({rttMs}) => rttMs, rank: 7},
  {
    key: 'slow',
    header: 'SLOW',
    kind: 'flag',
    value: ({slow}) => slow,
    tone: ({slow}) => (slow ? 'warning' : undefined),
    rank: 1,
  },
  {key: 'uptimeSeconds', header: 'UP', kind: 'duration', value: ({uptimeSeconds}) => uptimeSeconds, rank: 6},
  {key: 'idleSeconds', header: 'IDLE', kind: 'duration', value: ({idleSeconds}) => idleSeconds, rank: 12},
  {key: 'user', header: 'USER', kind: 'text', value: ({user}) => user, rank: 15},
  {key: 'kind', header: 'KIND', kind: 'text', value: ({kind}) => kind, rank: 14},
  {key: 'stalls', header: 'STALLS', kind: 'count', value: ({stalls}) => stalls, rank: 16},
]

export const ACCOUNT_COLUMNS: readonly ListingColumn<AccountRow>[] = [
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account},
  {key: 'connections', header: 'CONNS', kind: 'count', value: ({connections}) => connections},
  {key: 'subscriptions', header: 'SUBS', kind: 'count', value: ({subscriptions}) => subscriptions, rank: 3},
  {
    key: 'slowConsumers',
    header: 'SLOW',
    kind: 'count',
    value: ({slowConsumers}) => slowConsumers,
    tone: ({slowConsumers}) => ((slowConsumers ?? 0) > 0 ? 'warning' : undefined),
    rank: 2,
  },
  {key: 'streams', header: 'STREAMS', kind: 'count', value: ({streams}) => streams},
  {key: 'consumers', header: 'CONSUMERS', kind: 'count', value: ({consumers}) => consumers, rank: 1},
  {key: 'fileBytes', header: 'FILE', kind: 'bytes', value: ({fileBytes}) => fileBytes, rank: 4},
  {key: 'memoryBytes', header: 'MEMORY', kind: 'bytes', value: ({memoryBytes}) => memoryBytes, rank: 5},
  {key: 'maxFileBytes', header: 'MAX FILE', kind: 'bytes', value: ({maxFileBytes}) => limit(maxFileBytes), rank: 10},
  {
    key: 'maxMemoryBytes',
    header: 'MAX MEM',
    kind: 'bytes',
    value: ({maxMemoryBytes}) => limit(maxMemoryBytes),
    rank: 11,
  },
  {key: 'inMessages', header: 'IN', kind: 'count', value: ({inMessages}) => inMessages, rank: 7},
  {key: 'outMessages', header: 'OUT', kind: 'count', value: ({outMessages}) => outMessages, rank: 7},
  {key: 'inBytes', header: 'IN BYTES', kind: 'bytes', value: ({inBytes}) => inBytes, rank: 12},
  {key: 'outBytes', header: 'OUT BYTES', kind: 'bytes', value: ({outBytes}) => outBytes, rank: 12},
  {key: 'apiRequests', header: 'API REQ', kind: 'count', value: ({apiRequests}) => apiRequests, rank: 9},
  {key: 'apiErrors', header: 'API ERR', kind: 'count', value: ({apiErrors}) => apiErrors, rank: 6},
  {key: 'leafNodes', header: 'LEAFS', kind: 'count', value: ({leafNodes}) => leafNodes, rank: 13},
  {key: 'accountId', header: 'ID', kind: 'text', value: ({accountId}) => accountId, rank: 14},
]

function assetInWords({kind, stream, consumer}: RaftRow): string {
  if (kind === 'meta') return 'meta group'
  return kind === 'unknown' ? '(unknown)' : [stream, consumer].filter((name) => name !== null).join(' > ')
}

/** Unlimited is no number of bytes: an empty cell, -1 under --json. */
function limit(bytes: number | null): number | null {
  return bytes === null || bytes < 0 ? null : bytes
}
