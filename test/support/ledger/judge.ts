import {
  AckPolicy,
  type ConsumerConfig,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  nanos,
} from 'nats'
import {insist, ledgerStreams, numberOf} from './streams.ts'
import type {Publisher} from './traffic.ts'

export interface LedgerVerdict {
  readonly acknowledged: number
  /** What is wrong, in words; empty: every acknowledged message is on every replica, and was delivered. */
  readonly wrong: readonly string[]
  /** Acknowledged messages that at least one replica lacks, or holds as something else. */
  readonly lost: number
  /** Acknowledged messages of the interest stream that its consumer never saw. */
  readonly undelivered: number
  /** Whether all replicas hold the very same messages. */
  readonly equal: boolean
}

/** Reads everything back, from every node. */
export async function judgeOnce(
  publishers: readonly Publisher[],
  connection: NatsConnection,
  nodes: readonly string[],
  delivered: ReadonlySet<number>,
): Promise<LedgerVerdict> {
  const wrong: string[] = []
  const lost = new Set<string>()
  let equal = true
  let undelivered = 0
  const manager = await connection.jetstreamManager()
  for (const {stream, acknowledged} of publishers) {
    if (stream === ledgerStreams.interest) {
      undelivered = [...acknowledged.values()].filter((number) => !delivered.has(number)).length
      if (undelivered > 0) wrong.push(`${undelivered} acknowledged messages of ${stream} were never delivered`)
      continue
    }
    let contents: ReadonlyMap<string, ReadonlyMap<number, number>>
    try {
      contents = await readReplicas(manager, connection.jetstream(), stream, nodes)
    } catch (error) {
      equal = false
      for (const sequence of acknowledged.keys()) lost.add(`${stream}/${sequence}`)
      wrong.push(`${stream} cannot be read back: ${error instanceof Error ? error.message : error}`)
      continue
    }
    for (const [node, content] of contents) {
      const missing = [...acknowledged].filter(([sequence, number]) => content.get(sequence) !== number)
      for (const [sequence] of missing) lost.add(`${stream}/${sequence}`)
      if (missing.length > 0) {
        wrong.push(`${node} lacks ${missing.length} of ${acknowledged.size} acknowledged messages of ${stream}`)
      }
    }
    const texts = new Set([...contents.values()].map((content) => JSON.stringify([...content])))
    if (texts.size > 1) {
      equal = false
      const sizes = [...contents].map(([node, {size}]) => `${node} ${size}`)
      wrong.push(`the replicas of ${stream} differ: ${sizes.join(', ')}`)
    }
  }
  const total = publishers.reduce((sum, {acknowledged}) => sum + acknowledged.size, 0)
  return {acknowledged: total, wrong, lost: lost.size, undelivered, equal}
}

/**
 * Every message of a stream (sequence to number) as each of these servers has it stored itself.
 *
 * A consumer with one replica lives on one server and delivers from that server's own store, be it the stream's leader
 * or a follower. Where it came to live is in its own information. So consumers are made until each server has had one.
 * (A direct get is answered by any replica, and does not say by which.)
 */
async function readReplicas(
  manager: JetStreamManager,
  jetStream: JetStreamClient,
  stream: string,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const contents = new Map<string, ReadonlyMap<number, number>>()
  for (let attempt = 0; attempt < 100 && contents.size < nodes.length; attempt += 1) {
    const consumer: Partial<ConsumerConfig> = {
      name: `ledger-${attempt}-${Date.now()}`,
      ack_policy: AckPolicy.None,
      num_replicas: 1,
      mem_storage: true,
      inactive_threshold: nanos(60_000),
    }
    const {name, cluster, num_pending: pending} = await insist(() => manager.consumers.add(stream, consumer))
    const node = cluster?.leader
    if (node !== undefined && !contents.has(node)) contents.set(node, await readAll(jetStream, stream, name, pending))
    await insist(() => manager.consumers.delete(stream, name))
  }
  const without = nodes.filter((node) => !contents.has(node))
  if (without.length > 0) throw new Error(`no consumer of ${stream} ever came to ${without.join(', ')}`)
  return contents
}

async function readAll(
  jetStream: JetStreamClient,
  stream: string,
  consumer: string,
  pending: number,
): Promise<ReadonlyMap<number, number>> {
  const content = new Map<number, number>()
  if (pending === 0) return content
  const messages = await (await jetStream.consumers.get(stream, consumer)).consume({max_messages: 5_000})
  const patience = setTimeout(() => messages.stop(), 60_000)
  for await (const {seq, data, info} of messages) {
    content.set(seq, numberOf(data))
    if (info.pending === 0) break
  }
  clearTimeout(patience)
  messages.stop()
  return content
}
