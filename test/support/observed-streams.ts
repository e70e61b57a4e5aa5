import {AckPolicy, type NatsConnection, RetentionPolicy, StorageType, type StreamConfig} from 'nats'
import type {TestCluster} from './cluster.ts'

/** Of all streams and consumers that makeObservedStreams makes. */
export const REPLICAS = 34

/**
 * Streams of three replicas that let messages go in different ways: live when purged, events by interest, jobs once
 * acknowledged, latest by subject, fast by number and in memory, bulk never. The stream alone has one replica, the account
 * OTHER a stream bulk of its own; events, jobs and live have consumers.
 */
export async function makeObservedStreams(cluster: TestCluster): Promise<void> {
  const connection = await cluster.connect()
  const {streams, consumers} = await connection.jetstreamManager({timeout: 30_000})
  const add = (name: string, config: Partial<StreamConfig> = {}) =>
    streams.add({name, subjects: [name], num_replicas: 3, ...config})
  await add('bulk')
  await add('live', {subjects: ['live.*']})
  await add('events', {retention: RetentionPolicy.Interest})
  await add('jobs', {retention: RetentionPolicy.Workqueue})
  await add('latest', {subjects: ['latest.*'], max_msgs_per_subject: 1})
  await add('fast', {storage: StorageType.Memory, max_msgs: 500})
  await add('alone', {num_replicas: 1})
  const explicit = {ack_policy: AckPolicy.Explicit}
  await consumers.add('events', {durable_name: 'worker', ...explicit})
  await consumers.add('jobs', {durable_name: 'worker', ...explicit})
  await consumers.add('live', {durable_name: 'some', filter_subject: 'live.7', ...explicit})
  await consumers.add('live', {durable_name: 'reader', ack_policy: AckPolicy.None})
  await connection.close()
  const other = await cluster.connect({account: 'OTHER'})
  const manager = await other.jetstreamManager({timeout: 30_000})
  await manager.streams.add({name: 'bulk', subjects: ['bulk'], num_replicas: 3})
  await other.close()
}

/** Messages on their way, until stopped. */
export interface Load {
  stop(): Promise<void>
  /** How many messages were stored so far. */
  published(): number
}

/** Publishers on every stream and consumers that ack nearly everything, until stopped. */
export function startLoad(connection: NatsConnection): Load {
  const jetStream = connection.jetstream({timeout: 30_000})
  let running = true
  let published = 0
  const publish = async (): Promise<void> => {
    while (running) {
      const n = published % 50
      const subjects = [`live.${n}`, 'events', 'jobs', `latest.${n}`, 'fast']
      await Promise.all(subjects.map((subject) => jetStream.publish(subject, 'x'.repeat(100))))
      published += subjects.length
    }
  }
  const consume = async (stream: string, durable: string): Promise<void> => {
    const consumer = await jetStream.consumers.get(stream, durable)
    while (running) {
      let count = 0
      for await (const message of await consumer.fetch({max_messages: 100, expires: 1000})) {
        // Some acknowledgements are missing, so that messages are deleted out of order.
        if (count++ % 40 !== 0) message.ack()
      }
    }
  }
  const work = Promise.all([
    publish(),
    publish(),
    publish(),
    consume('events', 'worker'),
    consume('jobs', 'worker'),
    consume('live', 'some'),
    consume('live', 'reader'),
  ])
  return {
    published: () => published,
    stop: async () => {
      running = false
      await work
    },
  }
}
