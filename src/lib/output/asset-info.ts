import type {Configuration} from '../domain/reports/details.ts'
import type {MemberRow, StreamRow} from '../domain/reports/rows.ts'
import {type Field, renderFields} from './fields.ts'
import {relativeTime, type ValueFormat, valueFormat} from './format.ts'
import {type ListingColumn, renderListing} from './listing.ts'
import type {Terminal} from './terminal.ts'

export type InfoStyle = Pick<Terminal, 'decorated' | 'paint' | 'width'>

/** A list that belongs to the thing shown: a table under its heading, or records that begin with a word of their own. */
export interface InfoList {
  /** Above the table. */
  readonly heading: string
  /** First field of each record in a pipe. */
  readonly word: string
  readonly render: (style: InfoStyle, now: number) => string
}

export function infoList<Row>(
  {heading, word}: Pick<InfoList, 'heading' | 'word'>,
  columns: readonly ListingColumn<Row>[],
  rows: readonly Row[],
): readonly InfoList[] {
  if (rows.length === 0) return []
  return [{heading, word, render: (style, now) => renderListing(columns, rows, style, now)}]
}

/** Fields, then lists. In a pipe every line is a record: `name<TAB>value`, or the list's word and its fields. */
export function renderInfo(
  fields: readonly Field[],
  lists: readonly InfoList[],
  style: InfoStyle,
  now: number,
): string {
  const blocks = lists.map(({heading, word, render}) => {
    const text = render(style, now)
    if (style.decorated) return `\n${style.paint('strong', heading)}\n${text}`
    return text.replace(/^/gm, `${word}\t`)
  })
  return [renderFields(fields, style), ...blocks].join('\n')
}

/** What each replica holds itself, else what its leader says. */
export const MEMBER_COLUMNS: readonly ListingColumn<MemberRow>[] = [
  {key: 'node', header: 'NODE', kind: 'text', value: ({node}) => node},
  {key: 'role', header: 'ROLE', kind: 'text', value: ({isLeader}) => (isLeader ? 'leader' : 'follower')},
  {
    key: 'presence',
    header: 'SAYS',
    kind: 'text',
    value: ({presence}) => presence,
    tone: ({presence}) => (presence === 'holds' || presence === 'counted' ? undefined : 'bad'),
  },
  {key: 'messages', header: 'MESSAGES', kind: 'count', value: ({messages}) => messages, rank: 1},
  {key: 'lastSeq', header: 'LAST SEQ', kind: 'count', value: ({lastSeq}) => lastSeq, rank: 3},
  {
    key: 'behind',
    header: 'BEHIND',
    kind: 'count',
    value: ({behind}) => behind,
    tone: ({behind}) => ((behind ?? 0) > 0 ? 'warning' : undefined),
  },
  {
    key: 'current',
    header: 'CURRENT',
    kind: 'flag',
    value: ({current}) => current,
    tone: ({current}) => (current === false ? 'warning' : undefined),
    rank: 4,
  },
  {
    key: 'offline',
    header: 'OFFLINE',
    kind: 'flag',
    value: ({offline}) => offline,
    tone: ({offline}) => (offline ? 'bad' : undefined),
    rank: 5,
  },
  {key: 'lag', header: 'RAFT LAG', kind: 'count', value: ({lag}) => lag, rank: 2},
  {key: 'activeMs', header: 'HEARD', kind: 'milliseconds', value: ({activeMs}) => activeMs, rank: 6},
]

/** The most that a replica lacks, else who does not say; nothing where no replica speaks for itself. */
export function behindInWords(
  {behind, members}: Pick<StreamRow, 'behind' | 'members'>,
  unit: 'messages' | 'deliveries',
  format: ValueFormat,
): string | readonly string[] {
  if (behind !== null) return `${format.count(behind)} ${unit} at the most`
  const others = members.filter(({isLeader, presence}) => !isLeader && presence !== 'counted')
  const unknown = others.filter((each) => each.behind === null)
  if (unknown.length === 0) return []
  const why = unknown.map((each) => `${each.node} ${whyUnknown(each)}`)
  const told = others.flatMap((each) => each.behind ?? [])
  const rest = told.length === 0 ? '' : ` (others ${format.count(Math.max(...told))})`
  return `unknown: ${why.join(', ')}${rest}`
}

function whyUnknown({presence}: MemberRow): string {
  if (presence === 'silent') return 'is silent'
  return presence === 'ghost' ? 'is a ghost' : 'does not say'
}

/** The same columns, for a consumer: deliveries in place of messages. */
export const CONSUMER_MEMBER_COLUMNS: readonly ListingColumn<MemberRow>[] = MEMBER_COLUMNS.map((column) =>
  column.key === 'messages' ? {...column, header: 'DELIVERIES'} : column,
)

/** How this output says a number, a size, a time, a duration in the server's nanoseconds. */
export interface InfoWords {
  count(value: unknown): string | readonly string[]
  /** -1 and 0 are no limit. */
  limit(value: unknown, kind: 'count' | 'bytes'): string
  nanoseconds(value: unknown, none: string): string
  /** RFC 3339; on a terminal with how long ago that is. */
  time(value: unknown): string | readonly string[]
  readonly format: ValueFormat
}

export function infoWords({decorated}: Pick<InfoStyle, 'decorated'>, now: number): InfoWords {
  const format = valueFormat({decorated}, now)
  return {
    format,
    count: (value) => (typeof value === 'number' ? format.count(value) : []),
    limit: (value, kind) => (typeof value === 'number' && value > 0 ? format[kind](value) : 'unlimited'),
    nanoseconds: (value, none) => (typeof value === 'number' && value > 0 ? format.duration(value / 1e6) : none),
    time: (value) => {
      if (typeof value !== 'string') return []
      return decorated ? `${value} (${relativeTime(Date.parse(value), now)})` : value
    },
  }
}

/** What a configuration says beyond these fields and beyond nothing, as the server has it: new servers have new fields. */
export function otherFields(configuration: Configuration, known: ReadonlySet<string>): readonly Field[] {
  return Object.entries(configuration).flatMap(([name, value]): readonly Field[] => {
    if (known.has(name) || isNothing(value)) return []
    return [[name.replaceAll('_', ' '), typeof value === 'string' ? value : JSON.stringify(value)]]
  })
}

function isNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === -1 || value === '')
    return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Without what servers write there themselves. */
export function metadataFields(configuration: Configuration): readonly string[] {
  const {metadata} = configuration
  if (typeof metadata !== 'object' || metadata === null) return []
  return Object.entries(metadata).flatMap(([name, value]) => (name.startsWith('_nats.') ? [] : [`${name}=${value}`]))
}

export function wordsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String)
  return typeof value === 'string' && value !== '' ? [value] : []
}
