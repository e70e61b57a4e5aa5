import type {NodeTarget} from '../../domain/settings.ts'

/**
 * Addresses of each node's host, as `find` tells them; it rejects where there are none. A name that does not resolve
 * within the limit is absent. Never rejects.
 */
export async function findAddresses(
  nodes: readonly NodeTarget[],
  limitMs: number,
  find: (host: string) => Promise<readonly string[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const {promise: late, resolve} = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, limitMs, undefined)
  const found = await Promise.all(
    nodes.map(async ({name, host}) => [name, await Promise.race([find(host).catch(() => undefined), late])] as const),
  )
  clearTimeout(timer)
  return new Map(found.flatMap(([name, addresses]) => (addresses === undefined ? [] : [[name, addresses] as const])))
}
