import {known, type ProblemKind} from '../answer.ts'
import {majorityOf} from '../meta-group.ts'
import type {HealthAnswer, NodeObservation} from '../observation.ts'
import {counted, humanDuration, listed} from '../quantity.ts'
import type {NodeTarget} from '../settings.ts'
import {quoteForShell} from '../shell.ts'
import {type Finding, finding, groupBy} from './finding.ts'
import type {HealthInput} from './input.ts'
import {
  answeringNodes,
  type HealthError,
  hasCheckedGroups,
  hasServingQuorum,
  hasToldAll,
  healthBefore,
  isMadeNow,
  isNeverHeard,
  isPassing,
  type SilentNode,
  silentNodes,
} from './look.ts'
import {logsOf, statusOf} from './node-commands.ts'

/** Whether each node is there, is who it should be, and says that it is well. */
export function judgeNodes(input: HealthInput): readonly Finding[] {
  const silent = silentNodes(input)
  if (silent.length === input.later.nodes.length) return [clusterUnreachable(input, silent)]
  return [
    ...unreachable(input, silent),
    ...incomplete(input),
    ...unhealthy(input),
    ...withoutJetStream(input),
    ...misplaced(input),
    ...lameDucks(input),
  ]
}

function clusterUnreachable({later}: HealthInput, silent: readonly SilentNode[]): Finding {
  const reasons = [...new Set(silent.map(({problem}) => problem.detail))]
  const unresolved = silent.some(({problem}) => problem.kind === 'name-not-found')
  const count = later.nodes.length
  return finding({
    code: 'cluster-unreachable',
    severity: 'critical',
    nodes: silent.map(({target}) => target.name),
    message: `none of ${counted(count, 'node')} answers: ${listed(reasons)}`,
    measured: 0,
    limit: count,
    meaning: unresolved
      ? 'nothing is known of the cluster: its names resolve only inside the VPN, or the cluster has another name'
      : 'nothing is known of the cluster: it is down, or this machine has no way to it (VPN, security group)',
    next: unresolved
      ? 'connect the VPN (warp-cli connect); check the names: natsops cluster show'
      : 'check the VPN (warp-cli status) and the addresses: natsops cluster show',
  })
}

function unreachable({later}: HealthInput, silent: readonly SilentNode[]): readonly Finding[] {
  const size = later.nodes.length
  const lost = silent.filter((node) => node.lost).length
  const halted = size - lost < majorityOf(size)
  return silent.map((node) =>
    finding({
      code: 'node-unreachable',
      severity: halted && node.lost ? 'critical' : 'warning',
      nodes: [node.target.name],
      message: `does not answer: ${node.problem.detail}${evidenceOf(node)}`,
      meaning: node.lost
        ? `${REASONS[node.problem.kind]}${halted ? '; too few nodes are left for a majority' : ''}`
        : 'the cluster hears it: only the way from here to its monitoring port is broken',
      next: remedyOf(node.problem.kind, node.target),
    }),
  )
}

/** The others' word, where there is one: it tells a dead node from a broken way to it. */
function evidenceOf({peer, lost}: SilentNode): string {
  if (!peer) return ''
  if (!lost) return '; the meta leader hears it'
  if (isNeverHeard(peer)) return '; the meta leader has not heard it since it leads'
  return `; the meta leader last heard it ${humanDuration(peer.activeMs)} ago`
}

const REASONS: Readonly<Record<ProblemKind, string>> = {
  'name-not-found': 'its host name does not resolve: no VPN, or its DNS record is gone',
  refused: 'its machine is up, but no server listens there: stopped, crashed, or still starting',
  unreachable: 'there is no way to its machine: stopped, being replaced, or cut off by the VPN or a security group',
  timeout: 'something takes the connection and does not answer: paused, overloaded, or packets are dropped on the way',
  truncated: 'it breaks off in the middle of its answers: overloaded, or a proxy in between',
  tls: 'its certificate is not accepted, or it does not speak TLS',
  'http-status': 'something else than this nats-server answers there: another address, a proxy',
  'too-large': 'its answer is larger than any that a nats-server should give',
  malformed: 'something else than this nats-server answers there: another address, a proxy, a broken answer',
  unsupported: 'its version is too old for natsops',
}

function remedyOf(kind: ProblemKind, {name, host, monitorPort}: NodeTarget): string {
  switch (kind) {
    case 'name-not-found':
      return `connect the VPN (warp-cli connect), then: ${quoteForShell(['getent', 'hosts', host])}`
    case 'refused':
    case 'timeout':
      return `${statusOf(name)}; ${logsOf(name)}`
    default:
      return quoteForShell(['curl', '-v', `http://${host}:${monitorPort}/varz`])
  }
}

function incomplete({later}: HealthInput): readonly Finding[] {
  return later.nodes.flatMap((node) => {
    const problems = problemsOf(node)
    if (problems.length === 0) return []
    return finding({
      code: 'node-incomplete',
      severity: 'warning',
      nodes: [node.target.name],
      message: `answers only in part: ${listed(problems)}`,
      meaning: 'what it did not tell counts as not healthy: its replicas are unproven',
      next: `natsops health --timeout 20s; if it stays: ${logsOf(node.target.name)}`,
    })
  })
}

/**
 * Endpoints without a usable answer, those with one reason together, of a node that answered something. A server of
 * another name was asked for nothing more: that is its own finding.
 */
function problemsOf({target, server, health, jetStream, routes, raft}: NodeObservation): readonly string[] {
  const answers = {'/varz': server, '/healthz': health, '/jsz': jetStream, '/routez': routes, '/raftz': raft}
  if (!Object.values(answers).some(({ok}) => ok)) return []
  if (server.ok && server.value.name !== target.name) return []
  const enabled = jetStream.ok && jetStream.value.enabled
  const problems = Object.entries(answers).flatMap(([path, answer]) => {
    if (answer.ok || (path === '/raftz' && (answer.problem.kind === 'unsupported' || !enabled))) return []
    return [{path, detail: answer.problem.detail}]
  })
  const reasons = [...groupBy(problems, ({detail}) => detail)].map(
    ([detail, of]) => `${of.map(({path}) => path).join(', ')}: ${detail}`,
  )
  return jetStream.ok && !jetStream.value.complete ? [...reasons, '/jsz leaves streams out'] : reasons
}

function unhealthy(input: HealthInput): readonly Finding[] {
  const severity = hasServingQuorum(input) ? 'warning' : 'critical'
  return input.later.nodes.flatMap((node) => {
    const {target, server, health} = node
    if (!health.ok || health.value.httpStatus === 200 || known(server)?.lameDuck) return []
    const {httpStatus, status} = health.value
    const before = healthBefore(input, node)
    const errors = health.value.errors.filter(
      (error) => !isPassing(error, before) && !isOfNewAsset(input, error, before),
    )
    if (errors.length === 0 && health.value.errors.length > 0) return []
    const details = errors.map(({error}) => error)
    return finding({
      code: 'node-unhealthy',
      severity,
      nodes: [target.name],
      assets: errors.flatMap(({account = '', stream, consumer}) =>
        stream === undefined
          ? []
          : [{kind: consumer === undefined ? ('stream' as const) : ('consumer' as const), account, stream, consumer}],
      ),
      message: `healthz says ${httpStatus} ${status}${details.length > 0 ? `: ${listed(details, 2)}` : ''}`,
      measured: httpStatus,
      limit: 200,
      meaning: 'the server itself says that it is not ready: it starts, catches up, or has lost a group',
      next: quoteForShell(['curl', '-s', `http://${target.host}:${target.monitorPort}/healthz?details=true`]),
    })
  })
}

/**
 * A server calls itself unwell for the sake of every stream and consumer that it is just setting up. That is one which
 * in the earlier look no node had and this one did not complain of: what is lost for good is complained of in both. By
 * its own time it was made just now; where no node lists it yet, the server must have been through its groups in the
 * earlier look: one whose JetStream as a whole was unwell complains of none.
 */
function isOfNewAsset(
  input: HealthInput,
  {account, stream, consumer}: HealthError,
  before: HealthAnswer | undefined,
): boolean {
  const {assets, earlier} = input
  if (stream === undefined || !before || !earlier.nodes.every(hasToldAll)) return false
  const listed = assets
    .filter((asset) => asset.stream === stream && (asset.account === account || asset.accountId === account))
    .filter((asset) => (asset.kind === 'consumer' ? asset.consumer : undefined) === consumer)
  if (listed.some(({createdAt}) => !isMadeNow(input, createdAt))) return false
  if (listed.length === 0 && !hasCheckedGroups(before)) return false
  const isIt = (each: HealthError): boolean =>
    each.account === account && each.stream === stream && each.consumer === consumer
  const wasHeld = earlier.nodes
    .flatMap(({jetStream}) => known(jetStream)?.streams ?? [])
    .filter((each) => each.stream === stream && (each.account === account || each.accountId === account))
    .some(({consumers}) => consumer === undefined || consumers.some(({name}) => name === consumer))
  return !wasHeld && !before.errors.some(isIt)
}

function withoutJetStream(input: HealthInput): readonly Finding[] {
  const severity = hasServingQuorum(input) ? 'warning' : 'critical'
  return input.later.nodes.flatMap(({target, server, jetStream}) => {
    if (!jetStream.ok || jetStream.value.enabled || known(server)?.lameDuck) return []
    return finding({
      code: 'jetstream-disabled',
      severity,
      nodes: [target.name],
      message: 'JetStream is off',
      meaning: 'the node takes no part in storing: never enabled in its configuration, or shut off after a disk error',
      next: `${logsOf(target.name, '1d')} | grep -i jetstream; ${statusOf(target.name)}`,
    })
  })
}

function misplaced(input: HealthInput): readonly Finding[] {
  const expected = new Set(input.later.nodes.map(({target}) => target.name))
  return answeringNodes(input).flatMap(({target, server}) => {
    if (server.name === target.name) return []
    return finding({
      code: 'server-misplaced',
      severity: 'warning',
      nodes: [target.name],
      message: `server ${server.name} answers at ${target.host}:${target.monitorPort}`,
      meaning: expected.has(server.name)
        ? 'two names lead to one server: a stale DNS record, or an address given twice'
        : "the server's name was changed: its replicas are counted under a name that does not come back",
      next: `${quoteForShell(['getent', 'hosts', target.host])}; check server_name in the node's configuration`,
    })
  })
}

/** Closed on purpose: what healthz and JetStream say of such a node is no news. */
function lameDucks(input: HealthInput): readonly Finding[] {
  const severity = hasServingQuorum(input) ? 'warning' : 'critical'
  return answeringNodes(input).flatMap(({name, server}) =>
    server.lameDuck
      ? finding({
          code: 'lame-duck',
          severity,
          nodes: [name],
          message: 'runs with its client port and JetStream closed',
          meaning: 'a lame duck, that moves its clients away and stops by itself; or a start that has not finished',
          next: `wait and look again; if it stays: ${logsOf(name)}`,
        })
      : [],
  )
}
