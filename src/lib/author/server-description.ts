import type {LimitsDescription, SubjectPermissions} from './description.ts'

/** One nats-server, as its configuration file says it. Sizes in bytes, durations in milliseconds. */
export interface ServerDescription {
  /** server_name: unique in the cluster and the same for every replacement of a node (RAFT peers are named by it). */
  readonly name: string
  /** Address of the client port. */
  readonly listen: Listen
  /** Where clients find it, if that is another address: what the servers tell each other and their clients. */
  readonly advertise?: Listen
  /** Address of the monitoring port. */
  readonly monitor: Listen
  /** https with the certificate for clients; plain http where absent. */
  readonly monitorTls?: boolean
  readonly tls?: TlsBlock | undefined
  /** Absent: a server on its own. With one it waits for others, and JetStream with it. */
  readonly cluster?: ClusterBlock | undefined
  readonly jetStream?: JetStreamBlock | undefined
  readonly auth: ServerAuth
  readonly limits?: LimitsDescription
  readonly leafNodes?: LeafNodesBlock | undefined
  readonly gateway?: GatewayBlock | undefined
  readonly log?: LogBlock | undefined
  readonly debug?: boolean
  readonly trace?: boolean
  readonly pidFile?: string
  readonly lameDuck?: LameDuckBlock
}

export interface Listen {
  readonly host: string
  readonly port: number
}

/** Paths on the machine of the server. */
export interface TlsBlock {
  readonly certificate: string
  readonly key: string
  readonly authority: string
  readonly verify: boolean
}

/** As it is sent by the one and expected by the other. */
export interface SharedPassword {
  readonly user: string
  readonly password: string
}

export interface ClusterBlock {
  readonly name: string
  readonly listen: Listen
  readonly advertise?: Listen
  /** The route ports of all nodes; a server knows its own and skips it. */
  readonly routes: readonly Listen[]
  readonly poolSize?: number | undefined
  readonly auth?: SharedPassword | undefined
  readonly tls?: TlsBlock | undefined
}

export interface JetStreamBlock {
  readonly storeDirectory: string
  readonly maxFileStore: number
  readonly maxMemoryStore: number
  readonly domain?: string | undefined
  readonly syncInterval?: number | 'always'
}

export type ServerAuth =
  | {readonly mode: 'none'}
  | {readonly mode: 'token'; readonly token: string}
  /** Users of one application account and of the system account; `credential` is a password's hash or a public key. */
  | {
      readonly mode: 'users' | 'nkeys'
      readonly application: readonly ServerUser[]
      readonly system: readonly ServerUser[]
    }
  /** The JWTs in the file itself, or in another beside it. */
  | {readonly mode: 'operator'; readonly authority: AuthorityPreload | {readonly include: string}}

export interface ServerUser {
  readonly name: string
  readonly credential: string
  readonly permissions?: SubjectPermissions | undefined
}

/** What a server with the MEMORY resolver has to be told at its start. */
export interface AuthorityPreload {
  readonly operatorJwt: string
  /** Public key of the system account; its JWT is among the accounts. */
  readonly systemAccount: string
  /** Account JWTs by the account's public key. */
  readonly accountJwts: Readonly<Record<string, string>>
}

export interface LeafNodesBlock {
  /** Absent: no other server can be a leaf of this one. */
  readonly listen?: Listen | undefined
  readonly advertise?: Listen
  readonly tls?: TlsBlock | undefined
  readonly remotes: readonly LeafRemoteBlock[]
}

export interface LeafRemoteBlock {
  /** host:port */
  readonly urls: readonly string[]
  readonly account?: string | undefined
  readonly credentials?: string | undefined
  readonly auth?: SharedPassword | undefined
  readonly tls?: TlsBlock | undefined
}

export interface GatewayBlock {
  /** The cluster's own name. */
  readonly name: string
  readonly listen: Listen
  readonly advertise?: Listen
  readonly auth?: SharedPassword | undefined
  readonly tls?: TlsBlock | undefined
  readonly remotes: readonly {readonly name: string; readonly urls: readonly string[]}[]
}

export interface LogBlock {
  readonly file: string
  /** The file is rotated at this size ... */
  readonly maxBytes: number
  /** ... and this many old ones are kept. */
  readonly keep: number
}

export interface LameDuckBlock {
  /** Over how long clients are asked to leave; nats-server's own default is two minutes. */
  readonly duration: number
  /** How long after the signal the first one is asked; default ten seconds. */
  readonly gracePeriod: number
}
