import {dirname, resolve} from 'node:path'
import {OpsError} from '../errors.ts'
import {readSmallFile} from '../files.ts'

/**
 * A cluster as its operator describes it, in one file, from which its configuration, certificates and JWTs are made.
 * What the file leaves out is filled in here, so that whoever reads a description finds one shape.
 *
 * Sizes in bytes, durations in milliseconds. `{cluster}`, `{node}` and `{n}` are expanded already.
 */
export interface ClusterDescription {
  readonly name: string
  /** nats-server's version, e.g. 2.15.1: the tag of container images, and what `config diff` expects to run. */
  readonly version: string | undefined
  readonly nodes: readonly NodeDescription[]
  readonly listen: ListenAddresses
  readonly jetStream: JetStreamDescription | undefined
  readonly auth: AuthDescription
  readonly tls: TlsDescription | undefined
  readonly routes: RoutesDescription
  readonly limits: LimitsDescription
  readonly lameDuck: LameDuckTimes
  readonly leafNodes: LeafNodesDescription | undefined
  readonly gateways: GatewaysDescription | undefined
  readonly log: LoggingDescription
  readonly deploy: DeployDescription
}

export interface NodeDescription {
  /** server_name: the same for every replacement of the node. */
  readonly name: string
  /** Where clients and the other nodes find it. */
  readonly host: string
  /** Other names and addresses of it that its certificate has to hold. */
  readonly aliases: readonly string[]
  readonly ports: PortNumbers
  /** Folder of JetStream's files; the server makes its own `jetstream` in it. */
  readonly storeDirectory: string
  /** Folder of ca.crt, server.crt and server.key on the node. */
  readonly tlsDirectory: string
}

export interface PortNumbers {
  readonly client: number
  readonly cluster: number
  readonly monitor: number
  readonly leaf: number
  readonly gateway: number
}

/** Addresses that the ports are bound to, without the port. */
export interface ListenAddresses {
  readonly client: string
  readonly cluster: string
  readonly monitor: string
  readonly leaf: string
  readonly gateway: string
}

export interface JetStreamDescription {
  readonly maxFileStore: number
  readonly maxMemoryStore: number
  readonly domain: string | undefined
  /** How often files are synced to the disk; `always`: before each acknowledgement. */
  readonly syncInterval: number | 'always'
}

export type AuthDescription =
  | {readonly mode: 'none'}
  /** bcrypt of the token. */
  | {readonly mode: 'token'; readonly token: string}
  | {readonly mode: 'users'; readonly users: readonly (UserEntry & {readonly password: string})[]}
  | {readonly mode: 'nkeys'; readonly users: readonly (UserEntry & {readonly nkey: string})[]}
  | OperatorAuth

export interface UserEntry {
  readonly name: string
  /** True: in the system account, which the servers themselves answer to. */
  readonly system: boolean
  /** Absent: everything in the account. */
  readonly permissions: SubjectPermissions | undefined
}

/** Subjects that are allowed; whatever is not named is denied. */
export interface SubjectPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** May also answer, once, a request it has received. */
  readonly respond: boolean
}

/** Operator mode with the MEMORY resolver: what `auth init` makes, and where the servers' part of it is. */
export interface OperatorAuth {
  readonly mode: 'operator'
  readonly operator: string
  readonly systemAccount: string
  /** The application account. */
  readonly account: string
  /** Of the application account, over all replicas; -1: no limit. Sizes in bytes. */
  readonly accountLimits: {
    readonly fileStorage: number
    readonly memoryStorage: number
    readonly streams: number
    readonly consumers: number
  }
  /** Users of the application account besides its admin, one a service. */
  readonly services: readonly {readonly name: string; readonly permissions: SubjectPermissions | undefined}[]
  /**
   * Absolute path of the file with the operator's and the accounts' JWTs: JSON that nats-server includes as it is. See
   * preload.ts.
   */
  readonly preload: string
}

/**
 * Certificates are found on each node in `NodeDescription.tlsDirectory` as ca.crt, server.crt and server.key, and on
 * this machine in `source`/<node's name> under the same names.
 */
export interface TlsDescription {
  /** Absolute path of the folder on this machine: `cert generate` writes to it, compose and Kubernetes mount from it. */
  readonly source: string
  readonly client: TlsUse | undefined
  readonly routes: TlsUse | undefined
  readonly leaf: TlsUse | undefined
  readonly gateway: TlsUse | undefined
  /** https on the monitoring port, with the certificate for clients. */
  readonly monitor: boolean
}

export interface TlsUse {
  /** The other side has to show a certificate of the CA. */
  readonly verify: boolean
}

export interface RoutesDescription {
  readonly poolSize: number | undefined
  /** The user and password that nodes show each other. */
  readonly auth: PlainCredentials | undefined
}

/** A password that has to be sent as it is: in a file of its own, never in the description. */
export interface PlainCredentials {
  readonly user: string
  /** Absolute path on this machine of a file that holds the password and nothing else. */
  readonly passwordFile: string
}

/** Undefined: the server's own default. */
export interface LimitsDescription {
  readonly maxConnections: number | undefined
  readonly maxSubscriptions: number | undefined
  readonly maxPayload: number | undefined
  readonly maxPending: number | undefined
  readonly writeDeadline: number | undefined
  readonly pingInterval: number | undefined
  readonly pingMax: number | undefined
}

export interface LameDuckTimes {
  /** Over how long clients are asked to leave. */
  readonly duration: number
  /** How long after the signal the first one is asked. */
  readonly gracePeriod: number
}

export interface LeafNodesDescription {
  /** Other servers may connect as leaf nodes of this cluster. */
  readonly accept: boolean
  /** Clusters that this one is a leaf of. */
  readonly remotes: readonly LeafRemote[]
}

export interface LeafRemote {
  /** host:port */
  readonly urls: readonly string[]
  /** Local account that is bound to the other side: its public key in operator mode. Undefined: the global one. */
  readonly account: string | undefined
  /** Path of a .creds file on the nodes. */
  readonly credentials: string | undefined
  readonly auth: PlainCredentials | undefined
  readonly tls: boolean
}

export interface GatewaysDescription {
  readonly remotes: readonly {readonly name: string; readonly urls: readonly string[]}[]
  readonly auth: PlainCredentials | undefined
}

export interface LoggingDescription {
  /** Path on the nodes; undefined: standard error, which systemd and containers keep. */
  readonly file: string | undefined
  readonly maxSize: number
  readonly keep: number
  readonly debug: boolean
  readonly trace: boolean
}

export interface DeployDescription {
  /** Unix user that the server runs as. */
  readonly user: string
  readonly binary: string
  /** Folder of nats-server.conf on the nodes. */
  readonly configDirectory: string
  /** Container image; `nats:<version>-alpine` unless named, which has the tools of a health check. */
  readonly image: string
  readonly kubernetes: {readonly namespace: string; readonly storageClass: string | undefined}
}

const LARGEST_BYTES = 1024 * 1024

/**
 * Reads a description, YAML or JSON. Relative paths of files on this machine are seen from the description's folder.
 * UsageError names the path, the line, the key and the value, up to ten problems at once; FILE_NOT_FOUND (exit 9),
 * PATH_NOT_USABLE (exit 2).
 */
export async function readDescription(path: string): Promise<ClusterDescription> {
  try {
    return await parseDescription({path, text: await readSmallFile(path, LARGEST_BYTES)})
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'FILE_NOT_FOUND') throw error
    const {message, code, exit} = error
    throw new OpsError(message, {
      code,
      exit,
      suggestions: ['natsops config init', 'or name it with --file'],
      cause: error,
    })
  }
}

/** As readDescription, of a text that was read already. */
export async function parseDescription({path, text}: {path: string; text: string}): Promise<ClusterDescription> {
  const [{checkDocument}, {descriptionSchema}, {knownKeys}, {completeDescription}] = await Promise.all([
    import('../config/document.ts'),
    import('./description-schema.ts'),
    import('./description-keys.ts'),
    import('./description-defaults.ts'),
  ])
  const written = await checkDocument({path, text}, descriptionSchema, knownKeys)
  return completeDescription(written, dirname(resolve(path)))
}
