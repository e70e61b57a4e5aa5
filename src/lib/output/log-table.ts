import {csvText, type ListingColumn, renderCsv, renderListing} from './listing.ts'
import type {TableStyle} from './table.ts'
import {printable} from './text.ts'

/** Rows of whatever a query asked for, each with its cells in the order of the columns. Untrusted text. */
export interface LogTableView {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

type Row = readonly unknown[]

/** A table on a terminal, records in a pipe; without a final newline. */
export function renderLogTable(table: LogTableView, style: TableStyle, now: number): string {
  return renderListing(columnsOf(table), table.rows, style, now)
}

/** RFC 4180, with a header. */
export function renderLogCsv(table: LogTableView): string {
  return [...renderCsv(columnsOf(table), table.rows)].join('')
}

function columnsOf({columns}: LogTableView): readonly ListingColumn<Row>[] {
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
