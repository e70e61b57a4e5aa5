import {printable, printableLines} from '../domain/printable.ts'
import {rfc3339} from './format.ts'
import type {Terminal} from './terminal.ts'

/** One entry of any log. Untrusted text. */
export interface LogLine {
  /** Milliseconds since the epoch; null: unknown. */
  readonly at: number | null
  /** Absent where all are of one node. */
  readonly node?: string
  readonly text: string
}

/**
 * A line an entry, oldest first as given; the lines of one that has several are kept together. On a terminal control
 * characters are made visible; in a pipe the text passes as it is, after the time and a tab.
 */
export function renderLogLines(
  lines: readonly LogLine[],
  {decorated, paint}: Pick<Terminal, 'decorated' | 'paint'>,
): string {
  return lines
    .map(({at, node, text}) => {
      const parts = [...(at === null ? [] : [rfc3339(at)]), ...(node === undefined ? [] : [node])]
      const whole = text.replace(/\s+$/, '')
      if (!decorated) return [...parts, whole].join('\t')
      return [...parts.map((part) => paint('dim', printable(part))), printableLines(whole)].join(' ')
    })
    .join('\n')
}
