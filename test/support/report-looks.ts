import {type Answer, answered} from '../../src/lib/domain/answer.ts'
import type {ConsumerReplica, PeerView, RaftNode} from '../../src/lib/domain/observation.ts'
import type {Look, LookNode} from '../../src/lib/domain/reports/look.ts'
import type {
  ConsumerSighting,
  JetStreamSighting,
  NodeSighting,
  ServerIdentity,
  StreamSighting,
} from '../../src/lib/domain/reports/sightings.ts'
import {NOW, peer, stream, testSettings} from './observations.ts'

/** What nodes told of themselves, to be bent in tests: the same small world as observations.ts. */
export function look(nodes: readonly LookNode[]): Look {
  return {nodes}
}

export interface NodeOptions {
  readonly streams?: readonly StreamSighting[]
  readonly jetStream?: Answer<JetStreamSighting>
  readonly raft?: readonly RaftNode[]
  readonly meta?: {readonly leader: string; readonly others?: readonly string[]}
  readonly complete?: boolean
  readonly changes?: Partial<JetStreamSighting>
}

export function node(name: string, options: NodeOptions = {}): LookNode {
  return {
    target: target(name),
    peerId: `id-${name}`,
    jetStream: options.jetStream ?? answered(jetStreamOf(name, options), NOW),
    raft: answered(options.raft ?? [], NOW),
  }
}

export function target(name: string) {
  const [first] = testSettings(1).nodes as readonly [LookNode['target']]
  return {...first, name}
}

export function asked<T>(name: string, answer: Answer<T>, server?: ServerIdentity): NodeSighting<T> {
  return {node: target(name), server: server ?? {name, id: `ID-${name}`, version: '2.15.1'}, answer}
}

export function jetStreamOf(name: string, {streams = [], meta, complete = true, changes}: NodeOptions = {}) {
  const sighting: JetStreamSighting = {
    enabled: true,
    memoryBytes: 0,
    fileBytes: 300,
    maxMemoryBytes: 0,
    maxFileBytes: 1000,
    reservedMemoryBytes: 0,
    reservedFileBytes: 0,
    apiRequests: 7,
    apiErrors: 1,
    meta: meta && {
      leader: meta.leader,
      clusterSize: 1 + (meta.others?.length ?? 0),
      pending: 0,
      peers: meta.leader === name ? (meta.others ?? []).map((other) => peer(other)) : undefined,
    },
    streams,
    complete,
    totals: {
      accounts: 1,
      streams: streams.length,
      consumers: 0,
      messages: 10,
      bytes: 100,
      streamsLed: undefined,
      consumersLed: undefined,
    },
    accounts: [],
    ...changes,
  }
  return sighting
}

interface StreamChanges {
  readonly leader: string | undefined
  readonly others?: readonly string[]
  readonly group?: string
  readonly messages?: number
  readonly lastSeq?: number
  readonly consumers?: readonly ConsumerSighting[]
}

/** The stream as this node holds it; `others` are the peers it counts. */
export function sighting(name: string, holder: string, changes: StreamChanges): StreamSighting {
  const {leader, others = [], group = `S-${name}`, messages = 100, lastSeq = messages, consumers = []} = changes
  const replica = stream(name, holder, ['n1', 'n2', 'n3'])
  return {
    ...replica,
    state: {...replica.state, messages, lastSeq},
    group: groupOf(group, leader, others),
    consumers,
    lastAt: NOW,
  }
}

export function consumerSighting(
  name: string,
  leader: string,
  {others = [], ...changes}: Partial<ConsumerReplica> & {readonly others?: readonly string[]} = {},
): ConsumerSighting {
  const [replica] = stream('orders', leader, ['n1', 'n2', 'n3'], {consumers: [{name}]}).consumers
  return {
    ...(replica as ConsumerReplica),
    group: groupOf(`C-${name}`, leader, others),
    mode: 'pull',
    lastDeliveredAt: undefined,
    lastAcknowledgedAt: undefined,
    createdAt: NOW,
    ...changes,
  }
}

export function raftNode(account: string, group: string, changes: Partial<RaftNode> = {}): RaftNode {
  return {
    account,
    group,
    state: 'FOLLOWER',
    leader: undefined,
    size: 2,
    term: 1,
    committed: 10,
    applied: 10,
    catchingUp: false,
    writeError: undefined,
    paused: false,
    peers: [],
    ...changes,
  }
}

function groupOf(name: string, leader: string | undefined, others: readonly string[]) {
  return {name, leader, leaderSince: undefined, peers: others.map((other): PeerView => peer(other))}
}
