import type {RawPage} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {type Answer, known, type ProblemKind} from '../domain/answer.ts'
import {
  isMissingPage,
  isMonitorPage,
  judgePages,
  MONITOR_PAGES,
  type MonitorPageName,
  type PagesVerdict,
  pathOf,
} from '../domain/monitor-pages.ts'
import type {NodeTarget} from '../domain/settings.ts'
import {Exit, UsageError} from '../errors.ts'
import {nearestName} from '../nearest.ts'
import {orInterrupted} from './interruption.ts'
import {type Discovery, discoverNodes, findNode} from './nodes.ts'

export interface PageRequest {
  readonly page: MonitorPageName
  /** Whole names or short ones; every node of the cluster where there is none. */
  readonly nodes: readonly string[]
  readonly parameters: readonly PageParameter[]
  /** False: AWS is not asked which nodes there are. */
  readonly askAws: boolean
}

export type PageParameter = readonly [name: string, value: string]

/** What one node said. Untrusted text. */
export interface NodePage {
  readonly node: string
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined
  /** The body as it came, where it is JSON, whatever the status. */
  readonly text: string | undefined
  /** Why this is not the page that was asked for; undefined for a 2xx with JSON. */
  readonly problem: {readonly kind: ProblemKind; readonly message: string} | undefined
}

export interface PageReport {
  readonly path: string
  /** In the order of the cluster. */
  readonly pages: readonly NodePage[]
  readonly exit: number
  /** What is not sure about the list of nodes, and parameters that no known server reads. Untrusted text. */
  readonly warnings: readonly string[]
}

/** The page's name, or UsageError with the nearest. `/varz` and `debug/vars` mean varz and expvarz. */
export function parsePage(given: string): MonitorPageName {
  const path = `/${given.replace(/^\//, '')}`
  const names = Object.keys(MONITOR_PAGES).filter(isMonitorPage)
  const found = names.find((name) => name === given || MONITOR_PAGES[name].path === path)
  if (found) return found
  const near = nearestName(given, names, Math.max(2, Math.floor(given.length / 3)))
  const hint = near === undefined ? '' : `, did you mean ${near}?`
  throw new UsageError(`no monitoring endpoint ${JSON.stringify(given)}${hint}`, [`one of ${names.join(', ')}`])
}

/** `name=value` words. UsageError for what is none, what has no value, and a name given twice. */
export function parseParameters(given: readonly string[]): readonly PageParameter[] {
  const parameters = given.map((word): PageParameter => {
    const [, name, value] = /^([A-Za-z][\w-]*)=([^\p{Cc}]+)$/u.exec(word) ?? []
    if (name !== undefined && value !== undefined) return [name, value]
    throw new UsageError(`--param ${JSON.stringify(word)} is no parameter: give NAME=VALUE`, [
      '--param limit=10 --param sort=bytes_to',
    ])
  })
  const twice = parameters.find(([name], index) => parameters.findIndex(([other]) => other === name) !== index)
  if (twice) throw new UsageError(`--param ${twice[0]} is given twice: the server reads only one`)
  return parameters
}

/**
 * Asks nodes for one page at the same time. A node that does not answer is part of the result; rejects with
 * NODE_NOT_FOUND for a node there is none of, and with the signal's reason.
 */
export async function fetchPages(context: ClusterContext, request: PageRequest): Promise<PageReport> {
  const {page, parameters} = request
  const discovery = await orInterrupted(context.signal, discoverNodes(context, {aws: request.askAws}))
  const path = pathOf(page, parameters)
  const targets = chooseNodes(context, discovery, request.nodes)
  const pages = await orInterrupted(
    context.signal,
    Promise.all(targets.map((target) => fetchPage(context, target, page, path))),
  )
  // A 2xx that is not JSON came from something else.
  const statuses = pages.map(({status, problem}) => (problem?.kind === 'malformed' ? undefined : status))
  return {
    path,
    pages,
    exit: EXITS[judgePages(page, statuses)],
    warnings: [...(discovery.warning === undefined ? [] : [discovery.warning]), ...unknownParameters(page, parameters)],
  }
}

const EXITS: Readonly<Record<PagesVerdict, number>> = {
  ok: 0,
  degraded: Exit.healthDegraded,
  critical: Exit.healthCritical,
  unreachable: Exit.unreachable,
  denied: Exit.auth,
  'not-found': Exit.notFound,
  'bad-request': Exit.usage,
}

function chooseNodes(context: ClusterContext, discovery: Discovery, given: readonly string[]): readonly NodeTarget[] {
  const {nodes} = discovery
  if (given.length === 0) return nodes
  const names = new Set(given.map((name) => findNode(context, nodes, name, discovery)))
  return nodes.filter(({name}) => names.has(name))
}

async function fetchPage(
  context: ClusterContext,
  target: NodeTarget,
  page: MonitorPageName,
  path: string,
): Promise<NodePage> {
  const node = target.name
  const answer = await (await context.monitorPages()).page(target, path)
  if (!answer.ok) {
    const {kind, detail} = answer.problem
    return {node, status: undefined, text: undefined, problem: {kind, message: detail}}
  }
  const {status, text} = answer.value
  if (isMissingPage(status, text)) {
    const message = await explainMissing(context, target, page)
    return {node, status, text: undefined, problem: {kind: 'unsupported', message}}
  }
  return {node, ...readPage(answer)}
}

function readPage({value: {status, text, contentType}}: Extract<Answer<RawPage>, {ok: true}>): Omit<NodePage, 'node'> {
  const json = isJson(text) ? text : undefined
  if (status < 200 || status >= 300) {
    const said = text.trim().split('\n', 1)[0]?.slice(0, 200) ?? ''
    return {status, text: json, problem: {kind: 'http-status', message: `HTTP ${status}${said && `: ${said}`}`}}
  }
  if (json !== undefined) return {status, text: json, problem: undefined}
  const message = `the answer is not a NATS server's: ${contentType}, not JSON`
  return {status, text: undefined, problem: {kind: 'malformed', message}}
}

async function explainMissing(context: ClusterContext, target: NodeTarget, page: MonitorPageName): Promise<string> {
  const server = known(await (await context.monitor()).server(target))
  const {path, since}: {readonly path: string; readonly since?: string} = MONITOR_PAGES[page]
  const who = server ? `nats-server ${server.version}` : 'this server'
  return `${who} has no ${path}${since === undefined ? '' : ` (it came with ${since})`}`
}

/** A server ignores what it does not know, so that a slip shows everything where one account was meant. */
function unknownParameters(page: MonitorPageName, parameters: readonly PageParameter[]): readonly string[] {
  const names: readonly string[] = MONITOR_PAGES[page].parameters
  return parameters.flatMap(([name]) => {
    if (names.includes(name)) return []
    const near = nearestName(name, names) ?? names.find((each) => name.startsWith(each))
    const hint = near === undefined ? '' : `, did you mean ${near}?`
    return [`no server natsops knows reads the parameter ${name} of ${page}: it will be ignored${hint}`]
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
