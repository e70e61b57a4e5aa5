import {constants} from 'node:fs'
import {open, readdir, readFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {formatEvent, parseJournal, type RollEvent} from '../../domain/roll/events.ts'
import {ROLL_ID} from '../../domain/roll/lock-shape.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, messageOf, OpsError, UsageError} from '../../errors.ts'
import {ensurePrivateFolder} from '../../files.ts'
import type {RollJournal} from './ports.ts'

/** Folder of a cluster's journals: one file a roll, `<roll id>.jsonl`. */
export function journalFolder(stateFolder: string, cluster: string): string {
  return join(stateFolder, 'rolls', cluster)
}

/** Opens (or creates, 0600) the journal of a roll for appending. A torn last line is dropped. */
export async function openJournal(folder: string, roll: string): Promise<RollJournal & {close(): Promise<void>}> {
  await ensurePrivateFolder(folder)
  const path = journalPath(folder, roll)
  const before = await readIfThere(path)
  const events = [...parseJournal(before).events]
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  ).catch((error: unknown) => {
    throw unwritable(path, error)
  })
  // A line that a crash cut off is taken away, so that what follows it can be read.
  if (!before.endsWith('\n')) await file.truncate(Buffer.byteLength(before.slice(0, before.lastIndexOf('\n') + 1)))
  let queue: Promise<void> = Promise.resolve()
  return {
    events: () => events,
    async append(event, {durable}) {
      events.push(event)
      const write = queue.then(async () => {
        await file.appendFile(formatEvent(event))
        if (durable) await file.sync()
      })
      queue = write.catch(() => {})
      await write.catch((error: unknown) => {
        throw unwritable(path, error)
      })
    },
    async close() {
      await queue
      await file.close()
    },
  }
}

/** Events of one roll, oldest first; undefined where this machine has no such journal. */
export async function readJournal(
  folder: string,
  roll: string,
): Promise<{readonly events: readonly RollEvent[]; readonly torn: boolean} | undefined> {
  const text = await readIfThere(journalPath(folder, roll))
  return text === '' ? undefined : parseJournal(text)
}

/** Ids of the rolls this machine has journals of, newest first (ids begin with the time). */
export async function listJournals(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort()
    .reverse()
}

/** Roll ids come from the lock parameter too: one that is no plain name never becomes a path. */
function journalPath(folder: string, roll: string): string {
  if (!ROLL_ID.test(roll)) {
    throw new UsageError(`${JSON.stringify(roll)} is not the id of a roll`, ['natsops roll history'])
  }
  return join(folder, `${roll}.jsonl`)
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

function unwritable(path: string, error: unknown): OpsError {
  return new OpsError(`the journal ${path} cannot be written: ${messageOf(error)}`, {
    code: 'JOURNAL_UNWRITABLE',
    exit: Exit.refused,
    suggestions: [quoteForShell(['df', '-h', dirname(path)])],
    cause: error,
  })
}
