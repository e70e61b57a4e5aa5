import {printable, printableLines} from '../domain/printable.ts'
import type {Terminal} from './terminal.ts'

export interface RemoteTextOptions {
  /** Put before every line; absent: none. */
  readonly node?: string | undefined
}

/**
 * Text that came from an instance, without its last line break. On a terminal control characters are made visible; in a
 * pipe it passes as it is. With several nodes each line is told whose it is: `node | ` on a terminal, a tab in a pipe.
 */
export function renderRemoteText(
  text: string,
  {decorated, paint}: Pick<Terminal, 'decorated'> & Pick<Terminal, 'paint'>,
  {node}: RemoteTextOptions = {},
): string {
  const whole = text.replace(/\r?\n$/, '')
  const shown = decorated ? printableLines(whole.replaceAll('\r\n', '\n')) : whole
  if (node === undefined) return shown
  const prefix = decorated ? paint('dim', `${printable(node)} | `) : `${node}\t`
  return shown
    .split('\n')
    .map((line) => `${prefix}${line}`)
    .join('\n')
}
