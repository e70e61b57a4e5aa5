import type {Settings} from '../domain/config-drift.ts'
import {configDigest} from './config-digest.ts'
import {address, configuredAccounts} from './server-config.ts'
import type {AuthorityPreload, Listen, ServerDescription} from './server-description.ts'

/** nats-server's own values where a configuration says nothing (server/const.go). */
const defaults = {
  maxConnections: 65_536,
  maxPayload: 1024 * 1024,
  maxPending: 64 * 1024 * 1024,
  writeDeadline: 10_000,
  pingInterval: 120_000,
  pingMax: 2,
} as const

/** The system account where none is named. */
const DEFAULT_SYSTEM_ACCOUNT = '$SYS'

/** What a server that runs as described says of itself in /varz. Sizes in bytes, durations in milliseconds. */
export function expectedSettings(
  server: ServerDescription,
  {
    version,
    preload,
    preloadText,
  }: {
    readonly version: string | undefined
    readonly preload: AuthorityPreload | undefined
    readonly preloadText: string | undefined
  },
): Settings {
  const {name, listen, monitor, monitorTls, tls, limits, cluster, jetStream, auth, leafNodes, gateway} = server
  return {
    config_digest: configDigest(server, preloadText),
    server_name: name,
    version,
    port: listen.port,
    [monitorTls ? 'https_port' : 'http_port']: monitor.port,
    'tls.required': tls !== undefined,
    'tls.verify': tls?.verify ?? false,
    'authorization.required': auth.mode !== 'none',
    max_connections: limits?.maxConnections ?? defaults.maxConnections,
    max_payload: limits?.maxPayload ?? defaults.maxPayload,
    max_pending: limits?.maxPending ?? defaults.maxPending,
    write_deadline: limits?.writeDeadline ?? defaults.writeDeadline,
    ping_interval: limits?.pingInterval ?? defaults.pingInterval,
    ping_max: limits?.pingMax ?? defaults.pingMax,
    'cluster.name': cluster?.name ?? null,
    'cluster.port': cluster?.listen.port ?? null,
    'cluster.routes': cluster ? placesOf(cluster.routes) : null,
    'cluster.tls': cluster ? cluster.tls !== undefined : undefined,
    'cluster.pool_size': cluster?.poolSize,
    'jetstream.max_file_store': jetStream?.maxFileStore ?? null,
    'jetstream.max_memory_store': jetStream?.maxMemoryStore ?? null,
    'jetstream.store_dir': jetStream ? `${jetStream.storeDirectory}/jetstream` : null,
    'jetstream.domain': jetStream?.domain ?? null,
    'jetstream.sync_interval': typeof jetStream?.syncInterval === 'number' ? jetStream.syncInterval : undefined,
    'jetstream.sync_always': jetStream?.syncInterval === 'always',
    'leafnodes.port': leafNodes?.listen?.port ?? null,
    'gateway.name': gateway?.name ?? null,
    'gateway.port': gateway?.listen.port ?? null,
    'gateway.gateways': gateway
      ? gateway.remotes
          .map((remote) => remote.name)
          .sort()
          .join(' ')
      : null,
    system_account: systemAccountOf(server, preload),
  }
}

function placesOf(routes: readonly Listen[]): string {
  return routes.map(address).sort().join(' ')
}

function systemAccountOf({auth}: ServerDescription, preload: AuthorityPreload | undefined): string {
  if (auth.mode === 'operator') return preload?.systemAccount ?? ''
  return auth.mode === 'users' || auth.mode === 'nkeys' ? configuredAccounts.system : DEFAULT_SYSTEM_ACCOUNT
}
