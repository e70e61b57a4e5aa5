import {printable} from '../domain/printable.ts'
import {wrapText} from './health/wrap.ts'
import {csvText, type ListingColumn, renderCsv, renderListing} from './listing.ts'
import {displayWidth, type TableStyle} from './table.ts'

/** Rows of whatever a query asked for, each with its cells in the order of the columns. Untrusted text. */
export interface LogTableView {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

type Row = readonly unknown[]

type LogColumn = ListingColumn<Row>

/** What rows of events call their time and what was said: Axiom, then CloudWatch. */
const TIMES = ['_time', '@timestamp']
const MESSAGES = ['message', '@message']
/** They say less than any other field: the node tells them. */
const LEAST = ['instance_id', 'source']
/** Columns of a terminal that a message needs before other fields are shown beside it. */
const ROOM_FOR_MESSAGE = 40
const GAP = '  '

/**
 * A table on a terminal, records in a pipe; without a final newline. Of events a terminal shows time, node and message, the
 * message whole on as many lines as it takes, and of their other fields those there is room for.
 */
export function renderLogTable(table: LogTableView, style: TableStyle, now: number): string {
  const columns = columnsOf(table)
  const named = (names: readonly string[]): LogColumn | undefined => columns.find(({key}) => names.includes(key))
  const [time, message] = [named(TIMES), named(MESSAGES)]
  if (!style.decorated || !time || !message) return renderListing(columns, table.rows, style, now)
  const first = [{...time, value: (row: Row) => toTheSecond(time.value(row)), whole: true}]
  const node = named(['node'])
  if (node) first.push({...node, value: (row) => String(node.value(row) ?? '-'), whole: true})
  const others = columns.filter((each) => each !== time && each !== node && each !== message)
  const beside = [...first, ...others.map((each) => ({...each, rank: LEAST.includes(each.key) ? 2 : 1}))]
  return renderEvents(beside, message, table.rows, style, now)
}

function renderEvents(
  beside: readonly LogColumn[],
  message: LogColumn,
  rows: readonly Row[],
  {width, decorated, paint}: TableStyle,
  now: number,
): string {
  const room = width - GAP.length - ROOM_FOR_MESSAGE
  const lines = renderListing(beside, rows, {decorated, width: room}, now).split('\n')
  const indent = lines.reduce((widest, line) => Math.max(widest, displayWidth(line)), 0)
  const lead = (line = ''): string => line + ' '.repeat(indent - displayWidth(line)) + GAP
  const [header, ...leads] = lines
  const head = lead(header) + message.header
  const narrowest = indent + GAP.length + ROOM_FOR_MESSAGE / 2
  const body = rows.flatMap((row, at) =>
    wrapText(lead(leads[at]), printable(String(message.value(row) ?? '-')), Math.max(width, narrowest)),
  )
  return [paint ? paint('strong', head) : head, ...body].join('\n')
}

/** Axiom's moments have up to nine digits after the second. */
function toTheSecond(moment: unknown): string {
  return String(moment ?? '-').replace(/(T\d\d:\d\d:\d\d)\.\d+Z$/, '$1Z')
}

/** RFC 4180, with a header. */
export function renderLogCsv(table: LogTableView): string {
  return [...renderCsv(columnsOf(table), table.rows)].join('')
}

function columnsOf({columns}: LogTableView): readonly LogColumn[] {
  return columns.map((name, at) => {
    return {key: csvName(name), header: printable(name), kind: 'text', value: (row) => textOf(row[at])}
  })
}

/** Whatever a query or an event calls its fields; what CloudWatch adds itself is an @ and a word, which no spreadsheet runs. */
function csvName(name: string): string {
  return /^@\w+$/.test(name) ? name : csvText(name)
}

function textOf(cell: unknown): string | null {
  if (cell === null || cell === undefined) return null
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}
