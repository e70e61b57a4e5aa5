import {createRequire} from 'node:module'
import {printable} from '../domain/printable.ts'
import {largest} from '../domain/quantity.ts'
import type {Terminal, Tone} from './terminal.ts'

export interface Column<Row> {
  readonly header: string
  /** Text of one cell, unpainted; it is made printable here, so that names from a server can be passed as they are. */
  readonly value: (row: Row) => string
  /** Numbers read better from the right; left where absent. */
  readonly align?: 'left' | 'right'
  readonly tone?: (row: Row) => Tone | undefined
  /** Never cut: for names and paths that are copied from the table. */
  readonly whole?: boolean
}

/** The part of a Terminal that a table needs, so that a Terminal can be passed as it is. */
export type TableStyle = Pick<Terminal, 'width' | 'decorated'> & Partial<Pick<Terminal, 'paint'>>

/**
 * Lines without a final newline.
 *
 * On a terminal: a header, aligned columns, and the widest cells cut with an ellipsis until a line fits `width`. In a
 * pipe: one record a line, tab separated, no header and nothing cut, as `gh` does; without rows it is the empty
 * string. A cell holds no tab and no newline in either form.
 */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: TableStyle): string {
  const cells = rows.map((row) => columns.map((column) => printable(column.value(row))))
  if (!style.decorated) return cells.map((line) => line.join('\t')).join('\n')

  const widths = fitWidths(columns, cells, style.width)
  const paint = style.paint ?? ((_tone, text) => text)
  const header = columns.map((column, index) => place(column, column.header, widths[index] ?? 0))
  const body = cells.map((line, at) =>
    columns.map((column, index) => {
      const row = rows[at]
      const tone = row === undefined ? undefined : column.tone?.(row)
      const text = place(column, line[index] ?? '', widths[index] ?? 0)
      return tone ? paintText(paint, tone, text) : text
    }),
  )
  return [paint('strong', joinCells(header)), ...body.map(joinCells)].join('\n')
}

/** Columns of a terminal that a text takes: two for an East Asian wide character or an emoji, none for a mark. */
export function displayWidth(text: string): number {
  return NARROW.test(text) ? text.length : wide()(text)
}

/** At most `width` columns of the text, the last one an ellipsis where something was left out. */
export function cutText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  if (width < 1) return ''
  let cut = ''
  let used = 0
  for (const {segment} of new Intl.Segmenter().segment(text)) {
    used += displayWidth(segment)
    if (used > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

const GAP = '  '
const NARROWEST = 6
const NARROW = /^[\x20-\x7e]*$/

/**
 * Width of each column: its widest cell's, less what has to go for the line to fit. That is taken from the cells that
 * may be cut, the widest first; where it is not enough, from the whole columns, the last first. A whole cell that is
 * wider than its column then moves the rest of its own line, so that one long path does not tear all other lines.
 */
function fitWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.header), largest(cells.map((line) => displayWidth(line[index] ?? '')))),
  )
  const floors = columns.map(({header, whole}, index) =>
    whole ? (widths[index] ?? 0) : Math.max(NARROWEST, displayWidth(header)),
  )
  let excess = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1)) - width
  while (excess > 0) {
    let widest = -1
    for (const [index, each] of widths.entries()) {
      if (each > (floors[index] ?? 0) && each > (widths[widest] ?? 0)) widest = index
    }
    if (widest < 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess -= 1
  }
  for (let index = columns.length - 1; index >= 0 && excess > 0; index -= 1) {
    const usual = median(cells.map((line) => displayWidth(line[index] ?? '')))
    const spare = (widths[index] ?? 0) - Math.max(displayWidth(columns[index]?.header ?? ''), usual)
    const taken = columns[index]?.whole ? Math.min(excess, spare) : 0
    widths[index] = (widths[index] ?? 0) - taken
    excess -= taken
  }
  return widths
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

function place<Row>({align, whole}: Column<Row>, text: string, width: number): string {
  const cut = whole ? text : cutText(text, width)
  const padding = ' '.repeat(Math.max(0, width - displayWidth(cut)))
  return align === 'right' ? padding + cut : cut + padding
}

/** Paint on the text alone: padding stays plain, so that it can be trimmed and is never underlined or inverted. */
function paintText(paint: NonNullable<TableStyle['paint']>, tone: Tone, text: string): string {
  const core = text.trim()
  return core === '' ? text : text.replace(core, () => paint(tone, core))
}

function joinCells(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd()
}

type StringWidth = typeof import('string-width')

/** Loaded at the first name that is not plain ASCII: the package takes longer to load than a whole table to render. */
function wide(): (text: string) => number {
  return (createRequire(import.meta.url)('string-width') as StringWidth).default
}
