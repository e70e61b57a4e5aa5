import {closeSync, constants, fstatSync, openSync, writeSync} from 'node:fs'
import type {RollEvent} from '../../domain/roll/events.ts'
import {tell} from '../../domain/told.ts'
import {messageOf, UsageError} from '../../errors.ts'

export interface EventFile {
  /** One line, on its way when this returns. A disk that fails does not stop a roll: it is said once. */
  write(event: RollEvent): void
  close(): void
}

/** Opens the file of --events for appending: created with mode 0600, a symlink or anything but a file is refused. */
export function openEventFile(path: string, complain: (line: string) => void): EventFile {
  const {O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK} = constants
  const refuse = (why: string): never => {
    throw new UsageError(`--events ${path} cannot be written: ${why}`, ['give the path of a file, or - for stdout'])
  }
  let file: number
  try {
    file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code === 'ELOOP' ? 'it is a symlink' : messageOf(error))
  }
  if (!fstatSync(file).isFile()) {
    closeSync(file)
    return refuse('it is no regular file')
  }
  let failed = false
  return {
    write(event) {
      try {
        writeSync(file, `${JSON.stringify(tell(event))}\n`)
      } catch (error) {
        if (!failed) complain(`warning: events are missing in ${path}: ${messageOf(error)}`)
        failed = true
      }
    },
    close: () => closeSync(file),
  }
}
