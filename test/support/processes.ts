import {spawnSync} from 'node:child_process'
import {eventually} from './eventually.ts'

/** As ps has it: `T` for a process that is stopped, `Z` for one that has ended and waits for its parent; empty: none. */
export function stateOf(pid: number | undefined): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {encoding: 'utf8'}).stdout.trim()
}

/** A killed orphan may stay a zombie where the machine's first process does not look after orphans: it is gone for us. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid)
  return state !== '' && !state.startsWith('Z')
}

/** At once but for what the kernel needs to bury a process that has ended. Rejects where one of them never was. */
export async function untilGone(pids: readonly (number | undefined)[]): Promise<void> {
  const known = pids.filter((pid) => pid !== undefined)
  if (known.length === 0 || known.length < pids.length) throw new Error(`not all of them processes: ${pids.join(', ')}`)
  await eventually(`processes ${pids.join(', ')} are gone`, () => !known.some(isAlive))
}

/** SIGKILL, also for a process that is not a child of this one. */
export async function killAndWait(pid: number | undefined): Promise<void> {
  process.kill(pid!, 'SIGKILL')
  await untilGone([pid])
}
