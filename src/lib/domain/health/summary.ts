import {known} from '../answer.ts'
import {judgeMetaGroup} from '../meta-group.ts'
import type {ReplicaStanding} from '../replication.ts'
import type {HealthInput} from './input.ts'
import {type Evidence, isLeaderless} from './judged.ts'
import {hasAnswered} from './look.ts'

/** One node in numbers. A value is absent where the node did not tell. Part of the public JSON. */
export interface NodeSummary {
  readonly node: string
  readonly address: string
  readonly answers: boolean
  /** Kind of the problem where there is no answer: `refused`, `timeout`, `name-not-found` ... */
  readonly problem?: string
  readonly version?: string
  readonly serverId?: string
  readonly startedAt?: string
  readonly uptimeSeconds?: number
  /** HTTP status of /healthz. */
  readonly healthz?: number
  readonly connections?: number
  readonly subscriptions?: number
  readonly slowConsumers?: number
  readonly cpuPercent?: number
  readonly memoryBytes?: number
  readonly configDigest?: string
  readonly jetStream?: {
    readonly fileBytes: number
    readonly maxFileBytes: number
    readonly reservedFileBytes: number
    readonly memoryBytes: number
    readonly maxMemoryBytes: number
    readonly reservedMemoryBytes: number
    readonly apiErrors: number
  }
  /** Groups that this node leads, the meta group not counted. */
  readonly leads: number
  /** Replicas by standing. */
  readonly replicas: Readonly<Partial<Record<ReplicaStanding, number>>>
  readonly instance?: {readonly id: string; readonly type: string; readonly state: string; readonly zone: string}
}

export interface MetaSummary {
  /** Absent: none, disputed, or the one that is named did not answer. */
  readonly leader?: string
  /** Every leader that any node names. */
  readonly claimedLeaders: readonly string[]
  readonly size?: number
  readonly expected: number
  readonly pending?: number
}

export interface AssetSummary {
  readonly accounts: number
  readonly streams: number
  readonly consumers: number
  readonly leaderless: number
  /** Assets with one replica, ephemeral consumers included. */
  readonly singleReplica: number
  readonly messages: number
  readonly bytes: number
  readonly replicas: Readonly<Partial<Record<ReplicaStanding, number>>>
}

export function summariseNodes(input: HealthInput): readonly NodeSummary[] {
  const {later, replication, assets, aws} = input
  return later.nodes.map((node): NodeSummary => {
    const {target, server, health, jetStream} = node
    const {name, host, monitorPort} = target
    const info = known(server)
    const healthz = known(health)?.httpStatus
    const store = known(jetStream)
    const below = aws?.find((each) => each.node === name)
    const inService = below?.group?.instances.find(({lifecycle}) => lifecycle === 'InService')?.id
    const instance = below?.instances.find(({id}) => id === inService)
    return {
      node: name,
      address: `${host}:${monitorPort}`,
      answers: hasAnswered(node),
      ...(server.ok ? {} : {problem: server.problem.kind}),
      ...(info && {
        version: info.version,
        serverId: info.id,
        startedAt: new Date(info.startedAt).toISOString(),
        uptimeSeconds: Math.max(0, Math.floor((info.now - info.startedAt) / 1000)),
      }),
      ...(healthz !== undefined && {healthz}),
      ...(info && {
        connections: info.connections,
        subscriptions: info.subscriptions,
        slowConsumers: info.slowConsumers,
        cpuPercent: info.cpuPercent,
        memoryBytes: info.memoryBytes,
      }),
      ...(info?.configDigest !== undefined && {configDigest: info.configDigest}),
      ...(store?.enabled && {
        jetStream: {
          fileBytes: store.fileBytes,
          maxFileBytes: store.maxFileBytes,
          reservedFileBytes: store.reservedFileBytes,
          memoryBytes: store.memoryBytes,
          maxMemoryBytes: store.maxMemoryBytes,
          reservedMemoryBytes: store.reservedMemoryBytes,
          apiErrors: store.apiErrors,
        },
      }),
      leads: assets.filter(({leader}) => leader === name).length,
      replicas: countStandings(replication.filter((each) => each.node === name).map(({verdict}) => verdict)),
      ...(instance && {
        instance: {id: instance.id, type: instance.type, state: instance.state, zone: instance.zone},
      }),
    }
  })
}

export function summariseMeta(input: HealthInput): MetaSummary {
  const expected = input.later.nodes.length
  const {leader, claimedLeaders, size, pending} = judgeMetaGroup(input.later)
  return {
    ...(leader !== undefined && {leader}),
    claimedLeaders,
    ...(size !== undefined && {size}),
    expected,
    ...(leader !== undefined && {pending}),
  }
}

export function summariseAssets({assets, replication, judged}: Evidence): AssetSummary {
  const streams = assets.filter(({kind}) => kind === 'stream')
  let messages = 0
  let bytes = 0
  for (const asset of assets) {
    if (asset.kind !== 'stream') continue
    const held = asset.members.flatMap(({state}) => (state ? [state] : []))
    messages += Math.max(0, ...held.map((state) => state.messages))
    bytes += Math.max(0, ...held.map((state) => state.bytes))
  }
  return {
    accounts: new Set(assets.map(({account, accountId = account}) => accountId)).size,
    streams: streams.length,
    consumers: assets.length - streams.length,
    leaderless: judged.filter(isLeaderless).length,
    singleReplica: assets.filter(({replicas}) => replicas === 1).length,
    messages,
    bytes,
    replicas: countStandings(replication.map(({verdict}) => verdict)),
  }
}

function countStandings(standings: readonly ReplicaStanding[]): Readonly<Partial<Record<ReplicaStanding, number>>> {
  const counts: Partial<Record<ReplicaStanding, number>> = {}
  for (const standing of [...standings].sort()) counts[standing] = (counts[standing] ?? 0) + 1
  return counts
}
