/**
 * What natsops remembers of each secret it wrote, to remove that file later and no other. A file is known by its place,
 * its number in the file system and a digest of its content; a copy, a successor or an edited file is not ours.
 */
export interface LedgerEntry {
  /** Random; also part of the temporary file's name, so that a crash while writing leaves nothing unknown. */
  readonly token: string
  /** Absolute. */
  readonly path: string
  /** SHA-256 of the content, hexadecimal. */
  readonly digest: string
  /** Undefined until the file is in place. */
  readonly inode: string | undefined
  /** Milliseconds since the epoch, like expiresAt. */
  readonly writtenAt: number
  /** When the file is to be removed; undefined: when somebody asks. */
  readonly expiresAt: number | undefined
  /** The file lives no longer than this process. */
  readonly owner: ProcessIdentity | undefined
}

/** Tells a process from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in whatever form this system says it. */
  readonly started: string
}

/**
 * `changed`: something stands there, but not what was written. `hidden`: nobody can say what stands there now, for its
 * folder is not there or lets nobody in: a disk that is not mounted, another machine's folder.
 */
export type FileState = 'ours' | 'changed' | 'missing' | 'hidden'

export type Verdict = 'keep' | 'remove' | 'forget'

/** A writer that has not finished after this long is not going to. Milliseconds. */
const UNFINISHED_LIMIT_MS = 60_000

/** How long a hidden file that is due is waited for. Milliseconds. */
const HIDDEN_LIMIT_MS = 30 * 86_400_000

/**
 * What a sweep does about one entry: removes what is due, forgets what is gone, never touches a changed file. A file
 * with an end is remembered until then even if it is not there: it may be, where another machine shares this ledger.
 */
export function judgeEntry(
  entry: LedgerEntry,
  {now, ownerRunning, file}: {readonly now: number; readonly ownerRunning: boolean; readonly file: FileState},
): Verdict {
  const abandoned = entry.inode === undefined && now - entry.writtenAt > UNFINISHED_LIMIT_MS
  const expired = entry.expiresAt !== undefined && entry.expiresAt <= now
  const orphaned = entry.owner !== undefined && !ownerRunning
  const due = abandoned || expired || orphaned
  if (file === 'hidden') return now - (entry.expiresAt ?? entry.writtenAt) > HIDDEN_LIMIT_MS ? 'forget' : 'keep'
  if (due) return file === 'ours' ? 'remove' : 'forget'
  const hasEnd = entry.inode === undefined || entry.expiresAt !== undefined || entry.owner !== undefined
  return file === 'missing' && !hasEnd ? 'forget' : 'keep'
}

/** An entry as read from its file, or undefined for anything of another form. */
export function parseEntry(value: unknown): LedgerEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const {token, path, digest, inode, writtenAt, expiresAt, owner} = value as Partial<Record<keyof LedgerEntry, unknown>>
  const {pid, started} = (owner ?? {}) as Partial<Record<keyof ProcessIdentity, unknown>>
  if (typeof token !== 'string' || !/^[0-9a-f]+$/.test(token)) return undefined
  if (typeof path !== 'string' || typeof digest !== 'string' || typeof writtenAt !== 'number') return undefined
  return {
    token,
    path,
    digest,
    writtenAt,
    inode: typeof inode === 'string' ? inode : undefined,
    expiresAt: typeof expiresAt === 'number' ? expiresAt : undefined,
    owner: typeof pid === 'number' && typeof started === 'string' ? {pid, started} : undefined,
  }
}
