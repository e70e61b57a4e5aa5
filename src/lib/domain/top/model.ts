import {assembleAssets} from '../assemble.ts'
import type {Asset} from '../assets.ts'
import {judgeMetaGroup} from '../meta-group.ts'
import {judgeReplication} from '../replication.ts'
import {type AssetsLook, consumerRows, type KeyedRow, streamRows} from './assets.ts'
import {connectionRows} from './connections.ts'
import {pairNodes, type TopLook} from './look.ts'
import {nodeRows} from './nodes.ts'
import {
  type ConnectionTopRow,
  type ConsumerTopRow,
  type NodeTopRow,
  type StreamTopRow,
  sumOf,
  type Trend,
} from './rows.ts'

/** All that the live view shows of a cluster after a look, rates and trends against the looks before it. */
export interface TopModel {
  readonly look: TopLook
  readonly assets: readonly Asset[]
  /** The one that all agree on, itself included. */
  readonly metaLeader: string | null
  /** Every node that any node takes for the meta leader; null where no node told about the meta group. */
  readonly metaClaims: readonly string[] | null
  readonly nodes: readonly NodeTopRow[]
  readonly streams: readonly KeyedRow<StreamTopRow>[]
  readonly consumers: readonly KeyedRow<ConsumerTopRow>[]
  readonly connections: readonly KeyedRow<ConnectionTopRow>[]
  readonly totals: TopTotals
}

/** Sums over the nodes and streams that told; a second. Null where none did. */
export interface TopTotals {
  readonly inMessages: number | null
  readonly outMessages: number | null
  readonly inBytes: number | null
  readonly outBytes: number | null
  readonly stored: number | null
  readonly delivered: number | null
  readonly connections: number | null
  readonly slowConsumers: number | null
  readonly apiErrors: number | null
}

/** The next model after a look. Pure; the first look has no rates. */
export function advance(model: TopModel | undefined, look: TopLook): TopModel {
  const earlier = model?.look.observation
  const {observation} = look
  const pairs = pairNodes(earlier, observation)
  const assets = assembleAssets(observation)
  const {leader, claimedLeaders, silent} = judgeMetaGroup(observation)
  const nodes = nodeRows(pairs, assets, leader, model?.nodes ?? [])
  const assetsLook: AssetsLook = {
    earlier: model?.assets ?? [],
    later: assets,
    // One look proves nothing about a replica: the leader was asked a moment earlier or later.
    replication: earlier ? judgeReplication(earlier, observation) : [],
    pairs,
    seconds: earlier ? (observation.at - earlier.at) / 1000 : undefined,
  }
  const streams = streamRows(assetsLook, trendsOf(model?.streams))
  const consumers = consumerRows(assetsLook, trendsOf(model?.consumers))
  const connections = look.connections
    ? connectionRows(model?.look.connections, look.connections, trendsOf(model?.connections))
    : []
  const sum = (of: (row: NodeTopRow) => number | null): number | null => sumOf(nodes.map(of))
  return {
    look,
    assets,
    metaLeader: leader ?? null,
    metaClaims: silent.length < observation.nodes.length ? claimedLeaders : null,
    nodes,
    streams,
    consumers,
    connections,
    totals: {
      inMessages: sum(({inMessages}) => inMessages),
      outMessages: sum(({outMessages}) => outMessages),
      inBytes: sum(({inBytes}) => inBytes),
      outBytes: sum(({outBytes}) => outBytes),
      stored: sumOf(streams.map(({row}) => row.stored)),
      delivered: sumOf(consumers.map(({row}) => row.delivered)),
      connections: sum((row) => row.connections),
      slowConsumers: sum(({slowConsumers}) => slowConsumers),
      apiErrors: sum(({apiErrors}) => apiErrors),
    },
  }
}

function trendsOf<Row extends {readonly trend: Trend}>(
  rows: readonly KeyedRow<Row>[] | undefined,
): ReadonlyMap<string, Trend> {
  return new Map(rows?.map(({key, row}) => [key, row.trend]))
}
