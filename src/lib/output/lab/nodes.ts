import {type Column, renderTable, type TableStyle} from '../table.ts'
import type {Tone} from '../terminal.ts'

/** One node of a lab, as the tables of `lab up` and `lab status` show it. */
export interface LabNodeRow {
  readonly name: string
  readonly instanceId: string | undefined
  readonly lifecycle: string | undefined
  readonly server: 'running' | 'paused' | 'stopped' | 'none'
  readonly pid: number | undefined
  readonly clientPort: number
  readonly clusterPort: number
  readonly monitorPort: number
}

/** 80 columns for nodes of usual names. Without a final newline. */
export function renderLabNodes(nodes: readonly LabNodeRow[], style: TableStyle): string {
  return renderTable(columns, nodes, style)
}

const tones: Readonly<Record<LabNodeRow['server'], Tone | undefined>> = {
  running: 'good',
  paused: 'warning',
  stopped: 'bad',
  none: 'warning',
}

const columns: readonly Column<LabNodeRow>[] = [
  {header: 'NODE', value: ({name}) => name, whole: true},
  {header: 'INSTANCE', value: ({instanceId}) => instanceId ?? '-', whole: true},
  {header: 'GROUP', value: ({lifecycle}) => lifecycle ?? '-'},
  {header: 'SERVER', value: ({server}) => server, tone: ({server}) => tones[server]},
  {header: 'PID', value: ({pid}) => (pid === undefined ? '-' : String(pid)), align: 'right'},
  {header: 'CLIENT', value: ({clientPort}) => String(clientPort), align: 'right'},
  {header: 'ROUTE', value: ({clusterPort}) => String(clusterPort), align: 'right'},
  {header: 'HTTP', value: ({monitorPort}) => String(monitorPort), align: 'right'},
]
