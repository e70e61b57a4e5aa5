import type {Answer} from '../answer.ts'
import {known} from '../answer.ts'
import {isNeverHeard} from '../health/look.ts'
import type {PeerView, RaftNode} from '../observation.ts'
import {listed} from '../quantity.ts'
import type {NodeTarget} from '../settings.ts'
import type {ConsumerSighting, JetStreamSighting, StreamSighting} from './sightings.ts'

/** All nodes as they told of themselves at about the same moment; what assets are put together from. */
export interface Look {
  readonly nodes: readonly LookNode[]
}

export interface LookNode {
  readonly target: NodeTarget
  readonly peerId: string
  readonly jetStream: Answer<JetStreamSighting>
  readonly raft: Answer<readonly RaftNode[]>
}

/** Finds what one node said of one stream or consumer. */
export interface SightingIndex {
  stream(asset: AssetKey, node: string | undefined): StreamSighting | undefined
  consumer(asset: AssetKey & {readonly consumer: string}, node: string | undefined): ConsumerSighting | undefined
  /** Every node's sighting of it. */
  streams(asset: AssetKey): ReadonlyMap<string, StreamSighting>
}

interface AssetKey {
  readonly account: string
  readonly accountId?: string
  readonly stream: string
}

export function indexSightings({nodes}: Look): SightingIndex {
  const streams = new Map<string, Map<string, StreamSighting>>()
  for (const {target, jetStream} of nodes) {
    for (const sighting of known(jetStream)?.streams ?? []) {
      const key = keyOf(sighting)
      const byNode = streams.get(key) ?? new Map<string, StreamSighting>()
      streams.set(key, byNode.set(target.name, sighting))
    }
  }
  const none: ReadonlyMap<string, StreamSighting> = new Map()
  const consumersOf = new WeakMap<StreamSighting, ReadonlyMap<string, ConsumerSighting>>()
  const consumerOf = (stream: StreamSighting, name: string): ConsumerSighting | undefined => {
    const indexed = consumersOf.get(stream) ?? new Map(stream.consumers.map((each) => [each.name, each]))
    consumersOf.set(stream, indexed)
    return indexed.get(name)
  }
  return {
    streams: (asset) => streams.get(keyOf(asset)) ?? none,
    stream: (asset, node) => (node === undefined ? undefined : streams.get(keyOf(asset))?.get(node)),
    consumer: (asset, node) => {
      const stream = node === undefined ? undefined : streams.get(keyOf(asset))?.get(node)
      return stream && consumerOf(stream, asset.consumer)
    },
  }
}

/**
 * What a look could not see, one sentence each: silent nodes with their reasons, answers that do not add up. A node that
 * was asked several times and was silent each time is told of once.
 */
export function blindSpots(
  sightings: readonly {readonly node: NodeTarget; readonly answer: Answer<unknown>}[],
): readonly string[] {
  const silent = new Map<string, string>()
  for (const {node, answer} of sightings) {
    if (answer.ok) continue
    const {kind, detail} = answer.problem
    const key = JSON.stringify([node.name, kind === 'timeout' ? kind : detail])
    if (!silent.has(key)) silent.set(key, `${node.name}: ${detail}`)
  }
  const partial = sightings.flatMap(({node, answer}) => {
    const value = known(answer) as {readonly complete?: boolean} | undefined
    return value?.complete === false ? [node.name] : []
  })
  return [
    ...silent.values(),
    ...(partial.length > 0 ? [`an incomplete answer of ${listed(partial)}: what it does not list may be there`] : []),
  ]
}

export function momentOf(at: number | undefined): string | null {
  return at === undefined || !Number.isFinite(at) ? null : new Date(at).toISOString()
}

function keyOf({account, accountId, stream}: AssetKey): string {
  return JSON.stringify([accountId ?? account, stream])
}

/** Milliseconds since the leader heard of the peer; null: never since it leads, which a server tells as 0. */
export function heardOf(peer: Pick<PeerView, 'activeMs'>): number | null {
  return isNeverHeard(peer) ? null : peer.activeMs
}
