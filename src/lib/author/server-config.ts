import {renderDuration, renderSettings, type Setting, type Value} from './conf-text.ts'
import type {LimitsDescription, SubjectPermissions} from './description.ts'
import type {
  ClusterBlock,
  GatewayBlock,
  JetStreamBlock,
  LameDuckBlock,
  LeafNodesBlock,
  LeafRemoteBlock,
  Listen,
  ServerAuth,
  ServerDescription,
  ServerUser,
  SharedPassword,
  TlsBlock,
} from './server-description.ts'

export type {AuthorityPreload, Listen, ServerDescription} from './server-description.ts'

/** Names of the accounts where users are in the configuration: theirs, and the servers' own. */
export const configuredAccounts = {application: 'APP', system: 'SYS'} as const

/**
 * The server's configuration file. Every text is quoted, so that no name or path can be read as a variable, a comment
 * or another setting. The same on every version from 2.10 to 2.15.
 */
export function renderServerConfig(server: ServerDescription): string {
  return renderSettings(configSettings(server))
}

/** The settings before they are text, in the order of the file; undefined ones are left out of it. */
export function configSettings(server: ServerDescription): readonly Setting[] {
  const {name, listen, advertise, monitor, monitorTls, tls, cluster, jetStream, leafNodes, gateway, pidFile} = server
  return [
    ['server_name', name],
    ['listen', address(listen)],
    ['client_advertise', advertise && address(advertise)],
    [monitorTls ? 'https' : 'http', address(monitor)],
    ['tls', tls && tlsBlock(tls)],
    ...limitSettings(server.limits),
    ['cluster', cluster && clusterBlock(cluster)],
    ['jetstream', jetStream && jetStreamBlock(jetStream)],
    ...authSettings(server.auth, jetStream !== undefined),
    ['leafnodes', leafNodes && leafNodesBlock(leafNodes)],
    ['gateway', gateway && gatewayBlock(gateway)],
    ...logSettings(server),
    ['pid_file', pidFile],
    ...lameDuckSettings(server.lameDuck),
  ]
}

function tlsBlock({certificate, key, authority, verify}: TlsBlock): Value {
  return {cert_file: certificate, key_file: key, ca_file: authority, verify: verify || undefined, timeout: 5}
}

function limitSettings(limits: LimitsDescription | undefined): readonly Setting[] {
  if (!limits) return []
  return [
    ['max_connections', limits.maxConnections],
    ['max_subscriptions', limits.maxSubscriptions],
    ['max_payload', limits.maxPayload],
    ['max_pending', limits.maxPending],
    ['write_deadline', optionalDuration(limits.writeDeadline)],
    ['ping_interval', optionalDuration(limits.pingInterval)],
    ['ping_max', limits.pingMax],
  ]
}

function clusterBlock({name, listen, advertise, routes, poolSize, auth, tls}: ClusterBlock): Value {
  return {
    name,
    listen: address(listen),
    cluster_advertise: advertise && address(advertise),
    pool_size: poolSize,
    authorization: auth && {...auth, timeout: 5},
    tls: tls && tlsBlock(tls),
    routes: routes.map((route) => urlOf('nats-route', auth, address(route))),
  }
}

function jetStreamBlock({storeDirectory, maxFileStore, maxMemoryStore, domain, syncInterval}: JetStreamBlock): Value {
  return {
    store_dir: storeDirectory,
    max_file_store: maxFileStore,
    max_memory_store: maxMemoryStore,
    domain,
    sync_interval: typeof syncInterval === 'number' ? renderDuration(syncInterval) : syncInterval,
  }
}

function authSettings(auth: ServerAuth, hasJetStream: boolean): readonly Setting[] {
  switch (auth.mode) {
    case 'none':
      return []
    case 'token':
      return [['authorization', {token: auth.token}]]
    case 'users':
    case 'nkeys': {
      const users = (each: readonly ServerUser[]) => each.map((user) => userBlock(user, auth.mode))
      const {application, system} = configuredAccounts
      return [
        [
          'accounts',
          {
            [application]: {jetstream: hasJetStream ? 'enabled' : undefined, users: users(auth.application)},
            [system]: {users: users(auth.system)},
          },
        ],
        ['system_account', system],
      ]
    }
    case 'operator':
      if ('include' in auth.authority) return [['include', auth.authority.include]]
      return [
        ['operator', auth.authority.operatorJwt],
        ['system_account', auth.authority.systemAccount],
        ['resolver', 'MEMORY'],
        ['resolver_preload', auth.authority.accountJwts],
      ]
  }
}

function userBlock({name, credential, permissions}: ServerUser, mode: 'users' | 'nkeys'): Value {
  const identity = mode === 'users' ? {user: name, password: credential} : {nkey: credential}
  return {...identity, permissions: permissions && permissionsBlock(permissions)}
}

/** To the server an empty list is no restriction at all: nothing is said by denying everything. */
function permissionsBlock({publish, subscribe, respond}: SubjectPermissions): Value {
  const only = (subjects: readonly string[]): Value => (subjects.length > 0 ? {allow: subjects} : {deny: ['>']})
  return {publish: only(publish), subscribe: only(subscribe), allow_responses: respond || undefined}
}

function leafNodesBlock({listen, advertise, tls, remotes}: LeafNodesBlock): Value {
  return {
    listen: listen && address(listen),
    advertise: listen && advertise && address(advertise),
    tls: listen && tls && tlsBlock(tls),
    remotes: remotes.length > 0 ? remotes.map(leafRemoteBlock) : undefined,
  }
}

function leafRemoteBlock({urls, account, credentials, auth, tls}: LeafRemoteBlock): Value {
  const scheme = tls ? 'tls' : 'nats-leaf'
  return {
    urls: urls.map((each) => urlOf(scheme, auth, each)),
    account,
    credentials,
    tls: tls && tlsBlock({...tls, verify: false}),
  }
}

function gatewayBlock({name, listen, advertise, auth, tls, remotes}: GatewayBlock): Value {
  return {
    name,
    listen: address(listen),
    advertise: advertise && address(advertise),
    authorization: auth && {...auth, timeout: 5},
    tls: tls && tlsBlock(tls),
    gateways: remotes.map((remote) => ({
      name: remote.name,
      urls: remote.urls.map((each) => urlOf('nats', auth, each)),
    })),
  }
}

function urlOf(scheme: string, auth: SharedPassword | undefined, place: string): string {
  const user = auth ? `${encodeURIComponent(auth.user)}:${encodeURIComponent(auth.password)}@` : ''
  return `${scheme}://${user}${place}`
}

function logSettings({log, debug, trace}: ServerDescription): readonly Setting[] {
  return [
    ['log_file', log?.file],
    ['logfile_size_limit', log?.maxBytes],
    ['logfile_max_num', log?.keep],
    ['logtime_utc', log && true],
    ['debug', debug || undefined],
    ['trace', trace || undefined],
  ]
}

function lameDuckSettings(lameDuck: LameDuckBlock | undefined): readonly Setting[] {
  return [
    ['lame_duck_duration', optionalDuration(lameDuck?.duration)],
    ['lame_duck_grace_period', optionalDuration(lameDuck?.gracePeriod)],
  ]
}

function optionalDuration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : renderDuration(ms)
}

/** An IPv6 address goes in brackets, as in a URL. */
export function address({host, port}: Listen): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
