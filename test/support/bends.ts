import {answered, type ProblemKind, unanswered} from '../../src/lib/domain/answer.ts'
import type {
  ClusterObservation,
  JetStreamInfo,
  NodeObservation,
  PeerView,
  ServerInfo,
  StreamReplica,
} from '../../src/lib/domain/observation.ts'
import {NOW, type StreamOptions, stream} from './observations.ts'

/** How a look is bent; applied to both looks unless a bend is for one of them. */
export type Bend = (observation: ClusterObservation) => ClusterObservation

export function bendNode(name: string, change: (node: NodeObservation) => NodeObservation): Bend {
  return (observation) => ({
    ...observation,
    nodes: observation.nodes.map((node) => (node.target.name === name ? change(node) : node)),
  })
}

export function bendAll(...bends: readonly Bend[]): Bend {
  return (observation) => bends.reduce((bent, bend) => bend(bent), observation)
}

export function bendServer(name: string, changes: Partial<ServerInfo>): Bend {
  return bendNode(name, (node) => ({
    ...node,
    server: node.server.ok ? answered({...node.server.value, ...changes}, node.server.at) : node.server,
  }))
}

export function bendJetStream(name: string, change: (info: JetStreamInfo) => Partial<JetStreamInfo>): Bend {
  return bendNode(name, (node) => {
    const {jetStream} = node
    return {
      ...node,
      jetStream: jetStream.ok ? answered({...jetStream.value, ...change(jetStream.value)}, jetStream.at) : jetStream,
    }
  })
}

/** Nothing comes back from the node, and the meta leader has not heard of it for a minute (or as told). */
export function silence(name: string, kind: ProblemKind = 'refused', view: Partial<PeerView> = {}): Bend {
  const detail = kind === 'refused' ? `connection refused by ${name}.test:8222` : `${kind} of ${name}.test`
  return bendAll(
    bendNode(name, ({target}) => {
      const silent = unanswered(kind, detail, NOW)
      return {target, server: silent, health: silent, jetStream: silent, routes: silent, raft: silent}
    }),
    bendPeer(name, {offline: true, activeMs: 60_000, ...view}),
  )
}

/** What the meta leader says of a peer. */
export function bendPeer(name: string, changes: Partial<PeerView>): Bend {
  return bendMeta((peers) => peers.map((each) => (each.name === name ? {...each, ...changes} : each)))
}

export function bendMeta(change: (peers: readonly PeerView[]) => readonly PeerView[]): Bend {
  return (observation) =>
    observation.nodes.reduce(
      (bent, {target}) =>
        bendJetStream(target.name, ({meta}) => ({
          meta: meta?.peers ? {...meta, peers: change(meta.peers)} : meta,
        }))(bent),
      observation,
    )
}

/** Every node, or those named, holds this stream too. */
export function addStream(name: string, options: StreamOptions = {}): Bend {
  return (observation) => {
    const names = observation.nodes.map(({target}) => target.name)
    const {leader = 'n2', replicas = names.length} = options
    const members = options.holders ?? (replicas === 1 ? [leader] : names)
    return members.reduce(
      (bent, node) =>
        bendJetStream(node, ({streams}) => ({
          streams: [...streams, stream(name, node, members, {...options, replicas})],
        }))(bent),
      observation,
    )
  }
}

/** Changes one node's replica of a stream; undefined removes it. */
export function bendStream(
  name: string,
  node: string,
  change: (replica: StreamReplica) => StreamReplica | undefined,
): Bend {
  return bendJetStream(node, ({streams}) => ({
    streams: streams.flatMap((each) => (each.stream === name ? (change(each) ?? []) : each)),
  }))
}
