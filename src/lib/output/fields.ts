import {printable} from '../domain/printable.ts'
import type {Terminal} from './terminal.ts'

/** A name and its value; several values are several lines. */
export type Field = readonly [name: string, value: string | readonly string[]]

/**
 * One thing with its properties, without a final newline. On a terminal the values are aligned under each other, in a
 * pipe each line is `name<TAB>value`. Both are made printable here; a field without a value is left out.
 */
export function renderFields(
  fields: readonly Field[],
  {decorated, paint}: Pick<Terminal, 'decorated' | 'paint'>,
): string {
  const shown = fields.map(([name, value]) => [printable(name), [value].flat().map(printable)] as const)
  const width = Math.max(...shown.map(([name]) => name.length)) + 2
  return shown
    .flatMap(([name, values]) => values.map((text, index) => ({name, first: index === 0, text})))
    .map(({name, first, text}) => {
      if (!decorated) return `${name}\t${text}`
      const label = first ? name : ''
      return `${paint('dim', label)}${' '.repeat(width - label.length)}${text}`
    })
    .join('\n')
}
