import {randomBytes} from 'node:crypto'
import type {NatsClient} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import type {CheckedCredentials} from '../domain/credentials.ts'
import {parseServerList} from '../domain/server-list.ts'
import {type ExpiryLimits, judgeExpiry, LEAVES, type ServiceVerdict} from '../domain/service.ts'
import {inboxPrefixOf, planTrials, type Trial} from '../domain/service-trial.ts'
import {Exit, OpsError, verdictExits} from '../errors.ts'
import {refuse} from './credentials.ts'
import {readService, type ServiceContext} from './service.ts'

export type CheckContext = ServiceContext & Pick<ClusterContext, 'nats'>

/** What became of connecting to one host of the service's list. Public under --json. */
export interface HostResult {
  readonly host: string
  readonly connected: boolean
  readonly server: string | null
  readonly version: string | null
  readonly rttMs: number | null
  readonly problem: {readonly code: string; readonly message: string} | null
}

/** What became of one rule. Public under --json. */
export interface TrialResult extends Pick<Trial, 'operation' | 'rule' | 'kind' | 'subject'> {
  /** `not-tried`: not without leaving a trace. `failed`: tried, and nobody can tell. */
  readonly result: 'permitted' | 'refused' | 'not-tried' | 'failed'
  /** The server does what the JWT says; null where it was not tried. */
  readonly asExpected: boolean | null
  /** How long an answer took. */
  readonly tookMs: number | null
  readonly note: string | null
}

/** Public under --json. Holds no secret. */
export interface ServiceCheck {
  readonly cluster: string
  readonly service: string
  /** When it was judged. */
  readonly at: string
  readonly verdict: ServiceVerdict
  readonly user: string
  readonly accountId: string
  readonly expiresAt: string | null
  readonly hosts: readonly HostResult[]
  /** A message that came back; null where the permissions allow none without a trace, or none came. */
  readonly roundTrip: {readonly subject: string; readonly tookMs: number} | null
  readonly trials: readonly TrialResult[]
  readonly problems: readonly string[]
  /** What the first host that failed said; decides the exit status where none accepted the service. */
  readonly exit: number
}

/**
 * Connects as the service to every host of its own list, and tries there what the JWT says it may. Rejects with
 * SERVICE_NOT_FOUND, PARAMETER_NOT_FOUND (exit 9) or what makes the credentials unusable (exit 10); a host that cannot
 * be reached, or a server that refuses, is part of the result.
 */
export async function checkService(
  ctx: CheckContext,
  service: string,
  {timeoutMs, limits}: {readonly timeoutMs: number; readonly limits: ExpiryLimits},
): Promise<ServiceCheck> {
  const {settings} = ctx
  const {missing, check, host} = await readService(ctx, service)
  const [absent] = missing
  if (!check || absent !== undefined) throw incomplete(missing)
  if (!check.ok) throw refuse(check.problem)
  const {credentials} = check
  const servers = parseServerList(host ?? '', settings.ports.client)
  if (!servers) {
    throw new OpsError(`${LEAVES.host} of ${service} is not a list of NATS servers: ${JSON.stringify(host)}`, {
      code: 'HOST_LIST_INVALID',
      exit: Exit.refused,
      suggestions: ['a list such as nats://a.example:4222,nats://b.example:4222'],
    })
  }
  const visits = await Promise.all(servers.map((server) => visit(ctx, server, credentials, timeoutMs)))
  const {client} = visits.find((each) => each.client !== undefined) ?? {}
  const trials = client ? await tryAll(client, planTrials(credentials.claims, uniqueToken()), timeoutMs) : []
  const hosts = visits.map(({result}) => result)
  const now = ctx.clock.now()
  const expiry = judgeExpiry(credentials.claims, now, limits)
  const heard = trials.find(({tookMs, operation}) => tookMs !== null && operation === 'publish')
  const failed = hosts.filter(({connected}) => !connected)
  const unexpected = trials.filter(({asExpected}) => asExpected === false)
  const problems = [
    ...failed.map(({host, problem}) => `${host}: ${problem?.message ?? 'no connection'}`),
    ...unexpected.map(describeUnexpected),
    ...(expiry ? [`${LEAVES.jwt} ${expiry.problem}`] : []),
  ]
  const isLost = failed.length === hosts.length
  const verdict = isLost || expiry?.verdict === 'critical' ? 'critical' : problems.length > 0 ? 'degraded' : 'ok'
  return {
    cluster: settings.name,
    service,
    at: new Date(now).toISOString(),
    verdict,
    user: credentials.claims.name,
    accountId: credentials.claims.account,
    expiresAt: credentials.claims.expiresAt === undefined ? null : new Date(credentials.claims.expiresAt).toISOString(),
    hosts,
    roundTrip: heard && heard.tookMs !== null ? {subject: heard.subject, tookMs: heard.tookMs} : null,
    trials,
    problems,
    exit: isLost ? (visits[0]?.exit ?? Exit.unreachable) : verdictExits[verdict],
  }
}

interface Visit {
  readonly result: HostResult
  readonly client: NatsClient | undefined
  readonly exit: number
}

async function visit(
  {nats}: Pick<CheckContext, 'nats'>,
  host: string,
  {jwt, seed, claims}: CheckedCredentials,
  timeoutMs: number,
): Promise<Visit> {
  const inboxPrefix = inboxPrefixOf(claims.subscribe)
  try {
    const client = await nats({servers: [host], credentials: {jwt, seed}, timeoutMs, inboxPrefix})
    const rttMs = await client.rtt()
    const {name, version} = client.server()
    return {result: {host, connected: true, server: name, version, rttMs, problem: null}, client, exit: 0}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    const {code, message, exit} = error
    const lost = {host, connected: false, server: null, version: null, rttMs: null, problem: {code, message}}
    return {result: lost, client: undefined, exit}
  }
}

async function tryAll(
  client: NatsClient,
  trials: readonly Trial[],
  timeoutMs: number,
): Promise<readonly TrialResult[]> {
  const results: TrialResult[] = []
  // One after the other: the server's complaints name a subject, not the one who asked.
  for (const trial of trials) results.push(await tryOne(client, trial, timeoutMs))
  return results
}

async function tryOne(client: NatsClient, trial: Trial, timeoutMs: number): Promise<TrialResult> {
  const {operation, rule, kind, subject, expected, how} = trial
  const base = {operation, rule, kind, subject}
  const tell = (result: TrialResult['result'], tookMs: number | null, note: string | null): TrialResult => {
    const isTold = result === 'permitted' || result === 'refused'
    return {...base, result, asExpected: isTold ? (result === 'permitted') === expected : null, tookMs, note}
  }
  try {
    switch (how) {
      case 'none':
        return tell('not-tried', null, null)
      case 'subscribe':
        return tell((await client.maySubscribe(subject)) ? 'permitted' : 'refused', null, null)
      case 'echo':
        return tell('permitted', tenths(await client.echo({timeoutMs})), null)
      case 'request': {
        const began = performance.now()
        const answer = await client.request(subject, '', {timeoutMs})
        return tell('permitted', tenths(performance.now() - began), complaintOf(answer))
      }
    }
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    if (error.code === 'PERMISSION_DENIED') return tell('refused', null, null)
    if (error.code === 'NO_RESPONDERS') return tell('permitted', null, 'nobody answers it')
    return tell('failed', null, error.message)
  }
}

/** JetStream's own refusal, such as a stream that is not there; null where it answered. */
function complaintOf(answer: Uint8Array): string | null {
  try {
    const {error} = JSON.parse(new TextDecoder().decode(answer)) as {error?: {description?: unknown}}
    return error ? `answered: ${String(error.description)}` : null
  } catch {
    return null
  }
}

function describeUnexpected({operation, subject, result}: TrialResult): string {
  return result === 'refused'
    ? `the JWT allows to ${operation} ${subject}, and the server refuses it`
    : `the JWT forbids to ${operation} ${subject}, and the server allows it`
}

function incomplete(missing: readonly string[]): OpsError {
  return new OpsError(`there is no SSM parameter ${missing.join(' and no ')}`, {
    code: 'PARAMETER_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: ['store the missing parameter, then check again'],
  })
}

/** Of a millisecond: what is beyond is this machine's mood. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** A word that no subject of anybody's has. */
function uniqueToken(): string {
  return `natsops-check-${randomBytes(8).toString('hex')}`
}
