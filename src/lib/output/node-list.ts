import {humanDuration, relativeTime} from './format.ts'
import {type Column, renderTable, type TableStyle} from './table.ts'

/** One node as it is listed, so that output need not know where it comes from. */
export interface NodeLine {
  readonly node: string
  readonly health: string
  readonly version: string | null
  readonly uptimeSeconds: number | null
  readonly isMetaLeader: boolean
  readonly leads: number
  readonly instanceId: string | null
  readonly instanceType: string | null
  readonly zone: string | null
  readonly privateIp: string | null
  readonly launchedAt: string | null
  readonly lifecycle: string | null
}

/** Columns that one table of every column takes, more or less: below it the machines get a table of their own. */
const WIDE = 140

/** Everything in one table where it fits, else servers and machines in two; one record a node in a pipe. */
export function renderNodes(nodes: readonly NodeLine[], now: number, style: TableStyle): string {
  const server = serverColumns(now, style.decorated)
  if (!style.decorated || style.width >= WIDE) return renderTable([...server, ...MACHINE_COLUMNS], nodes, style)
  return [server, [NAME, ...MACHINE_COLUMNS]].map((columns) => renderTable(columns, nodes, style)).join('\n\n')
}

const NAME: Column<NodeLine> = {header: 'NODE', value: ({node}) => node, whole: true}

function serverColumns(now: number, decorated: boolean): readonly Column<NodeLine>[] {
  const uptime = ({uptimeSeconds}: NodeLine): string => {
    if (uptimeSeconds === null) return '-'
    return decorated ? humanDuration(uptimeSeconds * 1000) : String(uptimeSeconds)
  }
  const launched = ({launchedAt}: NodeLine): string =>
    launchedAt === null || !decorated ? (launchedAt ?? '-') : relativeTime(Date.parse(launchedAt), now)
  return [
    NAME,
    {header: 'HEALTH', value: ({health}) => health, tone: ({health}) => (health === 'ok' ? 'good' : 'bad')},
    {header: 'ROLES', value: roles},
    {header: 'VERSION', value: ({version}) => version ?? '-'},
    {header: 'UP', value: uptime},
    {header: 'STATE', value: ({lifecycle}) => lifecycle ?? '-'},
    {header: 'LAUNCHED', value: launched},
  ]
}

const MACHINE_COLUMNS: readonly Column<NodeLine>[] = [
  {header: 'INSTANCE', value: ({instanceId}) => instanceId ?? '-', whole: true},
  {header: 'TYPE', value: ({instanceType}) => instanceType ?? '-'},
  {header: 'AZ', value: ({zone}) => zone ?? '-'},
  {header: 'IP', value: ({privateIp}) => privateIp ?? '-'},
]

function roles({isMetaLeader, leads}: NodeLine): string {
  return [...(isMetaLeader ? ['meta'] : []), ...(leads > 0 ? [`leads ${leads}`] : [])].join(', ') || '-'
}
