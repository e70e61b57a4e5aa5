import {renderTable, type TableStyle} from './table.ts'
import type {Tone} from './terminal.ts'

/** One node's word, so that output need not know where it comes from. */
export interface BootstrapLine {
  readonly node: string
  readonly instanceId: string | null
  readonly verdict: 'ok' | 'failed' | 'unknown'
  readonly reason: string | null
}

const TONES: Readonly<Record<BootstrapLine['verdict'], Tone>> = {ok: 'good', failed: 'bad', unknown: 'warning'}

/** A table on a terminal, one record a node in a pipe. */
export function renderBootstrapVerdicts(nodes: readonly BootstrapLine[], style: TableStyle): string {
  return renderTable<BootstrapLine>(
    [
      {header: 'NODE', value: ({node}) => node, whole: true},
      {header: 'CHECK', value: ({verdict}) => verdict, tone: ({verdict}) => TONES[verdict]},
      {header: 'INSTANCE', value: ({instanceId}) => instanceId ?? '-', whole: true},
      {header: 'WHY', value: ({reason}) => reason ?? '-'},
    ],
    nodes,
    style,
  )
}
