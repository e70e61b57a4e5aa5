import type {ConsumerRow} from '../domain/reports/rows.ts'
import type {ListingColumn} from './listing.ts'

/** Public: the order of the fields in a pipe and of the columns of a CSV. */
export const CONSUMER_COLUMNS: readonly ListingColumn<ConsumerRow>[] = [
  {key: 'account', header: 'ACCOUNT', kind: 'text', value: ({account}) => account, rank: 8},
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream, rank: 7},
  {key: 'consumer', header: 'CONSUMER', kind: 'text', value: ({consumer}) => consumer},
  {key: 'mode', header: 'MODE', kind: 'text', value: ({mode}) => mode, rank: 4},
  {key: 'ackPolicy', header: 'ACK', kind: 'text', value: ({ackPolicy}) => ackPolicy, rank: 5},
  {key: 'pending', header: 'PENDING', kind: 'count', value: ({pending}) => pending},
  {key: 'ackPending', header: 'UNACKED', kind: 'count', value: ({ackPending}) => ackPending},
  {key: 'redelivered', header: 'REDELIVERED', kind: 'count', value: ({redelivered}) => redelivered, rank: 1},
  {key: 'waiting', header: 'WAITING', kind: 'count', value: ({waiting}) => waiting, rank: 3},
  {key: 'lastDeliveredAt', header: 'DELIVERED', kind: 'time', value: ({lastDeliveredAt}) => lastDeliveredAt, rank: 2},
  {
    key: 'lastAcknowledgedAt',
    header: 'ACKED',
    kind: 'time',
    value: ({lastAcknowledgedAt}) => lastAcknowledgedAt,
    rank: 9,
  },
  {
    key: 'leader',
    header: 'LEADER',
    kind: 'text',
    value: ({leader}) => leader,
    tone: ({leader}) => (leader === null ? 'bad' : undefined),
    rank: 6,
  },
  {key: 'replicas', header: 'R', kind: 'count', value: ({replicas}) => replicas, rank: 10},
  {
    key: 'behind',
    header: 'BEHIND',
    kind: 'count',
    value: ({behind}) => behind,
    tone: ({behind}) => ((behind ?? 0) > 0 ? 'warning' : undefined),
    rank: 11,
  },
  {key: 'deliveredSeq', header: 'DELIVERED SEQ', kind: 'count', value: ({deliveredSeq}) => deliveredSeq, rank: 13},
  {key: 'ackFloorSeq', header: 'ACK FLOOR', kind: 'count', value: ({ackFloorSeq}) => ackFloorSeq, rank: 12},
  {
    key: 'paused',
    header: 'PAUSED',
    kind: 'flag',
    value: ({paused}) => paused,
    tone: ({paused}) => (paused ? 'warning' : undefined),
    rank: 14,
  },
  {key: 'durable', header: 'DURABLE', kind: 'flag', value: ({durable}) => durable, rank: 15},
  {key: 'storage', header: 'STORAGE', kind: 'text', value: ({storage}) => storage, rank: 16},
  {key: 'createdAt', header: 'CREATED', kind: 'time', value: ({createdAt}) => createdAt, rank: 17},
]
