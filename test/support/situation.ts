import {assembleAssets} from '../../src/lib/domain/assemble.ts'
import type {HealthInput} from '../../src/lib/domain/health/input.ts'
import {judgeReplication} from '../../src/lib/domain/replication.ts'
import type {ClusterSettings} from '../../src/lib/domain/settings.ts'
import type {Bend} from './bends.ts'
import {healthyAws, healthyObservation, NOW, testSettings} from './observations.ts'

export interface Situation {
  readonly settings?: ClusterSettings
  readonly bend?: Bend
  readonly bendEarlier?: Bend
  readonly bendLater?: Bend
  readonly input?: Partial<HealthInput>
}

/** What health is judged from, assets and replication worked out as in a real run. */
export function situation({
  settings = testSettings(),
  bend = same,
  bendEarlier = same,
  bendLater = same,
  input,
}: Situation = {}): HealthInput {
  const earlier = bendEarlier(bend(healthyObservation(settings, NOW - 1000)))
  const later = bendLater(bend(healthyObservation(settings, NOW)))
  return {
    settings,
    earlier,
    later,
    assets: assembleAssets(later),
    replication: judgeReplication(earlier, later),
    aws: healthyAws(settings),
    awsProblem: undefined,
    nodesWarning: undefined,
    now: NOW,
    ...input,
  }
}

const same: Bend = (observation) => observation
