import {randomUUID} from 'node:crypto'
import type {NatsConnection, StreamConfig, StreamInfo} from 'nats'
import {eventually} from './eventually.ts'

/** Side by side; a server's queue of what it has not stored yet is bounded. */
const BATCH = 500
const ANSWER_LIMIT_MS = 30_000

/** Asks again until it is made: right after a change servers refuse for a moment, or have nobody who could answer. */
export function addStream(
  connection: NatsConnection,
  config: Partial<StreamConfig> & {name: string},
  limitMs?: number,
): Promise<StreamInfo> {
  const add = async () => (await connection.jetstreamManager()).streams.add(config)
  return eventually(`stream ${config.name} is made`, add, limitMs)
}

/** Asks again until it is not there. */
export async function deleteStream(connection: NatsConnection, name: string): Promise<void> {
  await eventually(`stream ${name} is deleted`, async () => {
    const manager = await connection.jetstreamManager()
    return manager.streams.delete(name).catch((error) => {
      if (error.api_error?.err_code === 10_059) return true
      throw error
    })
  })
}

/** Every message is stored, and once, when it resolves: one without an acknowledgement is sent again. */
export async function publishAll(
  connection: NatsConnection,
  subject: string,
  count: number,
  payload: string | Uint8Array = '',
): Promise<void> {
  const jetStream = connection.jetstream()
  const id = randomUUID()
  const publish = (number: number) =>
    eventually(`message ${number} of ${subject} is acknowledged`, () =>
      jetStream.publish(subject, payload, {msgID: `${id}-${number}`, timeout: ANSWER_LIMIT_MS}),
    )
  for (let first = 0; first < count; first += BATCH) {
    await Promise.all(Array.from({length: Math.min(BATCH, count - first)}, (_, n) => publish(first + n)))
  }
}
