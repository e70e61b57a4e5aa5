import {answered} from '../../src/lib/domain/answer.ts'
import type {
  AwsNodeObservation,
  ClusterObservation,
  ConsumerReplica,
  JetStreamInfo,
  NodeObservation,
  PeerView,
  ServerInfo,
  StreamReplica,
} from '../../src/lib/domain/observation.ts'
import {
  type ClusterSettings,
  configuredNodes,
  conventionalSettings,
  type NodeTarget,
} from '../../src/lib/domain/settings.ts'

/**
 * Observations of a cluster that is well in every respect; bends.ts bends them in tests. Three nodes n1, n2, n3 up for a
 * day; n1 leads the meta group; the stream `orders` (R3, file, 1,000 messages) and its consumer `worker`, both led by n2.
 */

export const NOW = Date.UTC(2030, 0, 2, 3, 4, 5)
const DAY_MS = 86_400_000
const MIB = 1024 ** 2

export function testSettings(size = 3, overrides: Partial<ClusterSettings> = {}): ClusterSettings {
  const nodes = Array.from({length: size}, (_, index): NodeTarget => {
    const name = `n${index + 1}`
    return {name, host: `${name}.test`, clientPort: 4222, monitorPort: 8222, asg: `${name}-asg`, instanceName: name}
  })
  return {...conventionalSettings('test'), nodes, ...overrides}
}

export function peer(name: string, changes: Partial<PeerView> = {}): PeerView {
  return {name, peerId: undefined, current: true, offline: false, activeMs: 200, lag: 0, ...changes}
}

export interface StreamOptions {
  readonly leader?: string
  readonly replicas?: number
  readonly storage?: 'file' | 'memory'
  readonly messages?: number
  /** Nodes that hold a replica; all by default, the leader alone where there is one replica. */
  readonly holders?: readonly string[]
  readonly consumers?: readonly Partial<ConsumerReplica>[]
  /** A day ago by default; the consumers' as well. */
  readonly createdAt?: number
}

/** The stream as one node holds it. */
export function stream(
  name: string,
  node: string,
  members: readonly string[],
  options: StreamOptions = {},
): StreamReplica {
  const {leader = 'n2', replicas = members.length, storage = 'file', messages = 1000, consumers = []} = options
  const {createdAt = NOW - DAY_MS} = options
  const group = (prefix: string) => ({
    name: `${prefix}-${name}`,
    leader,
    leaderSince: undefined,
    peers: node === leader ? members.filter((other) => other !== node).map((other) => peer(other)) : [],
  })
  return {
    account: 'APP',
    stream: name,
    config: {
      subjects: [`${name}.>`],
      retention: 'interest',
      storage,
      replicas,
      maxBytes: -1,
      maxMsgs: -1,
      isMirror: false,
      hasSources: false,
    },
    state: {
      messages,
      bytes: messages * 100,
      firstSeq: 1,
      lastSeq: messages,
      consumerCount: consumers.length,
      numDeleted: 0,
    },
    group: group('S'),
    consumers: consumers.map((consumer, index) => ({
      name: `consumer-${index + 1}`,
      durable: true,
      replicas,
      storage,
      deliveredConsumerSeq: messages,
      deliveredStreamSeq: messages,
      ackFloorStreamSeq: messages,
      numPending: 0,
      numAckPending: 0,
      numRedelivered: 0,
      numWaiting: 1,
      ackPolicy: 'explicit',
      paused: false,
      createdAt,
      group: group(`C-${index}`),
      ...consumer,
    })),
    createdAt,
  }
}

function serverInfo(target: NodeTarget, at: number): ServerInfo {
  return {
    id: `ID-${target.name}`,
    name: target.name,
    version: '2.15.1',
    clusterName: 'test',
    startedAt: NOW - DAY_MS,
    now: at,
    connections: 4,
    totalConnections: 40,
    subscriptions: 60,
    slowConsumers: 0,
    memoryBytes: 64 * MIB,
    cpuPercent: 3,
    cores: 1,
    maxConnections: 65_536,
    inMsgs: 5000,
    outMsgs: 5000,
    inBytes: 500_000,
    outBytes: 500_000,
    configDigest: `sha256:${target.name}`,
    tlsRequired: false,
    lameDuck: false,
  }
}

export function healthyObservation(settings: ClusterSettings = testSettings(), at = NOW): ClusterObservation {
  const targets = configuredNodes(settings)
  const names = targets.map(({name}) => name)
  const leader = names[1] ?? 'n1'
  const nodes = targets.map((target): NodeObservation => {
    const others = names.filter((name) => name !== target.name)
    const jetStream: JetStreamInfo = {
      enabled: true,
      memoryBytes: 0,
      fileBytes: 100 * MIB,
      maxMemoryBytes: 256 * MIB,
      maxFileBytes: 1024 * MIB,
      reservedMemoryBytes: 0,
      reservedFileBytes: 0,
      apiRequests: 100,
      apiErrors: 5,
      meta:
        names.length === 1
          ? undefined
          : {
              leader: 'n1',
              clusterSize: names.length,
              pending: 0,
              peers: target.name === 'n1' ? others.map((name) => peer(name)) : undefined,
            },
      streams: [stream('orders', target.name, names, {leader, consumers: [{name: 'worker'}]})],
      complete: true,
    }
    return {
      target,
      server: answered(serverInfo(target, at), at),
      health: answered({httpStatus: 200, status: 'ok', errors: []}, at),
      jetStream: answered(jetStream, at),
      routes: answered(
        others.map((name) => ({remoteId: `ID-${name}`, remoteName: name})),
        at,
      ),
      raft: answered([], at),
    }
  })
  return {cluster: settings.name, at, nodes}
}

export function healthyAws(settings: ClusterSettings = testSettings()): readonly AwsNodeObservation[] {
  return configuredNodes(settings).map(({name, asg, instanceName}, index): AwsNodeObservation => {
    const id = `i-000${index + 1}`
    return {
      node: name,
      group: {
        name: asg,
        desired: 1,
        minimum: 1,
        maximum: 1,
        instances: [
          {
            id,
            lifecycle: 'InService',
            health: 'Healthy',
            zone: `us-east-2${'abc'[index] ?? 'a'}`,
            protectedFromScaleIn: false,
            type: 'm8gd.medium',
            launchTemplateVersion: '1',
          },
        ],
        suspended: [],
      },
      activities: [],
      refreshes: [],
      instances: [
        {
          id,
          name: instanceName,
          state: 'running',
          type: 'm8gd.medium',
          zone: `us-east-2${'abc'[index] ?? 'a'}`,
          privateIp: `10.0.1.${index + 1}`,
          launchedAt: NOW - DAY_MS,
          systemStatus: 'ok',
          instanceStatus: 'ok',
        },
      ],
    }
  })
}
