import {isIPv6} from 'node:net'
import {resolve} from 'node:path'
import {defaultPatterns, defaultPorts, expandPattern} from '../domain/settings.ts'
import type {
  AuthDescription,
  ClusterDescription,
  NodeDescription,
  PlainCredentials,
  SubjectPermissions,
  TlsDescription,
  TlsUse,
} from './description.ts'
import type {WrittenDescription} from './description-schema.ts'

const MINUTE = 60_000
/** The newest release that natsops is tested on. */
const DEFAULT_IMAGE_VERSION = '2.15.1'

/** A description with everything filled in that its file leaves out; `folder` is what local paths are relative to. */
export function completeDescription(written: WrittenDescription, folder: string): ClusterDescription {
  const {name, version, jetStream, routes, limits, lameDuck, leafNodes, gateways, log, deploy} = written
  const local = (path: string): string => resolve(folder, path)
  const secret = (auth: PlainCredentials | undefined): PlainCredentials | undefined =>
    auth && {user: auth.user, passwordFile: local(auth.passwordFile)}
  const {client = '0.0.0.0', cluster = client, monitor = client, leaf = client, gateway = client} = written.listen ?? {}
  return {
    name,
    version,
    nodes: completeNodes(written),
    listen: {client, cluster, monitor, leaf, gateway},
    jetStream: jetStream && {
      maxFileStore: jetStream.maxFileStore,
      maxMemoryStore: jetStream.maxMemoryStore ?? 0,
      domain: jetStream.domain,
      syncInterval: jetStream.syncInterval ?? 2 * MINUTE,
    },
    auth: completeAuth(written, local),
    tls: completeTls(written, local),
    routes: {poolSize: routes?.poolSize, auth: secret(routes?.auth)},
    limits: {
      maxConnections: limits?.maxConnections,
      maxSubscriptions: limits?.maxSubscriptions,
      maxPayload: limits?.maxPayload,
      maxPending: limits?.maxPending,
      writeDeadline: limits?.writeDeadline,
      pingInterval: limits?.pingInterval,
      pingMax: limits?.pingMax,
    },
    lameDuck: {duration: lameDuck?.duration ?? 2 * MINUTE, gracePeriod: lameDuck?.gracePeriod ?? 10_000},
    leafNodes: leafNodes && {
      accept: leafNodes.accept ?? false,
      remotes: (leafNodes.remotes ?? []).map(({urls, account, credentials, auth, tls = false}) => ({
        urls,
        account,
        credentials,
        auth: secret(auth),
        tls,
      })),
    },
    gateways: gateways && {remotes: gateways.remotes, auth: secret(gateways.auth)},
    log: {
      file: log?.file,
      maxSize: log?.maxSize ?? 256 * 1024 * 1024,
      keep: log?.keep ?? 5,
      debug: log?.debug ?? false,
      trace: log?.trace ?? false,
    },
    deploy: {
      user: deploy?.user ?? 'nats',
      binary: deploy?.binary ?? '/usr/local/bin/nats-server',
      configDirectory: deploy?.configDirectory ?? '/etc/nats',
      image: deploy?.image ?? `nats:${version ?? DEFAULT_IMAGE_VERSION}-alpine`,
      kubernetes: {
        namespace: deploy?.kubernetes?.namespace ?? 'nats',
        storageClass: deploy?.kubernetes?.storageClass,
      },
    },
  }
}

/** IPv6 addresses are kept without brackets. */
function bare(host: string): string {
  const inner = host.replace(/^\[|\]$/g, '')
  return isIPv6(inner) ? inner : host
}

function completeNodes({
  name: cluster,
  nodes = 3,
  patterns,
  ports,
  jetStream,
  tls,
}: WrittenDescription): readonly NodeDescription[] {
  const named = {...defaultPatterns, ...given(patterns)}
  const listed =
    typeof nodes === 'number'
      ? Array.from({length: nodes}, (_, index) => ({
          name: expandPattern(named.node, {cluster, n: index + 1, node: ''}),
        }))
      : nodes
  return listed.map((written: Exclude<typeof nodes, number>[number], index): NodeDescription => {
    const {name: node, host, aliases = []} = written
    const expand = (pattern: string): string => expandPattern(pattern, {cluster, n: index + 1, node})
    return {
      name: node,
      host: bare(host ?? expand(named.host)),
      aliases: aliases.map(bare),
      ports: {...defaultPorts, leaf: 7422, gateway: 7222, ...given(ports), ...given(written.ports)},
      storeDirectory: expand(jetStream?.storeDirectory ?? '/var/lib/nats'),
      tlsDirectory: expand(tls?.directory ?? '/etc/nats/tls'),
    }
  })
}

/** A key that is left out may be there as undefined, by its type: it must not hide a default. */
function given<Value extends object>(value: Value | undefined): {[Key in keyof Value]?: NonNullable<Value[Key]>} {
  const entries = Object.entries(value ?? {}).filter(([, each]) => each !== undefined)
  return Object.fromEntries(entries) as {[Key in keyof Value]?: NonNullable<Value[Key]>}
}

function completeAuth({name, auth}: WrittenDescription, local: (path: string) => string): AuthDescription {
  switch (auth.mode) {
    case 'none':
    case 'token':
      return auth
    case 'users':
      return {mode: 'users', users: auth.users.map((user) => ({...completeUser(user), password: user.password}))}
    case 'nkeys':
      return {mode: 'nkeys', users: auth.users.map((user) => ({...completeUser(user), nkey: user.nkey}))}
    case 'operator': {
      const {operator = name, systemAccount = 'SYS', account = 'APP', accountLimits, services = [], preload} = auth
      const {fileStorage = -1, memoryStorage = -1, streams = -1, consumers = -1} = accountLimits ?? {}
      return {
        mode: 'operator',
        operator,
        systemAccount,
        account,
        accountLimits: {fileStorage, memoryStorage, streams, consumers},
        services: services.map((each) => ({name: each.name, permissions: completePermissions(each.permissions)})),
        preload: local(preload ?? 'auth/preload.json'),
      }
    }
  }
}

interface WrittenUser {
  readonly name: string
  readonly system?: boolean | undefined
  readonly permissions?: WrittenPermissions | undefined
}

function completeUser({name, system = false, permissions}: WrittenUser) {
  return {name, system, permissions: completePermissions(permissions)}
}

type WrittenPermissions = {readonly [Key in keyof SubjectPermissions]?: SubjectPermissions[Key] | undefined}

function completePermissions(written: WrittenPermissions | undefined): SubjectPermissions | undefined {
  if (written === undefined) return undefined
  const {publish = [], subscribe = [], respond = false} = written
  return {publish, subscribe, respond}
}

/** Nodes prove to each other who they are unless told otherwise; clients do so where told. */
function completeTls({tls}: WrittenDescription, local: (path: string) => string): TlsDescription | undefined {
  if (!tls) return undefined
  const use = (written: boolean | {readonly verify?: boolean | undefined} | undefined, verify: boolean) =>
    written === undefined || written === false
      ? undefined
      : ({verify: written === true ? verify : (written.verify ?? verify)} satisfies TlsUse)
  return {
    source: local(tls.source ?? 'tls'),
    client: use(tls.client, false),
    routes: use(tls.routes, true),
    leaf: use(tls.leaf, true),
    gateway: use(tls.gateway, true),
    monitor: tls.monitor ?? false,
  }
}
