import {groupBy} from '../domain/health/finding.ts'
import type {Report} from './lint.ts'
import {leafNodes} from './lint-access.ts'
import {jetStreamOf} from './lint-jetstream.ts'
import {type Block, hostOf, textOf} from './lint-settings.ts'
import type {ConfigurationValue, Place} from './parse.ts'

/** Files against each other: the nodes of one cluster, and clusters that hear each other. */
export function lintFleet(roots: readonly Block[], report: Report): void {
  const clusters = groupBy(roots.filter(isClustered), (root) => root.block('cluster').text('name') ?? '')
  for (const [name, nodes] of clusters) {
    lintSize(name, nodes, report)
    if (name !== '') lintDifferences(nodes, report)
  }
  lintServerNames(roots, report)
  lintClusterNames(roots, report)
  lintDomains(roots, report)
}

function isClustered(root: Block): boolean {
  return root.block('cluster').exists
}

/** What one cluster's nodes have each for itself; in lower case, as paths. */
const OWN = new Set(
  `server_name listen host net port client_advertise http https http_port https_port monitor_port log_file logfile
pid_file pidfile ports_file_dir server_tags server_metadata prof_port store_dir storedir jetstream.store_dir
jetstream.storedir jetstream.store cluster.listen cluster.host cluster.net cluster.port cluster.advertise
cluster.cluster_advertise cluster.routes gateway.listen gateway.host gateway.port gateway.advertise leafnodes.listen
leafnodes.host leafnodes.port leafnodes.advertise websocket.listen websocket.host websocket.port websocket.advertise
mqtt.listen mqtt.host mqtt.port`.split(/\s+/),
)
const OWN_ENDING = /(^|\.)tls\.(cert_file|key_file|ca_file)$/

function lintDifferences(nodes: readonly Block[], report: Report): void {
  const [first, ...others] = nodes
  if (!first) return
  const expected = fingerprints(first)
  for (const node of others) {
    const actual = fingerprints(node)
    const keys = [...new Set([...expected.keys(), ...actual.keys()])].sort()
    const differing = keys.filter((key) => expected.get(key) !== actual.get(key))
    if (differing.length === 0) continue
    // Names only: what differs may be a secret.
    report('configs-differ', node.place, `differs from ${first.place.file} in ${differing.join(', ')}`)
  }
}

/** By path, down to what stands in the blocks of the top level. */
function fingerprints(root: Block): ReadonlyMap<string, string> {
  const variables = new Set(root.entries.flatMap(({value}) => variablesIn(value)))
  const settings = root.entries.filter(({key}) => !variables.has(key))
  const found = new Map<string, string>()
  for (const {key, value} of flatten(settings.map(({key, value}) => ({key: key.toLowerCase(), value})))) {
    if (!OWN.has(key) && !OWN_ENDING.test(key)) found.set(key, fingerprint(value))
  }
  return found
}

/** Names that are referred to: a key of one of them is a name of the file's own, no setting of the server. */
function variablesIn(value: ConfigurationValue): readonly string[] {
  if (value.variable !== undefined) return [value.variable]
  if (value.kind === 'array') return value.items.flatMap(variablesIn)
  return value.kind === 'map' ? value.entries.flatMap((entry) => variablesIn(entry.value)) : []
}

interface Setting {
  readonly key: string
  readonly value: ConfigurationValue
}

/** Blocks of the top level and tls blocks in them setting by setting; everything else is compared as a whole. */
function flatten(settings: readonly Setting[]): readonly Setting[] {
  return settings.flatMap(({key, value}) => {
    if (value.kind !== 'map' || key === 'accounts' || key === 'resolver_preload') return [{key, value}]
    return value.entries.flatMap((inner) => {
      const setting = {key: `${key}.${inner.key.toLowerCase()}`, value: inner.value}
      return setting.key.endsWith('.tls') ? flatten([setting]) : [setting]
    })
  })
}

/** Equal for equal values, wherever they stand and in whatever order a map has them. */
function fingerprint(value: ConfigurationValue): string {
  switch (value.kind) {
    case 'map':
      return `{${value.entries
        .map((entry) => `${JSON.stringify(entry.key)}:${fingerprint(entry.value)}`)
        .sort()
        .join()}}`
    case 'array':
      return `[${value.items.map(fingerprint).join()}]`
    case 'number':
    case 'boolean':
      return String(value.value)
    default:
      return JSON.stringify(value.text)
  }
}

function lintSize(name: string, nodes: readonly Block[], report: Report): void {
  const [first] = nodes
  if (!first || !nodes.some((node) => jetStreamOf(node))) return
  const size = nodes.length > 1 ? nodes.length : sizeByRoutes(first)
  const place = first.block('cluster').place
  const title = name === '' ? 'the cluster' : `cluster ${name}`
  if (size === undefined) return
  if (size < 3) report('cluster-small', place, `${title} has ${size} ${size === 1 ? 'server' : 'servers'}`)
  else if (size % 2 === 0) report('cluster-even', place, `${title} has ${size} servers`)
}

/**
 * By the routes of one node, which name the others and often itself too. Undefined where that makes the difference
 * between well and not and nothing tells.
 */
function sizeByRoutes(root: Block): number | undefined {
  const cluster = root.block('cluster')
  const routes = routesOf(root)
  if (routes.length === 0) return undefined
  const own = [root.text('server_name'), cluster.text('advertise', 'cluster_advertise'), root.text('client_advertise')]
  const hosts = own.flatMap((text) => (text === undefined ? [] : [hostOf(text)]))
  const isAmong = routes.some((route) => hosts.some((host) => host === route.host || route.host.split('.')[0] === host))
  if (isAmong) return routes.length
  return routes.length === 1 ? 2 : undefined
}

interface RouteAddress {
  readonly host: string
  /** host:port, without credentials. */
  readonly address: string
}

function routesOf(root: Block): readonly RouteAddress[] {
  const texts = root
    .block('cluster')
    .list('routes')
    .flatMap((value) => textOf(value) ?? [])
  const addresses = texts.map((text) => ({
    host: hostOf(text),
    address: text.replace(/^[a-z0-9+.-]*:\/\//i, '').replace(/^.*@/, ''),
  }))
  return [...new Map(addresses.map((each) => [each.address, each])).values()]
}

function lintServerNames(roots: readonly Block[], report: Report): void {
  const named = roots.flatMap((root) => {
    const name = root.text('server_name')
    return name === undefined ? [] : [{name, place: root.placeOf('server_name')}]
  })
  for (const [name, [first, ...others]] of groupBy(named, (each) => each.name)) {
    for (const {place} of others) {
      report('server-name-duplicate', place, `server_name ${name} is also in ${first?.place.file ?? ''}`)
    }
  }
}

function lintClusterNames(roots: readonly Block[], report: Report): void {
  const clusters = roots.filter(isClustered)
  for (const [index, root] of clusters.entries()) {
    const name = root.block('cluster').text('name')
    const addresses = new Set(routesOf(root).map(({address}) => address))
    const other = clusters.slice(0, index).find((earlier) => {
      const otherName = earlier.block('cluster').text('name')
      const isShared = routesOf(earlier).some(({address}) => addresses.has(address))
      return isShared && name !== undefined && otherName !== undefined && otherName !== name
    })
    const place = root.block('cluster').placeOf('name')
    if (other)
      report('cluster-name-differs', place, `the name differs from ${other.place.file}, which has the same routes`)
  }
}

interface DomainUse {
  readonly domain: string | undefined
  readonly cluster: string | undefined
  readonly isLeaf: boolean
  readonly isHub: boolean
  readonly place: Place
}

function lintDomains(roots: readonly Block[], report: Report): void {
  const uses = roots.flatMap((root): readonly DomainUse[] => {
    const jetStream = jetStreamOf(root)
    if (!jetStream) return []
    const leafs = leafNodes(root)
    return [
      {
        domain: jetStream.block.text('domain'),
        cluster: root.block('cluster').text('name'),
        isLeaf: leafs.list('remotes').length > 0,
        isHub: leafs.entry('listen', 'port') !== undefined,
        place: jetStream.block.entry('domain')?.place ?? jetStream.place,
      },
    ]
  })
  for (const use of uses.filter(({isLeaf}) => isLeaf)) {
    if (use.domain === undefined) report('domain-missing', use.place, 'a leaf node with JetStream and without a domain')
    const hub = uses.find((each) => each.isHub && each !== use && each.domain === use.domain)
    if (hub && use.domain !== undefined && !isSameCluster(hub, use)) {
      report('domain-clash', use.place, `domain ${use.domain} is also that of its hub in ${hub.place.file}`)
    }
  }
  for (const [cluster, members] of groupBy(uses, (use) => use.cluster ?? '')) {
    const domains = new Set(members.map(({domain}) => domain))
    if (cluster === '' || domains.size < 2) continue
    const place = members.find(({domain}) => domain !== members[0]?.domain)?.place ?? members[0]?.place
    if (place) report('domain-clash', place, `the servers of cluster ${cluster} have different domains`)
  }
}

function isSameCluster(a: DomainUse, b: DomainUse): boolean {
  return a.cluster !== undefined && a.cluster === b.cluster
}
