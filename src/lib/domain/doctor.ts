import {humanDuration} from './quantity.ts'
import {describeHolder, type LockDocument, undoDrainCommand} from './roll/lock.ts'
import {quoteForShell} from './shell.ts'

/**
 * `info`: worth knowing, not wrong. `unknown`: it was to be found out and could not be. `not-checked`: there is no way to
 * find out without doing harm, or nothing to check here; neither of the last two is ever taken for `ok`.
 */
const statuses = ['failed', 'unknown', 'warning', 'info', 'not-checked', 'ok'] as const
export type Status = (typeof statuses)[number]

/** Causes before effects: the order in which findings of one severity are shown. */
const checkNames = [
  'configuration',
  'node',
  'vpn',
  'names',
  'client-ports',
  'monitor-ports',
  'server-clocks',
  'aws-identity',
  'aws-clock',
  'admin-credentials',
  'system-credentials',
  'nats-login',
  'permissions-read',
  'permissions-roll',
  'permissions-logs',
  'permissions-session',
  'roll-lock',
  'session-manager-plugin',
  'nats-cli',
  'left-over-credentials',
] as const
export type CheckName = (typeof checkNames)[number]

/** What one check came to. Untrusted text. */
export interface Outcome {
  readonly status: Status
  readonly message: string
  /** A command, or what to do, that mends it. */
  readonly fix?: string | undefined
}

/** Public under --json, like all of the report. */
export interface DoctorFinding {
  readonly check: CheckName
  readonly status: Status
  readonly message: string
  readonly fix: string | null
  /** How long it took to find out. */
  readonly tookMs: number
}

export type DoctorVerdict = 'ok' | 'degraded' | 'critical'

export interface DoctorReport {
  /** Null where no cluster could be settled on. */
  readonly cluster: string | null
  readonly verdict: DoctorVerdict
  /** RFC 3339. */
  readonly at: string
  readonly counts: Readonly<Record<Status, number>>
  /** What is wrong first, causes before effects; then the rest in the order of the checks. */
  readonly findings: readonly DoctorFinding[]
}

export function reportOf(cluster: string | null, findings: readonly DoctorFinding[], now: number): DoctorReport {
  const judged = forgiveVpn(findings)
  const counts = {failed: 0, unknown: 0, warning: 0, info: 0, 'not-checked': 0, ok: 0}
  for (const {status} of judged) counts[status] += 1
  const verdict = counts.failed > 0 ? 'critical' : counts.unknown + counts.warning > 0 ? 'degraded' : 'ok'
  const rank = ({status, check}: DoctorFinding): number =>
    statuses.indexOf(status) * checkNames.length + checkNames.indexOf(check)
  const sorted = [...judged].sort((a, b) => rank(a) - rank(b))
  return {cluster, verdict, at: new Date(now).toISOString(), counts, findings: sorted}
}

/** Nodes that are reached are reached, by whatever way. */
function forgiveVpn(findings: readonly DoctorFinding[]): readonly DoctorFinding[] {
  const reached = findings.some(({check, status}) => check === 'client-ports' && status === 'ok')
  return findings.map((each) =>
    each.check === 'vpn' && each.status === 'failed' && reached
      ? {...each, status: 'info', message: `${each.message}; the nodes are reached without it`}
      : each,
  )
}

/** The oldest Node that runs natsops: as `engines` in package.json. */
export const OLDEST_NODE = [22, 18] as const

export function judgeNode(version: string): Outcome {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  const message = `Node ${version}`
  if (!isOld) return {status: 'ok', message}
  return {
    status: 'failed',
    message: `${message}: natsops needs ${OLDEST_NODE.join('.')} or newer`,
    fix: 'script/bootstrap',
  }
}

/** What `warp-cli status` says: `Status update: Connected`, or another state with a reason below it. */
export function judgeWarp(text: string): Outcome {
  const state = /status(?: update)?:\s*(\w+)/i.exec(text)?.[1]
  if (state === 'Connected') return {status: 'ok', message: 'Cloudflare WARP is connected'}
  if (state === undefined)
    return {status: 'unknown', message: 'warp-cli says nothing that is understood', fix: 'warp-cli status'}
  return {status: 'failed', message: `Cloudflare WARP is not connected (${state})`, fix: 'warp-cli connect'}
}

const SKEW_WARNING_MS = 30_000
/** AWS refuses a request whose time is five minutes off. */
const SKEW_FAILED_MS = 240_000

/** Clocks of others, in milliseconds ahead of this machine's. */
export function judgeSkew(skews: readonly {readonly whose: string; readonly ms: number}[]): Outcome {
  const [worst] = [...skews].sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms))
  if (!worst) return {status: 'unknown', message: 'nobody told the time'}
  const off = Math.abs(worst.ms)
  const message = `${worst.whose} is ${humanDuration(off)} ${worst.ms < 0 ? 'behind' : 'ahead of'} this machine`
  if (off < SKEW_WARNING_MS)
    return {status: 'ok', message: `within ${humanDuration(Math.max(1000, off))} of this machine's clock`}
  const fix = 'set the clock: sudo timedatectl set-ntp true (Linux), sudo sntp -sS time.apple.com (macOS)'
  return {status: off < SKEW_FAILED_MS ? 'warning' : 'failed', message, fix}
}

/** A holder renews every 15 s: after this long it sleeps, or is gone. */
const STALE_LOCK_MS = 120_000

/** `cluster` is the name by the settings: a lock may say anything. */
export function judgeLock(cluster: string, lock: LockDocument | undefined, now: number): Outcome {
  if (!lock) return {status: 'ok', message: 'no roll is under way'}
  const {holder, current, handedOver, purpose, heartbeatAt, roll} = lock
  const age = now - heartbeatAt
  const node = current?.identity.node
  if (purpose === 'drain') {
    const fix =
      node === undefined
        ? quoteForShell(['natsops', 'roll', 'abort', '--cluster', cluster])
        : undoDrainCommand(cluster, node)
    return {status: 'warning', message: `${node ?? 'a node'} is drained by ${describeHolder(holder)}`, fix}
  }
  if (handedOver) {
    const message = `roll ${roll} was left unfinished by ${describeHolder(holder)}`
    return {status: 'warning', message, fix: quoteForShell(['natsops', 'roll', 'resume', '--cluster', cluster])}
  }
  const held = `roll ${roll} is held by ${describeHolder(holder)}`
  if (age < STALE_LOCK_MS) return {status: 'info', message: `${held}, renewed ${humanDuration(Math.max(0, age))} ago`}
  const message = `${held} and was not renewed for ${humanDuration(age)}`
  return {status: 'warning', message, fix: quoteForShell(['natsops', 'roll', 'status', '--cluster', cluster])}
}
