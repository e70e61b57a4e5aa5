import {randomInt} from 'node:crypto'
import {createServer, type Server} from 'node:net'
import {Exit, OpsError} from '../errors.ts'

/**
 * Below every system's range for outgoing connections (Linux 32768, macOS 49152), so that a node's port cannot be
 * taken as somebody's local port while its instance is being replaced.
 */
const LOWEST = 14_000
const HIGHEST = 32_000
/**
 * Ports that clients know are planned some time before anybody listens on them, those of instances are taken at once:
 * apart, so that no instance takes what another lab has just planned.
 */
const BOUNDARY = 23_000
export const portRanges: PortRanges = {public: [LOWEST, BOUNDARY], instances: [BOUNDARY, HIGHEST]}

/** Each from its first number to before its last. */
export interface PortRanges {
  readonly public: readonly [number, number]
  readonly instances: readonly [number, number]
}

const ATTEMPTS = 2_000

/** Ports of 127.0.0.1 that nothing listens on and that are not `taken`, all different. */
export async function findFreePorts(
  count: number,
  taken: ReadonlySet<number>,
  [lowest, highest]: readonly [number, number] = portRanges.public,
): Promise<readonly number[]> {
  const held = new Map<number, Server>()
  try {
    for (let attempt = 0; held.size < count && attempt < ATTEMPTS; attempt += 1) {
      const port = randomInt(lowest, highest)
      if (taken.has(port) || held.has(port)) continue
      const server = await listen(port)
      if (server) held.set(port, server)
    }
  } finally {
    await Promise.all([...held.values()].map(close))
  }
  if (held.size === count) return [...held.keys()]
  throw new OpsError(`no ${count} free ports between ${lowest} and ${highest} on 127.0.0.1`, {
    code: 'NO_FREE_PORTS',
    exit: Exit.refused,
  })
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
