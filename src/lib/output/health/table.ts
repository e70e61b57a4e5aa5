import type {Finding, Severity} from '../../domain/health/finding.ts'
import {titleOf} from '../../domain/health/finding.ts'
import type {MetaSummary, NodeSummary} from '../../domain/health/summary.ts'
import type {HealthReport, HealthVerdict} from '../../domain/health.ts'
import {printable} from '../../domain/printable.ts'
import {counted, humanBytes, humanCount, humanDuration, listed, percentOf} from '../../domain/quantity.ts'
import {type ListingColumn, renderListing} from '../listing.ts'
import type {Terminal, Tone} from '../terminal.ts'
import {wrapSteps, wrapText} from './wrap.ts'

type Style = Pick<Terminal, 'width' | 'decorated' | 'paint'>

const VERDICT_TONES: Readonly<Record<HealthVerdict, Tone>> = {
  ok: 'good',
  degraded: 'warning',
  critical: 'bad',
  unknown: 'bad',
}

const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = {critical: 'bad', warning: 'warning', info: 'dim'}

/** A screen for people on a terminal, records for scripts in a pipe. */
export function renderHealth(report: HealthReport, style: Style): string {
  return style.decorated ? renderHealthScreen(report, style) : renderHealthRecords(report)
}

/** For people: the verdict, the nodes, the groups, then every finding with what it means and what to do. */
function renderHealthScreen(report: HealthReport, style: Style): string {
  const {verdict, findings} = report
  const line = printable(`${verdict.toUpperCase()}  ${headline(report)}`)
  const blocks = [
    wrapText('', line, style.width)
      .map((each) => style.paint(VERDICT_TONES[verdict], each))
      .join('\n'),
    renderListing(NODE_COLUMNS, report.nodes, style, Date.parse(report.at)),
    surroundings(report, style),
    ...[...groupFindings(findings, style)],
  ]
  return blocks.join('\n\n')
}

/** `nats-prod: 3 of 3 nodes answer, 1 critical, 2 warnings`. */
export function headline({cluster, nodes, counts, assets}: HealthReport): string {
  const answering = nodes.filter(({answers}) => answers).length
  const of = `${answering} of ${counted(nodes.length, 'node')} ${answering === 1 ? 'answers' : 'answer'}`
  const wrong = [
    ...(counts.critical > 0 ? [`${counts.critical} critical`] : []),
    ...(counts.warning > 0 ? [counted(counts.warning, 'warning')] : []),
  ]
  const {proven, all} = provenOf(assets.replicas)
  return `${cluster}: ${of}, ${wrong.length > 0 ? wrong.join(', ') : `${proven} of ${counted(all, 'replica')} proven`}`
}

const NODE_COLUMNS: readonly ListingColumn<NodeSummary>[] = [
  {key: 'node', header: 'NODE', kind: 'text', value: ({node}) => node, whole: true},
  {key: 'version', header: 'VERSION', kind: 'text', value: ({version}) => version, rank: 4},
  {key: 'uptimeSeconds', header: 'UPTIME', kind: 'text', value: uptimeOf, rank: 2},
  {
    key: 'health',
    header: 'HEALTH',
    kind: 'text',
    value: healthOf,
    tone: (node) => (healthOf(node) === 'ok' ? 'good' : 'bad'),
    whole: true,
  },
  {key: 'connections', header: 'CONNS', kind: 'count', value: ({connections}) => connections, rank: 3},
  {
    key: 'filePercent',
    header: 'FILE',
    kind: 'percent',
    value: ({jetStream}) => usage(jetStream?.fileBytes, jetStream?.maxFileBytes),
    rank: 5,
  },
  {
    key: 'memoryPercent',
    header: 'MEM',
    kind: 'percent',
    value: ({jetStream}) => usage(jetStream?.memoryBytes, jetStream?.maxMemoryBytes),
    rank: 6,
  },
  {key: 'leads', header: 'LEADS', kind: 'count', value: ({leads}) => leads, rank: 1},
  {
    key: 'proven',
    header: 'PROVEN',
    kind: 'count',
    value: ({replicas}) => ratio(replicas),
    tone: ({replicas}) => {
      const {proven, all} = provenOf(replicas)
      return proven < all ? 'bad' : undefined
    },
  },
]

function uptimeOf({uptimeSeconds}: NodeSummary): string | undefined {
  return uptimeSeconds === undefined ? undefined : humanDuration(uptimeSeconds * 1000)
}

function healthOf({answers, problem, healthz}: NodeSummary): string {
  if (!answers) return problem ?? 'silent'
  return healthz === 200 ? 'ok' : String(healthz ?? 'silent')
}

function usage(used: number | undefined, limit: number | undefined): number | undefined {
  return used === undefined || limit === undefined || limit <= 0 ? undefined : Math.floor(percentOf(used, limit))
}

/** A single replica is as good as there is; only a copy of several has to be proven. */
function provenOf(replicas: NodeSummary['replicas']): {readonly proven: number; readonly all: number} {
  const all = Object.values(replicas).reduce((sum, count) => sum + count, 0)
  return {proven: (replicas['caught-up'] ?? 0) + (replicas.single ?? 0), all}
}

function ratio(replicas: NodeSummary['replicas']): string {
  const {proven, all} = provenOf(replicas)
  return all === 0 ? '-' : `${humanCount(proven)}/${humanCount(all)}`
}

function surroundings({verdict, meta, assets, aws, nodes}: HealthReport, {width}: Style): string {
  const {accounts, streams, consumers, messages, bytes} = assets
  const stored = `${counted(messages, 'message')}, ${humanBytes(bytes)}`
  const types = [...new Set(nodes.flatMap(({instance}) => (instance ? [instance.type] : [])))].sort()
  const instances = nodes.filter(({instance}) => instance).length
  const inService = `${counted(instances, 'instance')} in service${types.length > 0 ? ` (${types.join(', ')})` : ''}`
  const silent = nodes.filter(({answers}) => !answers).length
  const members = `${meta.size ?? 0} of ${counted(meta.expected, 'member')}${silent > 0 ? `, ${silent} silent` : ''}`
  const lines =
    verdict === 'unknown'
      ? ['meta    unknown', 'assets  unknown']
      : [
          `meta    ${meta.leader === undefined ? leaderless(meta) : `leader ${meta.leader}, ${members}`}`,
          `assets  ${counted(streams, 'stream')} and ${counted(consumers, 'consumer')} in ${counted(accounts, 'account')}; ${stored}`,
        ]
  lines.push(`aws     ${aws.asked ? inService : 'unknown, see below'}`)
  return lines.flatMap((line) => wrapText(line.slice(0, 8), printable(line.slice(8)), width)).join('\n')
}

function leaderless({claimedLeaders}: MetaSummary): string {
  return claimedLeaders.length === 0 ? 'no leader' : `no leader agreed on; named: ${listed(claimedLeaders)}`
}

/** What is wrong with a blank line around each; what is only worth knowing in as few lines as it takes. */
function groupFindings(findings: readonly Finding[], style: Style): readonly string[] {
  const wrong = findings.filter(({severity}) => severity !== 'info').map((each) => wrongLines(each, style).join('\n'))
  const infos = findings.filter(({severity}) => severity === 'info').flatMap((each) => infoLines(each, style))
  return infos.length > 0 ? [...wrong, infos.join('\n')] : wrong
}

function wrongLines(
  {severity, code, nodes, message, meaning, next}: Finding,
  {width, paint}: Style,
): readonly string[] {
  const label = paint(SEVERITY_TONES[severity], severity.toUpperCase())
  const where = wrapText('', printable(`${code}${nodes.length > 0 ? `  ${nodes.join(', ')}` : ''}`), width - 10)
  const lines = (lead: string, text: string): readonly string[] => wrapText(lead, printable(text), width)
  return [
    ...where.map((line, index) =>
      index === 0 ? `${label.padEnd(10 + label.length - severity.length)}${line}` : `          ${line}`,
    ),
    ...lines('  what    ', message),
    ...lines('  means   ', meaning),
    ...wrapSteps('  next    ', printable(next), width),
  ]
}

function infoLines({code, nodes, message, meaning, next}: Finding, {width, paint}: Style): readonly string[] {
  const where = nodes.length > 0 && nodes.length < 3 ? `${nodes.join(', ')} ` : ''
  const first = wrapText('info  ', printable(`${code}: ${where}${message}`), width)
  const rest = wrapSteps('      ', printable(`${meaning}; next: ${next}`), width)
  return [...first, ...rest.map((line) => paint('dim', line))]
}

/**
 * For scripts, one record a line, tab separated, times in RFC 3339 and nothing cut. The first field says what follows:
 * verdict (verdict, cluster, time, criticals, warnings, infos), node (name, address, healthz or problem, version,
 * started, connections, file bytes, limit, memory bytes, limit, groups led, replicas proven, replicas), meta (leader,
 * members, expected), finding (severity, code, nodes, message, measured, limit, meaning, next, assets).
 */
function renderHealthRecords(report: HealthReport): string {
  const {verdict, cluster, at, counts, nodes, meta, findings} = report
  const records: readonly (readonly (string | number | undefined)[])[] = [
    ['verdict', verdict, cluster, at, counts.critical, counts.warning, counts.info],
    ...nodes.map((node) => {
      const {jetStream, replicas} = node
      const {proven, all} = provenOf(replicas)
      return [
        ...['node', node.node, node.address, healthOf(node), node.version, node.startedAt, node.connections],
        ...[jetStream?.fileBytes, jetStream?.maxFileBytes, jetStream?.memoryBytes, jetStream?.maxMemoryBytes],
        ...[node.leads, proven, all],
      ]
    }),
    ['meta', meta.leader, meta.size, meta.expected],
    ...findings.map((each) => [
      ...['finding', each.severity, each.code, each.nodes.join(','), each.message, each.measured, each.limit],
      ...[each.meaning, each.next, each.assets.map(titleOf).join(',')],
    ]),
  ]
  return records.map((fields) => fields.map((field) => printable(String(field ?? '')) || '-').join('\t')).join('\n')
}
