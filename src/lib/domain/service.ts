import type {KeyInspector} from './credentials.ts'
import {timestamp} from './credentials-view.ts'
import {parseServerList} from './server-list.ts'
import {decodeUserJwt, type UserClaims} from './user-claims.ts'

/** What SSM holds of one service. Name and values are untrusted text. */
export interface ServiceParameters {
  readonly name: string
  /** Value of nats_host. */
  readonly host: string | undefined
  readonly jwt: string | undefined
  /** The seed itself is not read for this. */
  readonly hasSeed: boolean
}

export type ServiceVerdict = 'ok' | 'degraded' | 'critical'

/** Days left of a JWT at which it counts as a warning, and as critical. */
export interface ExpiryLimits {
  readonly warningDays: number
  readonly criticalDays: number
}

/** One service, judged by its parameters alone. Public under --json; times in RFC 3339, null where there is none. */
export interface ServiceRow {
  readonly service: string
  readonly verdict: ServiceVerdict
  readonly hasHost: boolean
  readonly hasJwt: boolean
  readonly hasSeed: boolean
  /** URLs of the hosts it connects to. */
  readonly servers: readonly string[]
  readonly user: string | null
  readonly publicKey: string | null
  readonly accountId: string | null
  /** Null: never, or there is no readable JWT. */
  readonly expiresAt: string | null
  /** Whole days, negative once it is over. */
  readonly daysLeft: number | null
  /** Why the verdict is not ok, most urgent first. */
  readonly problems: readonly string[]
}

const DAY_MS = 86_400_000
/** As for all credentials: clocks differ a little. */
const CLOCK_TOLERANCE_MS = 60_000
/** Last parts of the names of a service's parameters; alike in every NATS a service can use. */
export const LEAVES = {host: 'nats_host', jwt: 'nats_admin_jwt', seed: 'nats_admin_nkey_seed'} as const

/** Parameter names below `<prefix>/services/`, by service; what is not a parameter of a service is left out. */
export function groupServices(
  base: string,
  names: readonly string[],
): ReadonlyMap<string, ReadonlyMap<keyof typeof LEAVES, string>> {
  const services = new Map<string, Map<keyof typeof LEAVES, string>>()
  for (const name of names) {
    if (!name.startsWith(`${base}/`)) continue
    const rest = name.slice(base.length + 1)
    const [service, leaf] = [rest.slice(0, rest.indexOf('/')), rest.slice(rest.indexOf('/') + 1)]
    const key = (Object.keys(LEAVES) as (keyof typeof LEAVES)[]).find((each) => LEAVES[each] === leaf)
    if (service === '' || !rest.includes('/')) continue
    const found = services.get(service) ?? new Map<keyof typeof LEAVES, string>()
    if (key) found.set(key, name)
    services.set(service, found)
  }
  return new Map([...services].filter(([, found]) => found.size > 0))
}

export interface Judgement {
  readonly inspector: Pick<KeyInspector, 'verifySignature'>
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly limits: ExpiryLimits
  readonly defaultPort: number
}

/** Whether a service could connect with what SSM holds, and for how long. Pure. */
export function judgeService(
  {name, host, jwt, hasSeed}: ServiceParameters,
  {inspector, now, limits, defaultPort}: Judgement,
): ServiceRow {
  const servers = host === undefined ? undefined : parseServerList(host, defaultPort)
  const text = jwt?.replace(/\s/g, '')
  const decoded = text === undefined ? undefined : decodeUserJwt(text)
  const claims = decoded?.ok ? decoded.claims : undefined
  const expiry = claims && judgeExpiry(claims, now, limits)
  const severe = [
    ...(jwt === undefined ? [`${LEAVES.jwt} is missing`] : []),
    ...(hasSeed ? [] : [`${LEAVES.seed} is missing`]),
    ...(host === undefined ? [`${LEAVES.host} is missing`] : []),
    ...(decoded && !decoded.ok ? [`${LEAVES.jwt} ${decoded.reason}`] : []),
    ...(claims && !inspector.verifySignature(text ?? '') ? [`${LEAVES.jwt} is damaged`] : []),
    ...(expiry?.verdict === 'critical' ? [expiry.problem] : []),
    ...(host !== undefined && servers === undefined ? [`${LEAVES.host} is not a list of NATS servers`] : []),
  ]
  const mild = expiry?.verdict === 'degraded' ? [expiry.problem] : []
  return {
    service: name,
    verdict: severe.length > 0 ? 'critical' : mild.length > 0 ? 'degraded' : 'ok',
    hasHost: host !== undefined,
    hasJwt: jwt !== undefined,
    hasSeed,
    servers: servers ?? [],
    user: claims?.name ?? null,
    publicKey: claims?.publicKey ?? null,
    accountId: claims?.account ?? null,
    expiresAt: timestamp(claims?.expiresAt),
    daysLeft: claims?.expiresAt === undefined ? null : daysUntil(claims.expiresAt, now),
    problems: [...severe, ...mild],
  }
}

/** The worst of them; `ok` of none. */
export function worstVerdict(rows: readonly {readonly verdict: ServiceVerdict}[]): ServiceVerdict {
  const order: readonly ServiceVerdict[] = ['critical', 'degraded', 'ok']
  return order.find((verdict) => rows.some((row) => row.verdict === verdict)) ?? 'ok'
}

/** Most urgent first: by verdict, then by days left, then by name. */
export function sortServices(rows: readonly ServiceRow[]): readonly ServiceRow[] {
  const rank = {critical: 0, degraded: 1, ok: 2} as const
  const left = ({daysLeft}: ServiceRow): number => daysLeft ?? Number.MAX_SAFE_INTEGER
  return [...rows].sort(
    (a, b) => rank[a.verdict] - rank[b.verdict] || left(a) - left(b) || (a.service < b.service ? -1 : 1),
  )
}

/** Hosts that are no node of the cluster. */
export function strangersAmong(servers: readonly string[], hosts: readonly string[]): readonly string[] {
  return servers.filter((url) => !hosts.includes(new URL(url).hostname.replace(/^\[|\]$/g, '')))
}

/** What is wrong with the time of a JWT, where anything is. */
export function judgeExpiry(
  {expiresAt, validFrom}: Pick<UserClaims, 'expiresAt' | 'validFrom'>,
  now: number,
  {warningDays, criticalDays}: ExpiryLimits,
): {readonly verdict: 'degraded' | 'critical'; readonly problem: string} | undefined {
  if (validFrom !== undefined && validFrom > now + CLOCK_TOLERANCE_MS) {
    return {verdict: 'critical', problem: `not valid before ${timestamp(validFrom)}`}
  }
  if (expiresAt === undefined) return undefined
  if (expiresAt <= now) return {verdict: 'critical', problem: `expired at ${timestamp(expiresAt)}`}
  const left = (expiresAt - now) / DAY_MS
  const days = Math.floor(left)
  const problem = days < 1 ? 'expires within a day' : `expires in ${days} day${days === 1 ? '' : 's'}`
  if (left <= criticalDays) return {verdict: 'critical', problem}
  return left <= warningDays ? {verdict: 'degraded', problem} : undefined
}

function daysUntil(at: number, now: number): number {
  return Math.floor((at - now) / DAY_MS)
}
