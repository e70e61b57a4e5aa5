import type {ResolvedCluster, Source} from '../config.ts'
import {configuredNodes, type NodeTarget} from '../domain/settings.ts'

/** One line of `cluster list`. */
export interface ClusterSummary {
  readonly cluster: string
  /** Null: the AWS profile's, else the conventional one. */
  readonly region: string | null
  /** Null: to be discovered from the Auto Scaling groups. */
  readonly nodes: number | null
  /** What names the cluster: a running lab or a file. */
  readonly source: Source
}

/** A value that natsops would use, and what it goes by. */
export interface SettledValue {
  /** Null: nothing says, the note in `detail` tells what happens then. */
  readonly value: string | number | null
  readonly layer: Source['layer']
  readonly detail: string
}

export interface ClusterDescription {
  readonly cluster: string
  /** By dotted key as written in a configuration file; `name` tells what chose the cluster. */
  readonly values: Readonly<Record<string, SettledValue>>
  /** As configured or by convention: discovery in AWS may find others. */
  readonly nodes: readonly DescribedNode[]
}

export interface DescribedNode extends Omit<NodeTarget, 'name'> {
  readonly node: string
}

export function summarizeCluster({settings, sources}: ResolvedCluster): ClusterSummary {
  return {
    cluster: settings.name,
    region: settings.region ?? null,
    nodes: nodeCount(settings.nodes),
    source: sources.get('name') ?? unknownSource,
  }
}

/** Every value with its source; nothing secret is among them: profile names and paths, never what is in a file. */
export function describeCluster({settings, sources}: ResolvedCluster): ClusterDescription {
  const values = [...sources].map(([key, {layer, detail}]) => [
    key,
    {value: settledValue(settings, key), layer, detail},
  ])
  const nodes = configuredNodes(settings).map(({name, ...target}) => ({node: name, ...target}))
  return {cluster: settings.name, values: Object.fromEntries(values), nodes}
}

function settledValue(settings: ResolvedCluster['settings'], key: string): string | number | null {
  if (key === 'nodes') return nodeCount(settings.nodes)
  if (key === 'settle') return settings.settleSeconds
  const value = key
    .split('.')
    .reduce<unknown>((each, part) => (typeof each === 'object' && each ? Reflect.get(each, part) : undefined), settings)
  return typeof value === 'string' || typeof value === 'number' ? value : null
}

function nodeCount(nodes: ResolvedCluster['settings']['nodes']): number | null {
  return typeof nodes === 'object' ? nodes.length : (nodes ?? null)
}

const unknownSource: Source = {layer: 'convention', detail: 'default'}
