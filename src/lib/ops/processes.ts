import {execFile} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import type {ProcessIdentity} from '../domain/credentials-ledger.ts'

/** The process of this number, or undefined where none runs; one that has ended but was not yet reaped has ended. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? await startFromProc(pid) : await startFromPs(pid)
  return started === undefined ? undefined : {pid, started}
}

/** Whether that very process still runs, not merely one with its number. */
export async function isRunning({pid, started}: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(pid))?.started === started
}

/** proc(5): field 22 is the start in ticks since boot, which only means something together with the boot. */
async function startFromProc(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The command's name, field 2, is in parentheses and may itself hold parentheses and spaces.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : `${boot.trim()}/${fields[18]}`
  } catch {
    return undefined
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const {stdout} = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {env: {LC_ALL: 'C'}})
    return stdout.trim() || undefined
  } catch {
    return undefined
  }
}
