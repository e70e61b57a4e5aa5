import type {HealthReport} from '../health.ts'
import type {AssetName} from '../replication.ts'
import type {Finding} from './finding.ts'
import type {MetaSummary, NodeSummary} from './summary.ts'

/** A report as --json tells it, in the order of these fields: what the report leaves out is null. Public. */
export function tellHealth(report: HealthReport) {
  const {findings, nodes, meta, aws} = report
  return {
    ...report,
    findings: findings.map((each) => ({
      ...whole<Finding>(each, FINDING),
      assets: each.assets.map((asset) => whole<AssetName>(asset, ASSET)),
    })),
    nodes: nodes.map((node) => whole<NodeSummary>(node, NODE)),
    meta: whole<MetaSummary>(meta, META),
    aws: {asked: aws.asked, problem: aws.problem ?? null},
  }
}

export type HealthDocument = ReturnType<typeof tellHealth>

const FINDING: readonly (keyof Finding)[] = [
  ...(['code', 'severity', 'message', 'measured', 'limit', 'meaning', 'next', 'nodes', 'assets'] as const),
]
const ASSET: readonly (keyof AssetName)[] = ['kind', 'account', 'accountId', 'stream', 'consumer']
const NODE: readonly (keyof NodeSummary)[] = [
  ...(['node', 'address', 'answers', 'problem', 'version', 'serverId', 'startedAt', 'uptimeSeconds'] as const),
  ...(['healthz', 'connections', 'subscriptions', 'slowConsumers', 'cpuPercent', 'memoryBytes'] as const),
  ...(['configDigest', 'jetStream', 'leads', 'replicas', 'instance'] as const),
]
const META: readonly (keyof MetaSummary)[] = ['leader', 'claimedLeaders', 'size', 'expected', 'pending']

type Whole<T> = {readonly [Key in keyof T]-?: Exclude<T[Key], undefined> | (undefined extends T[Key] ? null : never)}

function whole<T extends object>(value: T, keys: readonly (keyof T)[]): Whole<T> {
  return Object.fromEntries(keys.map((key) => [key, value[key] ?? null])) as Whole<T>
}
