import {printable} from '../../domain/printable.ts'
import {wrapText} from '../health/wrap.ts'
import type {Terminal} from '../terminal.ts'

/** Where an abort left the cluster, so that output need not know where it comes from. */
export interface AbortView {
  readonly roll: string
  readonly node: string | null
  readonly startedAgain: boolean
  readonly standing: 'full-strength' | 'degraded'
  readonly reasons: readonly string[]
  readonly meaning: readonly string[]
  readonly done: readonly string[]
  readonly remaining: readonly string[]
}

export function renderAbort(
  {roll, node, startedAgain, standing, reasons, meaning, done, remaining}: AbortView,
  {width, paint}: Pick<Terminal, 'width' | 'paint'>,
): string {
  const wrap = (lead: string, text: string): readonly string[] => wrapText(lead, printable(text), width)
  const isWhole = standing === 'full-strength'
  const list = (names: readonly string[]): string => names.join(', ') || 'none'
  return [
    ...wrap('', `${roll} is given up, its lock is released`),
    ...wrap('done       ', list(done)),
    ...wrap('not done   ', list(remaining)),
    ...(startedAgain && node !== null ? wrap('started    ', `the server of ${node} was started again`) : []),
    paint(isWhole ? 'good' : 'bad', `cluster    ${isWhole ? 'at full strength' : 'one node is down or not in sync'}`),
    ...reasons.flatMap((reason) => wrap('           - ', reason)),
    ...meaning.flatMap((text) => wrap('means      ', text)),
  ].join('\n')
}
