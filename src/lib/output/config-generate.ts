import {renderTable} from './table.ts'
import type {Terminal} from './terminal.ts'

interface Entry {
  readonly path: string
  readonly change: string
  readonly mode: string | null
}

/** One line a file; without a final newline. */
export function renderGenerated({files}: {readonly files: readonly Entry[]}, terminal: Terminal): string {
  return renderTable<Entry>(
    [
      {header: 'FILE', value: ({path}) => path, whole: true},
      {header: 'MODE', value: ({mode}) => mode ?? '-'},
      {
        header: 'CHANGE',
        value: ({change}) => change,
        tone: ({change}) => (change === 'unchanged' ? 'dim' : change === 'removed' ? 'warning' : 'good'),
      },
    ],
    files,
    terminal,
  )
}
