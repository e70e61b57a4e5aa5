import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {humanDuration} from '../../domain/quantity.ts'
import type {NodeSighting, ServerIdentity} from '../../domain/reports/sightings.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import type {AskNodes, Endpoint, Parameters} from '../monitor/reports.ts'
import type {NatsClient} from '../ports.ts'

const SUBJECTS: Readonly<Record<Endpoint, string>> = {
  jsz: '$SYS.REQ.SERVER.PING.JSZ',
  raftz: '$SYS.REQ.SERVER.PING.RAFTZ',
  connz: '$SYS.REQ.SERVER.PING.CONNZ',
  accstatz: '$SYS.REQ.ACCOUNT.PING.STATZ',
  varz: '$SYS.REQ.SERVER.PING.VARZ',
  healthz: '$SYS.REQ.SERVER.PING.HEALTHZ',
  routez: '$SYS.REQ.SERVER.PING.ROUTEZ',
}

/** The same parameters under their names in the system account, where those differ. */
const NAMES: Readonly<Partial<Record<Endpoint, Readonly<Record<string, string>>>>> = {
  jsz: {consumers: 'consumer'},
  raftz: {acc: 'account'},
  accstatz: {unused: 'include_unused'},
}

/** How long a server that is known to be away may take after the others have answered. */
const GRACE_MS = 1000

/**
 * Asks all servers through the system account with one request, to which each answers for itself.
 *
 * It is over when every node has answered, and as many servers as the meta group has members: those of this cluster that
 * nobody configured speak for themselves too. Servers of other clusters, which a gateway lets hear the request, do not
 * count. A server has the whole time limit, since one that is busy is not one that is gone: except where the meta leader
 * calls it offline, or it let a whole time limit pass before; then it has a second more than the others.
 *
 * Rejects as NatsClient does where the user is none of the system account's.
 */
export function askSystemAccount(
  client: NatsClient,
  nodes: readonly NodeTarget[],
  {timeoutMs, stranger}: {readonly timeoutMs: number; readonly stranger: (name: string) => NodeTarget},
): AskNodes {
  const {cluster} = client.server()
  let members = 0
  const away = new Set<string>()
  return async (endpoint, parameters) => {
    const heard = new Map<string, {readonly server: ServerIdentity; readonly answer: Answer<unknown>}>()
    const began = performance.now()
    const isDone = (counts: (name: string) => boolean): boolean => {
      const unheard = [...away].filter((name) => counts(name) && !heard.has(name)).length
      return nodes.every(({name}) => heard.has(name) || counts(name)) && heard.size + unheard >= members
    }
    const take = (bytes: Uint8Array): number => {
      const said = readEnvelope(bytes)
      if (said && (cluster === undefined || said.cluster === cluster)) {
        heard.set(said.server.name, said)
        members = Math.max(members, said.members)
        for (const name of said.offline) away.add(name)
        away.delete(said.server.name)
      }
      if (isDone(() => false)) return 0
      return isDone((name) => away.has(name)) ? GRACE_MS : Number.POSITIVE_INFINITY
    }
    const compressed = endpoint === 'jsz' && parameters.streams !== undefined
    await client.gather(SUBJECTS[endpoint], payloadOf(endpoint, parameters), {timeoutMs, compressed, take})
    for (const {name} of nodes) if (!heard.has(name)) away.add(name)
    const strangers = [...heard.keys()].filter((name) => nodes.every((node) => node.name !== name)).sort()
    return [...nodes, ...strangers.map(stranger)].map((node): NodeSighting<unknown> => {
      const {server, answer} = heard.get(node.name) ?? {server: undefined, answer: silence(began)}
      return {node, server, answer}
    })
  }
}

function silence(began: number): Answer<never> {
  const waited = humanDuration(performance.now() - began)
  return unanswered('timeout', `no answer through the system account within ${waited}`, Date.now())
}

function payloadOf(endpoint: Endpoint, parameters: Parameters): string {
  const names = NAMES[endpoint] ?? {}
  const flags = endpoint === 'accstatz' ? {include_unused: true} : {}
  const renamed = Object.entries(parameters).map(([name, value]) => [names[name] ?? name, value] as const)
  return JSON.stringify({...Object.fromEntries(renamed), ...flags})
}

interface Said {
  readonly server: ServerIdentity
  readonly cluster: string | undefined
  /** Of the meta group, where the answer tells. */
  readonly members: number
  /** Names of servers, by the meta leader. */
  readonly offline: readonly string[]
  readonly answer: Answer<unknown>
}

interface MetaCluster {
  readonly cluster_size?: unknown
  readonly replicas?: unknown
}

/** Undefined for what is no server's answer. */
function readEnvelope(bytes: Uint8Array): Said | undefined {
  const at = Date.now()
  let envelope: Readonly<Record<string, unknown>>
  try {
    envelope = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
  const {name, id, ver, cluster} = (envelope?.server ?? {}) as Readonly<Record<string, unknown>>
  if (typeof name !== 'string' || typeof id !== 'string') return undefined
  const {error, data} = envelope
  const {description} = (error ?? {}) as {readonly description?: unknown}
  const meta = (data as {readonly meta_cluster?: MetaCluster} | undefined)?.meta_cluster
  return {
    server: {name, id, version: String(ver ?? '')},
    cluster: typeof cluster === 'string' ? cluster : undefined,
    members: Number(meta?.cluster_size) || 0,
    offline: offlineOf(meta?.replicas),
    answer: error
      ? unanswered('unsupported', `the server refused: ${String(description ?? 'without a reason')}`, at)
      : answered(data ?? {}, at, id),
  }
}

function offlineOf(replicas: unknown): readonly string[] {
  if (!Array.isArray(replicas)) return []
  return replicas.flatMap((peer: {readonly name?: unknown; readonly offline?: unknown} | null) =>
    peer?.offline === true && typeof peer.name === 'string' ? [peer.name] : [],
  )
}
