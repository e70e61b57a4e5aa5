import {monitorEventLoopDelay} from 'node:perf_hooks'
import {setTimeout as delay} from 'node:timers/promises'
import {
  AckPolicy,
  type ConsumerConfig,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  nanos,
  RetentionPolicy,
  StorageType,
} from 'nats'

/**
 * The witness of a roll: publishes, writes down every message that was acknowledged, and afterwards reads every stream
 * back from every single replica. Knows NATS and nothing of natsops.
 *
 * How one replica is read: a consumer with one replica lives on one server and delivers from that server's own store,
 * be it the stream's leader or a follower. Where it came to live is in its own information. So consumers are made until
 * each server has had one. (A direct get is answered by any replica, and does not say by which.)
 */
export interface Ledger {
  /** Acknowledged so far. */
  readonly acknowledged: number
  /** Ends the publishing and waits for what is under way. */
  stop(): Promise<LedgerNumbers>
  /**
   * To be called after `stop`: reads everything back, again until the replicas agree or the limit is over. The limit is
   * well over the 30 s after which a server delivers again what was lost on its way.
   */
  judge(nodes: readonly string[], limitMs?: number): Promise<LedgerVerdict>
  close(): Promise<void>
}

export interface LedgerNumbers {
  readonly acknowledged: number
  /** Published and not acknowledged in time: nothing was promised for these. */
  readonly unacknowledged: number
  readonly perSecond: number
  /** Longest time between two acknowledgements, by stream, milliseconds. */
  readonly stalls: Readonly<Record<string, number>>
  /** How long this process itself stood still at worst; a stall is not shorter than that. */
  readonly ownStallMs: number
}

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

export interface LedgerOptions {
  /** A connection that begins at the server of this index and may go to any. */
  readonly connect: (index: number) => Promise<NatsConnection>
  /** Over all streams. Default 1000. */
  readonly messagesPerSecond?: number
  /** Default 128. */
  readonly payloadBytes?: number
  readonly replicas?: number
}

export const ledgerStreams = {file: 'LEDGER_FILE', memory: 'LEDGER_MEMORY', interest: 'LEDGER_INTEREST'} as const
const READER = 'ledger-reader'
const TICK_MS = 10
const ACKNOWLEDGE_LIMIT_MS = 5_000
const IN_FLIGHT_LIMIT = 2_000

/** Resolves once every stream has acknowledged a message. */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const {connect, messagesPerSecond = 1000, payloadBytes = 128, replicas = 3} = options
  const names = Object.values(ledgerStreams)
  const connections = await Promise.all(names.map((_, index) => connect(index)))
  const [first] = connections
  if (!first) throw new Error('no connection')
  const manager = await first.jetstreamManager()
  for (const name of names) {
    await insist(() =>
      manager.streams.add({
        name,
        subjects: [subjectOf(name)],
        num_replicas: replicas,
        storage: name === ledgerStreams.memory ? StorageType.Memory : StorageType.File,
        retention: name === ledgerStreams.interest ? RetentionPolicy.Interest : RetentionPolicy.Limits,
      }),
    )
  }
  const reader = {durable_name: READER, ack_policy: AckPolicy.Explicit, max_ack_pending: 5_000}
  await insist(() => manager.consumers.add(ledgerStreams.interest, reader))
  const loop = monitorEventLoopDelay({resolution: 10})
  loop.enable()
  const publishers = connections.map((connection, index) => {
    return new Publisher(connection.jetstream(), names[index] ?? '', messagesPerSecond / names.length, payloadBytes)
  })
  const live = await connect(0)
  const delivered = new Set<number>()
  const receiving = receive(live, delivered)
  const began = performance.now()
  for (const publisher of publishers) publisher.start()
  while (publishers.some(({acknowledged}) => acknowledged.size === 0)) {
    if (performance.now() - began > 20_000) throw new Error('the ledger could not publish')
    await delay(20)
  }
  const count = () => publishers.reduce((sum, {acknowledged}) => sum + acknowledged.size, 0)
  return {
    get acknowledged() {
      return count()
    },
    async stop() {
      await Promise.all(publishers.map((publisher) => publisher.stop()))
      loop.disable()
      return {
        acknowledged: count(),
        unacknowledged: publishers.reduce((sum, {unacknowledged}) => sum + unacknowledged, 0),
        perSecond: Math.round(count() / ((performance.now() - began) / 1000)),
        stalls: Object.fromEntries(publishers.map(({stream, longestStallMs}) => [stream, Math.round(longestStallMs)])),
        ownStallMs: Math.round(loop.max / 1e6),
      }
    },
    async judge(nodes, limitMs = 90_000) {
      const deadline = performance.now() + limitMs
      for (;;) {
        const verdict = await judgeOnce(publishers, first, nodes, delivered)
        if (verdict.wrong.length === 0 || performance.now() > deadline) return verdict
        await delay(500)
      }
    },
    async close() {
      // Where the test failed nobody stopped them, and they would keep the process for ever.
      await Promise.all(publishers.map((publisher) => publisher.stop()))
      receiving.stop()
      await Promise.all([...connections, live].map((connection) => connection.close()))
    },
  }
}

class Publisher {
  readonly stream: string
  /** Sequence to message number. */
  readonly acknowledged = new Map<number, number>()
  unacknowledged = 0
  longestStallMs = 0
  readonly #jetStream: JetStreamClient
  readonly #perSecond: number
  readonly #padding: string
  readonly #inFlight = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #lastAt: number | undefined
  #number = 0

  constructor(jetStream: JetStreamClient, stream: string, perSecond: number, payloadBytes: number) {
    this.#jetStream = jetStream
    this.stream = stream
    this.#perSecond = perSecond
    this.#padding = '.'.repeat(payloadBytes)
  }

  start(): void {
    let before = performance.now()
    let due = 0
    this.#timer = setInterval(() => {
      const now = performance.now()
      // After a standstill of our own there is no burst: a burst would be another load than the one that was asked for.
      due = Math.min(due + ((now - before) / 1000) * this.#perSecond, this.#perSecond / 10)
      before = now
      for (; due >= 1 && this.#inFlight.size < IN_FLIGHT_LIMIT; due -= 1) this.#publish()
    }, TICK_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#inFlight)
  }

  #publish(): void {
    this.#number += 1
    const number = this.#number
    const work = this.#jetStream
      .publish(subjectOf(this.stream), `${number} ${this.#padding}`, {timeout: ACKNOWLEDGE_LIMIT_MS})
      .then(
        ({seq}) => {
          const now = performance.now()
          this.longestStallMs = Math.max(this.longestStallMs, now - (this.#lastAt ?? now))
          this.#lastAt = now
          this.acknowledged.set(seq, number)
        },
        () => {
          this.unacknowledged += 1
        },
      )
      .finally(() => this.#inFlight.delete(work))
    this.#inFlight.add(work)
  }
}

/** A live consumer as services have one: it goes on whatever happens to its connection. */
function receive(connection: NatsConnection, delivered: Set<number>): {stop(): void} {
  const jetStream = connection.jetstream()
  let stopped = false
  let stop = (): void => {}
  const run = async (): Promise<void> => {
    while (!stopped && !connection.isClosed()) {
      try {
        const consumer = await jetStream.consumers.get(ledgerStreams.interest, READER)
        const messages = await consumer.consume({max_messages: 500, expires: 5_000, idle_heartbeat: 1_000})
        stop = () => messages.stop()
        for await (const message of messages) {
          delivered.add(numberOf(message.data))
          message.ack()
        }
      } catch {
        await delay(100)
      }
    }
  }
  void run()
  return {
    stop: () => {
      stopped = true
      stop()
    },
  }
}

async function judgeOnce(
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

/** Every message of a stream (sequence to number) as each of these servers has it stored itself. */
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

/** The same act until the servers take it: right after a change they may refuse for a moment. */
async function insist<T>(act: () => Promise<T>, limitMs = 20_000): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await delay(200)
  }
}

function subjectOf(stream: string): string {
  return stream.toLowerCase().replace('_', '.')
}

function numberOf(data: Uint8Array): number {
  return Number.parseInt(Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 20)).toString(), 10)
}
