import type {ClusterContext} from '../../context.ts'
import {defaultRhythm, type State} from '../../domain/roll/algorithm.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import {type LockDocument, undoDrainCommand} from '../../domain/roll/lock.ts'
import {wholeIdentity} from '../../domain/roll/view.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {type Told, tell} from '../../domain/told.ts'
import {isLeft} from './claim.ts'
import {journalFolder, readJournal} from './journal.ts'
import {type HeldLock, lockParameter, readLock} from './lock.ts'

/** Public under --json, as `tellStatus` makes it. Times: milliseconds since the epoch, by the wall clocks of those who wrote them. */
export interface RollStatus {
  readonly cluster: string
  readonly at: number
  /** The SSM parameter of the lock. */
  readonly parameter: string
  /** Null: no roll is under way and no node is drained. */
  readonly lock: LockDocument | null
  readonly version: number | null
  /**
   * Age of the last renewal, by this machine's clock against the holder's: for people. Whether a lock is dead is judged
   * by watching it stand still.
   */
  readonly heartbeatAgeMs: number | null
  /** By the age of the heartbeat somebody drives the roll just now. */
  readonly driven: boolean
  /** From the journal, where this machine has one of the roll. */
  readonly local: {readonly state: State; readonly node: string | null; readonly enteredAt: number} | null
  /** Why it stands, in words of several lines: from the journal of this machine, unless it was resumed from here since. */
  readonly ended: {readonly at: number; readonly exit: number; readonly code: string; readonly message: string} | null
  /** Whether a resume from here goes on at once, or needs --take-over; null where there is nothing to resume now. */
  readonly resumable: 'at-once' | 'take-over' | null
  /** Commands for what can be done next. */
  readonly next: readonly string[]
}

/** The status for --json. A lock leaves out what there is not. */
export function tellStatus(status: RollStatus): Told<RollStatus> {
  const {lock} = status
  if (lock === null) return tell(status)
  const {purpose = 'roll', instances, current} = lock
  const whole = current && {...current, identity: wholeIdentity(current.identity)}
  return tell({...status, lock: {...lock, purpose, instances, current: whole}})
}

/** Who holds the lock of a cluster and how far they are. Changes nothing. */
export async function readStatus(context: ClusterContext): Promise<RollStatus> {
  return statusOf(context, await readLock(await (await context.aws()).parameters(), context.settings))
}

/** The status that a lock tells which was read. */
export async function statusOf(
  {clock, configuration, settings}: Pick<ClusterContext, 'clock' | 'configuration' | 'settings'>,
  held: HeldLock | undefined,
): Promise<RollStatus> {
  const parameter = lockParameter(settings)
  const {name: cluster} = settings
  const at = clock.now()
  if (held === undefined) {
    const nothing = {lock: null, version: null, heartbeatAgeMs: null, local: null, ended: null, resumable: null}
    return {cluster, at, parameter, driven: false, ...nothing, next: [`natsops roll --cluster ${cluster} --dry-run`]}
  }
  const {document, version} = held
  const journal = await readJournal(journalFolder(configuration.paths.state, cluster), document.roll).catch(() => {})
  const state = journal?.events.findLast((event) => event.type === 'state')
  const isDrain = document.purpose === 'drain'
  const isNobodys = isLeft(document)
  const heartbeatAgeMs = Math.max(0, at - document.heartbeatAt)
  const driven = !isNobodys && heartbeatAgeMs <= STALE_BEATS * defaultRhythm.heartbeat
  return {
    cluster,
    at,
    parameter,
    lock: document,
    version,
    heartbeatAgeMs,
    driven,
    local: state?.type === 'state' ? {state: state.state, node: state.node ?? null, enteredAt: state.at} : null,
    ended: endOf(journal?.events ?? []),
    resumable: isDrain || driven ? null : isNobodys ? 'at-once' : 'take-over',
    next: driven ? [`natsops roll status --cluster ${cluster}`] : nextSteps(cluster, document),
  }
}

/** Beats after which a heartbeat is late: as long as --take-over watches for one. */
const STALE_BEATS = 3

/** How the latest drive came to its end; null while it goes on, and where it was killed. */
function endOf(events: readonly RollEvent[]): RollStatus['ended'] {
  const last = events.findLast(({type}) => type === 'ended' || type === 'started' || type === 'resumed')
  if (last?.type !== 'ended') return null
  const {at, exit, code, message} = last
  return {at, exit, code, message}
}

/** What to do with a lock that nobody seems to drive on from. */
function nextSteps(cluster: string, document: LockDocument): readonly string[] {
  const end = (verb: string, flags: readonly string[] = []): string =>
    quoteForShell(['natsops', 'roll', verb, '--cluster', cluster, ...flags])
  const force = isLeft(document) ? [] : ['--take-over']
  if (document.purpose === 'drain') {
    const node = document.current?.identity.node
    return [node === undefined ? end('abort', force) : undoDrainCommand(cluster, node, force)]
  }
  return [end('resume', force), end('abort', force)]
}
