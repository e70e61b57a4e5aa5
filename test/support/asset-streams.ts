import {AckPolicy, nanos, StorageType, type StreamConfig} from 'nats'
import ConsumerInfo from '../../src/commands/consumer/info.ts'
import ConsumerList from '../../src/commands/consumer/list.ts'
import StreamList from '../../src/commands/stream/list.ts'
import type {ConsumerInfo as ConsumerDocument} from '../../src/lib/ops/reports/asset-info.ts'
import {eventually} from './eventually.ts'
import {addStream} from './jetstream.ts'
import type {ReportLab} from './report-lab.ts'

/** What rows of streams and of consumers have in common. */
interface Row {
  readonly leader: string | null
  readonly behind: number | null
  readonly members: readonly {readonly presence: string}[]
}

/** Names that nobody should give to a stream. */
export const HOSTILE_NAMES = [
  'clear\u001b[2J\u009b31m',
  'right\u202eto-left',
  '魚'.repeat(20),
  'long-'.repeat(40),
  '=1+1',
  'a,b"c',
]

/**
 * ORDERS and INVOICES of three replicas, QUIET of one, COPY, a mirror of ORDERS, and streams with hostile names. ORDERS has
 * one message deleted of four, and the consumers `reader`, and `worker`, which has not acknowledged one of three.
 */
export async function makeAssets(lab: ReportLab): Promise<void> {
  const {admin} = lab
  const add = (name: string, config: Partial<StreamConfig>) => addStream(admin, {name, ...config})
  await add('ORDERS', {
    subjects: ['orders.>'],
    num_replicas: 3,
    max_age: nanos(3_600_000),
    description: 'orders of a day',
    metadata: {owner: 'shop'},
  })
  await add('INVOICES', {subjects: ['invoices'], num_replicas: 3})
  await add('QUIET', {subjects: ['quiet'], storage: StorageType.Memory})
  for (const [index, name] of HOSTILE_NAMES.entries()) await add(name, {subjects: [`hostile.${index}`]})
  const manager = await admin.jetstreamManager({timeout: 30_000})
  await manager.consumers.add('ORDERS', {
    durable_name: 'worker',
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(600_000),
    filter_subject: 'orders.>',
  })
  await manager.consumers.add('ORDERS', {durable_name: 'reader', ack_policy: AckPolicy.None})
  const jetStream = admin.jetstream({timeout: 30_000})
  for (const subject of ['orders.a', 'orders.a', 'orders.b', 'orders.c', 'invoices']) {
    await jetStream.publish(subject, 'hello')
  }
  await manager.streams.deleteMessage('ORDERS', 2)
  await add('COPY', {mirror: {name: 'ORDERS'}})
  await (await jetStream.consumers.get('ORDERS', 'worker')).next({expires: 30_000})
  await eventually('the mirror has them all', async () => (await manager.streams.info('COPY')).state.messages === 3)
  await untilAssetsSettle(lab)
}

/** Until everything has a leader, and every replica holds what it should. */
export async function untilAssetsSettle(lab: ReportLab): Promise<void> {
  await eventually('every node has everything', async () => {
    const {streams} = await lab.read<{streams: readonly Row[]}>(StreamList, ['--source', 'system'])
    const {consumers} = await lab.read<{consumers: readonly Row[]}>(ConsumerList, ['ORDERS', '--source', 'system'])
    const {consumer: worker} = await lab.read<ConsumerDocument>(ConsumerInfo, ['ORDERS', 'worker'])
    return (
      [streams.length, consumers.length, worker.ackPending].join() === `${HOSTILE_NAMES.length + 5},2,1` &&
      [...streams, ...consumers].every(({leader, behind, members}) => {
        return leader !== null && !behind && members.every(({presence}) => presence === 'holds')
      }) &&
      worker.members.every(({messages}) => messages === 1)
    )
  })
}
