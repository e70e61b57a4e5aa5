import type {Report} from './lint.ts'
import {type Address, Block, hostOf, isEveryAddress, isLoopback, listenAddress, textOf} from './lint-settings.ts'

const BCRYPT = /^\$2[abxy]\$(\d\d)\$/
const CHEAPEST_COST = 11
const DEAREST_COST = 14

/** Who gets in, and who can listen: credentials, TLS, the ports and where they are open. */
export function lintAccess(root: Block, readableByOthers: readonly string[], report: Report): void {
  const secrets = lintPasswords(root, report)
  lintClients(root, report, secrets.clients)
  lintMonitor(root, report)
  lintRoutes(root, report)
  lintOtherServers(root, report)
  lintInsecure(root, report)
  for (const file of readableByOthers) {
    const secret = secrets.files.find((each) => each.file === file)
    if (secret) report('file-readable', secret, 'a password stands in a file that others may read: chmod 600')
  }
}

interface Secrets {
  /** Where a plain secret is written down. */
  readonly files: readonly {readonly file: string; readonly line: number}[]
  /** Clients log in with what can be listened to. */
  readonly clients: boolean
}

function lintPasswords(root: Block, report: Report): Secrets {
  const files: {file: string; line: number}[] = []
  const groups = authorizations(root)
  for (const {holders, title} of groups) {
    for (const holder of holders) {
      for (const name of ['password', 'pass', 'token']) {
        const entry = holder.entry(name)
        const text = textOf(entry?.value)
        if (!entry || text === undefined) continue
        const cost = BCRYPT.exec(text)?.[1]
        const place = entry.place
        if (cost === undefined) {
          // From the environment it is not in the file.
          if (entry.value.isFromEnvironment) continue
          files.push(place)
          report(
            'password-plain',
            place,
            `the ${name === 'token' ? 'token' : 'password'} of ${title(holder)} is not hashed`,
          )
        } else if (Number(cost) < CHEAPEST_COST || Number(cost) > DEAREST_COST) {
          report('bcrypt-cost', place, `the hash of ${title(holder)} has cost ${Number(cost)}`)
        }
      }
    }
  }
  const clients = groups.some(
    ({forClients, holders}) =>
      forClients && holders.some((each) => each.entry('password', 'pass', 'token') !== undefined),
  )
  return {files, clients}
}

interface Authorization {
  readonly forClients: boolean
  readonly holders: readonly Block[]
  readonly title: (holder: Block) => string
}

function authorizations(root: Block): readonly Authorization[] {
  const user = (holder: Block): string => holder.text('user', 'username') ?? 'the clients'
  const of = (what: string) => () => what
  const inBlock = (block: Block): readonly Block[] => [block, ...block.blocks('users')]
  const accounts = root.block('accounts').entries.flatMap(({value}) => (value.kind === 'map' ? [value] : []))
  return [
    {forClients: true, holders: inBlock(root.block('authorization')), title: user},
    {forClients: true, holders: accounts.flatMap((each) => new Block(each, each.place).blocks('users')), title: user},
    {forClients: false, holders: [root.block('cluster').block('authorization')], title: of('the routes')},
    {forClients: false, holders: [root.block('gateway').block('authorization')], title: of('the gateway')},
    {forClients: false, holders: inBlock(leafNodes(root).block('authorization')), title: of('the leaf nodes')},
    {forClients: true, holders: [root.block('websocket', 'ws').block('authorization', 'authentication')], title: user},
    {forClients: true, holders: [root.block('mqtt').block('authorization', 'authentication')], title: user},
  ]
}

function lintClients(root: Block, report: Report, sendsSecrets: boolean): void {
  const address = listenAddress(root)
  if (!isLoopback(address.host)) {
    const tls = root.block('tls')
    const asksCertificate = tls.flag('verify') === true || tls.flag('verify_and_map') === true
    if (!hasAuthentication(root) && !asksCertificate) {
      report('auth-none', address.place, `clients are asked for nothing on ${spell(address.host)}`)
    }
    if (sendsSecrets && !tls.exists) {
      report(
        'clients-plain',
        address.place,
        `clients log in with passwords or tokens on ${spell(address.host)} without tls`,
      )
    }
    if (tls.exists && root.flag('allow_non_tls') === true) {
      report('tls-optional', root.placeOf('allow_non_tls'), 'allow_non_tls is on')
    }
  }
  const anonymous = root.text('no_auth_user')
  if (anonymous !== undefined) {
    report('auth-anonymous', root.placeOf('no_auth_user'), `clients without credentials are ${anonymous}`)
  }
}

const OPERATOR = [
  'operator',
  'operators',
  'roots',
  'root',
  'root_operators',
  'root_operator',
  'trusted',
  'trusted_keys',
]

/** Operator mode: accounts and users are signed. */
export function hasOperator(root: Block): boolean {
  return root.entry(...OPERATOR) !== undefined
}

function hasAuthentication(root: Block): boolean {
  if (hasOperator(root)) return true
  const authorization = root.block('authorization')
  if (authorization.entry('user', 'username', 'token', 'users', 'auth_callout', 'auth_hook') !== undefined) return true
  return root
    .block('accounts')
    .entries.some(({value}) => value.kind === 'map' && new Block(value, value.place).entry('users') !== undefined)
}

function lintMonitor(root: Block, report: Report): void {
  const entry = root.entry('http', 'http_port', 'monitor_port')
  if (!entry) return
  const text = textOf(entry.value) ?? ''
  // A port alone is opened where the clients' is.
  const host = hostOf(text) || (/^\d*$/.test(text) ? listenAddress(root).host : '')
  if (isEveryAddress(host))
    report('monitor-exposed', entry.place, 'the monitoring port is open on every address, without tls')
}

function lintRoutes(root: Block, report: Report): void {
  const cluster = root.block('cluster')
  if (!cluster.exists || cluster.block('tls').exists) return
  const address = opened(cluster)
  if (!address) return
  report('routes-plain', address.place, `routes are open on ${spell(address.host)} without tls`)
  const authorization = cluster.block('authorization')
  if (authorization.text('user', 'username') === undefined) {
    report('routes-open', address.place, `servers are asked for nothing on ${spell(address.host)}`)
  }
}

function lintOtherServers(root: Block, report: Report): void {
  const gateway = root.block('gateway')
  const gatewayAddress = gateway.exists && !gateway.block('tls').exists ? opened(gateway) : undefined
  if (gatewayAddress) {
    report('gateway-plain', gatewayAddress.place, `the gateway is open on ${spell(gatewayAddress.host)} without tls`)
  }
  const leafs = leafNodes(root)
  const leafAddress = leafs.entry('listen', 'port') && !leafs.block('tls').exists ? opened(leafs) : undefined
  if (leafAddress) {
    report('leafnodes-plain', leafAddress.place, `leaf nodes connect to ${spell(leafAddress.host)} without tls`)
  }
}

export function leafNodes(root: Block): Block {
  return root.block('leafnodes', 'leaf')
}

/** Undefined where only this machine can reach it. */
function opened(block: Block): Address | undefined {
  const address = listenAddress(block)
  return isLoopback(address.host) ? undefined : address
}

function lintInsecure(root: Block, report: Report): void {
  const cluster = root.block('cluster')
  const gateway = root.block('gateway')
  const places = [root, cluster, gateway, ...gateway.blocks('gateways'), ...leafNodes(root).blocks('remotes')]
  for (const block of places) {
    const tls = block.block('tls')
    if (tls.flag('insecure') === true) report('tls-insecure', tls.placeOf('insecure'), 'insecure is on')
  }
}

function spell(host: string): string {
  return isEveryAddress(host) ? 'every address' : host
}
