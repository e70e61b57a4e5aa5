import {randomInt} from 'node:crypto'
import {once} from 'node:events'
import {createServer} from 'node:net'
import {portRanges} from '../../src/lib/lab/free-ports.ts'

/**
 * Each process that runs tests has ports of its own, those of another checkout's run too, so that none takes what another
 * has just chosen, or what a server that is down will want again.
 */
const SHARES = 16
/** Whoever listens on the guard of a share has it, for as long as the process lives. */
const GUARDS = 10_000 - SHARES
const share = await claimShare()

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

async function claimShare(): Promise<number> {
  const first = randomInt(SHARES)
  for (let n = 0; n < SHARES; n++) {
    const claimed = (first + n) % SHARES
    const guard = createServer((socket) => socket.destroy()).unref()
    guard.listen(GUARDS + claimed, '127.0.0.1')
    const isOurs = await once(guard, 'listening').then(
      () => true,
      () => false,
    )
    if (isOurs) return claimed
  }
  throw new Error(`no ports: ${SHARES} processes run tests already`)
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
