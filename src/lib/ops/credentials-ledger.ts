import {createHash, randomBytes} from 'node:crypto'
import {existsSync} from 'node:fs'
import {readdir} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {type FileState, judgeEntry, type LedgerEntry, parseEntry} from '../domain/credentials-ledger.ts'
import {
  ensurePrivateFolder,
  identifyFile,
  readSmallFile,
  removeFile,
  temporaryPath,
  writePrivateFile,
} from '../files.ts'
import {identifyProcess, isRunning} from './processes.ts'

/**
 * The ledger is a folder with one file an entry, so that runs at the same time never wait for each other or lose each
 * other's lines. An entry is written before its file and completed after it: whenever the writer dies, the next sweep
 * knows where to look.
 */

/** Far more than a creds file can be; anything larger is not one of ours. */
const CONTENT_LIMIT = 256 * 1024

export interface WriteRequest {
  /** Absolute, in a folder that exists. */
  readonly path: string
  readonly content: string
  /** False: refuses to replace whatever stands at the path. */
  readonly overwrite: boolean
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined
  /** The file is to live no longer than this process. */
  readonly bound: boolean
}

/** Writes a secret and remembers it; what the file replaces is forgotten. */
export async function writeRecorded(folder: string, request: WriteRequest, now: number): Promise<LedgerEntry> {
  const {path, content, overwrite, expiresAt, bound} = request
  await ensurePrivateFolder(dirname(folder))
  await ensurePrivateFolder(folder)
  const replaced = (await listEntries(folder)).filter((entry) => entry.path === path && entry.inode !== undefined)
  const owner = bound ? await identifyProcess(process.pid) : undefined
  if (bound && !owner) throw new Error(`this system does not say when process ${process.pid} started`)
  const token = randomBytes(6).toString('hex')
  const begun = {token, path, digest: digestOf(content), inode: undefined, writtenAt: now, expiresAt, owner}
  let written: LedgerEntry | undefined
  try {
    await recordEntry(folder, begun)
    written = {...begun, ...(await writePrivateFile(path, content, {overwrite, token}))}
    await recordEntry(folder, written)
    for (const each of replaced) await forgetEntry(folder, each)
    return written
  } catch (error) {
    await discard(folder, written ?? begun, written !== undefined)
    throw error
  }
}

export async function listEntries(folder: string): Promise<readonly LedgerEntry[]> {
  const names = await readdir(folder).catch(() => [])
  const entries = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readEntry(join(folder, name))),
  )
  return entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => a.writtenAt - b.writtenAt || a.path.localeCompare(b.path))
}

/** Undefined where there is no such entry (any more). */
export async function readEntry(file: string): Promise<LedgerEntry | undefined> {
  try {
    return parseEntry(JSON.parse(await readSmallFile(file, CONTENT_LIMIT)))
  } catch {
    return undefined
  }
}

export function entryFile(folder: string, {token}: Pick<LedgerEntry, 'token'>): string {
  return join(folder, `${token}.json`)
}

/** Whether the file of the entry still is what was written. */
export async function stateOf(entry: LedgerEntry): Promise<FileState> {
  const identity = await identifyFile(entry.path).catch(() => 'hidden' as const)
  if (identity === 'hidden') return identity
  if (!identity) return existsSync(dirname(entry.path)) ? 'missing' : 'hidden'
  if (entry.inode !== undefined && entry.inode !== identity.inode) return 'changed'
  const content = await readSmallFile(entry.path, CONTENT_LIMIT).catch(() => undefined)
  return content !== undefined && digestOf(content) === entry.digest ? 'ours' : 'changed'
}

/** Removes what is due; returns the paths of the files removed. Silent about the rest: nobody asked for a sweep. */
export async function sweep(folder: string, now: number): Promise<readonly string[]> {
  const removed: string[] = []
  for (const entry of await listEntries(folder)) {
    const [file, ownerRunning] = await Promise.all([stateOf(entry), entry.owner ? isRunning(entry.owner) : false])
    const verdict = judgeEntry(entry, {now, file, ownerRunning})
    if (verdict === 'keep') continue
    try {
      await discard(folder, entry, verdict === 'remove')
      if (verdict === 'remove') removed.push(entry.path)
    } catch {
      // The folder is not writable now; the entry stays for a later run.
    }
  }
  return removed
}

/** Removes the file (where asked to), what a crash may have left beside it, and then the entry. */
export async function discard(folder: string, entry: LedgerEntry, withFile: boolean): Promise<void> {
  if (withFile) await removeFile(entry.path)
  await removeFile(temporaryPath(entry.path, entry.token))
  await forgetEntry(folder, entry)
}

async function recordEntry(folder: string, entry: LedgerEntry): Promise<void> {
  await writePrivateFile(entryFile(folder, entry), `${JSON.stringify(entry)}\n`, {overwrite: true})
}

async function forgetEntry(folder: string, entry: LedgerEntry): Promise<void> {
  await removeFile(entryFile(folder, entry))
}

function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}
