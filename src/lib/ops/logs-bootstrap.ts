import type {Aws, LogEvent} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {judgeBootstrap} from '../domain/roll/bootstrap.ts'
import type {NodeTarget} from '../domain/settings.ts'
import {orInterrupted} from './interruption.ts'
import {findInstances} from './node-instances.ts'
import {discoverNodes, findNode} from './nodes.ts'

/** A line of a node's bootstrap log. Untrusted text. */
export interface BootstrapEntry {
  readonly node: string
  readonly stream: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly message: string
}

export interface BootstrapRequest {
  /** Short or whole; undefined: all nodes. */
  readonly node: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly follow: boolean
  readonly onEntries: (entries: readonly BootstrapEntry[]) => void
}

const FOLLOW_MS = 3000
/** CloudWatch makes an event readable some time after the moment it bears, milliseconds. */
const LATE_MS = 60_000

/**
 * The bootstrap logs in CloudWatch, oldest first; it needs no instance that answers. With `follow` it reads on until the
 * signal is aborted and then resolves. Rejects with NODE_NOT_FOUND (exit 9), or AWS_NOT_FOUND where there is no group.
 */
export async function readBootstrapLogs(
  ctx: ClusterContext,
  {node, since, follow, onEntries}: BootstrapRequest,
): Promise<readonly NodeTarget[]> {
  const {clock, signal, settings} = ctx
  const nodes = await orInterrupted(signal, chooseNodes(ctx, node))
  const logs = await (await ctx.aws()).logs()
  const known = new Set<string>()
  let from = since
  try {
    for (;;) {
      const look = nodes.map(async ({name}) => {
        const query = {streamPrefix: streamPrefixOf(name), since: from}
        const events = await logs.find(settings.logs.bootstrapGroup, query)
        return events.filter(({id}) => !known.has(id)).map((event) => toEntry(name, event))
      })
      const found = await orInterrupted(signal, Promise.all(look))
      const entries = found.flat().sort((a, b) => a.at - b.at)
      for (const {id} of entries) known.add(id)
      if (entries.length > 0) onEntries(entries.map(({id: _id, ...entry}) => entry))
      if (!follow) return nodes
      from = Math.max(from, clock.now() - LATE_MS)
      await clock.sleep(FOLLOW_MS, signal)
    }
  } catch (error) {
    if (!follow || !signal.aborted) throw error
    return nodes
  }
}

/** Whether a node's bootstrap log says that its logs arrive. Public under --json. */
export interface BootstrapVerdict {
  readonly node: string
  readonly instanceId: string | null
  readonly verdict: 'ok' | 'failed' | 'unknown'
  /** Why it is not ok. Untrusted text. */
  readonly reason: string | null
}

/** The last word of each node's present instance, since its launch. Rejects like `readBootstrapLogs`. */
export async function checkBootstrap(
  ctx: ClusterContext,
  given: string | undefined,
): Promise<readonly BootstrapVerdict[]> {
  return orInterrupted(ctx.signal, checkNodes(ctx, given))
}

async function checkNodes(ctx: ClusterContext, given: string | undefined): Promise<readonly BootstrapVerdict[]> {
  const {bootstrapPattern: pattern, bootstrapGroup: group} = ctx.settings.logs
  const nodes = new Set((await chooseNodes(ctx, given)).map(({name}) => name))
  const aws = await ctx.aws()
  const placed = (await findInstances(ctx)).filter((each) => nodes.has(each.node.name))
  const launches = await launchTimes(
    aws,
    placed.flatMap((each) => ('instanceId' in each ? [each.instanceId] : [])),
  )
  const logs = await aws.logs()
  return Promise.all(
    placed.map(async (each): Promise<BootstrapVerdict> => {
      const {name} = each.node
      if ('problem' in each) return {node: name, instanceId: null, verdict: 'unknown', reason: each.problem.message}
      const {instanceId} = each
      const since = launches.get(instanceId) ?? 0
      const lines = await logs.find(group, {streamPrefix: streamPrefixOf(name), text: pattern, since})
      const word = judgeBootstrap(lines, {pattern, instanceId, since})
      if (word.kind === 'yes') return {node: name, instanceId, verdict: 'ok', reason: null}
      if (word.kind === 'failed') return {node: name, instanceId, verdict: 'failed', reason: word.line}
      const reason = `no line with "${pattern}" since ${instanceId} was launched, or CloudWatch has dropped it since`
      return {node: name, instanceId, verdict: 'unknown', reason}
    }),
  )
}

async function launchTimes(aws: Aws, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const instances = ids.length === 0 ? [] : await (await aws.ec2()).instances({ids})
  return new Map(instances.map(({id, launchedAt}) => [id, launchedAt]))
}

async function chooseNodes(ctx: ClusterContext, given: string | undefined): Promise<readonly NodeTarget[]> {
  const discovery = await discoverNodes(ctx, {aws: true})
  const {nodes, warning} = discovery
  if (warning !== undefined) ctx.terminal.say(`warning: ${warning}`)
  if (given === undefined) return nodes
  const name = findNode(ctx, nodes, given, discovery)
  return nodes.filter((node) => node.name === name)
}

function streamPrefixOf(node: string): string {
  return `${node}-bootstrap-`
}

function toEntry(node: string, {id, stream, at, message}: LogEvent): BootstrapEntry & {readonly id: string} {
  return {id, node, stream, at, message}
}
