import type {JetStreamInfo} from '../observation.ts'
import {counted, humanBytes, humanCount, percentOf} from '../quantity.ts'
import {type Finding, finding, type Severity} from './finding.ts'
import type {HealthInput} from './input.ts'
import {type AnsweringNode, answeringNodes} from './look.ts'
import {logsOf, statusOf} from './node-commands.ts'

/** A node with less than this share of the largest node's limit has shrunk: limits of equal machines differ a little. */
const SHRUNK_PERCENT = 90

interface Store {
  readonly label: string
  readonly used: number
  readonly limit: number
  readonly reserved: number
}

/** What the servers carry, against what they may. */
export function judgeLoad(input: HealthInput): readonly Finding[] {
  const nodes = answeringNodes(input)
  return [
    ...(['file', 'memory'] as const).flatMap((kind) => [
      ...fullStores(input, nodes, kind),
      ...reservedStores(input, nodes, kind),
      ...shrunkStores(nodes, kind),
    ]),
    ...noConnections(input, nodes),
    ...crowded(input, nodes),
    ...slowConsumers(nodes),
    ...apiErrors(nodes),
    ...busy(input, nodes),
  ]
}

function storeOf(jetStream: JetStreamInfo | undefined, kind: 'file' | 'memory'): Store | undefined {
  if (!jetStream?.enabled) return undefined
  const {fileBytes, maxFileBytes, reservedFileBytes, memoryBytes, maxMemoryBytes, reservedMemoryBytes} = jetStream
  return kind === 'file'
    ? {label: 'file store', used: fileBytes, limit: maxFileBytes, reserved: reservedFileBytes}
    : {label: 'memory store', used: memoryBytes, limit: maxMemoryBytes, reserved: reservedMemoryBytes}
}

/** Stores with a limit, the one with the most of `measure` first. */
function limitedStores(
  nodes: readonly AnsweringNode[],
  kind: 'file' | 'memory',
  measure: (store: Store) => number,
): readonly {name: string; store: Store; percent: number}[] {
  return nodes
    .flatMap(({name, jetStream}) => {
      const store = storeOf(jetStream, kind)
      return store && store.limit > 0 ? [{name, store, percent: percentOf(measure(store), store.limit)}] : []
    })
    .sort((a, b) => b.percent - a.percent)
}

function fullStores(
  {settings: {thresholds}}: HealthInput,
  nodes: readonly AnsweringNode[],
  kind: 'file' | 'memory',
): readonly Finding[] {
  const {storagePercentWarning: warning, storagePercentCritical: critical} = thresholds
  const stores = limitedStores(nodes, kind, ({used}) => used)
  const report = (severity: Severity, limit: number, of: typeof stores): readonly Finding[] => {
    const [fullest] = of
    if (!fullest) return []
    const {label, used, limit: size} = fullest.store
    return [
      finding({
        code: 'store-full',
        severity,
        nodes: of.map(({name}) => name),
        message: `${label} ${fullest.percent}% full: ${humanBytes(used)} of ${humanBytes(size)} (limit ${limit}%)`,
        measured: fullest.percent,
        limit,
        meaning: 'when it is full, JetStream refuses every write that would be stored there',
        next:
          kind === 'file'
            ? 'find what grows: natsops report streams --sort -bytes; raise max_file_store, or purge what nobody needs'
            : 'find what grows: natsops report streams --sort -bytes; raise max_memory_store, or move streams to file',
      }),
    ]
  }
  return [
    ...report(
      'critical',
      critical,
      stores.filter(({percent}) => percent >= critical),
    ),
    ...report(
      'warning',
      warning,
      stores.filter(({percent}) => percent >= warning && percent < critical),
    ),
  ]
}

/** Promised to streams by their max_bytes, whether used or not. */
function reservedStores(
  {settings: {thresholds}}: HealthInput,
  nodes: readonly AnsweringNode[],
  kind: 'file' | 'memory',
): readonly Finding[] {
  const limit = thresholds.storagePercentWarning
  const stores = limitedStores(nodes, kind, ({reserved}) => reserved).filter(({percent}) => percent >= limit)
  const [most] = stores
  if (!most) return []
  const {label, reserved, limit: size} = most.store
  const above = reserved > size
  return [
    finding({
      code: 'store-reserved',
      severity: above ? 'warning' : 'info',
      nodes: stores.map(({name}) => name),
      message: `${label} ${most.percent}% reserved: ${humanBytes(reserved)} of ${humanBytes(size)} (limit ${limit}%)`,
      measured: most.percent,
      limit,
      meaning: above
        ? 'streams were promised more than there is: the store has shrunk, and fills before their limits'
        : 'a new stream whose max_bytes is more than the rest is refused',
      next: above ? `${statusOf(most.name)}; check max_file_store` : 'lower max_bytes of streams that never need it',
    }),
  ]
}

function shrunkStores(nodes: readonly AnsweringNode[], kind: 'file' | 'memory'): readonly Finding[] {
  const stores = nodes.flatMap(({name, jetStream}) => {
    const store = storeOf(jetStream, kind)
    return store && store.limit >= 0 ? [{name, store}] : []
  })
  const largest = Math.max(...stores.map(({store}) => store.limit))
  const shrunk = stores.filter(({store}) => percentOf(store.limit, largest) < SHRUNK_PERCENT && largest > 0)
  const smallest = shrunk.toSorted((a, b) => a.store.limit - b.store.limit)[0]
  if (!smallest) return []
  const {name} = smallest
  const {label, limit} = smallest.store
  return [
    finding({
      code: 'jetstream-shrunk',
      severity: 'warning',
      nodes: shrunk.map(({name}) => name),
      message: `${label} may hold ${humanBytes(limit)}, elsewhere ${humanBytes(largest)}`,
      measured: limit,
      limit: largest,
      meaning: 'this node fills first and stops its groups: a smaller machine, or the disk was not mounted at start',
      next: `${statusOf(name)}; ${logsOf(name, '1d')} | grep -i "max "`,
    }),
  ]
}

function noConnections(
  {settings: {thresholds}, later}: HealthInput,
  nodes: readonly AnsweringNode[],
): readonly Finding[] {
  const limit = thresholds.connectionsMinimum
  const total = nodes.reduce((sum, {server}) => sum + server.connections, 0)
  if (nodes.length < later.nodes.length || total >= limit) return []
  const young = nodes.every(({server}) => server.now - server.startedAt < thresholds.recentRestartSeconds * 1000)
  return [
    finding({
      code: 'connections-none',
      severity: young ? 'info' : 'warning',
      message: `${counted(total, 'client connection')} in the whole cluster (limit ${limit})`,
      measured: total,
      limit,
      meaning: young ? 'the cluster has just started: services have yet to connect' : 'no service is connected',
      next: 'check a service: its nats_host and credentials in SSM, its security group, its log',
    }),
  ]
}

function crowded({settings: {thresholds}}: HealthInput, nodes: readonly AnsweringNode[]): readonly Finding[] {
  return nodes.flatMap(({name, server}) => {
    const {connections, maxConnections, subscriptions} = server
    const findings: Finding[] = []
    const refusing = maxConnections > 0 && connections >= maxConnections
    if (refusing || connections > thresholds.connections) {
      const limit = refusing ? maxConnections : thresholds.connections
      findings.push(
        finding({
          code: 'connections-high',
          severity: refusing ? 'critical' : 'warning',
          nodes: [name],
          message: `${counted(connections, 'client connection')} (limit ${humanCount(limit)})`,
          measured: connections,
          limit,
          meaning: refusing
            ? 'the server refuses new clients: max_connections is reached'
            : 'more clients than planned for',
          next: 'who they are: natsops report connections --sort account,name',
        }),
      )
    }
    if (subscriptions > thresholds.subscriptions) {
      findings.push(
        finding({
          code: 'subscriptions-high',
          severity: 'warning',
          nodes: [name],
          message: `${counted(subscriptions, 'subscription')} (limit ${humanCount(thresholds.subscriptions)})`,
          measured: subscriptions,
          limit: thresholds.subscriptions,
          meaning: 'a client that subscribes and never unsubscribes, or more clients than planned for',
          next: 'whose they are: natsops report connections --sort -subscriptions',
        }),
      )
    }
    return findings
  })
}

function slowConsumers(nodes: readonly AnsweringNode[]): readonly Finding[] {
  const slow = nodes.filter(({server}) => server.slowConsumers > 0)
  if (slow.length === 0) return []
  const total = slow.reduce((sum, {server}) => sum + server.slowConsumers, 0)
  const fresh = slow.reduce(
    (sum, {server, before}) => sum + server.slowConsumers - (before?.server.slowConsumers ?? 0),
    0,
  )
  const rising = slow.some(({server, before}) => before && server.slowConsumers > before.server.slowConsumers)
  return [
    finding({
      code: 'slow-consumers',
      severity: 'warning',
      nodes: slow.map(({name}) => name),
      message: `${counted(total, 'slow consumer')} since start${rising ? `, ${fresh} of them just now` : ''} (limit 0)`,
      measured: total,
      limit: 0,
      meaning: 'clients that read too slowly were cut off; what was not in JetStream they have lost',
      next: `which client: ${slow.map(({name}) => `${logsOf(name, '1d')} | grep -i "slow consumer"`).join('; ')}`,
    }),
  ]
}

/** Errors between the two looks: the counter itself only ever grows. */
function apiErrors(nodes: readonly AnsweringNode[]): readonly Finding[] {
  const rising = nodes.flatMap(({name, jetStream, before}) => {
    const errors = (jetStream?.apiErrors ?? 0) - (before?.jetStream?.apiErrors ?? Number.POSITIVE_INFINITY)
    return errors > 0 ? [{name, errors}] : []
  })
  if (rising.length === 0) return []
  const errors = rising.reduce((sum, each) => sum + each.errors, 0)
  return [
    finding({
      code: 'api-errors',
      severity: 'warning',
      nodes: rising.map(({name}) => name),
      message: `${counted(errors, 'JetStream API error')} between two looks (limit 0)`,
      measured: errors,
      limit: 0,
      meaning: 'a client asks for what it may not have or what is not there: a wrong name, a missing permission',
      next: 'see who asks for what: natsops exec -- nats events --js-advisory',
    }),
  ]
}

/** In both looks: one busy moment is not a load. */
function busy({settings: {thresholds}}: HealthInput, nodes: readonly AnsweringNode[]): readonly Finding[] {
  const limit = thresholds.cpuPercent
  const loaded = nodes.flatMap(({name, server, before}) => {
    const percent = Math.min(server.cpuPercent, before?.server.cpuPercent ?? 0) / Math.max(1, server.cores)
    return percent >= limit ? [{name, percent}] : []
  })
  if (loaded.length === 0) return []
  const most = Math.floor(Math.max(...loaded.map(({percent}) => percent)))
  return [
    finding({
      code: 'cpu-high',
      severity: 'warning',
      nodes: loaded.map(({name}) => name),
      message: `the server takes ${most}% of the CPU (limit ${limit}%)`,
      measured: most,
      limit,
      meaning: 'latency grows, and a RAFT group whose leader is late elects another',
      next: 'who sends so much: natsops report connections --sort -inMessages',
    }),
  ]
}
