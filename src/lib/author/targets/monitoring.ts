import type {Thresholds} from '../../domain/settings.ts'
import type {ClusterDescription} from '../description.ts'
import {address} from '../server-config.ts'
import {tlsMount} from './compose-text.ts'
import {type GeneratedFile, monitorScheme, renderYaml} from './target.ts'

/**
 * nats-server does not speak Prometheus: the NATS project's exporter, one beside each server, translates what the
 * monitoring port says. See https://github.com/nats-io/prometheus-nats-exporter.
 */
export const EXPORTER_IMAGE = 'natsio/prometheus-nats-exporter:0.17.3'
const SURVEYOR_IMAGE = 'natsio/nats-surveyor:0.9.11'
const PROMETHEUS_IMAGE = 'prom/prometheus:v3.4.2'
export const EXPORTER_PORT = 7777

/** One point of view on a node for Prometheus: the exporter's host:port, and the server it speaks for. */
export interface ScrapeTarget {
  readonly place: string
  readonly node: string
}

/** Arguments of the exporter beside a server. */
export function exporterArguments(description: ClusterDescription, host: string, port: number): readonly string[] {
  const pages = ['-varz', '-connz', '-routez', '-subz', '-healthz', '-jsz=all']
  const leaf = description.leafNodes ? ['-leafz'] : []
  const gateway = description.gateways ? ['-gatewayz'] : []
  const url = `${monitorScheme(description)}://${address({host, port})}`
  return [...pages, ...leaf, ...gateway, `-port=${EXPORTER_PORT}`, url]
}

/** prometheus.yml and alerts.yml. */
export async function monitoringFiles(
  {name, jetStream}: ClusterDescription,
  thresholds: Thresholds,
  targets: readonly ScrapeTarget[],
): Promise<readonly GeneratedFile[]> {
  const scrape = {
    global: {scrape_interval: '15s', evaluation_interval: '15s'},
    rule_files: ['alerts.yml'],
    scrape_configs: [
      {
        job_name: 'nats',
        static_configs: targets.map(({place, node}) => ({targets: [place], labels: {cluster: name, node}})),
      },
    ],
  }
  const rules = alertRules(name, thresholds, {nodes: targets.length, hasJetStream: jetStream !== undefined})
  const alerts = {groups: [{name: `nats-${name}`, rules}]}
  return [
    {path: 'monitoring/prometheus.yml', text: await renderYaml([scrape]), secret: false},
    {path: 'monitoring/alerts.yml', text: await renderYaml([alerts]), secret: false},
  ]
}

/** The same limits as natsops health has. */
function alertRules(
  cluster: string,
  thresholds: Thresholds,
  {nodes, hasJetStream}: {readonly nodes: number; readonly hasJetStream: boolean},
) {
  const of = (metric: string): string => `${metric}{cluster=${JSON.stringify(cluster)}}`
  // One series a node: exporters of some versions put the words of the server into a label, and it changes.
  const health = `max by (node) (${of('gnatsd_healthz_status')})`
  const rule = (alert: string, severity: 'warning' | 'critical', wait: string, expr: string, summary: string) => ({
    alert,
    expr,
    for: wait,
    labels: {severity},
    annotations: {summary},
  })
  const storage = (severity: 'warning' | 'critical', percent: number) =>
    rule(
      severity === 'warning' ? 'NatsJetStreamStorage' : 'NatsJetStreamStorageCritical',
      severity,
      '5m',
      `100 * ${of('gnatsd_varz_jetstream_stats_storage')} / (${of('gnatsd_varz_jetstream_config_max_storage')} > 0) > ${percent}`,
      `{{ $labels.node }} uses {{ $value | humanize }} % of its file storage`,
    )
  return [
    rule(
      'NatsServerDown',
      'critical',
      '1m',
      `up{job="nats", cluster=${JSON.stringify(cluster)}} == 0`,
      '{{ $labels.node }} is not scraped: its exporter is down',
    ),
    rule(
      'NatsServersMissing',
      'critical',
      '1m',
      `(count(${health} == 0) or vector(0)) < ${nodes}`,
      `{{ $value }} of ${nodes} servers of ${cluster} are healthy`,
    ),
    rule('NatsUnhealthy', 'critical', '2m', `${health} != 0`, '{{ $labels.node }} says it is not healthy'),
    rule(
      'NatsNoConnections',
      'warning',
      '5m',
      `sum(${of('gnatsd_varz_connections')}) < ${thresholds.connectionsMinimum}`,
      `{{ $value }} clients are connected to ${cluster}`,
    ),
    rule(
      'NatsManyConnections',
      'warning',
      '5m',
      `sum(${of('gnatsd_varz_connections')}) > ${thresholds.connections}`,
      `{{ $value }} clients are connected to ${cluster}`,
    ),
    rule(
      'NatsManySubscriptions',
      'warning',
      '5m',
      `${of('gnatsd_varz_subscriptions')} > ${thresholds.subscriptions}`,
      '{{ $labels.node }} has {{ $value }} subscriptions',
    ),
    rule(
      'NatsSlowConsumers',
      'warning',
      '0m',
      `increase(${of('gnatsd_varz_slow_consumers')}[5m]) > 0`,
      '{{ $labels.node }} has disconnected clients that read too slowly',
    ),
    rule(
      'NatsCpu',
      'warning',
      '10m',
      `${of('gnatsd_varz_cpu')} / ${of('gnatsd_varz_cores')} > ${thresholds.cpuPercent}`,
      '{{ $labels.node }} uses {{ $value | humanize }} % of its processors',
    ),
    ...(hasJetStream
      ? [
          storage('warning', thresholds.storagePercentWarning),
          storage('critical', thresholds.storagePercentCritical),
          rule(
            'NatsJetStreamApiErrors',
            'warning',
            '10m',
            `increase(${of('gnatsd_varz_jetstream_stats_api_errors')}[5m]) > 0`,
            '{{ $labels.node }} keeps refusing JetStream requests',
          ),
          rule(
            'NatsConsumerPending',
            'warning',
            '10m',
            `max by (account, stream_name, consumer_name) (${of('jetstream_consumer_num_pending')}) > ${thresholds.consumerPending}`,
            '{{ $labels.stream_name }}/{{ $labels.consumer_name }} is {{ $value }} messages behind',
          ),
        ]
      : []),
  ]
}

/** Certificate of this client, of `cert generate`, where clients have to show one. */
export const SURVEYOR_CLIENT = 'surveyor'

/** Who surveyor is to the servers: a user of the system account. Undefined where nobody can be one. */
function surveyorUser(auth: ClusterDescription['auth']) {
  const secret = (variable: string, file: string, flag: string) => ({
    command: [`--${flag}=/etc/surveyor/${file}`],
    volumes: [`\${${variable}:-./${file}}:/etc/surveyor/${file}:ro`],
  })
  if (auth.mode === 'operator') return secret('NATS_SYSTEM_CREDS', 'system.creds', 'creds')
  if ((auth.mode !== 'users' && auth.mode !== 'nkeys') || !auth.users.some(({system}) => system)) return undefined
  if (auth.mode === 'nkeys') return secret('NATS_SYSTEM_NKEY', 'system.nk', 'nkey')
  return {environment: ['NATS_SURVEYOR_USER', 'NATS_SURVEYOR_PASSWORD'], command: [], volumes: []}
}

/**
 * Surveyor as a service of compose: it asks all servers at once. No service where the cluster has no user for it.
 * `tlsFolder` is seen from the compose file.
 */
export function surveyorService(
  {auth, tls, nodes: [first]}: ClusterDescription,
  servers: readonly string[],
  tlsFolder: string,
) {
  const user = surveyorUser(auth)
  if (!user) return {}
  const scheme = tls?.client ? 'tls' : 'nats'
  const mounted = (from: string, to: string): string => `${tlsMount(tlsFolder)}/${from}:/etc/surveyor/${to}:ro`
  const client = `clients/${SURVEYOR_CLIENT}/client`
  const {command, volumes, ...rest} = user
  const trust = tls?.client && first ? [{flag: 'tlscacert', from: `${first.name}/ca.crt`, to: 'ca.crt'}] : []
  const shown = tls?.client?.verify
    ? [
        {flag: 'tlscert', from: `${client}.crt`, to: 'client.crt'},
        {flag: 'tlskey', from: `${client}.key`, to: 'client.key'},
      ]
    : []
  const files = [...trust, ...shown]
  const mounts = [...volumes, ...files.map(({from, to}) => mounted(from, to))]
  const surveyor = {
    image: SURVEYOR_IMAGE,
    command: [
      `--servers=${servers.map((each) => `${scheme}://${each}`).join(',')}`,
      `--count=${servers.length}`,
      ...command,
      ...files.map(({flag, to}) => `--${flag}=/etc/surveyor/${to}`),
    ],
    ...rest,
    ...(mounts.length > 0 ? {volumes: mounts} : {}),
    ports: ['127.0.0.1:7778:7777'],
    restart: 'unless-stopped',
  }
  return {surveyor}
}

/** For targets other than compose: Prometheus and surveyor anywhere that reaches the nodes. */
export async function monitoringCompose(
  description: ClusterDescription,
  servers: readonly string[],
  tlsFolder: string,
): Promise<GeneratedFile> {
  const document = {
    name: `${description.name.toLowerCase()}-monitoring`,
    services: {
      prometheus: prometheusService('./prometheus.yml', './alerts.yml'),
      ...surveyorService(description, servers, `../${tlsFolder}`),
    },
  }
  return {path: 'monitoring/compose.yaml', text: await renderYaml([document]), secret: false}
}

export function prometheusService(config: string, alerts: string) {
  return {
    image: PROMETHEUS_IMAGE,
    volumes: [`${config}:/etc/prometheus/prometheus.yml:ro`, `${alerts}:/etc/prometheus/alerts.yml:ro`],
    ports: ['127.0.0.1:9090:9090'],
    restart: 'unless-stopped',
  }
}
