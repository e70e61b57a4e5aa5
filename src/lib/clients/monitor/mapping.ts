import type {
  ConsumerReplica,
  GroupView,
  HealthAnswer,
  JetStreamInfo,
  PeerView,
  RaftNode,
  Route,
  ServerInfo,
  StreamReplica,
} from '../../domain/observation.ts'
import type {Healthz, Jsz, Raftz, Routez, Varz} from './schemas.ts'

type AccountDetail = Jsz['account_details'][number]
type StreamDetail = AccountDetail['stream_detail'][number]
type ConsumerDetail = StreamDetail['consumer_detail'][number]
type Cluster = NonNullable<StreamDetail['cluster']>
type Peer = Cluster['replicas'][number]

export function serverInfo(varz: Varz): ServerInfo {
  return {
    id: varz.server_id,
    name: varz.server_name,
    version: varz.version,
    clusterName: varz.cluster?.name,
    startedAt: varz.start,
    now: varz.now,
    connections: varz.connections,
    totalConnections: varz.total_connections,
    subscriptions: varz.subscriptions,
    slowConsumers: varz.slow_consumers,
    memoryBytes: varz.mem,
    cpuPercent: varz.cpu,
    cores: varz.cores,
    maxConnections: varz.max_connections,
    inMsgs: varz.in_msgs,
    outMsgs: varz.out_msgs,
    inBytes: varz.in_bytes,
    outBytes: varz.out_bytes,
    configDigest: varz.config_digest,
    tlsRequired: varz.tls_required ?? false,
    lameDuck: false,
  }
}

/** Without details, and for some failures with them, the server says one `error` and no list. */
export function healthAnswer(httpStatus: number, {status, error, errors}: Healthz): HealthAnswer {
  const listed = errors.map(({type, error: detail, account, stream, consumer}) => ({
    type,
    error: detail ?? '',
    ...(account !== undefined && {account}),
    ...(stream !== undefined && {stream}),
    ...(consumer !== undefined && {consumer}),
  }))
  const single = error !== undefined && listed.length === 0 ? [{type: 'UNKNOWN', error}] : []
  return {httpStatus, status, errors: [...listed, ...single]}
}

export function routes({routes: found}: Routez): readonly Route[] {
  return found.map(({remote_id: remoteId, remote_name: remoteName}) => ({remoteId, remoteName}))
}

/** `node` is the server's own name, which a stream of a server without a cluster does not tell. */
export function jetStreamInfo(node: string, jsz: Jsz): JetStreamInfo {
  const meta = jsz.meta_cluster
  const streams = jsz.account_details.flatMap((account) =>
    account.stream_detail.map((stream) => streamReplica(node, account, stream)),
  )
  return {
    enabled: !jsz.disabled,
    memoryBytes: jsz.memory,
    fileBytes: jsz.storage,
    maxMemoryBytes: jsz.config?.max_memory ?? 0,
    maxFileBytes: jsz.config?.max_storage ?? 0,
    reservedMemoryBytes: jsz.reserved_memory,
    reservedFileBytes: jsz.reserved_storage,
    apiRequests: jsz.api?.total ?? 0,
    apiErrors: jsz.api?.errors ?? 0,
    meta: meta
      ? {
          leader: meta.leader,
          clusterSize: meta.cluster_size,
          pending: meta.pending,
          // Servers from 2.12 on list the peers on every node, but only the leader knows how they are.
          peers: meta.leader === node ? (meta.replicas ?? []).map(peerView) : undefined,
        }
      : undefined,
    streams,
    complete: isComplete(jsz),
  }
}

/** The totals count all accounts and streams of the node, whatever the details list. */
function isComplete({account_details: details, accounts, total, streams}: Jsz): boolean {
  const listed = details.reduce((sum, {stream_detail: found}) => sum + found.length, 0)
  const distinct = new Set(details.map(({name, id}) => id ?? name)).size
  return distinct === details.length && distinct === (total ?? accounts) && listed === streams
}

/** `node` is who says it: in a single server's answer the leader. */
export function streamReplica(
  node: string,
  {name: account, id}: Pick<AccountDetail, 'name' | 'id'>,
  stream: StreamDetail,
): StreamReplica {
  const {config, state} = stream
  return {
    account,
    ...(id !== undefined && {accountId: id}),
    stream: stream.name,
    config: {
      subjects: config.subjects,
      retention: config.retention,
      storage: config.storage,
      replicas: config.num_replicas,
      maxBytes: config.max_bytes,
      maxMsgs: config.max_msgs,
      isMirror: config.mirror != null,
      hasSources: config.sources.length > 0,
      expires: config.max_age > 0 || config.allow_msg_ttl === true,
    },
    state: {
      messages: state.messages,
      bytes: state.bytes,
      firstSeq: state.first_seq,
      lastSeq: state.last_seq,
      consumerCount: state.consumer_count,
      numDeleted: state.num_deleted,
    },
    group: groupView(node, stream.cluster, stream.stream_raft_group),
    consumers: stream.consumer_detail.map((consumer) => consumerReplica(node, stream, consumer)),
    createdAt: stream.created,
  }
}

export function consumerReplica(
  node: string,
  stream: {
    readonly config: Pick<StreamDetail['config'], 'num_replicas' | 'retention' | 'storage'>
    readonly consumer_raft_groups: StreamDetail['consumer_raft_groups']
  },
  consumer: ConsumerDetail,
): ConsumerReplica {
  const {config, delivered, ack_floor: ackFloor} = consumer
  const group = stream.consumer_raft_groups.find(({name}) => name === consumer.name)?.raft_group
  return {
    name: consumer.name,
    durable: config.durable_name !== undefined,
    replicas: consumerReplicas(config, stream.config),
    storage: config.mem_storage ? 'memory' : stream.config.storage,
    deliveredConsumerSeq: delivered.consumer_seq,
    deliveredStreamSeq: delivered.stream_seq,
    ackFloorStreamSeq: ackFloor.stream_seq,
    numPending: consumer.num_pending,
    numAckPending: consumer.num_ack_pending,
    numRedelivered: consumer.num_redelivered,
    numWaiting: consumer.num_waiting,
    ackPolicy: config.ack_policy,
    paused: consumer.paused ?? false,
    createdAt: consumer.created,
    group: groupView(node, consumer.cluster, group),
  }
}

/** As the server does it: the stream's number, except that an ephemeral one on a limits stream has one replica. */
function consumerReplicas(
  {num_replicas: own, durable_name: durable}: ConsumerDetail['config'],
  {num_replicas: stream, retention}: Pick<StreamDetail['config'], 'num_replicas' | 'retention'>,
): number {
  if (own > 0 && own <= stream) return own
  return own === 0 && durable === undefined && retention === 'limits' ? 1 : stream
}

/** Only a server without a cluster leaves the group out: then it leads itself. */
function groupView(node: string, cluster: Cluster | null | undefined, group: string | undefined): GroupView {
  return {
    name: cluster?.raft_group ?? group,
    leader: cluster ? cluster.leader : node,
    leaderSince: cluster?.leader_since ?? undefined,
    peers: (cluster?.replicas ?? []).map(peerView),
  }
}

function peerView({name, peer, current, offline, active, lag, pending}: Peer): PeerView {
  return {
    name,
    peerId: peer,
    current,
    offline: offline ?? false,
    activeMs: active,
    lag,
    ...(pending != null && {pending}),
  }
}

export function raftNodes(node: string, raftz: Raftz): readonly RaftNode[] {
  return Object.entries(raftz).flatMap(([account, groups]) =>
    Object.entries(groups).map(([group, raft]): RaftNode => {
      const peers = Object.entries(raft.peers ?? {}).map(([id, {name, known}]) => ({id, name, known: known ?? false}))
      const leader = raft.leader === raft.id ? node : peers.find(({id}) => id === raft.leader)?.name
      return {
        account,
        group,
        state: raft.state,
        leader: leader ?? raft.leader,
        size: raft.size,
        term: raft.term,
        committed: raft.committed,
        applied: raft.applied,
        catchingUp: raft.catching_up ?? false,
        writeError: writeErrorOf(raft.wal_error),
        paused: raft.paused ?? false,
        peers,
      }
    }),
  )
}

/** Go writes most errors as {}: that there is one is all that can be known then. */
function writeErrorOf(error: unknown): string | undefined {
  if (error === null || error === undefined) return undefined
  return typeof error === 'string' && error !== '' ? error : 'the server does not say which'
}
