import {type NodeMeasures, NVME_MOUNT, type UnitStatus} from './node-status.ts'
import type {Thresholds} from './settings.ts'

/** Codes are public: never renamed. */
export interface NodeFinding {
  readonly severity: 'critical' | 'warning'
  readonly code:
    | 'unit-down'
    | 'cpu-high'
    | 'iowait-high'
    | 'steal-high'
    | 'memory-high'
    | 'disk-high'
    | 'disk-not-mounted'
    | 'unknown'
  /** In words. Untrusted text. */
  readonly message: string
}

export type NodeVerdict = 'ok' | 'degraded' | 'critical'

/** One measure with the limit from which on it is a finding; `percent` null: unknown. */
export interface LimitedMeasure {
  readonly name: 'cpu' | 'iowait' | 'steal' | 'memory' | 'disk'
  readonly percent: number | null
  readonly limit: number
}

/** What `natsops node status` compares with what. */
export function limitedMeasures(measures: NodeMeasures, limits: Thresholds): readonly LimitedMeasure[] {
  const {cpuPercent, iowaitPercent, stealPercent, memory, disk} = measures
  return [
    {name: 'cpu', percent: cpuPercent, limit: limits.cpuPercent},
    {name: 'iowait', percent: iowaitPercent, limit: limits.iowaitPercent},
    {name: 'steal', percent: stealPercent, limit: limits.stealPercent},
    {name: 'memory', percent: memory?.usedPercent ?? null, limit: limits.memoryPercent},
    {name: 'disk', percent: disk?.usedPercent ?? null, limit: limits.diskPercent},
  ]
}

/** The worst first. What is not known is never ok. */
export function judgeNode(measures: NodeMeasures, limits: Thresholds): readonly NodeFinding[] {
  const {disk} = measures
  const findings: readonly NodeFinding[] = [
    ...measures.units.flatMap(judgeUnit),
    ...limitedMeasures(measures, limits).flatMap(judgeMeasure),
    ...(disk && disk.mount !== NVME_MOUNT
      ? [warning('disk-not-mounted', `${NVME_MOUNT} is no disk of its own: it is on ${disk.mount}`)]
      : []),
    ...(measures.version === null ? [warning('unknown', 'the version of nats-server is not known')] : []),
  ]
  return [...findings].sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}

export function verdictOf(findings: readonly NodeFinding[]): NodeVerdict {
  if (findings.length === 0) return 'ok'
  return findings.some(({severity}) => severity === 'critical') ? 'critical' : 'degraded'
}

/** Without its server a node is down; without the others it only cannot be watched. */
function judgeUnit({unit, loadState, activeState, subState}: UnitStatus): readonly NodeFinding[] {
  if (activeState === 'active') return []
  const severity = unit === 'nats' ? 'critical' : 'warning'
  if (activeState === null) return [{severity, code: 'unknown', message: `the state of the unit ${unit} is not known`}]
  const state = loadState === 'not-found' ? 'not there' : `${activeState} (${subState ?? 'no detail'})`
  return [{severity, code: 'unit-down', message: `the unit ${unit} is ${state}`}]
}

function judgeMeasure({name, percent, limit}: LimitedMeasure): readonly NodeFinding[] {
  if (percent === null) return [warning('unknown', `${name} is not known`)]
  return percent < limit ? [] : [warning(`${name}-high`, `${name} is at ${percent}%: the limit is ${limit}%`)]
}

function warning(code: NodeFinding['code'], message: string): NodeFinding {
  return {severity: 'warning', code, message}
}
