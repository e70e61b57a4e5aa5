import type {NodeMeasures, UnitStatus} from '../domain/node-status.ts'
import type {LimitedMeasure, NodeFinding, NodeVerdict} from '../domain/node-verdict.ts'
import {printable} from '../domain/printable.ts'
import {type Field, renderFields} from './fields.ts'
import {humanBytes, humanDuration} from './format.ts'
import {type Column, cutText, renderTable} from './table.ts'
import type {Terminal, Tone} from './terminal.ts'

/** One look at a node, so that output need not know where it comes from. */
export interface NodeStatusView extends NodeMeasures {
  readonly node: string
  readonly instanceId: string
  readonly verdict: NodeVerdict
  readonly findings: readonly NodeFinding[]
  readonly measures: readonly LimitedMeasure[]
}

const TONES: Readonly<Record<NodeVerdict, Tone>> = {ok: 'good', degraded: 'warning', critical: 'bad'}

/** One screen on a terminal, one value a line in a pipe; without a final newline. */
export function renderNodeStatus(status: NodeStatusView, terminal: Terminal): string {
  if (!terminal.decorated) return renderFields(fieldsOf(status), terminal)
  const {node, instanceId, version, uptimeSeconds, verdict, findings, units, measures, bootstrap, load} = status
  const {paint, width} = terminal
  const up = uptimeSeconds === null ? '' : `, machine up ${humanDuration(uptimeSeconds * 1000)}`
  const server = printable(`${instanceId}, nats-server ${version ?? '?'}${up}`)
  const head = `${paint('strong', printable(node))}  ${server}`
  const tone = TONES[verdict]
  const found = findings.map(({severity, message}) => {
    return `  ${paint(severity === 'critical' ? 'bad' : 'warning', severity)} ${printable(message)}`
  })
  const loads = load ? ['', `load (1, 5, 15 min): ${load.join(' ')}`] : []
  return [
    head,
    paint(tone, verdict.toUpperCase()),
    ...found,
    '',
    renderTable(UNIT_COLUMNS, units, terminal),
    '',
    renderTable(measureColumns(status), measures, terminal),
    ...loads,
    '',
    paint('dim', bootstrap.length === 0 ? 'the bootstrap log says nothing' : 'end of the bootstrap log'),
    ...bootstrap.map((line) => cutText(printable(line), width)),
  ].join('\n')
}

const UNIT_COLUMNS: readonly Column<UnitStatus>[] = [
  {header: 'UNIT', value: ({unit}) => unit},
  {header: 'STATE', value: stateOf, tone: ({activeState}) => (activeState === 'active' ? 'good' : 'bad')},
  {header: 'SINCE', value: ({activeSince}) => activeSince ?? '-'},
  {header: 'RESTARTS', value: ({restarts}) => (restarts === null ? '-' : String(restarts)), align: 'right'},
]

function measureColumns({memory, disk}: NodeMeasures): readonly Column<LimitedMeasure>[] {
  const usages = {memory, disk}
  return [
    {header: 'MEASURE', value: ({name}) => name},
    {
      header: 'VALUE',
      value: ({percent}) => (percent === null ? '-' : `${percent}%`),
      align: 'right',
      tone: ({percent, limit}) => (percent === null || percent >= limit ? 'warning' : undefined),
    },
    {header: 'LIMIT', value: ({limit}) => `${limit}%`, align: 'right'},
    {
      header: '',
      value: ({name}) => {
        const usage = name === 'memory' || name === 'disk' ? usages[name] : null
        return usage ? `${humanBytes(usage.usedBytes)} of ${humanBytes(usage.totalBytes)}` : ''
      },
    },
  ]
}

function stateOf({loadState, activeState, subState}: UnitStatus): string {
  if (activeState === null) return 'unknown'
  if (loadState === 'not-found') return 'not there'
  return subState === null ? activeState : `${activeState} (${subState})`
}

function fieldsOf(status: NodeStatusView): readonly Field[] {
  const {units, measures, memory, disk, load, uptimeSeconds} = status
  const known = (value: number | string | null | undefined): string => String(value ?? '-')
  return [
    ['node', status.node],
    ['instance', status.instanceId],
    ['verdict', status.verdict],
    ['finding', status.findings.map(({severity, message}) => `${severity}: ${message}`)],
    ['version', known(status.version)],
    ['uptime', known(uptimeSeconds)],
    ...units.map((unit): Field => [`unit.${unit.unit}`, stateOf(unit)]),
    ...measures.map(({name, percent}): Field => [`${name}.percent`, known(percent)]),
    ['memory.used', known(memory?.usedBytes)],
    ['memory.total', known(memory?.totalBytes)],
    ['disk.used', known(disk?.usedBytes)],
    ['disk.total', known(disk?.totalBytes)],
    ['load', known(load?.join(' '))],
    ['bootstrap', status.bootstrap],
  ]
}
