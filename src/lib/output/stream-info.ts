import type {StreamInfoRow, UpstreamRow} from '../domain/reports/details.ts'
import type {ConsumerRow} from '../domain/reports/rows.ts'
import {
  behindInWords,
  type InfoStyle,
  infoList,
  infoWords,
  MEMBER_COLUMNS,
  metadataFields,
  otherFields,
  renderInfo,
  wordsOf,
} from './asset-info.ts'
import {CONSUMER_COLUMNS} from './consumer-list.ts'
import type {Field} from './fields.ts'
import type {ListingColumn} from './listing.ts'

/** Shown by a field or a list of their own. */
const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'description',
  'subjects',
  'storage',
  'num_replicas',
  'compression',
  'retention',
  'discard',
  'max_msgs',
  'max_bytes',
  'max_age',
  'max_msgs_per_subject',
  'max_msg_size',
  'max_consumers',
  'duplicate_window',
  'placement',
  'metadata',
  'mirror',
  'sources',
])

/** Sequences that are shown; the rest is a number. */
const DELETED_SHOWN = 20

export function renderStreamInfo(
  {stream, consumers}: {readonly stream: StreamInfoRow; readonly consumers: readonly ConsumerRow[]},
  style: InfoStyle,
  now: number,
): string {
  const upstreams = stream.mirror ? [stream.mirror] : stream.sources
  return renderInfo(
    [...configurationFields(stream, style, now), ...stateFields(stream, style, now)],
    [
      ...infoList({heading: 'REPLICAS', word: 'replica'}, MEMBER_COLUMNS, stream.members),
      ...infoList(
        stream.mirror ? {heading: 'MIRROR OF', word: 'mirror'} : {heading: 'SOURCES', word: 'source'},
        UPSTREAM_COLUMNS,
        upstreams,
      ),
      ...infoList({heading: 'ALTERNATES', word: 'alternate'}, ALTERNATE_COLUMNS, stream.alternates),
      ...infoList({heading: 'CONSUMERS', word: 'consumer'}, OWN_CONSUMER_COLUMNS, consumers),
      ...infoList(
        {heading: 'SUBJECTS', word: 'subject'},
        SUBJECT_COLUMNS,
        Object.entries(stream.messagesBySubject ?? {}),
      ),
    ],
    style,
    now,
  )
}

function configurationFields(
  {stream, account, configuration: config, subjects, replicas, createdAt}: StreamInfoRow,
  style: InfoStyle,
  now: number,
): readonly Field[] {
  const {limit, nanoseconds, time} = infoWords(style, now)
  const {placement} = config as {placement?: {cluster?: unknown; tags?: unknown} | null}
  const compression = config.compression === undefined || config.compression === 'none' ? '' : `, ${config.compression}`
  return [
    ['stream', stream],
    ['account', account],
    ['description', wordsOf(config.description)],
    ['subjects', subjects],
    ['storage', `${String(config.storage)}, ${replicas} replica${replicas === 1 ? '' : 's'}${compression}`],
    ['retention', String(config.retention)],
    ['discard', `${String(config.discard)} messages where a limit is reached`],
    ['max messages', limit(config.max_msgs, 'count')],
    ['max bytes', limit(config.max_bytes, 'bytes')],
    ['max age', nanoseconds(config.max_age, 'unlimited')],
    ['max per subject', limit(config.max_msgs_per_subject, 'count')],
    ['max message', limit(config.max_msg_size, 'bytes')],
    ['max consumers', limit(config.max_consumers, 'count')],
    ['duplicates', nanoseconds(config.duplicate_window, 'not recognised')],
    ['placement', [...wordsOf(placement?.cluster), ...wordsOf(placement?.tags).map((tag) => `tag ${tag}`)]],
    ['metadata', metadataFields(config)],
    ...otherFields(config, KNOWN),
    ['created', time(createdAt)],
  ]
}

function stateFields(stream: StreamInfoRow, style: InfoStyle, now: number): readonly Field[] {
  const {count, format, time} = infoWords(style, now)
  const at = (sequence: number, moment: string | null): string =>
    moment === null ? format.count(sequence) : `${format.count(sequence)} at ${[time(moment)].flat().join('')}`
  const {deletedSequences: deleted} = stream
  return [
    ['messages', format.count(stream.messages)],
    ['size', format.bytes(stream.bytes)],
    ['first sequence', at(stream.firstSeq, stream.firstAt)],
    ['last sequence', at(stream.lastSeq, stream.lastAt)],
    ['deleted', format.count(stream.deleted)],
    ['deleted ones', deleted && deleted.length > 0 ? shortRanges(deleted, style.decorated) : []],
    ['stored subjects', count(stream.subjectCount)],
    ['unacknowledged', count(stream.unacknowledged)],
    ['leader', stream.leader ?? 'none'],
    ['leader since', time(stream.leaderSince)],
    ['raft group', stream.group ?? []],
    ['behind', behindInWords(stream, 'messages', format)],
  ]
}

/** `3, 7-12`: every range in a pipe, the first ones on a terminal. */
function shortRanges(sequences: readonly number[], isCut: boolean): string {
  const ranges: [number, number][] = []
  for (const sequence of sequences) {
    const last = ranges.at(-1)
    if (last && last[1] + 1 === sequence) last[1] = sequence
    else ranges.push([sequence, sequence])
  }
  const shown = isCut ? ranges.slice(0, DELETED_SHOWN) : ranges
  const words = shown.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
  const rest = ranges.length - shown.length
  return rest > 0 ? `${words.join(', ')} and ${rest} more ranges` : words.join(', ')
}

const UPSTREAM_COLUMNS: readonly ListingColumn<UpstreamRow>[] = [
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream},
  {
    key: 'lag',
    header: 'LAG',
    kind: 'count',
    value: ({lag}) => lag,
    tone: ({lag}) => (lag > 0 ? 'warning' : undefined),
  },
  {key: 'activeMs', header: 'HEARD', kind: 'milliseconds', value: ({activeMs}) => activeMs},
  {key: 'filter', header: 'FILTER', kind: 'text', value: ({filter}) => filter, rank: 2},
  {key: 'external', header: 'API', kind: 'text', value: ({external}) => external, rank: 3},
  {key: 'error', header: 'ERROR', kind: 'text', value: ({error}) => error, tone: () => 'bad', rank: 1},
]

const ALTERNATE_COLUMNS: readonly ListingColumn<StreamInfoRow['alternates'][number]>[] = [
  {key: 'stream', header: 'STREAM', kind: 'text', value: ({stream}) => stream},
  {key: 'cluster', header: 'CLUSTER', kind: 'text', value: ({cluster}) => cluster},
  {key: 'domain', header: 'DOMAIN', kind: 'text', value: ({domain}) => domain},
]

const SUBJECT_COLUMNS: readonly ListingColumn<readonly [string, number]>[] = [
  {key: 'subject', header: 'SUBJECT', kind: 'text', value: ([subject]) => subject},
  {key: 'messages', header: 'MESSAGES', kind: 'count', value: ([, messages]) => messages},
]

/** Account and stream are said above. */
const OWN_CONSUMER_COLUMNS = CONSUMER_COLUMNS.filter(({key}) => key !== 'account' && key !== 'stream')
