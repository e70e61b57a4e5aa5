import {randomBytes} from 'node:crypto'
import {constants, existsSync} from 'node:fs'
import {type FileHandle, link, lstat, mkdir, open, rename, unlink} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {quoteForShell} from './domain/shell.ts'
import {Exit, OpsError} from './errors.ts'

/** Files that hold secrets or state: written whole or not at all, readable by their owner alone. */

export interface WriteOptions {
  /** Permission bits; the umask does not apply. Default 0600. */
  readonly mode?: number
  /** False: whatever stands at the path (a file, a folder, a symlink even to nowhere) is refused with FILE_EXISTS. */
  readonly overwrite: boolean
  /** Part of the temporary file's name, for a caller that must find it again after a crash. Default: random. */
  readonly token?: string
}

/** Tells a file from a later one of the same name (together with its content: numbers of deleted files come back). */
export interface FileIdentity {
  readonly inode: string
}

/**
 * Makes sure of a folder that only this user can change: created with mode 0700 where missing (parents too). Rejects
 * with FOLDER_NOT_PRIVATE (exit 3) for a symlink, a folder of another user or one that others may write to.
 *
 * Judges the folder itself, not its parents: call it for each level below a place that others share, such as /tmp.
 */
export async function ensurePrivateFolder(path: string): Promise<void> {
  const information = await guard(path, 'create', async () => {
    await makeFolder(path, 0o700)
    return lstat(path)
  })
  const reason = whyNotPrivate(information)
  if (reason === undefined) return
  throw new OpsError(`${path} ${reason}: not a safe place for secrets`, {
    code: 'FOLDER_NOT_PRIVATE',
    exit: Exit.refused,
    suggestions: reason.includes('write') ? [quoteForShell(['chmod', '700', path])] : [`remove ${path}`],
  })
}

/** A folder that others may read, with those above it. Rejects as writePrivateFile does. */
export async function ensureFolder(path: string): Promise<void> {
  await guard(path, 'create', () => makeFolder(path, 0o755))
}

/** Not mkdir's own `recursive`: where a parent exists and still says ENOENT, as in /proc, Node asks again for ever. */
async function makeFolder(path: string, mode: number): Promise<void> {
  const parent = dirname(path)
  if (parent !== path && !existsSync(parent)) await makeFolder(parent, mode)
  try {
    await mkdir(path, {mode})
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EEXIST' && (await lstat(path)).isFile()
    if (isTaken || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Writes a file atomically: a temporary file in the same folder, synced, then renamed (overwrite: a symlink at the path
 * is replaced, never followed) or linked (exclusive). No temporary file is left behind by an error.
 *
 * Rejects with FILE_EXISTS (exit 3), PATH_NOT_USABLE (exit 2: permissions, missing folder ...) or DISK_NOT_WRITABLE
 * (exit 3: full, failing).
 */
export async function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  {mode = 0o600, overwrite, token = randomBytes(6).toString('hex')}: WriteOptions,
): Promise<FileIdentity> {
  const temporary = temporaryPath(path, token)
  return guard(path, 'write', async () => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    const handle = await open(temporary, flags, 0o600)
    try {
      const identity = await fill(handle, content, mode)
      if (overwrite) await rename(temporary, path)
      else await link(temporary, path)
      return identity
    } finally {
      await unlink(temporary).catch(ignoreMissing)
      await syncFolder(dirname(path))
    }
  })
}

/** Where `writePrivateFile` keeps the content until it is complete. */
export function temporaryPath(path: string, token: string): string {
  return join(dirname(path), `.${basename(path)}.${token}.tmp`)
}

/**
 * The text of a small file. Rejects with FILE_NOT_FOUND (exit 9), PATH_NOT_USABLE (exit 2), or FILE_TOO_LARGE (exit 2)
 * without reading on, so that a wrong path (a device, a dump) costs nothing.
 */
export async function readSmallFile(path: string, maximumBytes: number): Promise<string> {
  return guard(path, 'read', async () => {
    await using handle = await open(path, constants.O_RDONLY)
    const chunks: Buffer[] = []
    for (let total = 0; ; ) {
      const {bytesRead, buffer} = await handle.read(Buffer.alloc(64 * 1024))
      if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8')
      chunks.push(buffer.subarray(0, bytesRead))
      total += bytesRead
      if (total > maximumBytes) {
        throw new OpsError(`${path} is larger than ${maximumBytes} bytes`, {code: 'FILE_TOO_LARGE', exit: Exit.usage})
      }
    }
  })
}

/** Removes a file, or finds it gone already. Rejects with PATH_NOT_USABLE (exit 2) or DISK_NOT_WRITABLE (exit 3). */
export async function removeFile(path: string): Promise<void> {
  await guard(path, 'remove', async () => {
    try {
      await unlink(path)
    } catch (error) {
      // A read-only file system refuses before it has looked.
      if (await isThere(path)) throw error
    }
  })
}

/** Identity of what stands at a path, symlinks not followed; undefined for anything but a regular file. */
export async function identifyFile(path: string): Promise<FileIdentity | undefined> {
  try {
    const information = await lstat(path, {bigint: true})
    return information.isFile() ? identityOf(information) : undefined
  } catch (error) {
    ignoreMissing(error)
    return undefined
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    ({code}) => code !== 'ENOENT' && code !== 'ENOTDIR',
  )
}

async function fill(handle: FileHandle, content: string | Uint8Array, mode: number): Promise<FileIdentity> {
  try {
    await handle.writeFile(content)
    await handle.chmod(mode)
    await handle.sync()
    return identityOf(await handle.stat({bigint: true}))
  } finally {
    await handle.close()
  }
}

function identityOf({ino}: {ino: bigint}): FileIdentity {
  return {inode: String(ino)}
}

function whyNotPrivate(information: Awaited<ReturnType<typeof lstat>>): string | undefined {
  if (information.isSymbolicLink()) return 'is a symlink'
  if (!information.isDirectory()) return 'is not a folder'
  if (information.uid !== process.geteuid?.()) return `belongs to another user (uid ${information.uid})`
  return Number(information.mode) & 0o022 ? 'lets others write to it' : undefined
}

/** The name is in place already: a file system that cannot sync folders costs durability, not correctness. */
async function syncFolder(path: string): Promise<void> {
  try {
    await using handle = await open(path, constants.O_RDONLY)
    await handle.sync()
  } catch {}
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

/** What the operator can do about each errno; anything not listed here is a bug and keeps its stack. */
const pathProblems: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENOTEMPTY: 'it is a folder',
  ENOENT: 'there is no such folder',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symlinks',
  ENOTSUP: 'the file system cannot do this',
  EOPNOTSUPP: 'the file system cannot do this',
  ENXIO: 'it is not a file',
}
const diskProblems: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the disk reports an input/output error',
  EMFILE: 'too many open files',
}

type Action = 'read' | 'write' | 'create' | 'remove'

async function guard<T>(path: string, action: Action, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw translate(cause, path, action)
  }
}

function translate(cause: unknown, path: string, action: Action): unknown {
  const {code = ''} = cause as NodeJS.ErrnoException
  if (cause instanceof OpsError) return cause
  if (code === 'EEXIST') {
    const problem = action === 'create' ? 'is in the way: it is not a folder' : 'exists already'
    return new OpsError(`${path} ${problem}`, {code: 'FILE_EXISTS', exit: Exit.refused, cause})
  }
  if (code === 'ENOENT' && action === 'read') {
    return new OpsError(`there is no file ${path}`, {code: 'FILE_NOT_FOUND', exit: Exit.notFound, cause})
  }
  // Node says ENOENT of a folder that it could not make on a read-only file system.
  const unmade = code === 'ENOENT' && action === 'create' ? 'its parent is gone or read-only' : undefined
  const pathProblem = unmade ?? pathProblems[code]
  if (pathProblem !== undefined) {
    const suggestions = action === 'write' || action === 'create' ? ['choose a place that you can write to'] : []
    const options = {code: 'PATH_NOT_USABLE', exit: Exit.usage, suggestions, cause}
    return new OpsError(`cannot ${action} ${path}: ${pathProblem}`, options)
  }
  const diskProblem = diskProblems[code]
  if (diskProblem === undefined) return cause
  const options = {
    code: 'DISK_NOT_WRITABLE',
    exit: Exit.refused,
    suggestions: [quoteForShell(['df', '-h', dirname(path)])],
    cause,
  }
  return new OpsError(`cannot ${action} ${path}: ${diskProblem}`, options)
}
