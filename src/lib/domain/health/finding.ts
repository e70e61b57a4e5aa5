import {compareNames} from '../natural-order.ts'
import type {AssetName} from '../replication.ts'

/** What is wrong now, what will be, what to know. */
export const severities = ['critical', 'warning', 'info'] as const
export type Severity = (typeof severities)[number]

/**
 * Every code a finding can have, most urgent subject first: findings of one severity are shown in this order. Codes
 * are public interface: docs/health.md explains each, none is ever renamed.
 */
export const findingCodes = [
  'cluster-unreachable',
  'meta-leaderless',
  'asset-leaderless',
  'group-below-quorum',
  'replica-diverged',
  'server-duplicated',
  'store-write-error',
  'node-unreachable',
  'jetstream-disabled',
  'server-misplaced',
  'node-unhealthy',
  'node-incomplete',
  'store-full',
  'replica-missing',
  'replica-behind',
  'replica-unproven',
  'asset-vanished',
  'replica-unplaced',
  'group-at-risk',
  'ghost-peer',
  'meta-leader-disputed',
  'asset-leader-disputed',
  'meta-peer-silent',
  'meta-peer-behind',
  'meta-size',
  'meta-pending',
  'replicas-above-nodes',
  'route-missing',
  'server-unexpected',
  'jetstream-shrunk',
  'store-reserved',
  'connections-none',
  'connections-high',
  'subscriptions-high',
  'slow-consumers',
  'api-errors',
  'consumer-pending',
  'cpu-high',
  'certificate-expiring',
  'lame-duck',
  'version-skew',
  'config-differs',
  'nodes-uncertain',
  'asg-missing',
  'asg-instances',
  'asg-instance-unhealthy',
  'asg-activity-failed',
  'asg-suspended',
  'asg-refresh',
  'asg-activity',
  'ec2-impaired',
  'instance-type-differs',
  'aws-failed',
  'aws-not-asked',
  'server-restarted',
  'single-replica',
  'memory-stream',
  'single-node',
] as const
export type FindingCode = (typeof findingCodes)[number]

/** One thing that is wrong, or worth knowing. One cause is one finding, however many assets it touches. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** Server names it is about, sorted; none where it is about the cluster as a whole. */
  readonly nodes: readonly string[]
  /** Every stream and consumer it is about, sorted. */
  readonly assets: readonly AssetName[]
  /** What: with the measured value and the limit, without the nodes' names where one node says it all. */
  readonly message: string
  /** The number behind the message, and what it was held against, where there is one. */
  readonly measured?: number
  readonly limit?: number
  /** What it means for data and clients. */
  readonly meaning: string
  /** What to do next: a command where possible. */
  readonly next: string
}

export type FindingDraft = Omit<Finding, 'nodes' | 'assets'> & Partial<Pick<Finding, 'nodes' | 'assets'>>

/** A finding with its lists filled in and sorted. */
export function finding({nodes = [], assets = [], ...rest}: FindingDraft): Finding {
  return {...rest, nodes: [...new Set(nodes)].sort(compareNames), assets: [...assets].sort(compareAssets)}
}

/** Most urgent first: by severity, then by subject, then by place. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({severity, code}: Finding): number =>
    severities.indexOf(severity) * findingCodes.length + findingCodes.indexOf(code)
  return [...findings].sort((a, b) => rank(a) - rank(b) || compareNames(a.nodes.join(), b.nodes.join()))
}

/** `pivot_main`, `pivot_main > worker`. */
export function titleOf({stream, consumer}: AssetName): string {
  return consumer === undefined ? stream : `${stream} > ${consumer}`
}

/** Streams before consumers, then by name. */
export function compareAssets(a: AssetName, b: AssetName): number {
  return (
    (a.kind === b.kind ? 0 : a.kind === 'stream' ? -1 : 1) ||
    compareNames(a.stream, b.stream) ||
    compareNames(a.consumer ?? '', b.consumer ?? '') ||
    compareNames(a.account, b.account)
  )
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
