import {answered, unanswered} from '../../../src/lib/domain/answer.ts'
import type {ConsumerReplica, NodeObservation, RaftNode, StreamReplica} from '../../../src/lib/domain/observation.ts'
import type {NodeTarget} from '../../../src/lib/domain/settings.ts'
import {type FakeNode, type FakeState, type FakeStream, nodeOf} from './state.ts'

/** How long its siblings take to notice that a node is silent. */
const NOTICED_MS = 4000

/** What a server says of itself, of its siblings and of its replicas. */
export function nodeViewOf(state: FakeState, target: NodeTarget): NodeObservation {
  const node = nodeOf(state, target.name)
  if (!node.visible || node.server !== 'up') {
    const silence = unanswered(
      node.visible && node.server === 'stopped' ? 'refused' : 'timeout',
      `no answer from ${target.host}`,
      state.now,
    )
    return {target, server: silence, health: silence, jetStream: silence, routes: silence, raft: silence}
  }
  const others = state.nodes.filter(({name}) => name !== node.name)
  const noticed = (other: FakeNode): boolean =>
    other.silentSince !== undefined && state.now - other.silentSince > NOTICED_MS
  const isLeader = state.metaLeader === node.name
  return {
    target,
    server: answered(
      {
        id: node.serverId,
        name: node.name,
        version: node.version,
        clusterName: 'c',
        startedAt: node.startedAt,
        now: state.now,
        connections: 1,
        totalConnections: 1,
        subscriptions: 1,
        slowConsumers: 0,
        memoryBytes: 1,
        cpuPercent: 1,
        cores: 1,
        maxConnections: 65536,
        inMsgs: 0,
        outMsgs: 0,
        inBytes: 0,
        outBytes: 0,
        configDigest: undefined,
        tlsRequired: false,
        lameDuck: false,
      },
      state.now,
    ),
    // The worst that was measured: 200 while the data is not there.
    health: answered({httpStatus: 200, status: 'ok', errors: []}, state.now),
    jetStream: answered(
      {
        enabled: true,
        memoryBytes: 0,
        fileBytes: 1000,
        maxMemoryBytes: 1e9,
        maxFileBytes: 1e9,
        reservedMemoryBytes: 0,
        reservedFileBytes: 0,
        apiRequests: 0,
        apiErrors: 0,
        meta: {
          leader: state.metaLeader,
          clusterSize: state.nodes.length,
          pending: state.metaPending,
          peers: isLeader
            ? others.map((other) => ({
                name: other.name,
                peerId: other.name,
                current: !noticed(other),
                offline: noticed(other),
                activeMs: 1,
                lag: 0,
              }))
            : undefined,
        },
        streams: state.streams.flatMap((stream) => streamViewOf(stream, node) ?? []),
        complete: true,
      },
      state.now,
    ),
    routes: answered(
      others
        .filter((other) => !(other.server === 'stopped' || noticed(other)))
        .map((other) => ({remoteId: other.serverId, remoteName: other.name})),
      state.now,
    ),
    raft: answered([metaViewOf(state, node)], state.now),
  }
}

function metaViewOf(state: FakeState, node: FakeNode): RaftNode {
  return {
    account: 'SYS',
    group: '_meta_',
    state: state.metaLeader === node.name ? 'LEADER' : 'FOLLOWER',
    leader: state.metaLeader,
    size: state.nodes.length,
    term: 1,
    committed: 100,
    applied: 100,
    catchingUp: false,
    writeError: undefined,
    paused: false,
    peers: [],
  }
}

function streamViewOf(stream: FakeStream, node: FakeNode): StreamReplica | undefined {
  const lastSeq = node.store.get(stream.name)
  if (lastSeq === undefined) return undefined
  const group = (name: string) => ({
    name,
    leader: stream.leader,
    leaderSince: undefined,
    peers:
      stream.leader === node.name
        ? stream.replicas
            .filter((replica) => replica !== node.name)
            .map((replica) => ({name: replica, peerId: replica, current: true, offline: false, activeMs: 1, lag: 0}))
        : [],
  })
  const consumer: ConsumerReplica = {
    name: 'worker',
    durable: true,
    replicas: stream.replicas.length,
    storage: 'file',
    deliveredStreamSeq: lastSeq,
    deliveredConsumerSeq: lastSeq,
    ackFloorStreamSeq: lastSeq,
    numPending: 0,
    numAckPending: 0,
    numRedelivered: 0,
    numWaiting: 0,
    ackPolicy: 'explicit',
    paused: false,
    createdAt: 0,
    group: group(`C-R3F-${stream.name}`),
  }
  return {
    account: 'APP',
    stream: stream.name,
    config: {
      subjects: [`${stream.name}.>`],
      retention: 'limits',
      storage: 'file',
      replicas: stream.replicas.length,
      maxBytes: -1,
      maxMsgs: -1,
      isMirror: false,
      hasSources: false,
    },
    state: {messages: lastSeq, bytes: lastSeq * 100, firstSeq: 1, lastSeq, consumerCount: 1, numDeleted: 0},
    group: group(`S-R3F-${stream.name}`),
    consumers: [consumer],
    createdAt: 0,
  }
}
