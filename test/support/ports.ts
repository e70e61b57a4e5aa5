import {randomInt} from 'node:crypto'
import {createServer} from 'node:net'
import {portRanges} from '../../src/lib/lab/free-ports.ts'

/**
 * Each of mocha's processes has ports of its own, so that none takes what another has just chosen, or what a server that
 * is down will want again.
 */
const SHARES = 4
const share = Number(process.env.MOCHA_WORKER_ID ?? process.pid) % SHARES

/** Below those of labs, and as those below what the system takes for outgoing connections. */
const [LOWEST, HIGHEST] = shareOf([10_000, 14_000])

/** For the labs of this process. */
export const ownPortRanges = {public: shareOf(portRanges.public), instances: shareOf(portRanges.instances)}

let next = randomInt(LOWEST, HIGHEST)

/** Free ports of 127.0.0.1 for servers that a test starts itself; none of them is given twice. */
export async function testPorts(count: number): Promise<readonly number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = next
    next = port + 1 < HIGHEST ? port + 1 : LOWEST
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

function shareOf([lowest, highest]: readonly [number, number]): readonly [number, number] {
  const size = Math.floor((highest - lowest) / SHARES)
  return [lowest + share * size, lowest + (share + 1) * size]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
