import type {LintOptions, Report} from './lint.ts'
import {hasOperator, leafNodes} from './lint-access.ts'
import {type Block, textOf} from './lint-settings.ts'
import type {Place} from './parse.ts'

const TEMPORARY = /^\/(private\/)?(tmp|var\/tmp|dev\/shm|run|var\/run)(\/|$)/
const LARGEST_PAYLOAD = 8 * 1024 ** 2
const DEFAULT_SYNC_SECONDS = 120
const DURATIONS = ['ping_interval', 'write_deadline', 'lame_duck_duration', 'lame_duck_grace_period']
const SYNC = ['sync', 'sync_interval']
/** nats-server's own. */
const LAME_DUCK = {durationSeconds: 120, graceSeconds: 10} as const
/** DefaultTimeoutStopSec of systemd. */
const SYSTEMD_STOP_SECONDS = 90
/** What AWS, Docker and people without a plan call a machine: it is another one for the next instance. */
const CHANGING_NAME = /^(ip-\d+-\d+-\d+-\d+|i-[0-9a-f]{8,17}|[0-9a-f]{12}|\d+\.\d+\.\d+\.\d+)(\..*)?$/i

/** One server and what it stores: names, limits, durability, how it stops, what it writes about itself. */
export function lintJetStream(root: Block, options: LintOptions, report: Report): void {
  const jetStream = jetStreamOf(root)
  lintNames(root, jetStream !== undefined, report)
  if (jetStream) lintStorage(root, jetStream, report)
  lintLimits(root, report)
  lintLameDuck(root, options, report)
  for (const name of DURATIONS) {
    const number = root.number(name)
    if (number !== undefined) report('duration-number', root.placeOf(name), `${name} is the number ${number}`)
  }
  for (const name of ['debug', 'trace', 'trace_verbose']) {
    if (root.flag(name) === true) report('logging-verbose', root.placeOf(name), `${name} is on`)
  }
  const isAccounts = root.block('accounts').exists || hasOperator(root)
  if (isAccounts && !root.entry('system_account', 'system') && !hasSystemUsers(root)) {
    report('system-account-missing', root.place, 'no account is named as system_account')
  }
}

export interface JetStreamSettings {
  readonly block: Block
  readonly place: Place
}

/** Undefined where it is off. `jetstream: enabled`, `jetstream: true` and a block switch it on. */
export function jetStreamOf(root: Block): JetStreamSettings | undefined {
  const entry = root.entry('jetstream')
  if (!entry) return undefined
  const block = root.block('jetstream')
  const {value} = entry
  const isOff =
    (value.kind === 'boolean' && !value.value) ||
    /^disabled?$/i.test(textOf(value) ?? '') ||
    block.flag('enabled', 'enable') === false
  return isOff ? undefined : {block, place: entry.place}
}

/** `$SYS` is the system account where no other is named. */
function hasSystemUsers(root: Block): boolean {
  return root.block('accounts').entries.some(({key}) => key === '$SYS')
}

function lintNames(root: Block, hasJetStream: boolean, report: Report): void {
  const cluster = root.block('cluster')
  const isClustered = cluster.exists
  const failsToStart = isClustered && hasJetStream ? 'critical' : undefined
  const entry = root.entry('server_name')
  const name = textOf(entry?.value)
  if (!entry || name === undefined) report('server-name-missing', root.place, 'server_name is not set', failsToStart)
  else if (CHANGING_NAME.test(name)) {
    report('server-name-changing', entry.place, `server_name ${name} is the name of one machine, not of a node`)
  } else if (entry.value.isFromEnvironment) {
    const message = `server_name comes from $${entry.value.variable}: every replacement of the node must have the same`
    report('server-name-changing', entry.place, message, 'info')
  }
  const clusterName = cluster.text('name')
  if (isClustered && clusterName === undefined) {
    report('cluster-name-missing', cluster.place, 'the cluster has no name', failsToStart)
  }
  for (const [what, text, place] of [
    ['server_name', name, root.placeOf('server_name')],
    ['the name of the cluster', clusterName, cluster.placeOf('name')],
  ] as const) {
    if (text !== undefined && /\s/.test(text)) report('name-whitespace', place, `${what} has white space in it`)
  }
}

function lintStorage(root: Block, {block, place}: JetStreamSettings, report: Report): void {
  const folder = block.entry('store_dir', 'storedir', 'store') ?? root.entry('store_dir', 'storedir')
  const path = textOf(folder?.value)
  if (!folder || path === undefined)
    report('store-temporary', place, 'store_dir is not set: it is in the temporary folder')
  else if (TEMPORARY.test(path)) report('store-temporary', folder.place, `store_dir is ${path}`)

  const unlimited = [
    ['max_file_store', block.number('max_file_store', 'max_file') ?? block.text('max_file_store', 'max_file')],
    [
      'max_memory_store',
      block.number('max_memory_store', 'max_mem_store', 'max_mem') ??
        block.text('max_memory_store', 'max_mem_store', 'max_mem'),
    ],
  ].filter(([, value]) => value === undefined)
  if (unlimited.length > 0) {
    report('storage-unlimited', place, `${unlimited.map(([name]) => name).join(' and ')} not set`)
  }

  const number = block.number(...SYNC)
  if (number !== undefined) report('duration-number', block.placeOf(...SYNC), `sync_interval is the number ${number}`)
  const isClustered = root.block('cluster').exists
  const isAlways = /^always$/i.test(block.text(...SYNC) ?? '')
  const seconds = block.seconds(...SYNC)
  const hasSync = isAlways || seconds !== undefined
  if (!isClustered) {
    if (!hasSync) report('sync-single', place, 'a single server without sync_interval')
    if (leafNodes(root).blocks('remotes').length === 0) {
      report('single-server', place, 'JetStream without a cluster')
    }
  } else if (!hasSync) report('sync-default', place, 'sync_interval is not set')
  if (number === undefined && seconds !== undefined && seconds > DEFAULT_SYNC_SECONDS) {
    report('sync-slow', block.placeOf(...SYNC), `sync_interval is ${Math.round(seconds)} s`)
  }
}

function lintLimits(root: Block, report: Report): void {
  const payload = root.number('max_payload')
  if (payload !== undefined && payload > LARGEST_PAYLOAD) {
    report('payload-large', root.placeOf('max_payload'), `max_payload is ${payload} bytes`)
  }
  if (!root.entry('max_connections', 'max_conn')) {
    report('connections-unlimited', root.place, 'max_connections is not set')
  }
}

function lintLameDuck(root: Block, {stopSeconds}: LintOptions, report: Report): void {
  // A number there is refused by the server.
  if (root.number('lame_duck_duration') !== undefined || root.number('lame_duck_grace_period') !== undefined) return
  const duration = root.seconds('lame_duck_duration') ?? LAME_DUCK.durationSeconds
  const grace = root.seconds('lame_duck_grace_period') ?? LAME_DUCK.graceSeconds
  const total = Math.round(duration + grace)
  if (total < (stopSeconds ?? SYSTEMD_STOP_SECONDS)) return
  const place = root.placeOf('lame_duck_duration')
  if (stopSeconds === undefined)
    report('lame-duck-default', place, `leaving takes ${total} s, TimeoutStopSec is not known`)
  else report('lame-duck-long', place, `leaving takes ${total} s, and after ${stopSeconds} s the server is killed`)
}
