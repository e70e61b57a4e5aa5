import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {text} from 'node:stream/consumers'

const LIMIT_MS = 150_000
const NATS = new URL('../../src/lib/clients/nats/nats.ts', import.meta.url).href
const PROGRAM = `
  const {connectNats} = await import(${JSON.stringify(NATS)})
  const [timeoutMs, ...servers] = process.argv.slice(1)
  for (const server of servers) {
    const options = {servers: [server], credentials: undefined, timeoutMs: Number(timeoutMs)}
    await connectNats({tls: {}}, options).catch((error) => console.log(error.code))
  }`

/**
 * connectNats to each of these servers in turn, without credentials, as a process of its own: it prints the code of each
 * refusal, and ends by itself or not at all (status null).
 */
export async function connectAsProcess(
  servers: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<{readonly stdout: string; readonly stderr: string; readonly status: number | null}> {
  const argv = ['--input-type=module', '-e', PROGRAM, String(timeoutMs), ...servers]
  const child = spawn(process.execPath, argv, {stdio: ['ignore', 'pipe', 'pipe'], env, timeout: LIMIT_MS})
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [status] = await closed
  return {stdout, stderr, status}
}
