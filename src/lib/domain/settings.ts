/**
 * What natsops knows of one cluster before it has looked at it. Built by config.ts, which also knows where each value
 * came from; every default here is the convention of docs/configuration.md.
 */
export interface ClusterSettings {
  readonly name: string
  /** AWS region; undefined: the SDK's own chain (environment, profile), then `conventionalRegion`. */
  readonly region: string | undefined
  /** AWS profile; undefined: the SDK's own credential chain. */
  readonly profile: string | undefined
  /** Shared credentials file used in place of ~/.aws/credentials. */
  readonly credentialsFile: string | undefined
  /** Endpoint URLs by service; `all` stands for every service without one of its own. */
  readonly endpoints: Readonly<Partial<Record<AwsService | 'all', string>>>
  /** Without a trailing slash, e.g. /nats-cluster/nats-prod. */
  readonly ssmPrefix: string
  /** Nodes named one by one, or how many there are, or undefined: to be discovered. */
  readonly nodes: readonly NodeTarget[] | number | undefined
  readonly patterns: NamePatterns
  readonly ports: Ports
  readonly monitorScheme: 'http' | 'https'
  /** Files of PEM text for connections to NATS and to an https monitor. */
  readonly tls: TlsFiles
  readonly thresholds: Thresholds
  readonly logs: LogNames
  /** Soak between two nodes of a roll, seconds. */
  readonly settleSeconds: number
}

export type AwsService = 'ssm' | 'autoscaling' | 'ec2' | 'sts' | 'logs'

/** Templates: `{cluster}` and `{n}` everywhere, `{node}` (the expanded node pattern) in the others. */
export interface NamePatterns {
  /** Server name of node n, e.g. {cluster}-node-{n}. */
  readonly node: string
  /** Host name, e.g. {node}.{cluster}.internal. */
  readonly host: string
  /** Auto Scaling group, e.g. {node}-asg. */
  readonly asg: string
  /** EC2 tag Name, e.g. {node}. */
  readonly instanceName: string
}

export interface Ports {
  readonly client: number
  readonly cluster: number
  readonly monitor: number
}

export interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

/** Where the nodes' logs are, and what a good start says in them. */
export interface LogNames {
  /** CloudWatch group of the bootstrap logs, whose streams are named `<node>-bootstrap-...`. */
  readonly bootstrapGroup: string
  /** Text of the bootstrap line which says that the instance's logs arrive. */
  readonly bootstrapPattern: string
  readonly axiomDataset: string
  /** Field of an Axiom event that holds its node's name; undefined: any that is named like one. */
  readonly axiomNodeField: string | undefined
  /** SSM parameter with Axiom's token, for whoever has no AXIOM_TOKEN; undefined: there is none. */
  readonly axiomTokenParameter: string | undefined
}

/** Where one node is found. `name` is its NATS server name. */
export interface NodeTarget {
  readonly name: string
  readonly host: string
  readonly clientPort: number
  readonly monitorPort: number
  readonly asg: string
  readonly instanceName: string
}

/** Limits behind the findings of `health`. Percentages are 0-100. */
export interface Thresholds {
  /** JetStream file or memory in use, percent of the server's limit. */
  readonly storagePercentWarning: number
  readonly storagePercentCritical: number
  readonly cpuPercent: number
  readonly memoryPercent: number
  readonly diskPercent: number
  readonly iowaitPercent: number
  readonly stealPercent: number
  /** Fewer client connections than this in the whole cluster: no service is connected. */
  readonly connectionsMinimum: number
  readonly connections: number
  readonly subscriptions: number
  readonly consumerPending: number
  /** Days left of a TLS certificate. */
  readonly certificateDaysWarning: number
  readonly certificateDaysCritical: number
  /** A server up for less than this is reported as just restarted, seconds. */
  readonly recentRestartSeconds: number
}

export const defaultThresholds: Thresholds = {
  storagePercentWarning: 80,
  storagePercentCritical: 95,
  cpuPercent: 80,
  memoryPercent: 85,
  diskPercent: 80,
  iowaitPercent: 20,
  stealPercent: 10,
  connectionsMinimum: 1,
  connections: 10_000,
  subscriptions: 100_000,
  consumerPending: 10_000,
  certificateDaysWarning: 30,
  certificateDaysCritical: 7,
  recentRestartSeconds: 300,
}

export const defaultPatterns: NamePatterns = {
  node: '{cluster}-node-{n}',
  host: '{node}.{cluster}.internal',
  asg: '{node}-asg',
  instanceName: '{node}',
}

/** `{cluster}` stands for the cluster's name. */
export const defaultLogs: LogNames = {
  bootstrapGroup: '/aws/ec2/nats-cluster/{cluster}/diagnostic',
  bootstrapPattern: 'Axiom ingest check',
  axiomDataset: 'nats-logs',
  axiomNodeField: undefined,
  axiomTokenParameter: undefined,
}

export const defaultPorts: Ports = {client: 4222, cluster: 6222, monitor: 8222}
export const conventionalRegion = 'us-east-2'
const conventionalNodeCount = 3
const conventionalSettleSeconds = 120
/** What --settle and the configuration's key may be, milliseconds. */
export const settleLimits = {shortestMs: 1000, longestMs: 86_400_000} as const

export function isSettle(ms: number): boolean {
  return ms >= settleLimits.shortestMs && ms <= settleLimits.longestMs
}

/** Everything natsops knows about a cluster of which nothing is configured: the runbook's names. */
export function conventionalSettings(name: string): ClusterSettings {
  return {
    name,
    region: undefined,
    profile: undefined,
    credentialsFile: undefined,
    endpoints: {},
    ssmPrefix: `/nats-cluster/${name}`,
    nodes: undefined,
    patterns: defaultPatterns,
    ports: defaultPorts,
    monitorScheme: 'http',
    tls: {ca: undefined, cert: undefined, key: undefined},
    thresholds: defaultThresholds,
    logs: namedLogs(defaultLogs, name),
    settleSeconds: conventionalSettleSeconds,
  }
}

/** The names with the cluster's put in. */
export function namedLogs(logs: LogNames, cluster: string): LogNames {
  return {
    ...logs,
    bootstrapGroup: logs.bootstrapGroup.replaceAll('{cluster}', cluster),
    axiomTokenParameter: logs.axiomTokenParameter?.replaceAll('{cluster}', cluster),
  }
}

/** Expands a name pattern; `n` counts from 1. */
export function expandPattern(pattern: string, {cluster, n, node}: {cluster: string; n: number; node: string}): string {
  return pattern.replaceAll('{cluster}', cluster).replaceAll('{n}', String(n)).replaceAll('{node}', node)
}

/** Node n of a cluster by its patterns; `n` counts from 1. */
export function conventionalNode({name: cluster, patterns, ports}: ClusterSettings, n: number): NodeTarget {
  const node = expandPattern(patterns.node, {cluster, n, node: ''})
  const expand = (pattern: string): string => expandPattern(pattern, {cluster, n, node})
  return {
    name: node,
    host: expand(patterns.host),
    clientPort: ports.client,
    monitorPort: ports.monitor,
    asg: expand(patterns.asg),
    instanceName: expand(patterns.instanceName),
  }
}

/** A node of which only its server's name is known: what that name says, else only the name. */
export function nodeNamed(settings: ClusterSettings, name: string): NodeTarget {
  const number = /\d+/g
  for (const [digits] of name.matchAll(number)) {
    const node = conventionalNode(settings, Number(digits))
    if (node.name === name) return node
  }
  const {client: clientPort, monitor: monitorPort} = settings.ports
  return {name, host: name, clientPort, monitorPort, asg: '', instanceName: name}
}

/** The nodes without asking AWS: configured one by one, or the configured count, or the convention of three. */
export function configuredNodes(settings: ClusterSettings): readonly NodeTarget[] {
  if (typeof settings.nodes === 'object') return settings.nodes
  const count = settings.nodes ?? conventionalNodeCount
  return Array.from({length: count}, (_, index) => conventionalNode(settings, index + 1))
}

/** Names of the SSM parameters of a cluster (PRODUCT conventions): `owner` is 'admin', 'sys' or a service's name. */
export function credentialParameters(
  {ssmPrefix}: Pick<ClusterSettings, 'ssmPrefix'>,
  owner: {readonly kind: 'admin' | 'system'} | {readonly kind: 'service'; readonly service: string},
): {readonly jwt: string; readonly seed: string} {
  switch (owner.kind) {
    case 'admin':
      return {jwt: `${ssmPrefix}/admin/nats_admin_jwt`, seed: `${ssmPrefix}/admin/nats_admin_nkey_seed`}
    case 'system':
      return {jwt: `${ssmPrefix}/admin/nats_sys_jwt`, seed: `${ssmPrefix}/admin/nats_sys_nkey_seed`}
    case 'service': {
      const base = `${ssmPrefix}/services/${owner.service}`
      return {jwt: `${base}/nats_admin_jwt`, seed: `${base}/nats_admin_nkey_seed`}
    }
  }
}

/** SSM parameter of the host list a service connects to. */
export function hostParameter({ssmPrefix}: Pick<ClusterSettings, 'ssmPrefix'>, service: string): string {
  return `${ssmPrefix}/services/${service}/nats_host`
}
