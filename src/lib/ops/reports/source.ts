import type {JetStreamApi, NatsClient} from '../../clients/ports.ts'
import type {ClusterContext} from '../../context.ts'
import type {CredentialOwner} from '../../domain/credentials.ts'
import type {SourceKind} from '../../domain/reports/source.ts'
import {OpsError} from '../../errors.ts'
import {type FetchedCredentials, fetchCredentials} from '../credentials.ts'
import {type Discovery, discoverNodes} from '../nodes.ts'
import {openAccountSource} from './account-source.ts'
import {openNodesSource} from './nodes-source.ts'
import type {ReportSource} from './report-source.ts'

export type {ReportSource} from './report-source.ts'

export interface SourceOptions {
  /** This one and no other. */
  readonly force?: SourceKind | undefined
  /** Whose account is looked at where the system account is not to be had. A service that is named is what was asked for. */
  readonly owner: CredentialOwner
  /** Those that can tell what is wanted, the best first; absent: all. */
  readonly kinds?: readonly SourceKind[]
}

/** A source with the connections it asks through. */
export interface OpenedSource extends ReportSource {
  /** Ends them, for who opens another one; otherwise they end with the context. */
  close(): Promise<void>
}

/** What servers tell of themselves: an account's own API knows nothing of it. */
export const NODE_SOURCES: readonly SourceKind[] = ['system', 'monitor']

const BEST_FIRST: readonly SourceKind[] = ['system', 'account', 'monitor']

/**
 * Opens the best source that answers: the system account, else the account of the credentials, else the monitoring
 * ports. With a service's credentials it is that service's account and nothing else. What was passed over, and why, is
 * told in the source's notes.
 *
 * Rejects with what the forced source fails with, else with what the last one does; then nothing is left open.
 */
export async function openSource(ctx: ClusterContext, {force, owner, kinds}: SourceOptions): Promise<OpenedSource> {
  const able = kinds ?? BEST_FIRST
  const asked = owner.kind === 'service' && able.includes('account') ? 'account' : undefined
  const choice = force ?? asked
  const candidates = choice === undefined ? able : [choice]
  const passed: string[] = []
  let isUnreachable = false
  for (const [index, kind] of candidates.entries()) {
    const isLast = index === candidates.length - 1
    // Where nobody took the one user's connection, nobody takes the other's, and each try costs its time limit.
    if (isUnreachable && kind !== 'monitor' && !isLast) continue
    const {scoped, close} = scopeConnections(ctx)
    try {
      return {...(await OPEN[kind](scoped, owner, passed)), close}
    } catch (error) {
      await close()
      if (!(error instanceof OpsError) || ctx.signal.aborted) throw error
      if (isLast) throw withReasons(error, passed)
      isUnreachable = error.code === 'NATS_UNREACHABLE'
      passed.push(`${IN_WORDS[kind]} was not to be had: ${error.lines[0]}`)
    }
  }
  throw new Error('there is no source to open')
}

/** The same context, whose NATS connections can be ended together; one that comes later is ended at once. */
function scopeConnections(ctx: ClusterContext): {readonly scoped: ClusterContext; close(): Promise<void>} {
  const opened: NatsClient[] = []
  let isClosed = false
  const nats: ClusterContext['nats'] = async (options) => {
    const client = await ctx.nats(options)
    opened.push(client)
    if (isClosed) await client.close()
    return client
  }
  return {
    scoped: {...ctx, nats},
    async close() {
      isClosed = true
      await Promise.all(opened.map((client) => client.close()))
    },
  }
}

/** The last one's failure alone would hide why the better ones were not taken. */
function withReasons(error: OpsError, passed: readonly string[]): OpsError {
  if (passed.length === 0) return error
  const {code, exit, suggestions} = error
  return new OpsError([...error.lines, ...passed.map((reason) => `  ${reason}`)], {
    code,
    exit,
    suggestions,
    cause: error,
  })
}

const IN_WORDS: Readonly<Record<SourceKind, string>> = {
  system: 'the system account',
  account: "the account's own API",
  monitor: 'the monitor ports',
}

type Open = (ctx: ClusterContext, owner: CredentialOwner, passed: readonly string[]) => Promise<ReportSource>

const OPEN: Readonly<Record<SourceKind, Open>> = {
  async system(ctx, _owner, passed) {
    const [client, {nodes, warning}] = await Promise.all([connectSystem(ctx), discover(ctx)])
    const {name} = client.server()
    return openNodesSource(await ctx.nodeReports(nodes, client), {
      kind: 'system',
      clock: ctx.clock,
      describe: (answered, all) => `system account through ${name}: ${share(answered, all)}`,
      limits: [...passed, ...(warning === undefined ? [] : [warning])],
    })
  },
  async account(ctx, owner, passed) {
    const {api, account} = await openAccountApi(ctx, owner)
    return openAccountSource(api, {clock: ctx.clock, account, because: passed, first: await api.streams(0)})
  },
  async monitor(ctx, _owner, passed) {
    const {nodes, warning} = await discover(ctx)
    return openNodesSource(await ctx.nodeReports(nodes), {
      kind: 'monitor',
      clock: ctx.clock,
      describe: (answered, all) => `monitor ports of ${share(answered, all)}`,
      limits: [...passed, ...(warning === undefined ? [] : [warning])],
    })
  },
}

/** JetStream's own API with these credentials; it sees their account. Rejects as the credentials and NATS do. */
export async function openAccountApi(
  ctx: ClusterContext,
  owner: CredentialOwner,
): Promise<{readonly api: JetStreamApi; readonly account: {readonly name: string; readonly id: string}}> {
  const {client, fetched} = await connect(ctx, owner)
  const account = await nameAccount(client, fetched.credentials.claims.account, ctx.requestTimeoutMs)
  return {api: await ctx.jetStreamApi(client, account), account}
}

/** A connection that servers answer as a system user's; rejects as the credentials and NATS do, then nothing is left open. */
export async function connectSystem(ctx: ClusterContext): Promise<NatsClient> {
  const {client} = await connect(ctx, {kind: 'system'})
  try {
    // Only a system user's request is heard; anybody else's rejects here with NO_RESPONDERS.
    await client.gather('$SYS.REQ.SERVER.PING.IDZ', '', {timeoutMs: ctx.requestTimeoutMs, take: () => 0})
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

async function connect(
  ctx: ClusterContext,
  owner: CredentialOwner,
): Promise<{readonly client: NatsClient; readonly fetched: FetchedCredentials}> {
  const fetched = await fetchCredentials(ctx, owner)
  const {jwt, seed} = fetched.credentials
  const {servers, inspect} = fetched
  const client = await ctx.nats({servers, credentials: {jwt, seed}, inspect, timeoutMs: ctx.requestTimeoutMs})
  return {client, fetched}
}

/** Nodes that are configured one by one are known; otherwise their groups say how many there are. */
function discover(ctx: ClusterContext): Promise<Discovery> {
  return discoverNodes(ctx, {aws: typeof ctx.settings.nodes !== 'object'})
}

/** The account's name for people, which only its servers know, and 2.10 does not tell; else its key. */
async function nameAccount(
  client: NatsClient,
  id: string,
  timeoutMs: number,
): Promise<{readonly name: string; readonly id: string}> {
  try {
    const answer = await client.request('$SYS.REQ.USER.INFO', '', {timeoutMs})
    const {data} = JSON.parse(Buffer.from(answer).toString('utf8')) as {data?: {account_name?: unknown}}
    const name = data?.account_name
    return {name: typeof name === 'string' && name !== '' ? name : id, id}
  } catch {
    // Not every user may ask.
    return {name: id, id}
  }
}

function share(answered: number, all: number): string {
  return answered === all ? `${all} node${all === 1 ? '' : 's'}` : `${answered} of ${all} nodes`
}
