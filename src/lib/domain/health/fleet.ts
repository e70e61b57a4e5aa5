import {compareNames} from '../natural-order.ts'
import {counted, humanDuration, listed} from '../quantity.ts'
import {type Finding, finding, groupBy, type Severity} from './finding.ts'
import type {HealthInput} from './input.ts'
import {type AnsweringNode, answeringNodes} from './look.ts'
import {logsOf} from './node-commands.ts'

const DAY_MS = 86_400_000

/** What the servers have in common or should have: version, configuration, certificates, age, routes, names. */
export function judgeFleet(input: HealthInput): readonly Finding[] {
  const nodes = answeringNodes(input)
  return [
    ...versionSkew(nodes),
    ...configurationDiffers(nodes),
    ...certificates(input),
    ...restarted(input, nodes),
    ...duplicated(input),
    ...missingRoutes(input, nodes),
    ...unexpectedServers(input),
    ...singleNode(input),
  ]
}

function versionSkew(nodes: readonly AnsweringNode[]): readonly Finding[] {
  const versions = groupBy(nodes, ({server}) => server.version)
  if (versions.size < 2) return []
  const parts = [...versions].map(([version, of]) => `${version} on ${listed(of.map(({name}) => name))}`)
  return [
    finding({
      code: 'version-skew',
      severity: 'warning',
      nodes: nodes.map(({name}) => name),
      message: `${versions.size} versions: ${parts.sort(compareNames).join('; ')}`,
      measured: versions.size,
      limit: 1,
      meaning: 'a roll stopped half-way, or a node came back from another image',
      next: 'bring all nodes to one version, the meta leader last',
    }),
  ]
}

/**
 * Each node's own name is part of its configuration, so that digests which are all different say nothing. Where most
 * nodes share one, the name comes from elsewhere and the odd one out was changed.
 */
function configurationDiffers(nodes: readonly AnsweringNode[]): readonly Finding[] {
  const told = nodes.filter(({server}) => server.configDigest !== undefined)
  const digests = [...groupBy(told, ({server}) => server.configDigest ?? '').values()]
  const common = digests.reduce(
    (most, each) => (each.length > most.length ? each : most),
    [] as readonly AnsweringNode[],
  )
  const odd = told.filter((node) => !common.includes(node))
  if (common.length < 2 || odd.length === 0) return []
  return [
    finding({
      code: 'config-differs',
      severity: 'warning',
      nodes: odd.map(({name}) => name),
      message: `runs another configuration than ${listed(common.map(({name}) => name))}`,
      meaning: 'limits, accounts or routes may differ from node to node: a reload or a replacement reached only some',
      next: 'compare the configuration files; then on the odd node: nats-server --signal reload',
    }),
  ]
}

function certificates({settings: {thresholds}, later, now}: HealthInput): readonly Finding[] {
  return later.nodes.flatMap(({target, certificateExpiresAt}) => {
    if (certificateExpiresAt === undefined) return []
    const days = Math.floor((certificateExpiresAt - now) / DAY_MS)
    const severity: Severity | undefined =
      days < thresholds.certificateDaysCritical
        ? 'critical'
        : days < thresholds.certificateDaysWarning
          ? 'warning'
          : undefined
    if (!severity) return []
    const left = certificateExpiresAt - now
    const limit = severity === 'critical' ? thresholds.certificateDaysCritical : thresholds.certificateDaysWarning
    return finding({
      code: 'certificate-expiring',
      severity,
      nodes: [target.name],
      message:
        left > 0
          ? `TLS certificate expires in ${humanDuration(left)} (limit ${counted(limit, 'day')})`
          : `TLS certificate expired ${humanDuration(-left)} ago`,
      measured: days,
      limit,
      meaning: 'once it is expired, every new connection that checks it fails: clients and routes alike',
      next: 'install a new certificate; then on the node: nats-server --signal reload',
    })
  })
}

function restarted({settings: {thresholds}}: HealthInput, nodes: readonly AnsweringNode[]): readonly Finding[] {
  const uptime = ({server}: AnsweringNode): number => server.now - server.startedAt
  const limit = thresholds.recentRestartSeconds
  const young = nodes.filter((node) => uptime(node) < limit * 1000)
  if (young.length === 0) return []
  const youngest = Math.max(0, Math.min(...young.map(uptime)))
  return [
    finding({
      code: 'server-restarted',
      severity: 'info',
      nodes: young.map(({name}) => name),
      message: `${young.length === 1 ? 'started' : 'the last one started'} ${humanDuration(youngest)} ago (limit ${humanDuration(limit * 1000)})`,
      measured: Math.floor(youngest / 1000),
      limit,
      meaning: 'replaced or restarted just now; if nobody did that, it crashed',
      next: young.map(({name}) => logsOf(name)).join('; '),
    }),
  ]
}

/** Two live servers with one name are not fenced: both are believed. Seen in both looks, so that a restart is not one. */
function duplicated({earlier, later}: HealthInput): readonly Finding[] {
  const [first, second] = [idsByName(earlier), idsByName(later)]
  return [...second].flatMap(([name, ids]) => {
    const stayed = [...ids].filter((id) => first.get(name)?.has(id))
    if (stayed.length < 2) return []
    return finding({
      code: 'server-duplicated',
      severity: 'critical',
      nodes: [name],
      message: `${counted(stayed.length, 'live server')} with this name: ${listed(stayed.sort())}`,
      measured: stayed.length,
      limit: 1,
      meaning: 'both vote and store under one identity: acknowledged messages can be lost',
      next: 'find the instance that should be gone and stop its server; start nothing else until it is',
    })
  })
}

/** Every server id seen under a name, by its own word or through another node's routes. */
function idsByName({nodes}: HealthInput['later']): ReadonlyMap<string, ReadonlySet<string>> {
  const ids = new Map<string, Set<string>>()
  const add = (name: string | undefined, id: string): void => {
    if (name !== undefined) ids.set(name, (ids.get(name) ?? new Set()).add(id))
  }
  for (const {server, routes} of nodes) {
    if (server.ok) add(server.value.name, server.value.id)
    if (routes.ok) for (const {remoteName, remoteId} of routes.value) add(remoteName, remoteId)
  }
  return ids
}

/** Between nodes that both answer; a route to a silent node is missing for a known reason. */
function missingRoutes({settings, earlier}: HealthInput, nodes: readonly AnsweringNode[]): readonly Finding[] {
  const missing = new Map<string, readonly [string, string]>()
  for (const from of nodes) {
    const before = earlier.nodes.find(({target}) => target.name === from.name)?.routes
    for (const to of nodes) {
      if (from.server.id === to.server.id || !from.seen.routes.ok || !before?.ok) continue
      const leadsThere = ({remoteId}: {remoteId: string}): boolean => remoteId === to.server.id
      if (from.seen.routes.value.some(leadsThere) || before.value.some(leadsThere)) continue
      const pair = [from.name, to.name].sort(compareNames) as [string, string]
      missing.set(pair.join('\n'), pair)
    }
  }
  if (missing.size === 0) return []
  const pairs = [...missing.values()]
  const all = (nodes.length * (nodes.length - 1)) / 2
  return [
    finding({
      code: 'route-missing',
      severity: 'warning',
      nodes: pairs.flat(),
      message: `${missing.size} of ${counted(all, 'route')} missing: ${listed(pairs.map((pair) => pair.join(' - ')))}`,
      measured: all - missing.size,
      limit: all,
      meaning: 'these servers do not hear each other: messages and votes between them do not arrive',
      next: `check port ${settings.ports.cluster} between the nodes (security group) and the routes in their configuration`,
    }),
  ]
}

function unexpectedServers({later}: HealthInput): readonly Finding[] {
  const expected = new Set(later.nodes.map(({target}) => target.name))
  const others = new Set<string>()
  for (const {routes} of later.nodes) {
    if (!routes.ok) continue
    for (const {remoteName} of routes.value) {
      if (remoteName !== undefined && !expected.has(remoteName)) others.add(remoteName)
    }
  }
  if (others.size === 0) return []
  const names = [...others].sort(compareNames)
  return [
    finding({
      code: 'server-unexpected',
      severity: 'warning',
      nodes: names,
      message: `${counted(names.length, 'server')} in the cluster that natsops does not know: ${listed(names)}`,
      measured: expected.size + names.length,
      limit: expected.size,
      meaning: 'nothing is checked there; a server with a changed name, or the cluster has more nodes than configured',
      next: 'set nodes in the configuration: natsops cluster show',
    }),
  ]
}

function singleNode({later}: HealthInput): readonly Finding[] {
  if (later.nodes.length !== 1) return []
  return [
    finding({
      code: 'single-node',
      severity: 'info',
      message: 'the cluster has one node',
      measured: 1,
      limit: 3,
      meaning: 'nothing stored here survives the loss of its instance',
      next: 'run three nodes where the data matters',
    }),
  ]
}
