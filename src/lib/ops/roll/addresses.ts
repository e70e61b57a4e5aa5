import {lookup} from 'node:dns/promises'
import {isIP} from 'node:net'
import type {NodeTarget} from '../../domain/settings.ts'

/**
 * Addresses of each node's host by the system's resolver, as every other connection finds them. A name that does not
 * resolve within the limit is absent. Never rejects.
 */
export async function findAddresses(
  nodes: readonly NodeTarget[],
  limitMs: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const {promise: late, resolve} = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, limitMs, undefined)
  const found = await Promise.all(
    nodes.map(async ({name, host}) => [name, await Promise.race([resolveHost(host), late])] as const),
  )
  clearTimeout(timer)
  return new Map(found.flatMap(([name, addresses]) => (addresses === undefined ? [] : [[name, addresses] as const])))
}

async function resolveHost(host: string): Promise<readonly string[] | undefined> {
  if (isIP(host) !== 0) return [host]
  try {
    return (await lookup(host, {all: true})).map(({address}) => address)
  } catch {
    return undefined
  }
}
