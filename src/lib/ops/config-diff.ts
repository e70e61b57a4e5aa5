import {type ClusterDescription, type NodeDescription, readDescription} from '../author/description.ts'
import {expectedSettings} from '../author/expectation.ts'
import {describeServer} from '../author/node-config.ts'
import {parsePreload} from '../author/preload.ts'
import {listOf, lookUp, runningSettings} from '../author/running.ts'
import {configuredAccounts} from '../author/server-config.ts'
import type {AuthorityPreload} from '../author/server-description.ts'
import type {RawPage} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import type {Answer} from '../domain/answer.ts'
import {compareSettings, type Difference} from '../domain/config-drift.ts'
import type {NodeTarget} from '../domain/settings.ts'
import {quoteForShell} from '../domain/shell.ts'
import {Exit, UsageError} from '../errors.ts'
import {gatherInputs} from './config-generate.ts'
import {orInterrupted} from './interruption.ts'
import {discoverNodes} from './nodes.ts'

/** Public under --json. Names and values that come from servers are untrusted text. */
export interface DriftReport {
  readonly cluster: string
  readonly at: string
  readonly nodes: readonly NodeDrift[]
  readonly exit: number
  readonly warnings: readonly string[]
}

export interface NodeDrift {
  readonly node: string
  /**
   * `missing`: described, and the cluster has no such node. `undescribed`: runs, and nobody described it. `silent`: did
   * not answer, see `problem`.
   */
  readonly state: 'same' | 'different' | 'missing' | 'undescribed' | 'silent'
  readonly problem: string | null
  readonly differences: readonly Difference[]
}

export interface DriftRequest {
  readonly file: string
  readonly askAws: boolean
}

interface Expected {
  readonly description: ClusterDescription
  readonly passwords: ReadonlyMap<string, string>
  readonly preloadText: string | undefined
  readonly preload: AuthorityPreload | undefined
}

/**
 * Compares every node with its description: settings and digest by /varz, accounts by /accountz. Nothing is changed, and
 * a node that is silent is a result. UsageError where the description is of another cluster.
 */
export async function diffConfig(context: ClusterContext, {file, askAws}: DriftRequest): Promise<DriftReport> {
  const {settings} = context
  const description = await readDescription(file)
  if (description.name !== settings.name) {
    throw new UsageError(`${file} describes ${description.name}, not ${settings.name}`, [
      quoteForShell(['natsops', 'config', 'diff', '--cluster', description.name, '--file', file]),
    ])
  }
  const {passwords, preload: preloadText} = await gatherInputs(context, description, '.')
  const preload = preloadText === undefined ? undefined : parsePreload('the preload file', preloadText)
  const expected = {description, passwords, preloadText, preload}
  const {nodes: targets, warning, source} = await discoverNodes(context, {aws: askAws})
  // Nodes that are only guessed by convention prove nothing about a description that names them otherwise.
  const names = new Set(description.nodes.map(({name}) => name))
  const known = source === 'convention' ? targets.filter(({name}) => names.has(name)) : targets
  const nodes = await orInterrupted(context.signal, compareAll(context, known, expected, source === 'convention'))
  const at = new Date(context.clock.now()).toISOString()
  return {cluster: settings.name, at, nodes, exit: exitFor(nodes), warnings: warning === undefined ? [] : [warning]}
}

/** Described nodes in their order, then the rest. */
async function compareAll(
  context: ClusterContext,
  targets: readonly NodeTarget[],
  expected: Expected,
  isGuess: boolean,
): Promise<readonly NodeDrift[]> {
  const described = expected.description.nodes
  const compared = described.map((node): Promise<NodeDrift> => {
    const target = targets.find(({name}) => name === node.name) ?? (isGuess ? targetOf(node) : undefined)
    if (!target) return Promise.resolve({node: node.name, state: 'missing', problem: null, differences: []})
    return compareNode(context, target, node, expected)
  })
  const others = targets.filter(({name}) => !described.some((node) => node.name === name))
  const undescribed = others.map(({name}): NodeDrift => {
    return {node: name, state: 'undescribed', problem: null, differences: []}
  })
  return [...(await Promise.all(compared)), ...undescribed]
}

function targetOf({name, host, ports}: NodeDescription): NodeTarget {
  return {name, host, clientPort: ports.client, monitorPort: ports.monitor, asg: `${name}-asg`, instanceName: name}
}

async function compareNode(
  context: ClusterContext,
  target: NodeTarget,
  node: NodeDescription,
  {description, passwords, preload, preloadText}: Expected,
): Promise<NodeDrift> {
  const monitor = await context.monitorPages()
  const varz = parsePage(await monitor.page(target, '/varz'))
  if ('problem' in varz) return {node: node.name, state: 'silent', problem: varz.problem, differences: []}
  const server = describeServer(description, node, passwords)
  const {version} = description
  const settings = compareSettings(
    expectedSettings(server, {version, preload, preloadText}),
    runningSettings(varz.value),
  )
  const accounts = await compareAccounts((path) => monitor.page(target, path), description, preload)
  const differences = [...settings, ...accounts]
  return {node: node.name, state: differences.length > 0 ? 'different' : 'same', problem: null, differences}
}

/**
 * Accounts of the configuration are there from the start; of a preloaded account only one in use can be asked for, and
 * what is not in use cannot be out of date.
 */
async function compareAccounts(
  ask: (path: string) => Promise<Answer<RawPage>>,
  {auth}: ClusterDescription,
  preload: AuthorityPreload | undefined,
): Promise<readonly Difference[]> {
  if (auth.mode === 'none' || auth.mode === 'token') return []
  const page = parsePage(await ask('/accountz'))
  if ('problem' in page) return [{setting: 'accounts', described: 'an answer', running: page.problem}]
  const running = listOf(lookUp(page.value, ['accounts'])).map(String)
  const described = preload ? Object.keys(preload.accountJwts) : Object.values<string>(configuredAccounts)
  const strangers = running.filter((name) => name !== '$G' && !described.includes(name))
  const unknown = strangers.map(
    (name): Difference => ({setting: `accounts.${name}`, described: null, running: 'present'}),
  )
  if (!preload) {
    const missing = described.filter((name) => !running.includes(name))
    return [
      ...missing.map((name): Difference => ({setting: `accounts.${name}`, described: 'present', running: null})),
      ...unknown,
    ]
  }
  const loaded = Object.entries(preload.accountJwts).filter(([key]) => running.includes(key))
  const stale = await Promise.all(
    loaded.map(async ([key, jwt]): Promise<readonly Difference[]> => {
      const account = parsePage(await ask(`/accountz?acc=${key}`))
      const found = 'problem' in account ? undefined : lookUp(account.value, ['account_detail', 'jwt'])
      if (typeof found !== 'string' || found === jwt) return []
      return [{setting: `accounts.${key}`, described: 'the JWT of the preload file', running: 'another JWT'}]
    }),
  )
  return [...stale.flat(), ...unknown]
}

function parsePage(answer: Answer<RawPage>): {readonly value: unknown} | {readonly problem: string} {
  if (!answer.ok) return {problem: answer.problem.detail}
  const {status, text} = answer.value
  if (status !== 200) return {problem: `HTTP ${status}`}
  try {
    return {value: JSON.parse(text)}
  } catch {
    return {problem: 'the answer is not JSON'}
  }
}

/** 7 where nobody answered, 20 where anything differs or is not known. */
function exitFor(nodes: readonly NodeDrift[]): number {
  const asked = nodes.filter(({state}) => state !== 'missing' && state !== 'undescribed')
  if (asked.length > 0 && asked.every(({state}) => state === 'silent')) return Exit.unreachable
  return nodes.every(({state}) => state === 'same') ? 0 : Exit.healthDegraded
}
