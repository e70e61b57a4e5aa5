import type {ClusterContext} from '../../context.ts'
import {type Consent, consentBeyond, consentFlags, consentLacking, resumeCommand} from '../../domain/roll/consent.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import type {LockDocument} from '../../domain/roll/lock.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, OpsError, UsageError} from '../../errors.ts'
import {discoverNodes} from '../nodes.ts'
import {assertAbandoned, readClaim, thisHolder} from './claim.ts'
import {assertKnownNodes, assumeLock, type HeldLock, lockedBy} from './lock.ts'
import {defaultPace, drive, type OpenWorld, type RollPace} from './start.ts'

export interface PreparedResume {
  /** The lock as it was read, and is shown: any later write of somebody else ends the resume. */
  readonly held: HeldLock
  readonly nodes: readonly NodeTarget[]
  readonly takeOver: boolean
}

/**
 * The roll whose lock is there, checked and not yet taken: for showing it before asking. Rejects with NO_ROLL, LOCKED
 * (also for a drain, which is not resumed), LOCK_UNREADABLE and AWS's own refusals. Changes nothing.
 */
export async function prepareResume(
  context: ClusterContext,
  {takeOver}: {readonly takeOver: boolean},
): Promise<PreparedResume> {
  const {settings} = context
  const held = await readClaim(context, await (await context.aws()).parameters(), takeOver)
  if (held.document.purpose === 'drain') throw lockedBy(settings, held.document)
  const discovery = await discoverNodes(context, {aws: true})
  if (discovery.problem) throw discovery.problem
  const {nodes} = discovery
  assertKnownNodes(settings, held.document, nodes)
  return {held, nodes, takeOver}
}

/**
 * What may be lost was somebody's own word, and the lock's word for it is anybody's who can write it: whoever resumes
 * says the same again. Rejects with CONSENT_REQUIRED (exit 3), the flags named; with a UsageError for one that the roll
 * was never allowed.
 */
export function assertConsent(cluster: string, {held, takeOver}: PreparedResume, given: Consent): void {
  const {roll, request} = held.document
  const beyond = consentFlags(consentBeyond(request, given))
  if (beyond.length > 0) {
    const own = consentFlags(request)
    const was = own.length === 0 ? 'nothing of the kind' : quoteForShell(own)
    throw new UsageError(`${quoteForShell(beyond)} is not what roll ${roll} was allowed: that is ${was}`)
  }
  const lacking = consentFlags(consentLacking(request, given))
  if (lacking.length === 0) return
  throw new OpsError(`roll ${roll} was allowed ${quoteForShell(lacking)}: whoever resumes it has to say so again`, {
    code: 'CONSENT_REQUIRED',
    exit: Exit.refused,
    suggestions: [
      resumeCommand(cluster, request, takeOver ? ['--take-over'] : []),
      quoteForShell(['natsops', 'roll', 'abort', '--cluster', cluster, ...(takeOver ? ['--take-over'] : [])]),
    ],
  })
}

/**
 * Goes on with the roll that was prepared, with the node in flight first. A lock that was left in good order, or whose
 * process on this machine is dead, may be resumed by anybody here; any other only with `takeOver`, and only when its
 * version has stood still for three heartbeats. Rejects as assertConsent does, with LOCKED, and with LOCK_LOST where the
 * lock is not the one that was prepared any more.
 */
export async function resumeRoll(
  context: ClusterContext,
  prepared: PreparedResume,
  given: Consent,
  openWorld: OpenWorld,
  report: (event: RollEvent) => void,
  pace: RollPace = defaultPace,
): Promise<string> {
  const {clock, settings} = context
  const {held, nodes, takeOver} = prepared
  assertConsent(settings.name, prepared, given)
  const store = await (await context.aws()).parameters()
  await assertAbandoned(context, store, held, pace)
  const world = await openWorld(context, nodes)
  const holder = thisHolder()
  const document: LockDocument = {...held.document, holder, handedOver: false, beat: held.document.beat + 1}
  const lock = await assumeLock(store, settings, document, held.version, clock).catch(async (error: unknown) => {
    await world.close()
    throw error
  })
  const resumed: RollEvent = {type: 'resumed', at: clock.now(), holder, tookOver: takeOver}
  await drive(context, lock, {nodes, world}, resumed, report, pace)
  return document.roll
}
