import type {Plain, Settings} from '../domain/config-drift.ts'

/**
 * The settings that a server's /varz shows, under the names of expectation.ts. Undefined: this server does not say. What
 * is absent because it is not configured is null or the word for off.
 */
export function runningSettings(varz: unknown): Settings {
  const at = (...path: readonly string[]): unknown => lookUp(varz, path)
  const plain = (...path: readonly string[]): Plain => toPlain(at(...path))
  const milliseconds = (...path: readonly string[]): Plain => {
    const value = at(...path)
    return typeof value === 'number' ? value / 1_000_000 : null
  }
  const port = (...path: readonly string[]): Plain => plain(...path) || null
  const jetStream = at('jetstream', 'config') !== undefined
  const hasGateway = typeof at('gateway', 'name') === 'string'
  const gateways = listOf(at('gateway', 'gateways')).map((each) => String(lookUp(each, ['name'])))
  return {
    config_digest: optional(at('config_digest')),
    server_name: plain('server_name'),
    version: plain('version'),
    port: plain('port'),
    http_port: port('http_port'),
    https_port: port('https_port'),
    'tls.required': at('tls_required') === true,
    'tls.verify': at('tls_verify') === true,
    'authorization.required': at('auth_required') === true,
    max_connections: plain('max_connections'),
    max_payload: plain('max_payload'),
    max_pending: plain('max_pending'),
    write_deadline: milliseconds('write_deadline'),
    ping_interval: milliseconds('ping_interval'),
    ping_max: plain('ping_max'),
    'cluster.name': plain('cluster', 'name'),
    'cluster.port': port('cluster', 'cluster_port'),
    'cluster.routes':
      at('cluster', 'name') === undefined ? null : listOf(at('cluster', 'urls')).map(String).sort().join(' '),
    'cluster.tls': at('cluster', 'tls_required') === true,
    'cluster.pool_size': optional(at('cluster', 'pool_size')),
    'jetstream.max_file_store': plain('jetstream', 'config', 'max_storage'),
    'jetstream.max_memory_store': plain('jetstream', 'config', 'max_memory'),
    'jetstream.store_dir': plain('jetstream', 'config', 'store_dir'),
    'jetstream.domain': plain('jetstream', 'config', 'domain'),
    'jetstream.sync_interval': jetStream ? milliseconds('jetstream', 'config', 'sync_interval') : null,
    'jetstream.sync_always': at('jetstream', 'config', 'sync_always') === true,
    'leafnodes.port': port('leaf', 'port'),
    'gateway.name': hasGateway ? plain('gateway', 'name') : null,
    'gateway.port': port('gateway', 'port'),
    'gateway.gateways': hasGateway ? gateways.sort().join(' ') : null,
    system_account: plain('system_account'),
  }
}

function toPlain(value: unknown): Plain {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function optional(value: unknown): Plain | undefined {
  return value === undefined ? undefined : toPlain(value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** What is at a path of parsed JSON; undefined where there is nothing. */
export function lookUp(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (each, key) =>
      typeof each === 'object' && each !== null && Object.hasOwn(each, key) ? Reflect.get(each, key) : undefined,
    value,
  )
}
