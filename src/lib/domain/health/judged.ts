import {assembleAssets} from '../assemble.ts'
import type {Asset} from '../assets.ts'
import {counted, listed} from '../quantity.ts'
import {type AssetName, nameOf, type ReplicaVerdict} from '../replication.ts'
import {compareAssets, groupBy, titleOf} from './finding.ts'
import type {HealthInput} from './input.ts'
import {hasToldAll, isMadeNow} from './look.ts'

/** An asset with the verdict on each of its members. */
export interface JudgedAsset {
  readonly asset: Asset
  readonly name: AssetName
  readonly verdicts: readonly ReplicaVerdict[]
  /** As it was in the earlier look; undefined where nobody told of it then. */
  readonly before: Asset | undefined
  /** Only just being made: by its own time, and whoever holds it now told all it had in the earlier look: not this. */
  readonly isNew: boolean
}

/** The input and what follows from it for every rule about assets. */
export interface Evidence extends HealthInput {
  readonly judged: readonly JudgedAsset[]
  /** Verdicts on assets that were there in the earlier look and that no node lists any more. */
  readonly vanished: readonly ReplicaVerdict[]
}

export function gatherEvidence(input: HealthInput): Evidence {
  const {assets, replication, earlier} = input
  const verdicts = groupBy(replication, ({asset}) => keyOf(asset))
  const before = new Map(assembleAssets(earlier).map((asset) => [keyOf(nameOf(asset)), asset]))
  const toldAll = new Set(earlier.nodes.filter(hasToldAll).map(({target}) => target.name))
  const judged = assets.map((asset): JudgedAsset => {
    const name = nameOf(asset)
    const key = keyOf(name)
    const holders = asset.members.filter(({presence}) => presence === 'holds')
    const isUntold = !before.has(key) && holders.every(({node}) => toldAll.has(node))
    const isNew = isUntold && isMadeNow(input, asset.createdAt)
    return {asset, name, verdicts: verdicts.get(key) ?? [], before: before.get(key), isNew}
  })
  const present = new Set(judged.map(({name}) => keyOf(name)))
  return {...input, judged, vanished: replication.filter(({asset}) => !present.has(keyOf(asset)))}
}

export function keyOf({account, accountId, stream, consumer}: AssetName): string {
  return JSON.stringify([accountId ?? account, stream, consumer ?? null])
}

/** Key of the stream itself, also of a consumer's. */
export function streamKeyOf(name: AssetName): string {
  return keyOf({...name, consumer: undefined})
}

/**
 * No member knows a leader; or, in both looks, the one that the others name says itself that it does not lead: so it is
 * for good when a leader has stepped down because its store is full. A group that is only just being made has no leader
 * yet, and is not stuck.
 */
export function isLeaderless({asset, before, isNew}: JudgedAsset): boolean {
  if (isNew || asset.replicas < 2 || asset.leader !== undefined) return false
  if (asset.claimedLeaders.length === 0) return true
  if (before === undefined) return false
  return asset.claimedLeaders.length === 1 && before.leader === undefined && before.claimedLeaders.length < 2
}

/** Several are named, or the one that is named has just denied it. */
export function isDisputed(judged: JudgedAsset): boolean {
  const {asset, isNew} = judged
  return !isNew && asset.leader === undefined && asset.claimedLeaders.length > 0 && !isLeaderless(judged)
}

/** `2 streams and 5 consumers: a, b, c and 4 more`. */
export function describeAssets(names: readonly AssetName[]): string {
  const sorted = [...names].sort(compareAssets)
  return `${countAssets(names)}: ${listed(sorted.map(titleOf))}`
}

export function countAssets(names: readonly AssetName[]): string {
  const streams = names.filter(({kind}) => kind === 'stream').length
  const consumers = names.length - streams
  if (consumers === 0) return counted(streams, 'stream')
  return streams === 0
    ? counted(consumers, 'consumer')
    : `${counted(streams, 'stream')} and ${counted(consumers, 'consumer')}`
}
