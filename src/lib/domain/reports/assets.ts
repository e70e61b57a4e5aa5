import {assembleAssets, compareText} from '../assemble.ts'
import type {ConsumerAsset, Member, StreamAsset} from '../assets.ts'
import {progressOf} from '../consumer-progress.ts'
import {heardOf, indexSightings, type Look, momentOf, type SightingIndex} from './look.ts'
import type {ConsumerRow, MemberRow, StreamRow} from './rows.ts'
import type {ConsumerSighting, StreamSighting} from './sightings.ts'

/** One row a stream, from what every node says of its own replica; sorted by account, then stream. */
export function streamRows(look: Look, {unacknowledged = false} = {}): readonly StreamRow[] {
  const index = indexSightings(look)
  const assets = assembleAssets(look)
  const owed = new Map<string, number>()
  if (unacknowledged) {
    for (const asset of assets) {
      if (asset.kind !== 'consumer') continue
      const key = JSON.stringify([asset.accountId, asset.account, asset.stream])
      owed.set(key, (owed.get(key) ?? 0) + (headOfConsumer(asset, index)?.numAckPending ?? 0))
    }
  }
  return assets.flatMap((asset) => {
    if (asset.kind !== 'stream') return []
    const head = headOfStream(asset, index)
    if (!head) return []
    const key = JSON.stringify([asset.accountId, asset.account, asset.stream])
    const members = streamMembers(asset, head)
    const row = streamRowOf(head, unacknowledged ? (owed.get(key) ?? 0) : null)
    return [{...row, leader: asset.leader ?? null, group: groupOf(asset), behind: mostBehind(members), members}]
  })
}

/** One row a consumer, sorted by account, stream, consumer. */
export function consumerRows(look: Look): readonly ConsumerRow[] {
  const index = indexSightings(look)
  return assembleAssets(look).flatMap((asset) => {
    if (asset.kind !== 'consumer') return []
    const head = headOfConsumer(asset, index)
    if (!head) return []
    const {account, accountId = account, stream} = asset
    const members = consumerMembers(asset, index)
    const row = consumerRowOf({account, accountId, stream}, head)
    return [{...row, leader: asset.leader ?? null, group: groupOf(asset), behind: mostBehind(members), members}]
  })
}

/** A stream's own fields from one sighting; its members are those the sighting's group counts. */
export function streamRowOf(sighting: StreamSighting, unacknowledged: number | null): StreamRow {
  const {account, accountId = account, stream, config, state, group} = sighting
  const members = countedMembers(group, state.messages, state.lastSeq)
  return {
    account,
    accountId,
    stream,
    replicas: config.replicas,
    leader: group.leader ?? null,
    leaderSince: momentOf(group.leaderSince),
    group: config.replicas > 1 ? (group.name ?? null) : null,
    behind: null,
    subjects: config.subjects,
    retention: config.retention,
    storage: config.storage,
    messages: state.messages,
    bytes: state.bytes,
    firstSeq: state.firstSeq,
    lastSeq: state.lastSeq,
    deleted: state.numDeleted,
    lastAt: momentOf(sighting.lastAt),
    consumers: state.consumerCount,
    unacknowledged,
    maxMessages: config.maxMsgs,
    maxBytes: config.maxBytes,
    isMirror: config.isMirror,
    hasSources: config.hasSources,
    createdAt: momentOf(sighting.createdAt) ?? '',
    members,
  }
}

export function consumerRowOf(
  stream: Pick<ConsumerRow, 'account' | 'accountId' | 'stream'>,
  sighting: ConsumerSighting,
): ConsumerRow {
  const {group, replicas} = sighting
  return {
    ...stream,
    consumer: sighting.name,
    replicas,
    leader: group.leader ?? null,
    leaderSince: momentOf(group.leaderSince),
    group: replicas > 1 ? (group.name ?? null) : null,
    behind: null,
    durable: sighting.durable,
    mode: sighting.mode,
    ackPolicy: sighting.ackPolicy,
    storage: sighting.storage,
    pending: sighting.numPending,
    ackPending: sighting.numAckPending,
    redelivered: sighting.numRedelivered,
    waiting: sighting.numWaiting,
    deliveredSeq: sighting.deliveredStreamSeq,
    ackFloorSeq: sighting.ackFloorStreamSeq,
    lastDeliveredAt: momentOf(sighting.lastDeliveredAt),
    lastAcknowledgedAt: momentOf(sighting.lastAcknowledgedAt),
    paused: sighting.paused,
    createdAt: momentOf(sighting.createdAt),
    members: countedMembers(group, sighting.deliveredConsumerSeq ?? null, sighting.deliveredStreamSeq),
  }
}

/** The members as their leader counts them, from an answer that is the leader's own. */
function countedMembers(
  {leader, peers}: StreamSighting['group'],
  messages: number | null,
  lastSeq: number,
): readonly MemberRow[] {
  const leading: readonly MemberRow[] = leader
    ? [{...NOTHING, node: leader, isLeader: true, presence: 'holds', messages, lastSeq}]
    : []
  const others = peers.map(
    (peer): MemberRow => ({
      ...NOTHING,
      node: peer.name,
      isLeader: false,
      presence: 'counted',
      current: peer.current,
      offline: peer.offline,
      activeMs: heardOf(peer),
      lag: peer.lag,
    }),
  )
  return [...leading, ...others].sort((a, b) => compareText(a.node, b.node))
}

const NOTHING = {
  messages: null,
  lastSeq: null,
  behind: null,
  current: null,
  offline: null,
  activeMs: null,
  lag: null,
} as const

/** The leader's own word, else that of whoever holds most. */
function headOfStream(asset: StreamAsset, index: SightingIndex): StreamSighting | undefined {
  const leading = index.stream(asset, asset.leader)
  if (leading) return leading
  const sightings = [...index.streams(asset).values()]
  return sightings.reduce<StreamSighting | undefined>(
    (most, each) => (most === undefined || each.state.lastSeq > most.state.lastSeq ? each : most),
    undefined,
  )
}

function headOfConsumer(asset: ConsumerAsset, index: SightingIndex): ConsumerSighting | undefined {
  const leading = index.consumer(asset, asset.leader)
  if (leading) return leading
  const sightings = [...index.streams(asset).keys()].flatMap((node) => index.consumer(asset, node) ?? [])
  return sightings.reduce<ConsumerSighting | undefined>(
    (most, each) => (most === undefined || each.deliveredStreamSeq > most.deliveredStreamSeq ? each : most),
    undefined,
  )
}

function streamMembers({leader, members}: StreamAsset, {state: head}: StreamSighting): readonly MemberRow[] {
  return members.map((member) => ({
    ...memberOf(member, leader),
    messages: member.state?.messages ?? null,
    lastSeq: member.state?.lastSeq ?? null,
    behind: lackOf(member, member.state && Math.min(head.lastSeq - member.state.lastSeq, head.messages), head.messages),
  }))
}

function consumerMembers(asset: ConsumerAsset, index: SightingIndex): readonly MemberRow[] {
  const head = asset.leader ?? headNode(asset, index)
  const most = head === undefined ? undefined : progressOf(asset, head)
  return asset.members.map((member) => {
    const progress = progressOf(asset, member.node)
    const lack = most && progress && most.deliveries - progress.deliveries
    return {
      ...memberOf(member, asset.leader),
      messages: member.state?.deliveredConsumerSeq ?? null,
      lastSeq: member.state?.deliveredStreamSeq ?? null,
      behind: most === undefined ? null : lackOf(member, lack, most.deliveries),
    }
  })
}

function headNode(asset: ConsumerAsset, index: SightingIndex): string | undefined {
  const head = headOfConsumer(asset, index)
  return asset.members.find(({node}) => index.consumer(asset, node) === head)?.node
}

function lackOf({presence}: Member, lack: number | undefined, all: number): number | null {
  if (presence === 'missing') return all
  return lack === undefined ? null : Math.max(0, lack)
}

function memberOf({node, presence, leaderView}: Member, leader: string | undefined): MemberRow {
  return {
    ...NOTHING,
    node,
    isLeader: node === leader,
    presence,
    current: leaderView?.current ?? null,
    offline: leaderView?.offline ?? null,
    activeMs: leaderView ? heardOf(leaderView) : null,
    lag: leaderView?.lag ?? null,
  }
}

/** What one member does not say may be more than all others lack. */
function mostBehind(members: readonly MemberRow[]): number | null {
  const lacks = members.flatMap(({isLeader, behind}) => (isLeader ? [] : [behind]))
  return lacks.reduce((most, lack) => (most === null || lack === null ? null : Math.max(most, lack)), lacks[0] ?? null)
}

function groupOf({group, replicas, members}: StreamAsset | ConsumerAsset): string | null {
  return replicas > 1 || members.length > 1 ? (group ?? null) : null
}
