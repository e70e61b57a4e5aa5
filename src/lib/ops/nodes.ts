import type {ClusterContext} from '../context.ts'
import {type ClusterSettings, configuredNodes, conventionalNode, type NodeTarget} from '../domain/settings.ts'
import {Exit, messageOf, OpsError} from '../errors.ts'

/** The nodes of a cluster, and how sure that is. */
export interface Discovery {
  /** Those of the configuration in its order, then the rest by number. */
  readonly nodes: readonly NodeTarget[]
  readonly source: NodeSource
  /** What the operator has to know about this list, in one line: AWS could not be asked, or disagrees. Untrusted text. */
  readonly warning?: string
  /** Why AWS could not be asked: not in the way of looking at the nodes, but of changing them. */
  readonly problem?: OpsError
}

/** Where hosts and ports come from: nodes configured one by one stay, whatever groups there are. */
export type NodeSource = 'auto scaling groups' | 'configuration' | 'convention'

/**
 * Finds the nodes: from the Auto Scaling groups that are named by the cluster's pattern, else from the configuration,
 * else by the convention of three. AWS that cannot be asked is a warning with its reason, never an exception.
 *
 * Every group of the region is listed, since AWS has no filter by name pattern and names guessed one by one
 * would miss a node beyond the last guess. The default quota of 500 groups makes that five pages at most; an account
 * with fewer than a hundred groups answers in one call, as it would for guessed names.
 */
export async function discoverNodes(
  context: Pick<ClusterContext, 'settings' | 'aws'>,
  options: {readonly aws: boolean},
): Promise<Discovery> {
  const {settings} = context
  if (!options.aws) return withoutGroups(settings)
  try {
    const aws = await context.aws()
    const groups = await (await aws.autoScaling()).groups()
    return reconcile(
      settings,
      groups.map(({name}) => name),
      await aws.region(),
    )
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    const known = withoutGroups(settings)
    const warning = `the list of nodes is by ${known.source}, AWS could not be asked: ${messageOf(error)}`
    return {...known, warning, problem: error}
  }
}

/**
 * One of these by its whole name, or short: `node-2`, `2`. Throws NODE_NOT_FOUND, naming those there are, and where nobody
 * but the convention says so (`source`, `problem` of the discovery), that.
 */
export function findNode(
  {settings}: Pick<ClusterContext, 'settings'>,
  nodes: readonly {readonly name: string}[],
  given: string,
  {source, problem}: Partial<Pick<Discovery, 'source' | 'problem'>> = {},
): string {
  const names = [...new Set(nodes.map(({name}) => name))]
  const found = names.filter((name) => name === given || name.endsWith(`-${given}`))
  const name = found.find((each) => each === given) ?? (found.length === 1 ? found[0] : undefined)
  if (name !== undefined) return name
  const unasked = problem ? ' (AWS could not be asked)' : ''
  const there = source === 'convention' ? `by convention${unasked} there are` : 'there are'
  throw new OpsError(`${settings.name} has no node ${JSON.stringify(given)}: ${there} ${names.join(', ')}`, {
    code: 'NODE_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [`natsops node list --cluster ${settings.name}`],
  })
}

/** Settings against the names of all groups there are. Pure. */
function reconcile(settings: ClusterSettings, groups: readonly string[], region: string): Discovery {
  const numberOf = groupNumberOf(settings)
  const numbers = groups.flatMap((group) => numberOf(group) ?? []).sort((a, b) => a - b)
  const discovered = numbers.map((n) => conventionalNode(settings, n))
  if (typeof settings.nodes === 'object') return extend(settings.nodes, discovered, new Set(groups), region)
  if (discovered.length === 0) {
    const {asg} = conventionalNode(settings, 1)
    return {...withoutGroups(settings), warning: `no Auto Scaling group named like ${asg} in ${region}`}
  }
  const configured = settings.nodes
  const disagreement =
    configured === undefined || configured === discovered.length
      ? {}
      : {warning: `${configured} nodes are configured, but ${list(discovered.map(({asg}) => asg))} in ${region}`}
  return {nodes: discovered, source: 'auto scaling groups', ...disagreement}
}

/** A node without a group stays expected; a group without a configured node is a node nobody told us of. */
function extend(
  configured: readonly NodeTarget[],
  discovered: readonly NodeTarget[],
  groups: ReadonlySet<string>,
  region: string,
): Discovery {
  const missing = configured.filter(({asg}) => !groups.has(asg))
  const strangers = discovered.filter(({asg}) => configured.every((node) => node.asg !== asg))
  const unknown = strangers.filter(({name}) => configured.every((node) => node.name !== name))
  const warnings = [
    ...(missing.length === 0 ? [] : [`no Auto Scaling group ${missing.map(({asg}) => asg).join(', ')} in ${region}`]),
    ...(strangers.length === 0
      ? []
      : [`${list(strangers.map(({asg}) => asg))} in ${region}, but no such node is configured`]),
  ]
  const warning = warnings.length === 0 ? {} : {warning: warnings.join('; ')}
  return {nodes: [...configured, ...unknown], source: 'configuration', ...warning}
}

function withoutGroups(settings: ClusterSettings): Discovery {
  return {nodes: configuredNodes(settings), source: settings.nodes === undefined ? 'convention' : 'configuration'}
}

/** n of a group named by the cluster's pattern, as `conventionalNode` counts: 1, 2, ... without leading zeros. */
export function groupNumberOf({name, patterns}: ClusterSettings): (group: string) => number | undefined {
  const template = patterns.asg.replaceAll('{node}', patterns.node)
  const [first = '', ...rest] = template.split('{n}').map((part) => escapePattern(part.replaceAll('{cluster}', name)))
  if (rest.length === 0) return () => undefined
  const pattern = new RegExp(`^${first}(?<n>[1-9]\\d{0,5})${rest.join('\\k<n>')}$`)
  return (group) => {
    const n = pattern.exec(group)?.groups?.n
    return n === undefined ? undefined : Number(n)
  }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function list(groups: readonly string[]): string {
  return groups.length === 1
    ? `there is Auto Scaling group ${groups[0]}`
    : `there are Auto Scaling groups ${groups.join(', ')}`
}
