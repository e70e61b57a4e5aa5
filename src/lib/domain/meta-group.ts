import type {Assembled} from './assemble.ts'
import type {MetaView, PeerView} from './observation.ts'

/**
 * The meta group (it places streams and consumers) as all nodes together see it. Its members hold no messages, so
 * agreement is what can be judged: the leader is the one that every answering node names and that names itself.
 */
export interface MetaStanding {
  readonly leader: string | undefined
  /** Every leader that any node names, sorted. */
  readonly claimedLeaders: readonly string[]
  /** Voters, as the leader counts them, else the largest number any node counts; undefined where none tells. */
  readonly size: number | undefined
  /** Nodes that see a leader other than the agreed one, or none. */
  readonly dissenting: readonly string[]
  /** Expected nodes that told nothing about the group: silent, JetStream off, or still starting. */
  readonly silent: readonly string[]
  /** Expected nodes that the leader does not count among its peers. */
  readonly absent: readonly string[]
  /** Expected nodes that the leader calls offline. */
  readonly offline: readonly string[]
  /** Expected nodes that the leader calls not current. */
  readonly lagging: readonly string[]
  /** Peers the leader counts that are none of the expected nodes: what is left of a server whose name changed. */
  readonly ghosts: readonly string[]
  /** Requests the leader has not processed. */
  readonly pending: number
  /** How many more nodes may go before the group has no majority; negative where it has none now. */
  readonly spare: number
}

export function judgeMetaGroup({nodes}: Pick<Assembled, 'nodes'>): MetaStanding {
  const views = nodes.flatMap((node) => {
    const meta = node.jetStream.ok ? node.jetStream.value.meta : undefined
    return meta ? [{node: node.target.name, meta}] : []
  })
  const claimedLeaders = [...new Set(views.flatMap(({meta}) => meta.leader || []))].sort()
  const leading = views.find(({node, meta}) => meta.leader === node && meta.peers !== undefined)
  const leader = claimedLeaders.length === 1 && leading ? leading.node : undefined
  const peers = leader === undefined ? undefined : leading?.meta.peers
  const counted = peers?.map((peer) => ({peer, node: expectedNodeOf(nodes, peer)}))
  const of = (test: (peer: PeerView) => boolean): readonly string[] =>
    (counted ?? []).flatMap(({peer, node}) => (node !== undefined && test(peer) ? [node] : [])).sort()
  const size = (leader === undefined ? undefined : leading?.meta.clusterSize) ?? largest(views.map(({meta}) => meta))
  const voting = views.filter(({meta}) => meta.leader !== undefined).length
  return {
    leader,
    claimedLeaders,
    size,
    dissenting: views.filter(({meta}) => meta.leader === undefined || meta.leader !== leader).map(({node}) => node),
    silent: nodes.map(({target}) => target.name).filter((name) => !views.some(({node}) => node === name)),
    absent: counted
      ? nodes
          .map(({target}) => target.name)
          .filter((name) => name !== leader && !counted.some(({node}) => node === name))
      : [],
    offline: of((peer) => peer.offline),
    lagging: of((peer) => !peer.current),
    ghosts: (counted ?? []).flatMap(({peer, node}) => (node === undefined ? [peer.name] : [])).sort(),
    pending: leading?.meta.pending ?? 0,
    spare: voting - majorityOf(size ?? nodes.length),
  }
}

/** Smallest number of voters that decides. */
export function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1
}

function expectedNodeOf(nodes: Assembled['nodes'], {name, peerId}: PeerView): string | undefined {
  const found = nodes.find((node) => node.target.name === name || (peerId !== undefined && node.peerId === peerId))
  return found?.target.name
}

function largest(views: readonly MetaView[]): number | undefined {
  return views.length > 0 ? Math.max(...views.map(({clusterSize}) => clusterSize)) : undefined
}
