import {systemClock} from '../clock.ts'
import {Exit, OpsError} from '../errors.ts'
import type {LabNode} from './plan.ts'

export interface ReadinessOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  /** Called before each look; a rejection ends the wait: what is waited for cannot come any more. */
  readonly check: () => Promise<void>
  readonly report: (text: string) => void
}

/** How long all servers may say they are healthy while the meta group lacks one: then it will lack it for ever. */
const INCOMPLETE_LIMIT_MS = 3_000

/**
 * Waits until the cluster works: every server healthy and, where there are several, one meta leader that all agree on
 * and that sees every other server current. Rejects with LAB_NOT_READY (exit 7) and the first thing missing.
 */
export async function waitUntilReady(nodes: readonly LabNode[], options: ReadinessOptions): Promise<void> {
  const {signal, timeoutMs, check, report} = options
  const deadline = performance.now() + timeoutMs
  let shown = ''
  let incompleteSince: number | undefined
  for (;;) {
    await check()
    const missing = await findMissing(nodes, signal)
    if (missing === undefined) return
    const now = performance.now()
    incompleteSince = missing.allHealthy ? (incompleteSince ?? now) : undefined
    const isStuck = incompleteSince !== undefined && now - incompleteSince > INCOMPLETE_LIMIT_MS
    if (now > deadline || isStuck) throw notReady(missing.text)
    if (missing.text !== shown) report(`waiting: ${missing.text}`)
    shown = missing.text
    await systemClock.sleep(50, signal)
  }
}

function notReady(missing: string): OpsError {
  return new OpsError(`the lab was not ready in time: ${missing}`, {
    code: 'LAB_NOT_READY',
    exit: Exit.unreachable,
    suggestions: ['natsops lab up --timeout 5m'],
  })
}

interface Missing {
  readonly text: string
  /** Every server is healthy and they agree on a meta leader. */
  readonly allHealthy: boolean
}

interface MetaGroup {
  readonly leader?: string
  readonly replicas?: readonly {readonly name: string; readonly current: boolean; readonly offline?: boolean}[]
}

/** What is not there yet, in words; undefined when all is. */
async function findMissing(nodes: readonly LabNode[], signal: AbortSignal): Promise<Missing | undefined> {
  const views = await Promise.all(
    nodes.map(async (node) => ({
      node,
      healthy: (await get(node, '/healthz', signal))?.ok === true,
      meta: await readMeta(node, signal),
    })),
  )
  const sick = views.find(({healthy}) => !healthy)
  if (sick) return {text: `${sick.node.name} is not healthy yet`, allHealthy: false}
  if (nodes.length === 1) return undefined
  const leaders = new Set(views.map(({meta}) => meta?.leader))
  const [leader] = leaders
  if (leaders.size !== 1 || !leader) return disagreed
  const replicas = views.find(({node}) => node.name === leader)?.meta?.replicas ?? []
  const current = new Set(replicas.filter((replica) => replica.current && !replica.offline).map(({name}) => name))
  const behind = nodes.find(({name}) => name !== leader && !current.has(name))
  return behind && {text: `${behind.name} has not caught up with the meta group yet`, allHealthy: true}
}

const disagreed: Missing = {text: 'the servers have not agreed on a meta leader yet', allHealthy: false}

async function readMeta(node: LabNode, signal: AbortSignal): Promise<MetaGroup | undefined> {
  const response = await get(node, '/jsz', signal)
  const body = (await response?.json().catch(() => undefined)) as {meta_cluster?: MetaGroup} | undefined
  return body?.meta_cluster
}

/** undefined for a server that cannot be asked yet. */
async function get({host, monitorPort}: LabNode, path: string, signal: AbortSignal): Promise<Response | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(2_000)])
  try {
    return await fetch(`http://${host}:${monitorPort}${path}`, {signal: limit})
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}
