import type {
  AuthDescription,
  ClusterDescription,
  NodeDescription,
  PlainCredentials,
  TlsUse,
  UserEntry,
} from './description.ts'
import {address} from './server-config.ts'
import type {Listen, ServerAuth, ServerDescription, SharedPassword, TlsBlock} from './server-description.ts'

/** Where the nodes of a description stand, by target: containers have other hosts and folders than machines. */
export interface Placement {
  readonly hostOf: (node: NodeDescription) => string
  readonly storeDirectoryOf: (node: NodeDescription) => string
  readonly tlsDirectoryOf: (node: NodeDescription) => string
  /** False: logs go to standard error, whatever the description says. */
  readonly logsToFile: boolean
}

/** As the description says. */
const described: Placement = {
  hostOf: ({host}) => host,
  storeDirectoryOf: ({storeDirectory}) => storeDirectory,
  tlsDirectoryOf: ({tlsDirectory}) => tlsDirectory,
  logsToFile: true,
}

/** Passwords by the path of the file that holds them. */
export type Passwords = ReadonlyMap<string, string>

/** File beside each node's configuration with what the servers are told in operator mode. */
export const PRELOAD_FILE = 'preload.json'

/** Every file of this machine that holds a password the servers have to send as it is. */
export function passwordFiles({routes, gateways, leafNodes}: ClusterDescription): readonly string[] {
  const all = [routes.auth, gateways?.auth, ...(leafNodes?.remotes ?? []).map(({auth}) => auth)]
  return [...new Set(all.flatMap((auth) => (auth ? [auth.passwordFile] : [])))]
}

/** One node's server. The list of routes is the same on every node: a server skips the one that leads to itself. */
export function describeServer(
  description: ClusterDescription,
  node: NodeDescription,
  passwords: Passwords,
  placement: Placement = described,
): ServerDescription {
  const {name, nodes, listen, jetStream, tls, routes, gateways, leafNodes, log} = description
  const {ports} = node
  const at = (port: number): Listen => ({host: placement.hostOf(node), port})
  const folder = placement.tlsDirectoryOf(node)
  const secured = (use: TlsUse | undefined): TlsBlock | undefined => use && tlsFiles(folder, use)
  const shared = (auth: PlainCredentials | undefined) => sharedPassword(auth, passwords)
  return {
    name: node.name,
    listen: {host: listen.client, port: ports.client},
    advertise: at(ports.client),
    monitor: {host: listen.monitor, port: ports.monitor},
    monitorTls: tls?.monitor ?? false,
    tls: secured(tls?.client),
    limits: description.limits,
    cluster:
      nodes.length > 1 || gateways
        ? {
            name,
            listen: {host: listen.cluster, port: ports.cluster},
            advertise: at(ports.cluster),
            routes: nodes.map((peer) => ({host: placement.hostOf(peer), port: peer.ports.cluster})),
            poolSize: routes.poolSize,
            auth: shared(routes.auth),
            tls: secured(tls?.routes),
          }
        : undefined,
    jetStream: jetStream && {...jetStream, storeDirectory: placement.storeDirectoryOf(node)},
    auth: describeAuth(description.auth),
    leafNodes: leafNodes && {
      listen: leafNodes.accept ? {host: listen.leaf, port: ports.leaf} : undefined,
      advertise: at(ports.leaf),
      tls: secured(tls?.leaf),
      remotes: leafNodes.remotes.map((remote) => ({
        ...remote,
        auth: shared(remote.auth),
        tls: remote.tls ? tlsFiles(folder, {verify: false}) : undefined,
      })),
    },
    gateway: gateways && {
      name,
      listen: {host: listen.gateway, port: ports.gateway},
      advertise: at(ports.gateway),
      auth: shared(gateways.auth),
      tls: secured(tls?.gateway),
      remotes: [
        {name, urls: nodes.map((peer) => address({host: placement.hostOf(peer), port: peer.ports.gateway}))},
        ...gateways.remotes,
      ],
    },
    log:
      log.file !== undefined && placement.logsToFile
        ? {file: log.file, maxBytes: log.maxSize, keep: log.keep}
        : undefined,
    debug: log.debug,
    trace: log.trace,
    lameDuck: description.lameDuck,
  }
}

/** True where a configuration holds what others must not read: hashes can be guessed at, passwords be used at once. */
export function holdsSecrets(description: ClusterDescription): boolean {
  return ['token', 'users'].includes(description.auth.mode) || passwordFiles(description).length > 0
}

function describeAuth(auth: AuthDescription): ServerAuth {
  switch (auth.mode) {
    case 'none':
    case 'token':
      return auth
    case 'users':
      return {mode: 'users', ...byAccount(auth.users, ({password}) => password)}
    case 'nkeys':
      return {mode: 'nkeys', ...byAccount(auth.users, ({nkey}) => nkey)}
    case 'operator':
      return {mode: 'operator', authority: {include: PRELOAD_FILE}}
  }
}

function byAccount<User extends UserEntry>(users: readonly User[], credentialOf: (user: User) => string) {
  const all = users.map((user) => ({
    system: user.system,
    user: {name: user.name, credential: credentialOf(user), permissions: user.permissions},
  }))
  return {
    application: all.flatMap(({system, user}) => (system ? [] : user)),
    system: all.flatMap(({system, user}) => (system ? user : [])),
  }
}

function tlsFiles(folder: string, {verify}: TlsUse): TlsBlock {
  return {
    certificate: `${folder}/server.crt`,
    key: `${folder}/server.key`,
    authority: `${folder}/ca.crt`,
    verify,
  }
}

function sharedPassword(auth: PlainCredentials | undefined, passwords: Passwords): SharedPassword | undefined {
  return auth && {user: auth.user, password: passwords.get(auth.passwordFile) ?? ''}
}
