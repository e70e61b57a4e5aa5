/** Fills an account with streams and consumers: many requests under way at once, since each waits for the meta group. */
import {setTimeout as delay} from 'node:timers/promises'
import type {NatsConnection} from 'nats'

export interface Amount {
  readonly streams: number
  /** Durable ones, dealt out over the streams in turn. */
  readonly consumers: number
  /** How many of the streams have three replicas; the others have one. */
  readonly replicated: number
}

const UNDER_WAY = 64
const LIMIT_MS = 30_000

/** Rejects with what the server refuses. `tell` hears now and then how far it is. */
export async function createAssets(
  connection: NatsConnection,
  {streams, consumers, replicated}: Amount,
  tell: (text: string) => void,
): Promise<void> {
  const call = async (subject: string, body: object): Promise<void> => {
    const reply = await connection.request(`$JS.API.${subject}`, JSON.stringify(body), {timeout: LIMIT_MS})
    const {error} = reply.json<{error?: {description: string}}>()
    if (error) throw new Error(`${subject}: ${error.description}`)
  }
  const createStream = (index: number): Promise<void> => {
    const name = streamName(index)
    return call(`STREAM.CREATE.${name}`, {
      name,
      subjects: [`${name}.>`],
      storage: index < replicated ? 'file' : 'memory',
      num_replicas: index < replicated ? 3 : 1,
      max_bytes: -1,
      discard: 'old',
      retention: 'limits',
    })
  }
  await insist(() => createStream(0))
  await inTurns(streams, tell, 'streams', createStream)
  for (let index = 0; index < streams; index++) connection.publish(`${streamName(index)}.order`, `order ${index}`)
  await connection.flush()
  await inTurns(consumers, tell, 'consumers', (index) => {
    const [stream_name, durable_name] = [streamName(index % streams), `worker-${Math.floor(index / streams)}`]
    const config = {durable_name, ack_policy: 'explicit'}
    return call(`CONSUMER.DURABLE.CREATE.${stream_name}.${durable_name}`, {stream_name, config})
  })
}

/** Right after their start, servers count each other as offline for a moment. */
async function insist(create: () => Promise<void>): Promise<void> {
  const until = performance.now() + LIMIT_MS
  for (;;) {
    try {
      return await create()
    } catch (error) {
      if (performance.now() > until) throw error
      await delay(200)
    }
  }
}

function streamName(index: number): string {
  return `ORDERS-${String(index).padStart(5, '0')}`
}

async function inTurns(
  count: number,
  tell: (text: string) => void,
  what: string,
  create: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      if (index % 1000 === 0) tell(`${index} of ${count} ${what}`)
      await create(index)
    }
  }
  await Promise.all(Array.from({length: UNDER_WAY}, work))
}
