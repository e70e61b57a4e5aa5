import {monitorEventLoopDelay} from 'node:perf_hooks'
import {setTimeout as delay} from 'node:timers/promises'
import {AckPolicy, type NatsConnection, RetentionPolicy, StorageType} from 'nats'
import {judgeOnce, type LedgerVerdict} from './ledger/judge.ts'
import {insist, ledgerStreams, READER, subjectOf} from './ledger/streams.ts'
import {Publisher, receive} from './ledger/traffic.ts'

/**
 * The witness of a roll: publishes, writes down every message that was acknowledged, and afterwards reads every stream
 * back from every single replica. Knows NATS and nothing of natsops.
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

export interface LedgerOptions {
  /** A connection that begins at the server of this index and may go to any. */
  readonly connect: (index: number) => Promise<NatsConnection>
  /** Over all streams. Default 1000. */
  readonly messagesPerSecond?: number
  /** Default 128. */
  readonly payloadBytes?: number
  readonly replicas?: number
}

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
    if (performance.now() - began > 60_000) throw new Error('the ledger could not publish')
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
    async judge(nodes, limitMs = 180_000) {
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
