import {Agent as HttpAgent} from 'node:http'
import {Agent as HttpsAgent} from 'node:https'
import type {LookupFunction} from 'node:net'
import type {ZodType} from 'zod'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {inTurns} from '../../domain/in-turns.ts'
import type {JetStreamInfo, RaftNode} from '../../domain/observation.ts'
import {humanDuration} from '../../domain/quantity.ts'
import type {ClusterSettings, NodeTarget} from '../../domain/settings.ts'
import type {Monitor, MonitorPages} from '../ports.ts'
import {readTlsFiles} from '../tls-files.ts'
import {get, type Reply, type Transport} from './http.ts'
import type * as Mapping from './mapping.ts'
import type * as Schemas from './schemas.ts'
import {expiryOfClientPort, expiryOfTlsPort, type TlsTarget} from './tls.ts'

export interface MonitorOptions {
  /** Limit for the whole answer to one question, retries included, milliseconds. */
  readonly timeoutMs: number
  /** Longest answer that is read, bytes. */
  readonly maxBytes?: number
  /** Node's own where absent. */
  readonly lookup?: LookupFunction | undefined
}

const DEFAULT_MAX_BYTES = 128 * 1024 * 1024

/**
 * All accounts in one answer. The server pages by account, but 2.10 sorts only from the second page on, so its pages
 * overlap and leave accounts out; and pages are of different moments. `maxBytes` bounds the answer instead.
 */
const ALL = 'limit=1000000'
const JETSTREAM_PATH = `/jsz?accounts=true&streams=true&consumers=true&config=true&raft=true&${ALL}`
const ACCOUNTS_PATH = `/jsz?accounts=true&${ALL}`

/** Characters of an answer from which on a compiled schema is the faster one. */
const LARGE = 256 * 1024

/** /raftz tells of one account at a time: so many questions of one node are under way at once. */
const RAFT_CONCURRENCY = 4

/**
 * The monitoring ports of a cluster's nodes, over HTTP or HTTPS with the settings' CA and client certificate. Nothing
 * is asked yet. Rejects only when a TLS file cannot be read.
 */
export async function openMonitor(
  {monitorScheme: scheme, tls}: Pick<ClusterSettings, 'monitorScheme' | 'tls'>,
  {timeoutMs, maxBytes = DEFAULT_MAX_BYTES, lookup}: MonitorOptions,
): Promise<Monitor & MonitorPages> {
  const material = await readTlsFiles(tls)
  const pool = {keepAlive: true, maxSockets: 16, ...(lookup ? {lookup} : {})}
  const agent = scheme === 'https' ? new HttpsAgent({...pool, ...material}) : new HttpAgent(pool)
  return new HttpMonitor({scheme, agent, maxBytes}, {material, lookup}, timeoutMs)
}

/** An answer of the right shape, and its HTTP status. */
interface Checked<T> {
  readonly status: number
  readonly data: T
  readonly mapping: typeof Mapping
}

class HttpMonitor implements Monitor, MonitorPages {
  readonly #transport: Transport
  readonly #secure: Pick<TlsTarget, 'material' | 'lookup'>
  readonly #timeoutMs: number
  #tools: Promise<readonly [typeof Schemas, typeof Mapping]> | undefined

  constructor(transport: Transport, secure: Pick<TlsTarget, 'material' | 'lookup'>, timeoutMs: number) {
    this.#transport = transport
    this.#secure = secure
    this.#timeoutMs = timeoutMs
  }

  server(node: NodeTarget): ReturnType<Monitor['server']> {
    return this.#within(async (signal) => {
      const answer = await this.#ask(node, '/varz', signal, ({varz}) => varz)
      return convert(answer, ({data, mapping}) => mapping.serverInfo(data))
    })
  }

  health(node: NodeTarget): ReturnType<Monitor['health']> {
    return this.#within(async (signal) => {
      const answer = await this.#ask(node, '/healthz?details=true', signal, ({healthz}) => healthz, isAnyStatus)
      return convert(answer, ({data, status, mapping}) => mapping.healthAnswer(status, data))
    })
  }

  routes(node: NodeTarget): ReturnType<Monitor['routes']> {
    return this.#within(async (signal) => {
      const answer = await this.#ask(node, '/routez', signal, ({routez}) => routez)
      return convert(answer, ({data, mapping}) => mapping.routes(data))
    })
  }

  /** An answer that does not add up is asked for once more: something was created or deleted while it was written. */
  jetStream(node: NodeTarget): ReturnType<Monitor['jetStream']> {
    return this.#within(async (signal) => {
      const first = await this.#askJetStream(node, signal)
      if (!first.ok || first.value.complete) return first
      const second = await this.#askJetStream(node, signal)
      return second.ok ? second : first
    })
  }

  async #askJetStream(node: NodeTarget, signal: AbortSignal): Promise<Answer<JetStreamInfo>> {
    const answer = await this.#ask(node, JETSTREAM_PATH, signal, ({jsz}) => jsz)
    return convert(answer, ({data, mapping}) => mapping.jetStreamInfo(node.name, data))
  }

  /** The meta group (the system account's) and the groups of every account that uses JetStream on the node. */
  raft(node: NodeTarget): ReturnType<Monitor['raft']> {
    return this.#within(async (signal) => {
      const [system, accounts] = await Promise.all([
        this.#askRaft(node, '', signal),
        this.#ask(node, ACCOUNTS_PATH, signal, ({jszAccounts}) => jszAccounts),
      ])
      if (!system.ok) return system
      if (!accounts.ok) return accounts
      const known = new Set(system.value.map(({account}) => account))
      const names = accounts.value.data.account_details.map(({name, id}) => id ?? name).filter((id) => !known.has(id))
      const answers = await inTurns(names, RAFT_CONCURRENCY, (account) =>
        this.#askRaft(node, `?acc=${encodeURIComponent(account)}`, signal),
      )
      const failed = answers.find((answer) => !answer.ok)
      if (failed) return failed
      const groups = [system, ...answers].flatMap((answer) => (answer.ok ? answer.value : []))
      return answered(groups, Date.now(), accounts.value.data.server_id)
    })
  }

  async #askRaft(node: NodeTarget, query: string, signal: AbortSignal): Promise<Answer<readonly RaftNode[]>> {
    const reply = await this.#get(node, `/raftz${query}`, signal)
    if (reply.ok && reply.value.status === 404) {
      // A server without a cluster has the endpoint and no group, and says so in text; an old one has no such page.
      if (reply.value.text.startsWith('No Raft nodes')) return answered([], reply.at)
      return unanswered('unsupported', 'this server has no /raftz (it came with 2.10.17)', reply.at)
    }
    const answer = await this.#interpret(reply, ({raftz}) => raftz)
    return convert(answer, ({data, mapping}) => mapping.raftNodes(node.name, data))
  }

  page({host, monitorPort: port}: NodeTarget, path: string): ReturnType<MonitorPages['page']> {
    return this.#within((signal) => get(this.#transport, {host, port, path}, signal))
  }

  async certificateExpiry({host, monitorPort, clientPort}: NodeTarget): Promise<number | undefined> {
    const secure = this.#secure
    const expiries = await this.#within((signal) =>
      Promise.all([
        this.#transport.scheme === 'https' ? expiryOfTlsPort({host, port: monitorPort, ...secure}, signal) : undefined,
        expiryOfClientPort({host, port: clientPort, ...secure}, signal),
      ]),
    )
    const known = expiries.filter((expiry) => expiry !== undefined)
    return known.length > 0 ? Math.min(...known) : undefined
  }

  async close(): Promise<void> {
    this.#transport.agent.destroy()
  }

  /** One time limit for all that is asked to answer one question. */
  async #within<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(humanDuration(this.#timeoutMs)), this.#timeoutMs)
    try {
      return await question(limit.signal)
    } finally {
      clearTimeout(timer)
    }
  }

  #get({host, monitorPort: port}: NodeTarget, path: string, signal: AbortSignal): Promise<Answer<Reply>> {
    const reply = get(this.#transport, {host, port, path}, signal)
    // The schema library takes about as long to load as a node to answer: both at once.
    this.#load().catch(() => {})
    return reply
  }

  async #ask<T>(
    node: NodeTarget,
    path: string,
    signal: AbortSignal,
    schemaOf: (schemas: typeof Schemas) => ZodType<T>,
    accepts: (status: number) => boolean = isOk,
  ): Promise<Answer<Checked<T>>> {
    return this.#interpret(await this.#get(node, path, signal), schemaOf, accepts)
  }

  async #interpret<T>(
    reply: Answer<Reply>,
    schemaOf: (schemas: typeof Schemas) => ZodType<T>,
    accepts: (status: number) => boolean = isOk,
  ): Promise<Answer<Checked<T>>> {
    if (!reply.ok) return reply
    const {status, text, contentType} = reply.value
    const [schemas, mapping] = await this.#load()
    const json = parseJson(text)
    const checked =
      json === undefined
        ? {wrong: `${contentType}, not JSON`}
        : schemas.check(schemaOf(schemas), json, {compile: text.length > LARGE})
    if (!accepts(status) || ('wrong' in checked && !isOk(status))) {
      return unanswered('http-status', [`HTTP ${status}`, excerpt(text)].filter(Boolean).join(': '), reply.at)
    }
    if ('wrong' in checked)
      return unanswered('malformed', `the answer is not a NATS server's: ${checked.wrong}`, reply.at)
    return answered({status, data: checked.value, mapping}, reply.at, serverIdOf(checked.value))
  }

  #load(): Promise<readonly [typeof Schemas, typeof Mapping]> {
    this.#tools ??= Promise.all([import('./schemas.ts'), import('./mapping.ts')])
    return this.#tools
  }
}

function convert<From, To>(answer: Answer<From>, map: (value: From) => To): Answer<To> {
  return answer.ok ? {...answer, value: map(answer.value)} : answer
}

function serverIdOf(data: unknown): string | undefined {
  const {server_id: id} = (data ?? {}) as {server_id?: unknown}
  return typeof id === 'string' ? id : undefined
}

function isOk(status: number): boolean {
  return status === 200
}

function isAnyStatus(): boolean {
  return true
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Enough of an unexpected answer to recognise what it is. */
function excerpt(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? ''
  return line.length > 120 ? `${line.slice(0, 120)}...` : line
}
