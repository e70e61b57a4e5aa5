import type {Asset, ConsumerAsset, StreamAsset} from '../assets.ts'
import type {ReplicaVerdict} from '../replication.ts'
import {type NodePair, rateOf} from './look.ts'
import {type ConsumerTopRow, extendTrend, type StreamTopRow, type Trend} from './rows.ts'

/** Assets of two looks, and what their replicas are worth in the later one. */
export interface AssetsLook {
  readonly earlier: readonly Asset[]
  readonly later: readonly Asset[]
  readonly replication: readonly ReplicaVerdict[]
  readonly pairs: readonly NodePair[]
  /** Between the looks by our own clock, for what another server tells of than before. */
  readonly seconds: number | undefined
}

type AssetId = Pick<Asset, 'account' | 'accountId' | 'stream'> & {readonly consumer?: string | undefined}

/** What tells two assets apart. */
function assetKey({account, accountId, stream, consumer}: AssetId): string {
  return JSON.stringify([accountId ?? account, stream, consumer ?? null])
}

export interface KeyedRow<Row> {
  readonly key: string
  readonly row: Row
}

export function streamRows(look: AssetsLook, trends: ReadonlyMap<string, Trend>): readonly KeyedRow<StreamTopRow>[] {
  return rowsOf(look, 'stream', (asset: StreamAsset, shared, before: StreamAsset | undefined) => {
    const now = stateOfStream(asset)
    const old = before && isSameGroup(before, asset) ? stateOfStream(before) : undefined
    const stored = rateOf(old?.lastSeq, now?.lastSeq, secondsOf(look, asset))
    return {
      ...shared,
      messages: now?.messages ?? null,
      bytes: now?.bytes ?? null,
      consumers: now?.consumerCount ?? null,
      stored,
      trend: extendTrend(trends.get(assetKey(asset)), stored),
    }
  })
}

export function consumerRows(
  look: AssetsLook,
  trends: ReadonlyMap<string, Trend>,
): readonly KeyedRow<ConsumerTopRow>[] {
  return rowsOf(look, 'consumer', (asset: ConsumerAsset, shared, before: ConsumerAsset | undefined) => {
    const now = stateOfConsumer(asset)
    const old = before && isSameGroup(before, asset) ? stateOfConsumer(before) : undefined
    const seconds = secondsOf(look, asset)
    const delivered = rateOf(old?.deliveredConsumerSeq, now?.deliveredConsumerSeq, seconds)
    return {
      ...shared,
      consumer: asset.consumer,
      pending: now?.numPending ?? null,
      ackPending: now?.numAckPending ?? null,
      redelivered: now?.numRedelivered ?? null,
      waiting: now?.numWaiting ?? null,
      delivered,
      acknowledged: rateOf(old?.ackFloorStreamSeq, now?.ackFloorStreamSeq, seconds),
      trend: extendTrend(trends.get(assetKey(asset)), delivered),
    }
  })
}

type Shared = Omit<StreamTopRow, 'messages' | 'bytes' | 'consumers' | 'stored' | 'trend'>

function rowsOf<Kind extends Asset['kind'], Row>(
  {earlier, later, replication}: AssetsLook,
  kind: Kind,
  rowOf: (asset: OfKind<Kind>, shared: Shared, before: OfKind<Kind> | undefined) => Row,
): readonly KeyedRow<Row>[] {
  const isKind = (asset: Asset): asset is OfKind<Kind> => asset.kind === kind
  const before = new Map(earlier.filter(isKind).map((asset) => [assetKey(asset), asset]))
  const verdicts = Map.groupBy(
    replication.filter(({asset}) => asset.kind === kind),
    ({asset}) => assetKey(asset),
  )
  return later.filter(isKind).map((asset) => {
    const key = assetKey(asset)
    return {key, row: rowOf(asset, sharedOf(asset, verdicts.get(key) ?? []), before.get(key))}
  })
}

type OfKind<Kind extends Asset['kind']> = Extract<Asset, {readonly kind: Kind}>

function sharedOf(asset: Asset, verdicts: readonly ReplicaVerdict[]): Shared {
  const {account, stream, replicas, leader, members, claimedLeaders} = asset
  const wrong = verdicts.filter(({verdict}) => isWrong(verdict))
  const state =
    leader === undefined
      ? claimedLeaders.length > 1
        ? 'leader disputed'
        : 'no leader'
      : wrong.map(({node, verdict}) => `${node} ${verdict}`).join(', ') || 'ok'
  return {
    account,
    stream,
    replicas,
    leader: leader ?? null,
    state,
    bad: state !== 'ok',
    behind: Math.max(0, ...verdicts.map(({behindBy}) => behindBy)),
    lag: Math.max(0, ...members.map(({leaderView}) => leaderView?.lag ?? 0)),
  }
}

/** `unknown` is said while a leader changes and of what has just been created: nothing to act on yet. */
function isWrong(verdict: ReplicaVerdict['verdict']): boolean {
  return verdict !== 'caught-up' && verdict !== 'single' && verdict !== 'unknown'
}

/** A stream that is created anew under its name counts from 1 again, in a group of another name. */
function isSameGroup(before: Asset, now: Asset): boolean {
  return before.group === now.group
}

function stateOfStream({leader, members}: StreamAsset) {
  const states = members.flatMap(({node, state}) => (state ? [{node, state}] : []))
  const furthest = states.toSorted((a, b) => b.state.lastSeq - a.state.lastSeq)[0]
  return (states.find(({node}) => node === leader) ?? furthest)?.state
}

function stateOfConsumer({leader, members}: ConsumerAsset) {
  const states = members.flatMap(({node, state}) => (state ? [{node, state}] : []))
  const furthest = states.toSorted((a, b) => b.state.deliveredStreamSeq - a.state.deliveredStreamSeq)[0]
  return (states.find(({node}) => node === leader) ?? furthest)?.state
}

/** By the leader's own clock where it answered both times. */
function secondsOf({pairs, seconds}: AssetsLook, {leader}: Asset): number | undefined {
  return pairs.find(({node}) => node === leader)?.seconds ?? seconds
}
