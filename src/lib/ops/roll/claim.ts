import {hostname, userInfo} from 'node:os'
import type {ParameterStore} from '../../clients/ports.ts'
import type {ClusterContext} from '../../context.ts'
import type {LockDocument, LockHolder} from '../../domain/roll/lock.ts'
import {Exit, OpsError} from '../../errors.ts'
import {type HeldLock, isStale, type LockPlace, lockedBy, lockParameter, readLock} from './lock.ts'
import type {RollPace} from './start.ts'

/** Rejects with LOCKED (exit 6) where the lock that was read turns out to be alive. Watches it where that is not plain. */
export async function assertAbandoned(
  {clock, settings, signal}: ClusterContext,
  store: ParameterStore,
  held: HeldLock,
  {rhythm}: RollPace,
): Promise<void> {
  if (isLeft(held.document) || (await isStale(store, settings, held, rhythm.heartbeat * 3, clock, signal))) return
  throw new OpsError(`roll ${held.document.roll} is alive: its lock was renewed while natsops watched`, {
    code: 'LOCKED',
    exit: Exit.locked,
    suggestions: [`natsops roll status --cluster ${settings.name}`],
  })
}

/**
 * The lock, if this process may ask to take it: not yet watched, for showing it first. Rejects with NO_ROLL (exit 3) or
 * LOCKED (exit 6).
 */
export async function readClaim(
  {settings}: Pick<ClusterContext, 'settings'>,
  store: ParameterStore,
  takeOver: boolean,
): Promise<HeldLock> {
  const held = await readLock(store, settings)
  if (held === undefined) {
    throw new OpsError(`no roll of ${settings.name} is under way: there is no lock ${lockParameter(settings)}`, {
      code: 'NO_ROLL',
      exit: Exit.refused,
      suggestions: [`natsops roll history --cluster ${settings.name}`, `natsops health --cluster ${settings.name}`],
    })
  }
  assertMayAsk(settings, held, takeOver)
  return held
}

/** Rejects with LOCKED (exit 6) a lock whose holder may be alive, but for who wants to take it over. */
export function assertMayAsk(place: LockPlace, {document}: HeldLock, takeOver: boolean): void {
  if (!isLeft(document) && !takeOver) throw lockedBy(place, document)
}

/**
 * Nobody drives any more: it was handed over, or its process ran on this machine and is dead. Two laptops may bear one
 * name (localhost, MacBook-Pro.local), so it has to be the same user's too; anybody else watches the lock first.
 */
export function isLeft({holder, handedOver}: LockDocument): boolean {
  const {user, host} = thisHolder()
  const isOurs = holder.host === host && holder.user === user
  return handedOver || (isOurs && !isRunning(holder.pid))
}

/** This process and whose it is: by name, or by number where the system knows no name, as in a container. */
export function thisHolder(): LockHolder {
  return {user: userName(), host: hostname(), pid: process.pid}
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.())
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
