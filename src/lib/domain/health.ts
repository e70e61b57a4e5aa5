import {judgeAssets} from './health/assets.ts'
import {judgeAws} from './health/aws.ts'
import {type Finding, type Severity, severities, sortFindings} from './health/finding.ts'
import {judgeFleet} from './health/fleet.ts'
import {judgeGhosts} from './health/ghosts.ts'
import type {HealthInput} from './health/input.ts'
import {gatherEvidence} from './health/judged.ts'
import {judgeLoad} from './health/load.ts'
import {judgeMeta} from './health/meta.ts'
import {judgeNodes} from './health/nodes.ts'
import {judgePlacement} from './health/placement.ts'
import {judgeRisk} from './health/risk.ts'
import {
  type AssetSummary,
  type MetaSummary,
  type NodeSummary,
  summariseAssets,
  summariseMeta,
  summariseNodes,
} from './health/summary.ts'

/** `unknown`: no node answered, so nothing is known of the cluster itself. */
export type HealthVerdict = 'ok' | 'degraded' | 'critical' | 'unknown'

/** One judgement on a cluster; `tellHealth` makes `natsops health --json` of it. Fields are public: added, never renamed. */
export interface HealthReport {
  readonly cluster: string
  readonly verdict: HealthVerdict
  /** RFC 3339, when the later of the two looks was taken. */
  readonly at: string
  readonly counts: Readonly<Record<Severity, number>>
  /** Most urgent first. */
  readonly findings: readonly Finding[]
  readonly nodes: readonly NodeSummary[]
  readonly meta: MetaSummary
  readonly assets: AssetSummary
  readonly aws: {
    readonly asked: boolean
    /** Why there is no answer, where there is none. */
    readonly problem?: string
  }
}

/**
 * Judges a cluster from two looks at it, some time apart. Pure: the same input gives the same report.
 *
 * A node's own word (healthz) and a leader's word about its peers (current, lag, offline) are evidence against, never
 * for: only stored state that two looks agree on proves a replica. The worst finding decides the verdict; findings
 * that are worth knowing and not wrong now (`info`) leave it at ok.
 */
export function judgeHealth(input: HealthInput): HealthReport {
  const rules = [
    ...[judgeNodes, judgeFleet, judgeMeta, judgeLoad, judgeAws],
    ...[judgeAssets, judgePlacement, judgeRisk, judgeGhosts],
  ]
  const evidence = gatherEvidence(input)
  const findings = sortFindings(rules.flatMap((rule) => rule(evidence)))
  const nodes = summariseNodes(input)
  const counts = {critical: 0, warning: 0, info: 0}
  for (const {severity} of findings) counts[severity] += 1
  return {
    cluster: input.settings.name,
    verdict: nodes.some(({answers}) => answers) ? verdictOf(counts) : 'unknown',
    at: new Date(input.later.at).toISOString(),
    counts,
    findings,
    nodes,
    meta: summariseMeta(input),
    assets: summariseAssets(evidence),
    aws: {asked: input.aws !== undefined, ...(input.awsProblem && {problem: input.awsProblem.message})},
  }
}

/** The same report, what to do next in other words. Rules name no cluster in the commands they write. */
export function rewordNext(report: HealthReport, reword: (next: string) => string): HealthReport {
  return {...report, findings: report.findings.map((each) => ({...each, next: reword(each.next)}))}
}

function verdictOf(counts: Readonly<Record<Severity, number>>): HealthVerdict {
  const worst = severities.find((severity) => counts[severity] > 0)
  if (worst === 'critical') return 'critical'
  return worst === 'warning' ? 'degraded' : 'ok'
}
