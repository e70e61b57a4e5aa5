import type {
  AccountTraffic,
  AccountUsage,
  ConnectionSighting,
  ConnectionsSighting,
  ConsumerSighting,
  JetStreamSighting,
  StreamSighting,
} from '../../domain/reports/sightings.ts'
import {consumerReplica, jetStreamInfo, streamReplica} from './mapping.ts'
import type {AccountStatz, Connz, ReportConsumer, ReportJsz, ReportStream} from './report-schemas.ts'

/** `node` is the name of the server that answered. */
export function jetStreamSighting(node: string, jsz: ReportJsz): JetStreamSighting {
  const {streams: replicas, ...info} = jetStreamInfo(node, jsz)
  const details = jsz.account_details.flatMap((account) => account.stream_detail)
  return {
    ...info,
    // The mapping keeps the order: each replica is the detail at the same place.
    streams: replicas.map((replica, index) => withDetail(replica, details[index])),
    totals: {
      accounts: jsz.total ?? jsz.accounts,
      streams: jsz.streams,
      consumers: jsz.consumers,
      messages: jsz.messages,
      bytes: jsz.bytes,
      streamsLed: jsz.streams_leader ?? undefined,
      consumersLed: jsz.consumers_leader ?? undefined,
    },
    accounts: jsz.account_details.map(
      (account): AccountUsage => ({
        account: account.name,
        accountId: account.id ?? account.name,
        memoryBytes: account.memory,
        fileBytes: account.storage,
        maxMemoryBytes: account.reserved_memory,
        maxFileBytes: account.reserved_storage,
        apiRequests: account.api?.total ?? 0,
        apiErrors: account.api?.errors ?? 0,
      }),
    ),
  }
}

/** A stream of one account as its leader tells of it in the account's own API. */
export function streamSighting(
  account: {readonly name: string; readonly id: string},
  stream: Omit<ReportStream, 'name' | 'consumer_detail'> & {readonly config: {readonly name: string}},
): StreamSighting {
  const detail: ReportStream = {...stream, name: stream.config.name, consumer_detail: []}
  return withDetail(streamReplica(stream.cluster?.leader ?? '', account, detail), detail)
}

/** A consumer of one stream as its leader tells of it in the account's own API. */
export function consumerSighting(
  stream: {readonly config: StreamSighting['config']},
  consumer: ReportConsumer,
): ConsumerSighting {
  const {retention, storage, replicas} = stream.config
  const config = {num_replicas: replicas, retention, storage}
  const replica = consumerReplica(consumer.cluster?.leader ?? '', {config, consumer_raft_groups: []}, consumer)
  return {...replica, ...detailOf(consumer)}
}

function withDetail(replica: ReturnType<typeof streamReplica>, detail: ReportStream | undefined): StreamSighting {
  return {
    ...replica,
    consumers: replica.consumers.map((consumer, index) => ({
      ...consumer,
      ...detailOf(detail?.consumer_detail[index]),
    })),
    lastAt: detail?.state.last_ts,
  }
}

function detailOf(
  consumer: ReportConsumer | undefined,
): Pick<ConsumerSighting, 'mode' | 'lastDeliveredAt' | 'lastAcknowledgedAt'> {
  return {
    mode: consumer?.config.deliver_subject === undefined ? 'pull' : 'push',
    lastDeliveredAt: consumer?.delivered.last_active,
    lastAcknowledgedAt: consumer?.ack_floor.last_active,
  }
}

export function accountTraffic({account_statz: accounts}: AccountStatz): readonly AccountTraffic[] {
  return accounts.map((account) => ({
    account: account.name ?? account.acc,
    accountId: account.acc,
    connections: account.conns,
    leafNodes: account.leafnodes,
    subscriptions: account.num_subscriptions,
    slowConsumers: account.slow_consumers,
    inMessages: account.received?.msgs ?? 0,
    inBytes: account.received?.bytes ?? 0,
    outMessages: account.sent?.msgs ?? 0,
    outBytes: account.sent?.bytes ?? 0,
  }))
}

export function connectionsSighting({connections, total}: Connz): ConnectionsSighting {
  return {
    total,
    connections: connections.map(
      (each): ConnectionSighting => ({
        id: each.cid,
        kind: each.kind ?? 'Client',
        name: each.name,
        accountId: each.account,
        user: each.name_tag ?? each.authorized_user,
        ip: each.ip,
        port: each.port,
        language: each.lang,
        version: each.version,
        subscriptions: each.subscriptions,
        pendingBytes: each.pending_bytes,
        inMessages: each.in_msgs,
        outMessages: each.out_msgs,
        inBytes: each.in_bytes,
        outBytes: each.out_bytes,
        rttMs: each.rtt,
        stalls: each.stalls ?? undefined,
        uptimeSeconds: Math.round((each.uptime ?? 0) / 1000),
        idleSeconds: Math.round((each.idle ?? 0) / 1000),
      }),
    ),
  }
}
