import type {ResolvedCluster, Source} from '../config.ts'
import {
  type ClusterSettings,
  conventionalSettings,
  defaultLogs,
  defaultThresholds,
  expandPattern,
  type NodeTarget,
  namedLogs,
} from '../domain/settings.ts'
import type {ClusterValues, NodeValues} from './values.ts'

/** One voice about one cluster. */
export interface Layer {
  readonly kind: Source['layer']
  readonly values: ClusterValues
  /** Where the value of a dotted key stands: a flag, a variable, a file with the key's path in it. */
  detail(key: string): string
}

/** Settles every value by the first layer that has it, highest first, and by the convention where none has. */
export function resolveCluster(name: string, named: Source, layers: readonly Layer[]): ResolvedCluster {
  const convention = conventionalSettings(name)
  const sources = new Map<string, Source>([['name', named]])
  const settle = <T>(
    key: string,
    read: (values: ClusterValues) => T | undefined,
    conventional: T,
    note = 'default',
  ): T => {
    for (const {kind, values, detail} of layers) {
      const value = read(values)
      if (value === undefined) continue
      sources.set(key, {layer: kind, detail: detail(key)})
      return value
    }
    sources.set(key, {layer: 'convention', detail: note})
    return conventional
  }

  const region = settle('region', (values) => values.region, convention.region)
  if (region === undefined) sources.set('region', {layer: 'aws profile', detail: 'else us-east-2 by convention'})
  const partial: Omit<ClusterSettings, 'nodes'> = {
    name,
    region,
    profile: settle('profile', (values) => values.profile, convention.profile, 'the credential chain of AWS'),
    credentialsFile: settle('credentialsFile', (values) => values.credentialsFile, convention.credentialsFile),
    endpoints: settleEndpoints(layers, sources),
    ssmPrefix: settle('ssmPrefix', (values) => values.ssmPrefix, convention.ssmPrefix)
      .replaceAll('{cluster}', name)
      .replace(/\/$/, ''),
    patterns: settleGroup('patterns', convention.patterns, (values) => values.patterns, settle),
    ports: settleGroup('ports', convention.ports, (values) => values.ports, settle),
    monitorScheme: settle('monitorScheme', (values) => values.monitorScheme, convention.monitorScheme),
    tls: settleGroup('tls', convention.tls, (values) => values.tls, settle),
    thresholds: settleGroup('thresholds', defaultThresholds, (values) => values.thresholds, settle),
    logs: namedLogs(
      settleGroup('logs', defaultLogs, (values) => values.logs, settle),
      name,
    ),
    settleSeconds: settle('settle', (values) => values.settle, convention.settleSeconds),
  }
  const nodes = settle('nodes', (values) => values.nodes, undefined, 'discovered in AWS, else three')
  const settings = {...partial, nodes: typeof nodes === 'object' ? completeNodes(nodes, partial) : nodes}
  return {settings, sources}
}

type Settle = <T>(key: string, read: (values: ClusterValues) => T | undefined, conventional: T) => T

/** A group of keys, each settled by itself. */
function settleGroup<T extends object>(
  group: string,
  conventional: T,
  read: (values: ClusterValues) => {readonly [Key in keyof T]?: T[Key] | undefined} | undefined,
  settle: Settle,
): T {
  const settled = {...conventional}
  for (const key of Object.keys(conventional) as (keyof T & string)[]) {
    settled[key] = settle<T[typeof key]>(`${group}.${key}`, (values) => read(values)?.[key], conventional[key])
  }
  return settled
}

/**
 * As the AWS SDKs do it: an address for all services in a higher layer hides what a lower one says of a single service.
 * Otherwise half of the calls of one command could go to another place than the rest.
 */
function settleEndpoints(layers: readonly Layer[], sources: Map<string, Source>): ClusterSettings['endpoints'] {
  const settled: Record<string, string> = {}
  for (const {kind, values, detail} of layers) {
    for (const [service, url] of Object.entries(values.endpoints ?? {})) {
      if (url === undefined || service in settled) continue
      settled[service] = url
      sources.set(`endpoints.${service}`, {layer: kind, detail: detail(`endpoints.${service}`)})
    }
    if ('all' in settled) break
  }
  return settled
}

/** What a listed node leaves out follows from the cluster's ports and patterns; `n` is its place in the list. */
function completeNodes(
  nodes: readonly NodeValues[],
  {name: cluster, ports, patterns}: Omit<ClusterSettings, 'nodes'>,
): readonly NodeTarget[] {
  return nodes.map(({name, host, clientPort, monitorPort, asg, instanceName}, index) => {
    const expand = (pattern: string): string => expandPattern(pattern, {cluster, n: index + 1, node: name})
    return {
      name,
      host,
      clientPort: clientPort ?? ports.client,
      monitorPort: monitorPort ?? ports.monitor,
      asg: asg ?? expand(patterns.asg),
      instanceName: instanceName ?? expand(patterns.instanceName),
    }
  })
}
