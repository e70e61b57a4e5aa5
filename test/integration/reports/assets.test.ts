import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {stripVTControlCharacters} from 'node:util'
import ConsumerInfo from '../../../src/commands/consumer/info.ts'
import ConsumerList from '../../../src/commands/consumer/list.ts'
import ReportStreams from '../../../src/commands/report/streams.ts'
import StreamInfo from '../../../src/commands/stream/info.ts'
import StreamList from '../../../src/commands/stream/list.ts'
import type {NatsClient} from '../../../src/lib/clients/ports.ts'
import {conventionalSettings, credentialParameters} from '../../../src/lib/domain/settings.ts'
import {fetchCredentials} from '../../../src/lib/ops/credentials.ts'
import type {
  ConsumerInfo as ConsumerDocument,
  StreamInfo as StreamDocument,
} from '../../../src/lib/ops/reports/asset-info.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'
import {eventually} from '../../support/eventually.ts'
import {startLab, type TestLab} from '../../support/lab.ts'
import {type NatsSeries, natsCli} from '../../support/nats-servers.ts'
import {type Outcome, type RunOptions, runCommand} from '../../support/run.ts'

/** What the rows of streams and of consumers have in common. */
interface Row {
  readonly leader: string | null
  readonly behind: number | null
  readonly members: readonly {readonly presence: string}[]
}

const NATSOPS = new URL('../../support/natsops.ts', import.meta.url).pathname
const HOSTILE = ['clear\u001b[2J\u009b31m', 'right\u202eto-left', '魚'.repeat(20), 'long-'.repeat(40), '=1+1', 'a,b"c']

for (const series of ['2.10', '2.15'] satisfies NatsSeries[]) {
  describe(`streams and consumers of real servers ${series}`, function () {
    this.timeout(300_000)
    let lab: TestLab
    let client: NatsClient

    before(async () => {
      lab = await startLab({series})
      const cluster = await lab.cluster()
      const {credentials, servers} = await fetchCredentials(cluster, {kind: 'admin'})
      client = await cluster.nats({servers, credentials, timeoutMs: 30_000})
      await fill()
    })
    after(async () => {
      await client?.close()
      await lab?.stop()
    })

    const call = async (subject: string, body: object = {}) => {
      const answer = await client.request(`$JS.API.${subject}`, JSON.stringify(body), {timeoutMs: 30_000})
      const {error, ...value} = JSON.parse(Buffer.from(answer).toString('utf8'))
      if (error) throw new Error(`${subject}: ${error.description}`)
      return value
    }
    const publish = (subject: string) => client.request(subject, 'hello', {timeoutMs: 30_000})

    /** ORDERS and INVOICES of three replicas, QUIET of one, a mirror, and streams that nobody should name so. */
    async function fill(): Promise<void> {
      const config = {
        storage: 'file',
        retention: 'limits',
        discard: 'old',
        num_replicas: 1,
        max_msgs: -1,
        max_bytes: -1,
      }
      const create = (name: string, more: object) => call(`STREAM.CREATE.${name}`, {name, ...config, ...more})
      await create('ORDERS', {
        subjects: ['orders.>'],
        num_replicas: 3,
        max_age: 3_600_000_000_000,
        description: 'orders of a day',
        metadata: {owner: 'shop'},
      })
      await create('INVOICES', {subjects: ['invoices'], num_replicas: 3})
      await create('QUIET', {subjects: ['quiet'], storage: 'memory'})
      for (const [index, name] of HOSTILE.entries()) await create(name, {subjects: [`hostile.${index}`]})
      const worker = {
        durable_name: 'worker',
        ack_policy: 'explicit',
        ack_wait: 600_000_000_000,
        filter_subject: 'orders.>',
      }
      await call('CONSUMER.DURABLE.CREATE.ORDERS.worker', {stream_name: 'ORDERS', config: worker})
      await call('CONSUMER.DURABLE.CREATE.ORDERS.reader', {
        stream_name: 'ORDERS',
        config: {durable_name: 'reader', ack_policy: 'none'},
      })
      for (const subject of ['orders.a', 'orders.a', 'orders.b', 'orders.c', 'invoices']) await publish(subject)
      await call('STREAM.MSG.DELETE.ORDERS', {seq: 2})
      await create('COPY', {mirror: {name: 'ORDERS'}})
      await client.gather('$JS.API.CONSUMER.MSG.NEXT.ORDERS.worker', '', {timeoutMs: 30_000, take: () => 0})
      await eventually('the mirror has them all', async () => (await call('STREAM.INFO.COPY')).state.messages === 3)
      await settled()
    }

    /** Everything has a leader, and every replica holds what it should. */
    const settled = () =>
      eventually('every node has everything', async () => {
        const {streams} = await read<{streams: readonly Row[]}>(StreamList, ['--source', 'system'])
        const {consumers} = await read<{consumers: readonly Row[]}>(ConsumerList, ['ORDERS', '--source', 'system'])
        const {consumer: worker} = await read<ConsumerDocument>(ConsumerInfo, ['ORDERS', 'worker'])
        return (
          [streams.length, consumers.length, worker.ackPending].join() === `${HOSTILE.length + 5},2,1` &&
          [...streams, ...consumers].every(({leader, behind, members}) => {
            return leader !== null && !behind && members.every(({presence}) => presence === 'holds')
          }) &&
          worker.members.every(({messages}) => messages === 1)
        )
      })

    type Command = Parameters<typeof runCommand>[0]
    const run = (Command: Command, argv: readonly string[], options?: RunOptions): Promise<Outcome> =>
      runCommand(Command, ['--cluster', 'lab', ...argv], {configuration: lab.configuration}, options)
    async function read<T>(Command: Command, argv: readonly string[]): Promise<T> {
      const {stdout, stderr, exitCode} = await run(Command, [...argv, '--json'])
      assert.deepEqual([exitCode, stderr], [0, ''], stdout)
      return JSON.parse(stdout) as T
    }
    const namesOf = async (argv: readonly string[]): Promise<readonly string[]> =>
      (await read<{streams: readonly {stream: string}[]}>(StreamList, argv)).streams.map(({stream}) => stream)

    it('lists the same numbers whichever source is asked', async () => {
      const look = async (source: string) => {
        const report = await read<{
          source: {kind: string}
          streams: readonly Record<string, unknown>[]
          totals: object
        }>(StreamList, ['ORDERS', 'INVOICES', 'QUIET', 'COPY', '--source', source])
        assert.equal(report.source.kind, source)
        const rows = report.streams.map((row) => [row.stream, row.replicas, row.messages, row.consumers, row.behind])
        return {rows, totals: report.totals}
      }
      // One after the other: all of them write to the same output.
      const [system, account, monitor] = [await look('system'), await look('account'), await look('monitor')]
      assert.deepEqual(system.rows, [
        ['COPY', 1, 3, 0, null],
        ['INVOICES', 3, 1, 0, 0],
        ['ORDERS', 3, 3, 2, 0],
        ['QUIET', 1, 0, 0, null],
      ])
      assert.deepEqual(monitor, system)
      assert.deepEqual(account, {
        ...system,
        rows: system.rows.map((row) => [...row.slice(0, 4), null]),
      })
    })

    it('finds streams by pattern, replicas, leader and what nobody acknowledged', async () => {
      assert.deepEqual(await namesOf(['*O*', 'QUIE?']), ['COPY', 'INVOICES', 'ORDERS', 'QUIET'])
      assert.deepEqual(await namesOf(['--replicas', '3']), ['INVOICES', 'ORDERS', 'pivot_main'])
      assert.deepEqual(await namesOf(['--unacked-over', '0']), ['ORDERS'])
      assert.deepEqual(await namesOf(['nothing*']), [])
      assert.deepEqual(await namesOf(['*O*', '--sort', '-messages', '--top', '1']), ['COPY'])
      const {leader} = (await read<StreamDocument>(StreamInfo, ['ORDERS'])).stream
      assert.ok((await namesOf(['--leader', leader?.slice(-1) ?? ''])).includes('ORDERS'))
    })

    it('has no name of a server reach the terminal raw, and no line wider than it', async () => {
      const {stdout} = await run(StreamList, [], {columns: 80})
      const lines = stripVTControlCharacters(stdout).trimEnd().split('\n')
      assert.equal(lines.length, HOSTILE.length + 6)
      assert.deepEqual(
        lines.filter((line) => displayWidth(line) > 80),
        [],
      )
      const {stdout: records} = await run(StreamList, [])
      const {stdout: csv} = await run(StreamList, ['--csv', '--sort', 'stream'])
      for (const text of [stripVTControlCharacters(stdout), records, csv])
        assert.doesNotMatch(text, /[\u001b\u009b\u202e]/)
      assert.match(csv, /^PIVOT,'=1\+1,1,/m)
      assert.match(csv, /,"a,b""c",1,/)
    })

    it('names the nearest where a name is none, with exit status 9', async () => {
      const cases: readonly [Command, readonly string[], string][] = [
        [
          StreamList,
          ['ORDRES'],
          'error: there is no stream "ORDRES", did you mean ORDERS?\n  try: natsops stream list --cluster lab\n',
        ],
        [
          StreamInfo,
          ['ORDER'],
          'error: there is no stream "ORDER", did you mean ORDERS?\n  try: natsops stream list --cluster lab\n',
        ],
        [
          ConsumerList,
          ['ORDER'],
          'error: there is no stream "ORDER", did you mean ORDERS?\n  try: natsops stream list --cluster lab\n',
        ],
        [
          ConsumerList,
          ['ORDERS', 'wroker'],
          'error: there is no consumer "wroker", did you mean worker?\n  try: natsops consumer list ORDERS --cluster lab\n',
        ],
        [
          ConsumerInfo,
          ['ORDERS', 'wroker'],
          'error: there is no consumer "wroker", did you mean worker?\n  try: natsops consumer list ORDERS --cluster lab\n',
        ],
        [
          StreamList,
          ['--leader', '9'],
          'error: lab has no node "9": there are lab-node-1, lab-node-2, lab-node-3\n  try: natsops node list --cluster lab\n',
        ],
      ]
      for (const [Command, argv, message] of cases) {
        const {stdout, stderr, exitCode} = await run(Command, argv)
        assert.deepEqual([stdout, stderr, exitCode], ['', message, 9])
      }
      for (const source of ['system', 'account']) {
        const {stderr, exitCode} = await run(StreamList, ['--account', 'PIVOTT', '--source', source])
        assert.match(stderr, /^error: .*PIVOTT/)
        assert.equal(exitCode, 9)
      }
    })

    it('ends once it has said so, whatever was still being asked', () => {
      const {stderr, status} = spawnSync(process.execPath, [NATSOPS, 'stream', 'info', 'ORDER', '--cluster', 'lab'], {
        encoding: 'utf8',
        env: lab.variables,
        timeout: 150_000,
      })
      assert.match(stderr, /^error: there is no stream "ORDER", did you mean ORDERS\?\n/)
      assert.equal(status, 9)
    })

    it('refuses what can be no name before it asks anybody', async () => {
      for (const [Command, argv] of [
        [StreamInfo, ['a b']],
        [StreamInfo, ['>']],
        [StreamInfo, ['a.b']],
        [ConsumerList, ['*']],
        [ConsumerInfo, ['ORDERS', 'a\r\nPUB x 0']],
      ] as const) {
        const {stderr, exitCode} = await run(Command, argv)
        assert.match(stderr, /^error: ".*" cannot be the name of a (stream|consumer)\n/)
        assert.equal(exitCode, 2)
      }
    })

    it('shows one stream: configuration, state, what the replicas hold, consumers', async () => {
      const {source, stream, consumers} = await read<StreamDocument>(StreamInfo, [
        'ORDERS',
        '--subjects',
        'orders.*',
        '--deleted',
      ])
      assert.match(source.description, /^account .*; replicas by system account through lab-node-\d: 3 nodes$/)
      assert.deepEqual(source.cannotSee, [])
      const {messages, firstSeq, lastSeq, deleted, deletedSequences, messagesBySubject, subjectCount} = stream
      assert.deepEqual(
        [messages, firstSeq, lastSeq, deleted, deletedSequences, messagesBySubject, subjectCount],
        [3, 1, 4, 1, [2], {'orders.a': 1, 'orders.b': 1, 'orders.c': 1}, 3],
      )
      assert.deepEqual([stream.configuration.max_age, stream.configuration.num_replicas], [3_600_000_000_000, 3])
      assert.deepEqual([stream.replicas, stream.behind, stream.unacknowledged], [3, 0, 1])
      assert.deepEqual(
        stream.members.map(({node, isLeader, presence, messages: own, lastSeq: last}) => [
          node,
          isLeader,
          presence,
          own,
          last,
        ]),
        ['lab-node-1', 'lab-node-2', 'lab-node-3'].map((node) => [node, node === stream.leader, 'holds', 3, 4]),
      )
      assert.deepEqual(
        consumers.map(({consumer, pending, ackPending, deliveredSeq, mode}) => [
          consumer,
          pending,
          ackPending,
          deliveredSeq,
          mode,
        ]),
        [
          ['reader', 3, 0, 0, 'pull'],
          ['worker', 2, 1, 1, 'pull'],
        ],
      )
    })

    it('shows a stream as text: aligned on a terminal, records in a pipe', async () => {
      const {stdout: screen} = await run(StreamInfo, ['ORDERS', '--deleted'], {columns: 80})
      const text = stripVTControlCharacters(screen)
      assert.match(text, /^description +orders of a day$/m)
      assert.match(text, /^metadata +owner=shop$/m)
      assert.match(text, /^max age +1h$/m)
      assert.match(text, /^deleted ones +2$/m)
      assert.match(text, /\n\nREPLICAS\nNODE +ROLE +SAYS +MESSAGES/)
      assert.match(text, /\n\nCONSUMERS\nCONSUMER +MODE +ACK +PENDING/)
      const {stdout: pipe} = await run(StreamInfo, ['COPY'])
      assert.match(pipe, /^stream\tCOPY$/m)
      assert.match(pipe, /^storage\tfile, 1 replica$/m)
      assert.match(pipe, /^replica\tlab-node-\d\tleader\tholds\t3\t4\t/m)
      assert.match(pipe, /^mirror\tORDERS\t0\t/m)
      assert.ok(
        pipe
          .trimEnd()
          .split('\n')
          .every((line) => line.includes('\t')),
      )
    })

    it('lists consumers, and shows one', async () => {
      const {stdout, stderr, exitCode} = await run(ConsumerList, ['ORDERS', '--unacked-over', '0'])
      assert.match(stdout, /^[^\t]+\tORDERS\tworker\tpull\texplicit\t2\t1\t0\t0\t\S+Z\t/)
      assert.deepEqual([stdout.split('\n').length, exitCode], [2, 0])
      assert.match(stderr, /^source: system account through lab-node-\d: 3 nodes\n/)
      const {consumer} = await read<ConsumerDocument>(ConsumerInfo, ['ORDERS', 'worker'])
      assert.deepEqual(
        [consumer.pending, consumer.ackPending, consumer.configuration.ack_wait, consumer.behind],
        [2, 1, 600_000_000_000, 0],
      )
      assert.deepEqual(
        consumer.members.map(({presence, messages}) => [presence, messages]),
        [
          ['holds', 1],
          ['holds', 1],
          ['holds', 1],
        ],
      )
      const {stdout: screen} = await run(ConsumerInfo, ['ORDERS', 'worker'], {columns: 80})
      assert.match(stripVTControlCharacters(screen), /^ack wait +10m$/m)
    })

    it('tells a stream without consumers from one that is not there', async () => {
      const {stdout, stderr, exitCode} = await run(ConsumerList, ['QUIET', '--source', 'account'])
      assert.deepEqual([stdout, exitCode], ['', 0])
      assert.match(stderr, /^no consumers\n/)
    })

    it('shows a service its own stream, and names the permission where there is none', async () => {
      const own = await read<StreamDocument>(StreamInfo, ['pivot_main', '--service', 'facebox'])
      assert.deepEqual(
        [own.stream.configuration.retention, own.consumers, own.source.cannotSee.length],
        ['interest', [], 1],
      )
      assert.match(own.source.cannotSee[0] ?? '', /no permission for \$JS\.API\.CONSUMER\.LIST\.pivot_main$/)
      const other = await run(StreamInfo, ['ORDERS', '--service', 'facebox'])
      assert.match(other.stderr, /no permission for \$JS\.API\.STREAM\.INFO\.ORDERS\n/)
      const list = await run(StreamList, ['--service', 'facebox', '--source', 'account'])
      assert.match(list.stderr, /no permission for \$JS\.API\.STREAM\.LIST\n/)
      assert.deepEqual([other.exitCode, list.exitCode], [10, 10])
    })

    it('has the numbers of the nats CLI', async function () {
      const nats = natsCli()
      if (nats === undefined) return this.skip()
      const {servers} = await fetchCredentials(await lab.cluster(), {kind: 'admin'})
      const environment = {HOME: lab.folder, NATS_URL: servers.join(','), NATS_CREDS: lab.files.natsCredentials}
      for (const name of ['ORDERS', 'COPY']) {
        const {stdout} = spawnSync(nats, ['stream', 'info', name, '--json'], {env: environment, encoding: 'utf8'})
        const theirs = JSON.parse(stdout)
        const {stream} = await read<StreamDocument>(StreamInfo, [name])
        assert.deepEqual(
          [stream.messages, stream.bytes, stream.firstSeq, stream.lastSeq, stream.leader, stream.consumers],
          [
            theirs.state.messages,
            theirs.state.bytes,
            theirs.state.first_seq,
            theirs.state.last_seq,
            theirs.cluster.leader,
            theirs.state.consumer_count,
          ],
        )
      }
    })

    it("says which node is silent, and shows the leader's word of it", async () => {
      const {leader} = (await read<StreamDocument>(StreamInfo, ['ORDERS'])).stream
      const node = ['1', '2', '3'].find((each) => !leader?.endsWith(each)) ?? ''
      await lab.act('pause', `lab-node-${node}`)
      try {
        const {stream, source} = await read<StreamDocument>(StreamInfo, ['ORDERS', '--timeout', '3s'])
        assert.equal(stream.members.find((member) => member.node === `lab-node-${node}`)?.presence, 'silent')
        assert.match(source.cannotSee.join('\n'), new RegExp(`^lab-node-${node}: `, 'm'))
      } finally {
        await lab.act('resume', `lab-node-${node}`)
      }
      await settled()
    })

    it('has nothing to list in a pipe, whichever way it comes, and says so where there is no stream', async () => {
      const {stdout: whole} = await run(StreamList, ['--source', 'account', '--sort', 'stream', '--csv'])
      assert.equal((await run(StreamList, ['--source', 'account', '--csv'])).stdout, whole)
      const names = await namesOf(['--source', 'account'])
      for (const name of names) await call(`STREAM.DELETE.${name}`)
      await eventually('no node holds any of them', async () => {
        return (await read<{streams: readonly Row[]}>(StreamList, ['--source', 'monitor'])).streams.length === 0
      })
      for (const Command of [StreamList, ReportStreams]) {
        for (const source of ['system', 'account', 'monitor']) {
          const {stdout, stderr, exitCode} = await run(Command, ['--source', source])
          assert.deepEqual([stdout, stderr.split('\n', 1)[0], exitCode], ['', 'no streams', 0], source)
          const {streams, totals} = await read<{streams: unknown; totals: object}>(Command, ['--source', source])
          assert.deepEqual([streams, totals], [[], {streams: 0, messages: 0, bytes: 0, consumers: 0}])
        }
      }
      const {stderr, exitCode} = await run(ConsumerList, ['ORDERS'])
      assert.match(stderr, /^error: there is no stream "ORDERS"\n/)
      assert.equal(exitCode, 9)
    })

    it('says that an account has no JetStream', async () => {
      const store = await (await (await lab.cluster()).aws()).parameters()
      const system = credentialParameters(conventionalSettings('lab'), {kind: 'system'})
      const service = credentialParameters(conventionalSettings('lab'), {kind: 'service', service: 'bare'})
      const found = await store.get([system.jwt, system.seed])
      for (const part of ['jwt', 'seed'] as const) {
        await store.put(service[part], found.get(system[part])?.value ?? '', {secure: true, overwrite: true})
      }
      for (const [Command, argv] of [
        [StreamList, []],
        [StreamInfo, ['ORDERS']],
        [ConsumerList, ['ORDERS']],
      ] as const) {
        const {stdout, stderr, exitCode} = await run(Command, [...argv, '--service', 'bare'])
        assert.match(stderr, /^error: account \S+ has no JetStream\n/)
        assert.deepEqual([stdout, exitCode], ['', 9])
      }
    })
  })
}
