import {assembleAssets} from '../assemble.ts'
import type {Asset} from '../assets.ts'
import {type AssetName, judgeReplication, nameOf, type ReplicaVerdict} from '../replication.ts'
import type {RollView} from './view.ts'

/** What follows from a view alone, worked out once a view: a view of thousands of streams is asked many times. */
interface Facts {
  readonly assets: readonly Asset[]
  readonly earlier: ReadonlySet<string>
  readonly verdicts: readonly ReplicaVerdict[]
}

const known = new WeakMap<RollView, Facts>()

function factsOf(view: RollView): Facts {
  let facts = known.get(view)
  if (facts === undefined) {
    facts = {
      assets: assembleAssets(view.later),
      earlier: new Set(assembleAssets(view.earlier).map((asset) => keyOf(nameOf(asset)))),
      verdicts: judgeReplication(view.earlier, view.later),
    }
    known.set(view, facts)
  }
  return facts
}

/** Every stream and consumer, as of the later look. */
export function assetsOf(view: RollView): readonly Asset[] {
  return factsOf(view).assets
}

/** Keys of every stream and consumer of the earlier look. */
export function earlierAssetsOf(view: RollView): ReadonlySet<string> {
  return factsOf(view).earlier
}

/** One key an asset, over several looks and for verdicts as well. */
export function keyOf({kind, account, accountId, stream, consumer}: AssetName): string {
  return JSON.stringify([kind, accountId ?? account, stream, consumer])
}

/** What every replica is worth, from the two looks. */
export function verdictsOf(view: RollView): readonly ReplicaVerdict[] {
  return factsOf(view).verdicts
}
