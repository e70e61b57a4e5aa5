import {createHash, randomBytes} from 'node:crypto'
import {lstat, readdir, rename, rm} from 'node:fs/promises'
import {hostname} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {identifyProcess} from './processes.ts'

/**
 * What a run leaves beside the folder that it exchanges, when it is killed outright: `.<folder>.<token>.new`, that it was
 * building, and `.old`, that stood in the place. The token says which process on which machine made them.
 */
export interface Sides {
  readonly built: string
  readonly old: string
}

const TOKEN = /^(?<pid>[1-9]\d*)-(?<machine>[0-9a-f]{12})-(?<started>[0-9a-f]{12})-[0-9a-f]{12}$/

/** Names for this run; where nobody can tell this process from another later, such that nobody removes them. */
export async function nameSides(folder: string): Promise<Sides> {
  const random = randomBytes(6).toString('hex')
  const self = await identifyProcess(process.pid)
  return sidesOf(folder, self ? [self.pid, digest(hostname()), digest(self.started), random].join('-') : random)
}

function sidesOf(folder: string, token: string): Sides {
  const beside = (suffix: string): string => join(dirname(folder), `.${basename(folder)}.${token}.${suffix}`)
  return {built: beside('new'), old: beside('old')}
}

/**
 * Removes what runs on this folder have left that are no more; those of another machine or user are not judged. One that
 * was killed between its two renames has taken the folder away: it is put back, unless there is another one by now; then
 * nobody knows which of the three has what somebody needs, and all of them stay.
 */
export async function clearLeftovers(folder: string): Promise<void> {
  const names = await readdir(dirname(folder)).catch((): string[] => [])
  const start = `.${basename(folder)}.`
  const tokens = new Set(
    names.flatMap((name) => (name.startsWith(start) && /\.(new|old)$/.test(name) ? name.slice(start.length, -4) : [])),
  )
  for (const token of tokens) {
    const {built, old} = sidesOf(folder, token)
    if (!(await isOrphan(token)) || !(await areOurs([built, old]))) continue
    const isHalfDone = (await exists(built)) && (await exists(old))
    if (isHalfDone && (await exists(folder))) continue
    if (isHalfDone) await rename(old, folder)
    // What cannot be removed hurts nobody but whoever looks for hidden folders.
    for (const path of [built, old]) await rm(path, {recursive: true, force: true}).catch(() => {})
  }
}

/** The process that made them ran on this machine and has ended. */
async function isOrphan(token: string): Promise<boolean> {
  const {pid, machine, started} = TOKEN.exec(token)?.groups ?? {}
  if (pid === undefined || machine !== digest(hostname())) return false
  const running = await identifyProcess(Number(pid))
  return running === undefined || digest(running.started) !== started
}

/** Where processes of others cannot be seen, they seem to have ended. */
async function areOurs(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => lstat(path).catch(() => undefined)))
  return found.every((each) => each === undefined || (each.isDirectory() && each.uid === process.geteuid?.()))
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
