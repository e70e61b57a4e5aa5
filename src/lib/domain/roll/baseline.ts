import {listsAll} from '../assemble.ts'
import {type AssetName, nameOf} from '../replication.ts'
import {assetsOf, keyOf} from './facts.ts'
import {labelOf} from './predicates.ts'
import type {RollView} from './view.ts'

/** How far every replicated asset had come when the gate opened. None of these numbers may ever go back. */
export interface Baseline {
  readonly streams: readonly (AssetName & {readonly lastSeq: number})[]
  readonly consumers: readonly (AssetName & {readonly ackFloor: number})[]
}

/**
 * The baseline of a view: each stream's highest state among the replicas that hold it, each consumer's lowest: a server
 * can lose single acknowledgements on a follower, and any replica may lead later. `own`: streams of natsops' own, which it
 * makes anew where they were deleted.
 */
export function takeBaseline(view: RollView, own: readonly string[] = []): Baseline {
  const assets = assetsOf(view).filter(({replicas, stream}) => replicas > 1 && !own.includes(stream))
  return {
    streams: assets.flatMap((asset) => {
      if (asset.kind !== 'stream') return []
      const states = asset.members.flatMap(({state}) => state ?? [])
      return {...nameOf(asset), lastSeq: Math.max(0, ...states.map(({lastSeq}) => lastSeq))}
    }),
    consumers: assets.flatMap((asset) => {
      if (asset.kind !== 'consumer' || asset.members.some(({state}) => state?.durable === false)) return []
      const states = asset.members.flatMap(({state}) => state ?? [])
      return {...nameOf(asset), ackFloor: lowestOf(states.map(({ackFloorStreamSeq}) => ackFloorStreamSeq))}
    }),
  }
}

/**
 * What went back since the baseline, in words; empty when nothing did. An asset that is gone altogether is listed as
 * missing, once every node has said in full what it holds: a deletion by its owner during the roll looks the same, so
 * it is the operator who decides.
 */
export function fallenBelow(baseline: Baseline, view: RollView): readonly string[] {
  const assets = new Map(assetsOf(view).map((asset) => [keyOf(nameOf(asset)), asset]))
  const isSeen = view.later.nodes.every(({jetStream}) => listsAll(jetStream))
  const lost: string[] = []
  for (const was of baseline.streams) {
    const asset = assets.get(keyOf(was))
    if (asset?.kind !== 'stream') {
      if (isSeen) lost.push(`stream ${was.stream} is gone, its last sequence was ${was.lastSeq}`)
    } else {
      const last = leaderOf(asset.members, asset.leader)?.state?.lastSeq
      if (last !== undefined && last < was.lastSeq)
        lost.push(`${labelOf(asset)} ends at ${last}, it had come to ${was.lastSeq}`)
    }
  }
  for (const was of baseline.consumers) {
    const asset = assets.get(keyOf(was))
    if (asset?.kind !== 'consumer') {
      if (isSeen) lost.push(`consumer ${was.stream}/${was.consumer} is gone, its ack floor was ${was.ackFloor}`)
    } else {
      const floor = leaderOf(asset.members, asset.leader)?.state?.ackFloorStreamSeq
      if (floor !== undefined && floor < was.ackFloor)
        lost.push(`${labelOf(asset)} has the ack floor ${floor}, it had come to ${was.ackFloor}`)
    }
  }
  return lost
}

function lowestOf(numbers: readonly number[]): number {
  return numbers.length > 0 ? Math.min(...numbers) : 0
}

/** The leader's state is what clients get. Undefined while there is no leader to ask. */
function leaderOf<M extends {readonly node: string}>(members: readonly M[], leader: string | undefined): M | undefined {
  return members.find(({node}) => node === leader)
}
