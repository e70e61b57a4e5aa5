import type {Answer} from '../domain/answer.ts'
import type {HealthAnswer, JetStreamInfo, RaftNode, Route, ServerInfo} from '../domain/observation.ts'
import type {ConsumerDetail, StreamDetail} from '../domain/reports/details.ts'
import type {
  AccountTraffic,
  ConnectionsSighting,
  ConsumerSighting,
  JetStreamDetail,
  JetStreamSighting,
  NodeSighting,
  StreamSighting,
} from '../domain/reports/sightings.ts'
import type {NodeTarget} from '../domain/settings.ts'

/** User credentials in memory. Never logged, never in JSON. */
export interface UserCredentials {
  readonly jwt: string
  readonly seed: string
}

/** A connection to the cluster as a client. */
export interface NatsClient {
  /** Name, id, version and cluster of the server this connection landed on. */
  server(): {readonly name: string; readonly id: string; readonly version: string; readonly cluster: string | undefined}
  /** Round-trip time, milliseconds. */
  rtt(): Promise<number>
  /** One request, one answer, as bytes; rejects with NO_RESPONDERS, REQUEST_TIMEOUT or PERMISSION_DENIED. */
  request(subject: string, payload: string | Uint8Array, options: {readonly timeoutMs: number}): Promise<Uint8Array>
  /**
   * One request that several answer. Each answer goes to `take` as it comes, which returns how many milliseconds to wait
   * for another one: 0 is the end. Silence is no error: it ends the wait. Rejects as a request does, never with
   * REQUEST_TIMEOUT.
   */
  gather(subject: string, payload: string, options: GatherOptions): Promise<void>
  /** Milliseconds from publishing to an inbox of its own to reading it there; rejects like a request. */
  echo(options: {readonly timeoutMs: number}): Promise<number>
  /** Subscribes, hears whether the server agrees, and unsubscribes. False: it has no permission. */
  maySubscribe(subject: string): Promise<boolean>
  /** Sends what is buffered and closes; safe to call twice. */
  close(): Promise<void>
}

export interface GatherOptions {
  /** Limit for the first answer and for all of them. */
  readonly timeoutMs: number
  /** Ask for compressed answers, which only servers understand. */
  readonly compressed?: boolean
  readonly take: (answer: Uint8Array) => number
}

export interface NatsConnectOptions {
  /** host:port or nats:// and tls:// URLs; tried until one accepts. */
  readonly servers: readonly string[]
  readonly credentials: UserCredentials | undefined
  /** A command that shows what these credentials are and may do, for suggestions. */
  readonly inspect?: string | undefined
  readonly timeoutMs: number
  /** Where answers arrive, for a user who may not subscribe to the usual _INBOX; without a dot at its end. */
  readonly inboxPrefix?: string | undefined
}

/** What nkeys and JWTs are asked, without a connection. */
export interface CredentialInspector {
  /** Public key of a seed and its kind by prefix: user, account, operator ...; undefined when it is no seed. */
  publicKeyOf(
    seed: string,
  ): {readonly publicKey: string; readonly kind: 'user' | 'account' | 'operator' | 'other'} | undefined
  /** Verifies the JWT's own signature against the key it names as issuer. */
  verifySignature(jwt: string): boolean
}

/** The monitoring port of one node. Each answer is a result, never an exception. */
export interface Monitor {
  server(node: NodeTarget): Promise<Answer<ServerInfo>>
  health(node: NodeTarget): Promise<Answer<HealthAnswer>>
  jetStream(node: NodeTarget): Promise<Answer<JetStreamInfo>>
  routes(node: NodeTarget): Promise<Answer<readonly Route[]>>
  raft(node: NodeTarget): Promise<Answer<readonly RaftNode[]>>
  /** When the certificate of an https monitor expires; undefined over plain http or when it cannot be read. */
  certificateExpiry(node: NodeTarget): Promise<number | undefined>
  close(): Promise<void>
}

/**
 * What reports ask of every node at once, over the monitoring ports or through the system account. Each node's answer is
 * a result; through the system account the whole rejects where the credentials are no system user's.
 */
export interface NodeReports {
  jetStream(detail: JetStreamDetail): Promise<readonly NodeSighting<JetStreamSighting>[]>
  /** RAFT groups of the meta group and of these accounts, by id. */
  raft(accounts: readonly string[]): Promise<readonly NodeSighting<readonly RaftNode[]>[]>
  connections(): Promise<readonly NodeSighting<ConnectionsSighting>[]>
  /** Every account with a connection or a subscription on the node. */
  accounts(): Promise<readonly NodeSighting<readonly AccountTraffic[]>[]>
}

/** JetStream's own API, as one user of one account may use it. Rejects with NO_JETSTREAM, or as a request does. */
export interface JetStreamApi {
  account(): Promise<ApiAccount>
  /** 256 streams at the most, sorted by name, from this offset on. */
  streams(offset: number): Promise<ApiPage<StreamSighting>>
  consumers(stream: StreamSighting, offset: number): Promise<ApiPage<ConsumerSighting>>
  /** One stream in full; rejects with STREAM_NOT_FOUND. `subjects` is a pattern: messages are counted by subject. */
  stream(name: string, options?: {readonly subjects?: string; readonly deleted?: boolean}): Promise<StreamDetail>
  /** One consumer in full; rejects with CONSUMER_NOT_FOUND. */
  consumer(stream: StreamSighting, name: string): Promise<ConsumerDetail>
  /** Names of all streams, or of one stream's consumers; sorted. */
  names(stream?: string): Promise<readonly string[]>
}

export interface ApiPage<Item> {
  readonly items: readonly Item[]
  /** Of all pages. */
  readonly total: number
  /** Names of those that are there and whose leader did not answer. */
  readonly missing: readonly string[]
}

/** One account's use of JetStream, all replicas together. Limits: -1 is unlimited, undefined where it has several tiers. */
export interface ApiAccount {
  readonly streams: number
  readonly consumers: number
  readonly memoryBytes: number
  readonly fileBytes: number
  readonly maxMemoryBytes: number | undefined
  readonly maxFileBytes: number | undefined
  readonly apiRequests: number
  readonly apiErrors: number
}

/** Any page of a monitoring port as it is, whatever its HTTP status; never rejects. `path` begins with a slash. */
export interface MonitorPages {
  page(node: NodeTarget, path: string): Promise<Answer<RawPage>>
}

export interface RawPage {
  readonly status: number
  readonly contentType: string
  /** The body as it came. Untrusted text. */
  readonly text: string
}

/** The certificates that a port shows, without trusting them. */
export interface CertificateProbe {
  /**
   * PEM texts, the server's own first. `nats`: a client port, where TLS follows the server's first line; `https`: TLS at
   * once. Undefined from a port without TLS. Never a rejection: what cannot be reached is a result.
   */
  chain(
    target: {readonly host: string; readonly port: number; readonly kind: 'nats' | 'https'},
    signal: AbortSignal,
  ): Promise<Answer<readonly string[] | undefined>>
}
