import {existsSync} from 'node:fs'

/**
 * For bin/run.js, after the command: ends a process that something nobody waits for would keep, with the status it has,
 * when all that was written has been read. Every other process ends by itself.
 *
 * The lookup of a name goes on until the system gives up, ten seconds and more where a name server is silent, and several
 * may be waiting in a row: nothing can cancel it, and process.exit waits for it as well. A renewal of credentials may hang
 * in a login service, or in a program that asks somebody.
 */
export async function leaveBehind(): Promise<void> {
  if (!process.getActiveResourcesInfo().some((name) => ABANDONED.has(name))) return
  await writtenOut()
  endProcess(Number(process.exitCode ?? 0))
}

/** Ends the process as process.exit does, its handlers included, but does not wait for the lookup of a name. */
export function endProcess(status: number): never {
  if (!isLookingUp() || !process.execve || !existsSync(SHELL)) process.exit(status)
  process.exitCode = status
  process.emit('exit', status)
  restoreBlocking()
  // Another program in place of this one: nothing else is rid of a thread that does not return.
  return process.execve(SHELL, ['sh', '-c', `exit ${process.exitCode}`], {})
}

const SHELL = '/bin/sh'
const LOOKUP = 'GetAddrInfoReqWrap'
const ABANDONED: ReadonlySet<string> = new Set([LOOKUP, 'TCPSocketWrap', 'ProcessWrap'])

function isLookingUp(): boolean {
  return process.getActiveResourcesInfo().includes(LOOKUP)
}

/** When all that was written has been read, or nobody is left to read it. */
export async function writtenOut(): Promise<void> {
  const {stdout, stderr} = process
  const pending = [stdout, stderr].filter(({writableLength, destroyed}) => writableLength > 0 && !destroyed)
  await Promise.all(pending.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
}

/** As Node does at its exit: whoever writes to the same pipe after us expects to wait for its reader. */
function restoreBlocking(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const {_handle: handle} = stream as {_handle?: {setBlocking?: (isBlocking: boolean) => void}}
    handle?.setBlocking?.(true)
  }
}
