import {printable} from '../domain/printable.ts'
import {UsageError} from '../errors.ts'
import {nearestName} from '../nearest.ts'
import {rfc3339, type ValueFormat, valueFormat} from './format.ts'
import {type Column, displayWidth, renderTable, type TableStyle} from './table.ts'
import type {Tone} from './terminal.ts'

/**
 * What a column holds; decides alignment and how a terminal shows it. `duration` is in seconds, `percent` 0-100, both with
 * decimals where there are some; `rate` is a number a second; `time` is RFC 3339, or milliseconds since the epoch.
 */
export type CellKind = 'text' | 'count' | 'bytes' | 'duration' | 'milliseconds' | 'time' | 'percent' | 'flag' | 'rate'

/** Null and undefined both mean that nobody knows. */
export type Cell = string | number | boolean | null | undefined

/** One column of a report, for every form it is shown in. */
export interface ListingColumn<Row> {
  /** Public: CSV header and name for --sort; the JSON field's own name. */
  readonly key: string
  readonly header: string
  readonly kind: CellKind
  /** As it is: what is unknown shows as a dash, in CSV as nothing. Names may be untrusted. */
  readonly value: (row: Row) => Cell
  readonly tone?: (row: Row) => Tone | undefined
  /** Never cut: for names that are copied from the table. */
  readonly whole?: boolean
  /** What a terminal shows in place of `value`, for a text that reads shorter where all rows are seen together. */
  readonly screen?: (rows: readonly Row[]) => (row: Row) => string
  /** Left out on a terminal too narrow for all, the highest first; absent: always shown. A pipe gets every column. */
  readonly rank?: number
}

/** A table on a terminal, exact tab-separated records in a pipe; without a final newline. `now` in milliseconds. */
export function renderListing<Row>(
  columns: readonly ListingColumn<Row>[],
  rows: readonly Row[],
  style: TableStyle,
  now: number,
): string {
  const format = style.decorated ? valueFormat(style, now) : undefined
  const shown = format ? columnsThatFit(onScreen(columns, rows), rows, style.width, format) : columns
  return renderTable(
    shown.map((column) => tableColumn(column, format)),
    rows,
    style,
  )
}

function onScreen<Row>(columns: readonly ListingColumn<Row>[], rows: readonly Row[]): readonly ListingColumn<Row>[] {
  return columns.map((column) => (column.screen ? {...column, value: column.screen(rows)} : column))
}

/**
 * RFC 4180: a header of keys, then a record a row, each with its line break (CRLF), values exact, unknown ones empty.
 * A text that a spreadsheet would run as a formula (first character = + - @, or the wide form of one) has an apostrophe put before it.
 */
export function* renderCsv<Row>(columns: readonly ListingColumn<Row>[], rows: Iterable<Row>): Generator<string> {
  yield csvHeader(columns)
  for (const row of rows) yield csvRecord(columns, row)
}

/** The first record of a CSV, with its line break. */
export function csvHeader<Row>(columns: readonly ListingColumn<Row>[]): string {
  return `${columns.map(({key}) => key).join(',')}\r\n`
}

/** One record of a CSV, with its line break. */
export function csvRecord<Row>(columns: readonly ListingColumn<Row>[], row: Row): string {
  return `${columns.map((column) => csvCell(column, row)).join(',')}\r\n`
}

/**
 * Rows in the order of `sort`: keys of columns, or headers as the table shows them, comma separated, each with a leading
 * minus for the largest first. Where the header of one is the key of another, the key counts. Equal rows keep their
 * order; what is unknown comes last either way. UsageError for a name that is none.
 */
export function sortRows<Row>(
  columns: readonly ListingColumn<Row>[],
  rows: readonly Row[],
  sort: string,
): readonly Row[] {
  const orders = parseSort(columns, sort)
  return rows.toSorted((a, b) => {
    for (const {column, descends} of orders) {
      const order = compareCells(sortable(column, a), sortable(column, b), descends)
      if (order !== 0) return order
    }
    return 0
  })
}

/** The order that `sort` names, before there is anything to sort. UsageError for a key that is none. */
export function parseSort<Row>(
  columns: readonly ListingColumn<Row>[],
  sort: string,
): readonly {readonly column: ListingColumn<Row>; readonly descends: boolean}[] {
  return sort.split(',').map((part) => {
    const descends = part.startsWith('-')
    const key = descends ? part.slice(1) : part
    const isNamed = (name: string): boolean => name.toLowerCase() === key.toLowerCase()
    const column = columns.find((each) => isNamed(each.key)) ?? columns.find((each) => isNamed(each.header))
    if (column) return {column, descends}
    const keys = columns.map((each) => each.key)
    const near = nearestName(key, keys)
    const hint = near === undefined ? '' : `, did you mean ${near}?`
    throw new UsageError(`--sort ${sort}: there is no column ${JSON.stringify(key)}${hint}`, [
      `sort by one of ${keys.join(', ')}`,
    ])
  })
}

/** Columns of a terminal that a name may take before others are left out for it. */
const ROOM_FOR_TEXT = 40
const GAP = 2

function columnsThatFit<Row>(
  columns: readonly ListingColumn<Row>[],
  rows: readonly Row[],
  width: number,
  format: ValueFormat,
): readonly ListingColumn<Row>[] {
  const widths = new Map(columns.map((column) => [column, naturalWidth(column, rows, format)]))
  let shown = columns
  const isTooWide = (): boolean => shown.reduce((sum, column) => sum + (widths.get(column) ?? 0) + GAP, -GAP) > width
  while (isTooWide()) {
    const last = shown.reduce<ListingColumn<Row> | undefined>(
      (least, column) => ((column.rank ?? 0) >= (least?.rank ?? 1) ? column : least),
      undefined,
    )
    if (last === undefined) break
    shown = shown.filter((column) => column !== last)
  }
  return shown
}

function naturalWidth<Row>(column: ListingColumn<Row>, rows: readonly Row[], format: ValueFormat): number {
  let width = displayWidth(column.header)
  for (const row of rows) width = Math.max(width, displayWidth(printable(cellText(column, row, format))))
  return column.kind === 'text' && !column.whole ? Math.min(width, ROOM_FOR_TEXT) : width
}

function tableColumn<Row>(column: ListingColumn<Row>, format: ValueFormat | undefined): Column<Row> {
  const {header, kind, tone, whole} = column
  return {
    header,
    value: (row) => cellText(column, row, format),
    align: kind === 'text' || kind === 'flag' || kind === 'time' ? 'left' : 'right',
    ...(tone && {tone}),
    ...(whole && {whole}),
  }
}

function cellText<Row>({kind, value}: ListingColumn<Row>, row: Row, format: ValueFormat | undefined): string {
  const cell = value(row)
  if (cell === undefined || cell === null || cell === '') return '-'
  if (format === undefined) return exactText(kind, cell)
  if (kind === 'text') return String(cell)
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (kind === 'time') return format.time(typeof cell === 'string' ? Date.parse(cell) : cell)
  if (typeof cell === 'string') return cell
  switch (kind) {
    case 'bytes':
      return format.bytes(cell)
    case 'duration':
      return format.duration(cell * 1000)
    case 'milliseconds':
      return format.duration(cell)
    case 'percent':
      return format.percent(cell)
    case 'rate':
      return `${format.count(cell < 100 ? Math.round(cell * 10) / 10 : Math.round(cell))}/s`
    default:
      return format.count(cell)
  }
}

function exactText(kind: CellKind, cell: string | number | boolean): string {
  return kind === 'time' && typeof cell === 'number' ? rfc3339(cell) : String(cell)
}

function csvCell<Row>({kind, value}: ListingColumn<Row>, row: Row): string {
  const cell = value(row)
  if (cell === undefined || cell === null) return ''
  if (typeof cell !== 'string') return exactText(kind, cell)
  return csvText(cell)
}

/** A text as one field of a record, defused and quoted where that is needed. */
export function csvText(cell: string): string {
  const text = printable(cell)
  const safe = /^[=+\-@＝＋－＠]/.test(text) ? `'${text}` : text
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Numbers and times by size, text by code unit: the same order on every machine. */
function sortable<Row>({kind, value}: ListingColumn<Row>, row: Row): string | number | undefined {
  const cell = value(row)
  if (cell === undefined || cell === null || cell === '') return undefined
  if (typeof cell === 'boolean') return Number(cell)
  return kind === 'time' && typeof cell === 'string' ? Date.parse(cell) : cell
}

function compareCells(a: string | number | undefined, b: string | number | undefined, descends: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  const order = a < b ? -1 : Number(a > b)
  return descends ? -order : order
}
