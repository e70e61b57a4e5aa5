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

/** `changed`: something stands there, but not what was written. */
export type FileState = 'ours' | 'changed' | 'missing'

export type Verdict = 'keep' | 'remove' | 'forget'

/** A writer that has not finished after this long is not going to. Milliseconds. */
const UNFINISHED_LIMIT_MS = 60_000

/** What a sweep does about one entry: removes what is due, forgets what is gone, never touches a changed file. */
export function judgeEntry(
  entry: LedgerEntry,
  {now, ownerRunning, file}: {readonly now: number; readonly ownerRunning: boolean; readonly file: FileState},
): Verdict {
  const abandoned = entry.inode === undefined && now - entry.writtenAt > UNFINISHED_LIMIT_MS
  const expired = entry.expiresAt !== undefined && entry.expiresAt <= now
  const orphaned = entry.owner !== undefined && !ownerRunning
  const due = abandoned || expired || orphaned
  if (due) return file === 'ours' ? 'remove' : 'forget'
  return file === 'missing' && entry.inode !== undefined ? 'forget' : 'keep'
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
