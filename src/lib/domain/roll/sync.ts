import type {Asset} from '../assets.ts'
import {nameOf} from '../replication.ts'
import {assetsOf, keyOf, verdictsOf} from './facts.ts'
import {isNewlyBorn, labelOf} from './predicates.ts'
import type {RollView} from './view.ts'

/** How far a replaced node has come, from its own word against its leaders'. */
export interface SyncProgress {
  readonly node: string
  readonly streams: readonly StreamProgress[]
  /** Sums over the streams. */
  readonly bytes: number
  readonly bytesWanted: number
  /** Groups (streams and consumers) it should hold and does not hold yet. */
  readonly missing: number
}

export interface StreamProgress {
  readonly account: string
  readonly stream: string
  readonly messages: number
  readonly messagesWanted: number
  readonly bytes: number
  readonly bytesWanted: number
}

export function measureSync(view: RollView, node: string): SyncProgress {
  const assets = assetsOf(view).filter(
    (asset) => asset.replicas > 1 && asset.members.some((member) => member.node === node),
  )
  const streams = assets.flatMap((asset) => {
    if (asset.kind !== 'stream') return []
    const own = asset.members.find((member) => member.node === node)?.state
    const wanted = asset.members.find((member) => member.node === asset.leader)?.state
    return {
      account: asset.account,
      stream: asset.stream,
      messages: own?.messages ?? 0,
      messagesWanted: wanted?.messages ?? 0,
      bytes: own?.bytes ?? 0,
      bytesWanted: wanted?.bytes ?? 0,
    }
  })
  return {
    node,
    streams,
    bytes: streams.reduce((sum, {bytes}) => sum + bytes, 0),
    bytesWanted: streams.reduce((sum, {bytesWanted}) => sum + bytesWanted, 0),
    missing: assets.filter((asset) => asset.members.find((member) => member.node === node)?.presence !== 'holds')
      .length,
  }
}

/** An asset that the node should hold and does not hold in full yet. */
export interface Lagging {
  /** Identity of the asset over several looks. */
  readonly key: string
  readonly label: string
  /** The node's own last sequence (a consumer's: ack floor plus delivered); -1 where it has none yet. */
  readonly position: number
}

/**
 * What still lacks on the node. Each asset is watched by itself: one that grows because it is written to must not
 * hide another one that stands still.
 */
export function laggingOn(view: RollView, node: string): readonly Lagging[] {
  const assets = new Map(assetsOf(view).map((asset) => [keyOf(nameOf(asset)), asset]))
  return verdictsOf(view).flatMap((verdict) => {
    if (verdict.node !== node || verdict.verdict === 'caught-up' || verdict.verdict === 'single') return []
    const key = keyOf(verdict.asset)
    const asset = assets.get(key)
    return asset && !isNewlyBorn(view, asset) ? {key, label: labelOf(asset), position: positionOn(asset, node)} : []
  })
}

function positionOn(asset: Asset, node: string): number {
  if (asset.kind === 'stream') return asset.members.find((member) => member.node === node)?.state?.lastSeq ?? -1
  const state = asset.members.find((member) => member.node === node)?.state
  return state ? state.ackFloorStreamSeq + state.deliveredStreamSeq : -1
}
