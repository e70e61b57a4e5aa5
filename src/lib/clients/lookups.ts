/**
 * Host names of nodes, looked up by the system's resolver: it alone knows the split DNS of a VPN and /etc/hosts.
 *
 * Such a lookup keeps a thread of libuv's pool until the system gives up, ten seconds and more where a VPN has dropped,
 * and nothing can cancel it; libuv gives lookups half of its threads. So a name is looked up once at a time, however many
 * ask for it, and so few names at once that AWS's always find a thread. What waits too long for its turn is given up
 * without having been asked for.
 *
 * An answer is shared with those who asked while it was on its way and then forgotten: a node that was replaced has
 * another address.
 */
import {ADDRCONFIG, type LookupAddress} from 'node:dns'
import {lookup as askSystem} from 'node:dns/promises'
import {isIP, type LookupFunction} from 'node:net'

/** Two less than the pool of bin/run.js has for lookups. */
const AT_ONCE = 6

export interface LookupOptions {
  /** For a turn, milliseconds. */
  readonly waitMs: number
  readonly atOnce?: number
  readonly ask?: (host: string) => Promise<readonly LookupAddress[]>
}

export interface Lookups {
  /** For sockets and agents. */
  readonly lookup: LookupFunction
  /** All addresses of a host. Rejects with the system's error, with code ETIMEDOUT where its turn did not come. */
  addresses(host: string): Promise<readonly string[]>
}

export function openLookups({waitMs, atOnce = AT_ONCE, ask = askLikeSockets}: LookupOptions): Lookups {
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>()
  const waiting = new Set<() => void>()
  let free = atOnce

  const takeTurn = (host: string): Promise<void> => {
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    if (free > 0) {
      free -= 1
      resolve()
      return promise
    }
    const giveUp = (): void => {
      waiting.delete(enter)
      reject(Object.assign(new Error(`other names are being looked up before ${host}`), {code: 'ETIMEDOUT'}))
    }
    // The lookups that are under way keep the process, as long as somebody waits behind them.
    const timer = setTimeout(giveUp, waitMs).unref()
    const enter = (): void => {
      clearTimeout(timer)
      resolve()
    }
    waiting.add(enter)
    return promise
  }
  const endTurn = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }
  const askInTurn = async (host: string): Promise<readonly LookupAddress[]> => {
    await takeTurn(host)
    try {
      return await ask(host)
    } finally {
      endTurn()
    }
  }
  const find = (host: string): Promise<readonly LookupAddress[]> => {
    const known = underWay.get(host)
    if (known) return known
    const found = askInTurn(host).finally(() => underWay.delete(host))
    underWay.set(host, found)
    return found
  }

  return {
    lookup(host, {all}, callback) {
      // Out of the promise: what the callback throws is not the lookup's failure.
      const tell = (...answer: Parameters<typeof callback>): void => void process.nextTick(callback, ...answer)
      find(host).then(
        (found) => {
          const [first] = found
          if (all) tell(null, [...found])
          else tell(null, first?.address ?? '', first?.family)
        },
        (error: NodeJS.ErrnoException) => tell(error, all ? [] : ''),
      )
    },
    addresses: async (host) => (isIP(host) === 0 ? (await find(host)).map(({address}) => address) : [host]),
  }
}

/** With Node's own options for a socket. */
function askLikeSockets(host: string): Promise<readonly LookupAddress[]> {
  return askSystem(host, {all: true, hints: ADDRCONFIG})
}
