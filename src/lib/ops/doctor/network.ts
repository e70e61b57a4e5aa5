import {lookup} from 'node:dns/promises'
import {connect} from 'node:net'
import {setTimeout as delay} from 'node:timers/promises'
import type {ClusterContext} from '../../context.ts'
import {judgeSkew, type Outcome} from '../../domain/doctor.ts'
import {humanDuration, listed} from '../../domain/quantity.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {messageOf} from '../../errors.ts'
import {blocked, type Check, shared} from './check.ts'
import {findVpn} from './machine.ts'

/** One answer to a question that is asked of every node. */
type Reached<T> = {readonly node: NodeTarget; readonly value: T} | {readonly node: NodeTarget; readonly problem: string}

const VPN = 'connect the VPN (Cloudflare WARP): warp-cli connect'

/** Names, ports and clocks of the nodes, and the VPN that all of them depend on. */
export function networkChecks(
  ctx: Pick<ClusterContext, 'clock' | 'configuration' | 'monitor' | 'settings'>,
  nodes: readonly NodeTarget[],
  limitMs: number,
): readonly Check[] {
  const addresses = shared(() => resolveInTurn(nodes, limitMs / 2))
  const fix = {all: VPN, some: `natsops health --cluster ${ctx.settings.name}`}
  const isLocal = nodes.every(({host}) => /^(127\.|localhost$|::1$|\[::1\]$)/.test(host))

  /** Of each node whose name has an address. */
  const ask = async <T>(question: (node: NodeTarget, address: string) => Promise<T>): Promise<readonly Reached<T>[]> =>
    Promise.all(
      (await addresses()).map(async (found): Promise<Reached<T>> => {
        const {node} = found
        if ('problem' in found) return {node, problem: 'its name has no address'}
        try {
          return {node, value: await question(node, found.value)}
        } catch (error) {
          return {node, problem: messageOf(error)}
        }
      }),
    )
  const monitors = shared(() =>
    ask(async (node) => {
      const began = performance.now()
      const answer = await within(limitMs * 0.4, (await ctx.monitor()).server(node))
      if (!answer.ok) throw new Error(answer.problem.detail)
      const ms = performance.now() - began
      return {ms, skew: answer.value.now - (ctx.clock.now() - ms / 2)}
    }),
  )
  return [
    {
      name: 'vpn',
      look: async () =>
        isLocal ? {status: 'not-checked', message: 'the nodes are on this machine'} : findVpn(ctx, limitMs),
    },
    {name: 'names', look: async () => summarise(await addresses(), 'resolve', fix)},
    {
      name: 'client-ports',
      look: async () => {
        const answers = await ask((node, address) => greet(address, node.clientPort, limitMs * 0.4))
        return summarise(answers, 'accept clients', fix, ({value}) => value)
      },
    },
    {name: 'monitor-ports', look: async () => summarise(await monitors(), 'answer', fix, ({value}) => value.ms)},
    {
      name: 'server-clocks',
      look: async () => {
        const told = (await monitors()).flatMap((each) =>
          'value' in each ? [{whose: each.node.name, ms: each.value.skew}] : [],
        )
        return told.length > 0 ? judgeSkew(told) : blocked('no monitoring port answers')
      },
    },
  ]
}

/**
 * One name after the other: a name server that is silent keeps a thread of Node's few until the system gives up, and the
 * other threads are needed for everything else. After a silence the other names are not asked.
 */
async function resolveInTurn(nodes: readonly NodeTarget[], limitMs: number): Promise<readonly Reached<string>[]> {
  const found: Reached<string>[] = []
  let isSilent = false
  for (const node of nodes) {
    try {
      if (isSilent) throw new Error('not asked after that')
      found.push({node, value: (await within(limitMs, lookup(node.host))).address})
    } catch (error) {
      isSilent ||= error instanceof Silence
      const {code} = error as NodeJS.ErrnoException
      found.push({node, problem: code === 'ENOTFOUND' ? 'does not resolve' : messageOf(error)})
    }
  }
  return found
}

/** Connects and reads the server's greeting; milliseconds. */
async function greet(host: string, port: number, limitMs: number): Promise<number> {
  const began = performance.now()
  const socket = connect({host, port})
  const {promise, resolve, reject} = Promise.withResolvers<number>()
  socket.once('data', (chunk) => {
    if (chunk.toString('latin1').startsWith('INFO ')) resolve(performance.now() - began)
    else reject(new Error(`what answers on ${host}:${port} is no NATS server`))
  })
  socket.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`${host}:${port}: ${error.code}`)))
  socket.once('close', () => reject(new Error(`${host}:${port} closed the connection at once`)))
  try {
    return await within(limitMs, promise)
  } catch (error) {
    if (!(error instanceof Silence)) throw error
    const what = socket.connecting ? 'does not accept' : 'accepts and says nothing'
    throw new Error(`${host}:${port} ${what}`, {cause: error})
  } finally {
    socket.destroy()
  }
}

class Silence extends Error {}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const limit = new AbortController()
  const late = delay(limitMs, undefined, {signal: limit.signal}).then(() => {
    throw new Silence(`no answer within ${humanDuration(limitMs)}`)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    limit.abort()
    late.catch(() => {})
    work.catch(() => {})
  }
}

function summarise<T>(
  answers: readonly Reached<T>[],
  verb: string,
  /** Where all are lost, and where only some are. */
  fix: {readonly all: string; readonly some: string},
  took?: (answer: {readonly value: T}) => number,
): Outcome {
  const lost = answers.flatMap((each) => ('problem' in each ? [each] : []))
  const good = answers.flatMap((each) => ('value' in each ? [each] : []))
  const times = took ? good.map(took).sort((a, b) => a - b) : []
  const range = times.length > 0 ? ` in ${humanDuration(times[0] ?? 0)} to ${humanDuration(times.at(-1) ?? 0)}` : ''
  const count = `${good.length} of ${answers.length} ${verb}${range}`
  if (lost.length === 0) return {status: 'ok', message: count}
  const unresolved = lost.every(({problem}) => problem === 'its name has no address')
  if (unresolved && good.length === 0) return blocked('no name has an address')
  const reasons = lost.map(({node, problem}) => `${verb === 'resolve' ? node.host : node.name}: ${problem}`)
  return {status: 'failed', message: `${count}; ${listed(reasons)}`, fix: good.length > 0 ? fix.some : fix.all}
}
