import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {accessSync, constants} from 'node:fs'
import {delimiter, join} from 'node:path'
import {cacheFolder} from './nats-servers.ts'

/** An independent implementation of AWS, as a process of its own. */
export interface Moto {
  readonly url: string
  stop(): Promise<void>
}

/** moto_server from the cache that script/bootstrap fills, else from PATH. */
export function findMoto(): string | undefined {
  const folders = [join(cacheFolder(), 'moto', 'bin'), ...(process.env.PATH ?? '').split(delimiter)]
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'moto_server'))
    .find(isExecutable)
}

/** On a free port of 127.0.0.1, which moto itself chooses and prints. Rejects with what it printed if it ends instead. */
export async function startMoto(binary: string): Promise<Moto> {
  const child = spawn(binary, ['-H', '127.0.0.1', '-p', '0'], {stdio: ['ignore', 'ignore', 'pipe']})
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${binary} ended: ${printed}`)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // Afterwards it prints a line for every request: read, so that the pipe never fills, and dropped.
      if (printed.length < 10_000) printed += text
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(printed)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return {
    url,
    async stop() {
      process.off('exit', kill)
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
