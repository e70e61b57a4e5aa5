import {AckPolicy, StorageType} from 'nats'
import Consumers from '../../src/commands/report/consumers.ts'
import Raft from '../../src/commands/report/raft.ts'
import Streams from '../../src/commands/report/streams.ts'
import {eventually} from './eventually.ts'
import {addStream} from './jetstream.ts'
import type {ReportLab} from './report-lab.ts'

/** What is looked at in rows of streams, consumers and groups. */
interface Row {
  readonly consumer?: string | null
  readonly leader: string | null
  readonly behind: number | null
  readonly members: readonly {readonly presence?: string}[]
}

/** Names of streams: cursor movement, right-to-left override, wide characters, and as long as a server allows. */
export const HOSTILE_NAMES = ['evil\u001b[31m\u0007', '\u202eyob', '流流流', 'x'.repeat(200)]

/**
 * ORDERS of three replicas with 50 messages, EVENTS and hostile names of one replica. The consumer `worker` of ORDERS has got
 * five messages, and acknowledged two.
 */
export async function makeReportedStreams({admin}: ReportLab): Promise<void> {
  for (const [index, name] of ['ORDERS', 'EVENTS', ...HOSTILE_NAMES].entries()) {
    const replicas = name === 'ORDERS' ? 3 : 1
    await addStream(admin, {name, subjects: [`s${index}.>`], num_replicas: replicas, storage: StorageType.File})
  }
  const manager = await admin.jetstreamManager({timeout: 30_000})
  await manager.consumers.add('ORDERS', {
    durable_name: 'worker',
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 10,
  })
  const stream = admin.jetstream({timeout: 30_000})
  for (let sent = 0; sent < 50; sent += 1) await stream.publish('s0.x', 'order')
  const consumer = await stream.consumers.get('ORDERS', 'worker')
  for await (const message of await consumer.fetch({max_messages: 5})) if (message.seq <= 2) message.ack()
}

/** Until everything has a leader, every replica holds what it should, and the two acknowledgements have arrived. */
export async function untilReportedStreamsSettle({read}: ReportLab): Promise<void> {
  await eventually('every replica holds everything', async () => {
    const [{streams}, {consumers}, {groups}] = [await read(Streams), await read(Consumers), await read(Raft)]
    const isWhole = ({leader, behind, members}: Row): boolean =>
      leader !== null && !behind && members.every(({presence}) => presence === undefined || presence === 'holds')
    const acknowledged = consumers.find(({consumer}: Row) => consumer === 'worker')?.ackFloorSeq
    return (
      [streams.length, consumers.length, groups.length, acknowledged].join() === `${HOSTILE_NAMES.length + 3},3,6,2` &&
      [...streams, ...consumers, ...groups].every(isWhole)
    )
  })
}
