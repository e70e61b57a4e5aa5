import {createHash} from 'node:crypto'
import {chmod, cp, link, lstat, readdir, readFile, realpath, rename, rm} from 'node:fs/promises'
import {dirname, join, relative, sep} from 'node:path'
import {listed} from '../domain/quantity.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {ensureFolder, writePrivateFile} from '../files.ts'
import {clearLeftovers, nameSides} from './folder-leftovers.ts'

/**
 * A folder of files that are made together and appear together: the whole of it is built beside its place and put there
 * by a rename. What stands in the place already is replaced only where it was made this way and nobody has changed it;
 * files of others are carried over. What a killed run has left beside the place, the next one clears away.
 */

export interface OutputFile {
  /** Below the folder, with slashes. */
  readonly path: string
  readonly text: string
  readonly mode: number
}

export interface FileChange {
  readonly path: string
  readonly change: 'new' | 'changed' | 'unchanged' | 'removed'
}

/** Says which files were written here, and with what content, so that the next time knows its own. */
const LEDGER = '.natsops.json'

/**
 * Rejects with OUTPUT_CHANGED (exit 3) where the folder or files in the way are not ours, or were edited, unless `force`; UsageError for
 * a place that is no folder, or the folder that we stand in. Nothing is changed by a rejection, or where nothing differs.
 */
export async function replaceFolder(
  folder: string,
  files: readonly OutputFile[],
  {force, dryRun = false}: {readonly force: boolean; readonly dryRun?: boolean},
): Promise<readonly FileChange[]> {
  await refuseOwnGround(folder)
  if (!dryRun) await clearLeftovers(folder)
  if (!force) await refuseStrange(folder)
  const present = await readPresent(folder)
  const ours = present === undefined ? new Map<string, string>() : readLedger(present)
  const hashes = new Map(files.map(({path, text}) => [path, hashOf(text)]))
  const changes = compare(present, ours, hashes)
  const foreign = [...(present ?? new Map<string, string>())].filter(([path, hash]) => {
    const isAffected = hashes.has(path) ? hashes.get(path) !== hash : ours.has(path)
    return isAffected && ours.get(path) !== hash
  })
  if (foreign.length > 0 && !force) {
    const names = foreign.map(([path]) => path)
    throw changedOutput(`${folder} has files that were not made here or were changed since: ${listed(names)}`)
  }
  const isCurrent = changes.every(({change}) => change === 'unchanged') && (await haveModes(folder, files))
  if (dryRun || isCurrent) return changes
  const kept = [...(present ?? new Map<string, string>()).keys()].filter((path) => !hashes.has(path) && !ours.has(path))
  await swap(
    folder,
    files,
    kept.filter((path) => path !== LEDGER),
    ledgerOf(hashes),
  )
  return changes
}

async function swap(
  folder: string,
  files: readonly OutputFile[],
  kept: readonly string[],
  ledger: string,
): Promise<void> {
  const {built, old} = await nameSides(folder)
  try {
    await ensureFolder(built)
    for (const {path, text, mode} of files) {
      await ensureFolder(dirname(join(built, path)))
      await writePrivateFile(join(built, path), text, {mode, overwrite: false})
    }
    for (const path of kept) await carryOver(join(folder, path), join(built, path))
    await keepModes(folder, built)
    await writePrivateFile(join(built, LEDGER), ledger, {mode: 0o644, overwrite: false})
    await exchange(folder, built, old)
  } finally {
    await rm(built, {recursive: true, force: true})
  }
  await rm(old, {recursive: true, force: true})
}

/** Whoever has closed a folder to others has a reason, and files of theirs may be in it. */
async function keepModes(folder: string, built: string): Promise<void> {
  const entries = await readdir(built, {recursive: true, withFileTypes: true})
  const inside = entries.flatMap((each) => (each.isDirectory() ? join(each.parentPath, each.name) : []))
  for (const path of [built, ...inside]) {
    const before = await lstat(join(folder, relative(built, path))).catch(() => undefined)
    if (before?.isDirectory()) await chmod(path, before.mode & 0o777)
  }
}

async function exchange(folder: string, built: string, old: string): Promise<void> {
  const isThere = await lstat(folder).then(
    () => true,
    () => false,
  )
  if (isThere) await rename(folder, old)
  try {
    await rename(built, folder)
  } catch (error) {
    if (isThere) await rename(old, folder)
    throw error
  }
}

/** A hard link keeps owner, mode and content as they are; where the file system has none, a copy does. */
async function carryOver(from: string, to: string): Promise<void> {
  await ensureFolder(dirname(to))
  const {isFile} = await lstat(from).then((found) => ({isFile: found.isFile()}))
  if (isFile) {
    try {
      return await link(from, to)
    } catch {}
  }
  await cp(from, to, {verbatimSymlinks: true, preserveTimestamps: true, recursive: true})
}

/** Whoever stands in a folder that is exchanged stands in the old one afterwards. */
async function refuseOwnGround(folder: string): Promise<void> {
  const [place, here] = await Promise.all([
    realpath(folder).catch(() => undefined),
    realpath('.').catch(() => undefined),
  ])
  if (place === undefined || here === undefined) return
  if (!relative(place, here).startsWith('..')) {
    throw new UsageError(`--out ${folder} is the folder you are in: it is replaced as a whole`, [
      'give a folder of its own, such as --out deploy',
    ])
  }
}

/** Before anything of it is read: a wrong --out may be somebody's home. */
async function refuseStrange(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => [])
  if (names.length === 0 || names.includes(LEDGER)) return
  throw changedOutput(`${folder} was not made here and has files in it`)
}

function changedOutput(message: string): OpsError {
  return new OpsError(message, {
    code: 'OUTPUT_CHANGED',
    exit: Exit.refused,
    suggestions: ['give another --out', 'add --force to replace what is in the way'],
  })
}

/** Content hashes by path, of everything that is not a folder; undefined where there is no such folder. */
async function readPresent(folder: string): Promise<ReadonlyMap<string, string> | undefined> {
  const information = await lstat(folder).catch(() => undefined)
  if (information === undefined) return undefined
  if (!information.isDirectory()) throw new UsageError(`--out ${folder} is not a folder`, ['give another --out'])
  const found = await readdir(folder, {recursive: true, withFileTypes: true})
  const entries = found.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name)
    return entry.isDirectory() ? [] : [{path, isFile: entry.isFile()}]
  })
  const hashed = await Promise.all(
    entries.map(async ({path, isFile}) => {
      const name = relative(folder, path).replaceAll(sep, '/')
      return [
        name,
        name === LEDGER ? await readFile(path, 'utf8') : isFile ? hashOf(await readFile(path)) : '',
      ] as const
    }),
  )
  return new Map(hashed)
}

function readLedger(present: ReadonlyMap<string, string>): Map<string, string> {
  try {
    const {files} = JSON.parse(present.get(LEDGER) ?? '{}') as {files?: unknown}
    const entries = Object.entries(typeof files === 'object' && files !== null ? files : {})
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return new Map()
  }
}

function ledgerOf(hashes: ReadonlyMap<string, string>): string {
  return `${JSON.stringify({madeBy: 'natsops config generate', files: Object.fromEntries(hashes)}, undefined, 2)}\n`
}

function compare(
  present: ReadonlyMap<string, string> | undefined,
  ours: ReadonlyMap<string, string>,
  hashes: ReadonlyMap<string, string>,
): readonly FileChange[] {
  const written = [...hashes].map(([path, hash]): FileChange => {
    const before = present?.get(path)
    return {path, change: before === undefined ? 'new' : before === hash ? 'unchanged' : 'changed'}
  })
  const removed = [...ours.keys()].filter((path) => !hashes.has(path) && present?.has(path))
  return [...written, ...removed.map((path): FileChange => ({path, change: 'removed'}))]
}

async function haveModes(folder: string, files: readonly OutputFile[]): Promise<boolean> {
  const modes = await Promise.all(files.map(({path}) => lstat(join(folder, path)).catch(() => undefined)))
  return files.every(({mode}, index) => (Number(modes[index]?.mode) & 0o777) === mode)
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
