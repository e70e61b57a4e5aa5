import {type Answer, known} from './answer.ts'
import type {Asset, ConsumerAsset, ConsumerMember, Member, StreamAsset, StreamMember} from './assets.ts'
import type {
  ConsumerReplica,
  GroupView,
  JetStreamInfo,
  NodeObservation,
  PeerView,
  RaftNode,
  StreamReplica,
  StreamState,
} from './observation.ts'

/**
 * Puts the assets of a cluster together from what every node says of itself.
 *
 * Every stream and consumer that any node holds becomes one asset, told apart by account id and name. Its members are
 * the nodes that hold it and the peers its leader counts; where the leader is silent, the peers that any holder
 * counts, since a follower knows the membership though not how the others do. A peer is recognised by its name, or,
 * while no server can name it, by its RAFT peer id; one that is none of the expected nodes is a ghost.
 *
 * Sorted by account, stream, kind (streams first) and consumer; members by name.
 */
export function assembleAssets(observation: Assembled): readonly Asset[] {
  const world = readWorld(observation)
  const streams = new Map<string, Holding<StreamReplica>[]>()
  for (const {node, info} of world.answering) {
    for (const replica of info.streams)
      push(streams, JSON.stringify([accountOf(replica), replica.stream]), {node, replica})
  }
  return [...streams.values()].flatMap((holdings) => assembleStream(world, holdings)).sort(compareAssets)
}

/**
 * Whether a node does not hold what it does not list. Not where its answer does not add up, and not while JetStream is
 * off: a lame duck, a server that starts, one that was shut off after a disk error all list nothing, in full.
 */
export function listsAll(jetStream: Answer<JetStreamInfo>): boolean {
  const info = known(jetStream)
  return info?.enabled === true && info.complete
}

/** What of an observation is put together. */
export interface Assembled {
  readonly nodes: readonly Pick<NodeObservation, 'target' | 'peerId' | 'jetStream' | 'raft'>[]
}

/** A node's own replica of one asset. */
interface Holding<Replica> {
  readonly node: string
  readonly replica: Replica
}

interface World {
  readonly answering: readonly {readonly node: string; readonly info: JetStreamInfo}[]
  /** Nodes that hold nothing that they do not list. */
  readonly complete: ReadonlySet<string>
  readonly expected: ReadonlySet<string>
  readonly nameOfPeer: ReadonlyMap<string, string>
  readonly raft: ReadonlyMap<string, RaftNode>
}

function readWorld({nodes}: Assembled): World {
  const answering = nodes.flatMap(({target, jetStream}) =>
    jetStream.ok ? [{node: target.name, info: jetStream.value}] : [],
  )
  return {
    answering,
    complete: new Set(nodes.filter(({jetStream}) => listsAll(jetStream)).map(({target}) => target.name)),
    expected: new Set(nodes.map(({target}) => target.name)),
    nameOfPeer: new Map(nodes.flatMap(({target, peerId}) => (peerId === undefined ? [] : [[peerId, target.name]]))),
    raft: new Map(
      nodes.flatMap(({target, raft}) =>
        raft.ok ? raft.value.map((group) => [raftKey(target.name, group.account, group.group), group] as const) : [],
      ),
    ),
  }
}

function assembleStream(world: World, holdings: readonly Holding<StreamReplica>[]): readonly Asset[] {
  const leadership = agree(holdings)
  const head = pickHead(holdings, leadership.leader)
  if (!head) return []
  const {account, accountId, stream, config} = head.replica
  const states = new Map(holdings.map(({node, replica}) => [node, replica.state]))
  const base = {account, ...(accountId === undefined ? {} : {accountId}), stream}
  const held = new Map<string, Holding<ConsumerReplica>[]>()
  for (const {node, replica} of holdings) {
    for (const consumer of replica.consumers) push(held, consumer.name, {node, replica: consumer})
  }
  const consumers = [...held.values()].flatMap((replicas) => assembleConsumer(world, base, replicas, states))
  const asset: StreamAsset = {
    kind: 'stream',
    ...base,
    replicas: config.replicas,
    storage: config.storage,
    ...leadership,
    createdAt: earliest(holdings),
    config,
    ...(config.retention === 'interest' && {
      owed: mostOf(consumers, ({numPending, numAckPending}) => numPending + numAckPending),
      undelivered: mostOf(consumers, ({numPending}) => numPending),
    }),
    members: assembleMembers(world, accountOf(base), leadership, holdings).map(
      (member): StreamMember => ({...member, state: states.get(member.node)}),
    ),
  }
  return [asset, ...consumers]
}

/** What the consumers' leaders say: a lower bound of all of them, since two may be owed the same messages. */
function mostOf(
  consumers: readonly ConsumerAsset[],
  countOf: (leading: ConsumerReplica) => number,
): number | undefined {
  const counts = consumers.map(({leader, members}) => {
    const state = members.find(({node}) => node === leader)?.state
    return state && countOf(state)
  })
  return counts.reduce((most, one) => (most === undefined || one === undefined ? undefined : Math.max(most, one)), 0)
}

function assembleConsumer(
  world: World,
  base: Pick<ConsumerAsset, 'account' | 'accountId' | 'stream'>,
  holdings: readonly Holding<ConsumerReplica>[],
  streams: ReadonlyMap<string, StreamState>,
): readonly ConsumerAsset[] {
  const leadership = agree(holdings)
  const head = pickHead(holdings, leadership.leader)
  if (!head) return []
  const {name, replicas, storage} = head.replica
  const states = new Map(holdings.map(({node, replica}) => [node, replica]))
  const members = assembleMembers(world, accountOf(base), leadership, holdings)
  return [
    {
      kind: 'consumer',
      ...base,
      consumer: name,
      replicas,
      storage,
      ...leadership,
      createdAt: earliest(holdings),
      members: members.map(
        (member): ConsumerMember => ({
          ...member,
          state: states.get(member.node),
          streamFirstSeq: streams.get(member.node)?.firstSeq,
        }),
      ),
    },
  ]
}

function earliest(holdings: readonly Holding<{readonly createdAt: number | undefined}>[]): number | undefined {
  const times = holdings.flatMap(({replica}) => replica.createdAt ?? [])
  return times.length > 0 ? Math.min(...times) : undefined
}

interface Leadership {
  readonly group: string | undefined
  readonly leader: string | undefined
  readonly claimedLeaders: readonly string[]
}

/**
 * The leader is the one name that is claimed, unless the node of that name says itself that it does not lead: then
 * the others have not heard yet.
 */
function agree(holdings: readonly Holding<{readonly group: GroupView}>[]): Leadership {
  const claimedLeaders = [...new Set(holdings.flatMap(({replica}) => replica.group.leader || []))].sort()
  const [only, ...others] = claimedLeaders
  const itself = holdings.find(({node}) => node === only)?.replica.group
  const disputed = others.length > 0 || (itself !== undefined && itself.leader !== only)
  const group = itself?.name ?? holdings.find(({replica}) => replica.group.name !== undefined)?.replica.group.name
  return {group, leader: disputed ? undefined : only, claimedLeaders}
}

/** The leader's own replica, else the first by node: configuration is read from it. */
function pickHead<Replica>(
  holdings: readonly Holding<Replica>[],
  leader: string | undefined,
): Holding<Replica> | undefined {
  return holdings.find(({node}) => node === leader) ?? holdings[0]
}

function assembleMembers(
  world: World,
  account: string,
  {group, leader}: Leadership,
  holdings: readonly Holding<{readonly group: GroupView}>[],
): readonly Member[] {
  const leading = holdings.find(({node}) => node === leader)
  const counted = (leading ? [leading] : holdings).flatMap(({replica}) => replica.group.peers)
  const views = new Map<string, PeerView>()
  for (const peer of counted) views.set(nameOfPeer(world, peer), peer)
  const holders = new Set(holdings.map(({node}) => node))
  const presenceOf = (node: string): Member['presence'] => {
    if (holders.has(node)) return 'holds'
    if (!world.expected.has(node)) return 'ghost'
    return world.complete.has(node) ? 'missing' : 'silent'
  }
  // A leader that is silent itself is counted by nobody's list of the others.
  const names = new Set([...holders, ...views.keys(), ...(leader === undefined ? [] : [leader])])
  return [...names].sort().map((node) => ({
    node,
    presence: presenceOf(node),
    leaderView: leading && node !== leader ? views.get(node) : undefined,
    raft: group === undefined ? undefined : world.raft.get(raftKey(node, account, group)),
  }))
}

function nameOfPeer({expected, nameOfPeer: names}: World, {name, peerId}: PeerView): string {
  if (expected.has(name) || peerId === undefined) return name
  return names.get(peerId) ?? name
}

function accountOf({account, accountId}: Pick<StreamReplica, 'account' | 'accountId'>): string {
  return accountId ?? account
}

function raftKey(node: string, account: string, group: string): string {
  return JSON.stringify([node, account, group])
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}

function compareAssets(a: Asset, b: Asset): number {
  return (
    compareText(a.account, b.account) ||
    compareText(a.accountId ?? '', b.accountId ?? '') ||
    compareText(a.stream, b.stream) ||
    compareText(consumerOf(a), consumerOf(b))
  )
}

/** By code unit, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** A stream sorts before its consumers: none of them has an empty name. */
function consumerOf(asset: Asset): string {
  return asset.kind === 'consumer' ? asset.consumer : ''
}
