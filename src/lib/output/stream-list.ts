import type {StreamRow} from '../domain/reports/rows.ts'
import type {ListingColumn} from './listing.ts'

/** Public: the order of the fields in a pipe and of the columns of a CSV. */
export const STREAM_COLUMNS: readonly ListingColumn<StreamRow>[] = [
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 6},
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream},
  {key: 'replicas', header: 'R', kind: 'count', value: ({replicas}) => replicas, rank: 2},
  {
    key: 'leader',
    header: 'LEADER',
    kind: 'text',
    value: ({leader}) => leader,
    tone: ({leader}) => (leader === null ? 'bad' : undefined),
    rank: 5,
  },
  {key: 'messages', header: 'MESSAGES', kind: 'count', value: ({messages}) => messages},
  {key: 'bytes', header: 'SIZE', kind: 'bytes', value: ({bytes}) => bytes, rank: 1},
  {key: 'consumers', header: 'CONSUMERS', kind: 'count', value: ({consumers}) => consumers, rank: 4},
  {
    key: 'behind',
    header: 'BEHIND',
    kind: 'count',
    value: ({behind}) => behind,
    tone: ({behind}) => ((behind ?? 0) > 0 ? 'warning' : undefined),
    rank: 7,
  },
  {key: 'unacknowledged', header: 'UNACKED', kind: 'count', value: ({unacknowledged}) => unacknowledged, rank: 10},
  {key: 'lastAt', header: 'LAST', kind: 'time', value: ({lastAt}) => lastAt, rank: 3},
  {key: 'storage', header: 'STORAGE', kind: 'text', value: ({storage}) => storage, rank: 8},
  {key: 'retention', header: 'RETENTION', kind: 'text', value: ({retention}) => retention, rank: 9},
  {key: 'firstSeq', header: 'FIRST SEQ', kind: 'count', value: ({firstSeq}) => firstSeq, rank: 12},
  {key: 'lastSeq', header: 'LAST SEQ', kind: 'count', value: ({lastSeq}) => lastSeq, rank: 11},
  {key: 'deleted', header: 'DELETED', kind: 'count', value: ({deleted}) => deleted, rank: 13},
  {key: 'createdAt', header: 'CREATED', kind: 'time', value: ({createdAt}) => createdAt, rank: 14},
  {key: 'subjects', header: 'SUBJECTS', kind: 'text', value: ({subjects}) => subjects.join(' '), rank: 15},
]
