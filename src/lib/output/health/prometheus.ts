import type {NodeSummary} from '../../domain/health/summary.ts'
import type {HealthReport, HealthVerdict} from '../../domain/health.ts'
import {printable} from '../../domain/printable.ts'

const VERDICTS: readonly HealthVerdict[] = ['ok', 'degraded', 'critical', 'unknown']
const STANDINGS = ['caught-up', 'behind', 'missing', 'silent', 'diverged', 'unknown', 'single'] as const

type Labels = Readonly<Record<string, string>>

/**
 * The text exposition format, version 0.0.4. Labels are names of nodes and words of natsops only: however many streams
 * and consumers there are, the number of series grows with the nodes alone. Without a final newline, which the format
 * demands and the caller's output adds.
 */
export function renderPrometheus(report: HealthReport): string {
  const {verdict, counts, findings, nodes, meta, assets} = report
  const cluster: Labels = {cluster: report.cluster}
  const of = (node: NodeSummary): Labels => ({...cluster, node: node.node})
  const perNode = (value: (node: NodeSummary) => number | undefined): readonly Sample[] =>
    nodes.flatMap((node) => sample(of(node), value(node)))
  const byStore = (
    value: (store: NonNullable<NodeSummary['jetStream']>) => readonly [number, number],
  ): readonly Sample[] =>
    nodes.flatMap((node) => {
      if (!node.jetStream) return []
      const [file, memory] = value(node.jetStream)
      return [...sample({...of(node), storage: 'file'}, file), ...sample({...of(node), storage: 'memory'}, memory)]
    })
  const codes = new Map<string, Sample>()
  for (const {code, severity} of findings) {
    const key = `${code} ${severity}`
    codes.set(key, {labels: {...cluster, code, severity}, value: (codes.get(key)?.value ?? 0) + 1})
  }
  return [
    family('natsops_health_verdict', 'gauge', 'The verdict that holds now is 1, the others are 0.', [
      ...VERDICTS.flatMap((each) => sample({...cluster, verdict: each}, Number(each === verdict))),
    ]),
    family('natsops_health_observed_timestamp_seconds', 'gauge', 'When the cluster was looked at.', [
      ...sample(cluster, Date.parse(report.at) / 1000),
    ]),
    family('natsops_health_findings', 'gauge', 'Findings by severity.', [
      ...Object.entries(counts).flatMap(([severity, count]) => sample({...cluster, severity}, count)),
    ]),
    family('natsops_health_findings_by_code', 'gauge', 'Findings by code; see docs/health.md.', [...codes.values()]),
    family(
      'natsops_node_up',
      'gauge',
      'Whether the monitoring port answered.',
      perNode(({answers}) => Number(answers)),
    ),
    family(
      'natsops_node_healthy',
      'gauge',
      "Whether the node's own healthz said 200.",
      perNode(({healthz}) => Number(healthz === 200)),
    ),
    family('natsops_node_info', 'gauge', 'Version of the server, always 1.', [
      ...nodes.flatMap((node) => (node.version === undefined ? [] : sample({...of(node), version: node.version}, 1))),
    ]),
    family(
      'natsops_node_uptime_seconds',
      'gauge',
      'Time since the server started.',
      perNode((n) => n.uptimeSeconds),
    ),
    family(
      'natsops_node_connections',
      'gauge',
      'Client connections.',
      perNode((n) => n.connections),
    ),
    family(
      'natsops_node_subscriptions',
      'gauge',
      'Subscriptions.',
      perNode((n) => n.subscriptions),
    ),
    family(
      'natsops_node_slow_consumers_total',
      'counter',
      'Slow consumers cut off.',
      perNode((n) => n.slowConsumers),
    ),
    family(
      'natsops_node_cpu_percent',
      'gauge',
      'CPU of the server, 100 a core.',
      perNode((n) => n.cpuPercent),
    ),
    family(
      'natsops_node_memory_bytes',
      'gauge',
      'Resident memory of the server.',
      perNode((n) => n.memoryBytes),
    ),
    family(
      'natsops_node_leaders',
      'gauge',
      'Streams and consumers the node leads.',
      perNode((n) => n.leads),
    ),
    family(
      'natsops_jetstream_api_errors_total',
      'counter',
      'JetStream API errors.',
      perNode((n) => n.jetStream?.apiErrors),
    ),
    family(
      'natsops_jetstream_used_bytes',
      'gauge',
      'JetStream storage in use.',
      byStore((s) => [s.fileBytes, s.memoryBytes]),
    ),
    family(
      'natsops_jetstream_limit_bytes',
      'gauge',
      'JetStream storage the server may use.',
      byStore((s) => [s.maxFileBytes, s.maxMemoryBytes]),
    ),
    family(
      'natsops_jetstream_reserved_bytes',
      'gauge',
      'JetStream storage promised to streams.',
      byStore((s) => [s.reservedFileBytes, s.reservedMemoryBytes]),
    ),
    family('natsops_node_replicas', 'gauge', 'Replicas of streams and consumers by standing.', [
      ...nodes.flatMap((node) =>
        STANDINGS.flatMap((standing) => sample({...of(node), standing}, node.replicas[standing] ?? 0)),
      ),
    ]),
    family('natsops_meta_leader_known', 'gauge', 'Whether the meta group has a leader.', [
      ...sample(cluster, Number(meta.leader !== undefined)),
    ]),
    family('natsops_meta_members', 'gauge', 'Members of the meta group.', sample(cluster, meta.size)),
    family('natsops_meta_members_expected', 'gauge', 'Nodes of the cluster.', sample(cluster, meta.expected)),
    family('natsops_meta_pending', 'gauge', 'Meta entries not yet applied.', sample(cluster, meta.pending)),
    family('natsops_assets', 'gauge', 'Streams and consumers of all accounts.', [
      ...sample({...cluster, kind: 'stream'}, assets.streams),
      ...sample({...cluster, kind: 'consumer'}, assets.consumers),
    ]),
    family('natsops_assets_leaderless', 'gauge', 'Streams and consumers without a leader.', [
      ...sample(cluster, assets.leaderless),
    ]),
    family('natsops_assets_single_replica', 'gauge', 'Streams and consumers with one replica.', [
      ...sample(cluster, assets.singleReplica),
    ]),
    family('natsops_stored_messages', 'gauge', 'Messages of all streams.', sample(cluster, assets.messages)),
    family('natsops_aws_asked', 'gauge', 'Whether AWS answered.', sample(cluster, Number(report.aws.asked))),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

interface Sample {
  readonly labels: Labels
  readonly value: number
}

function sample(labels: Labels, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{labels, value}]
}

/** A family without samples is left out, as a client library does. */
function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return ''
  const lines = samples.map(({labels, value}) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    return `${name}{${pairs.join(',')}} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n')
}

/** Made printable first: a newline in a name becomes text, so that no line can be faked. */
function escapeLabel(text: string): string {
  return printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')
}
