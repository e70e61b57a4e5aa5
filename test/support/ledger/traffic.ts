import {setTimeout as delay} from 'node:timers/promises'
import type {JetStreamClient, NatsConnection} from 'nats'
import {ledgerStreams, numberOf, READER, subjectOf} from './streams.ts'

const TICK_MS = 10
const ACKNOWLEDGE_LIMIT_MS = 5_000
const IN_FLIGHT_LIMIT = 2_000

/** Publishes numbered messages to one stream, and writes down which were acknowledged. */
export class Publisher {
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
export function receive(connection: NatsConnection, delivered: Set<number>): {stop(): void} {
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
