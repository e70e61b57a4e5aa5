import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {stripVTControlCharacters} from 'node:util'
import ConsumerInfo from '../../../src/commands/consumer/info.ts'
import ConsumerList from '../../../src/commands/consumer/list.ts'
import ReportStreams from '../../../src/commands/report/streams.ts'
import StreamInfo from '../../../src/commands/stream/info.ts'
import StreamList from '../../../src/commands/stream/list.ts'
import type {
  ConsumerInfo as ConsumerDocument,
  StreamInfo as StreamDocument,
} from '../../../src/lib/ops/reports/asset-info.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'
import {HOSTILE_NAMES, makeAssets, untilAssetsSettle} from '../../support/asset-streams.ts'
import {eventually} from '../../support/eventually.ts'
import {fields} from '../../support/fields.ts'
import {deleteStream} from '../../support/jetstream.ts'
import {type NatsSeries, natsCli} from '../../support/nats-servers.ts'
import {type Command, type ReportLab, startReportLab} from '../../support/report-lab.ts'

const NATSOPS = new URL('../../support/natsops.ts', import.meta.url).pathname

for (const series of ['2.10', '2.15'] satisfies NatsSeries[]) {
  describe(`streams and consumers of real servers ${series}`, function () {
    this.timeout(300_000)
    let lab: ReportLab

    before(async () => {
      lab = await startReportLab({series})
      await makeAssets(lab)
    })
    after(() => lab?.stop())

    const namesOf = async (argv: readonly string[]): Promise<readonly string[]> =>
      (await lab.read<{streams: readonly {stream: string}[]}>(StreamList, argv)).streams.map(({stream}) => stream)

    it('lists the same numbers whichever source is asked', async () => {
      const look = async (source: string) => {
        const report = await lab.read<{
          source: {kind: string}
          streams: readonly Record<string, unknown>[]
          totals: object
        }>(StreamList, ['ORDERS', 'INVOICES', 'QUIET', 'COPY', '--source', source])
        assert.equal(report.source.kind, source)
        const rows = report.streams.map(fields('stream', 'replicas', 'messages', 'consumers', 'behind'))
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
      const {leader} = (await lab.read<StreamDocument>(StreamInfo, ['ORDERS'])).stream
      assert.ok((await namesOf(['--leader', leader?.slice(-1) ?? ''])).includes('ORDERS'))
    })

    it('has no name of a server reach the terminal raw, and no line wider than it', async () => {
      const {stdout} = await lab.run(StreamList, [], {columns: 80})
      const lines = stripVTControlCharacters(stdout).trimEnd().split('\n')
      assert.equal(lines.length, HOSTILE_NAMES.length + 6)
      assert.deepEqual(
        lines.filter((line) => displayWidth(line) > 80),
        [],
      )
      const {stdout: records} = await lab.run(StreamList, [])
      const {stdout: csv} = await lab.run(StreamList, ['--csv', '--sort', 'stream'])
      for (const text of [stripVTControlCharacters(stdout), records, csv])
        assert.doesNotMatch(text, /[\u001b\u009b\u202e]/)
      assert.match(csv, /^PIVOT,'=1\+1,1,/m)
      assert.match(csv, /,"a,b""c",1,/)
    })

    it('names the nearest where a name is none, with exit status 9', async () => {
      const noStream = (name: string) =>
        `there is no stream "${name}", did you mean ORDERS?\n  try: natsops stream list --cluster lab`
      const noConsumer =
        'there is no consumer "wroker", did you mean worker?\n  try: natsops consumer list ORDERS --cluster lab'
      const noNode =
        'lab has no node "9": there are lab-node-1, lab-node-2, lab-node-3\n  try: natsops node list --cluster lab'
      const cases: readonly [Command, readonly string[], string][] = [
        [StreamList, ['ORDRES'], noStream('ORDRES')],
        [StreamInfo, ['ORDER'], noStream('ORDER')],
        [ConsumerList, ['ORDER'], noStream('ORDER')],
        [ConsumerList, ['ORDERS', 'wroker'], noConsumer],
        [ConsumerInfo, ['ORDERS', 'wroker'], noConsumer],
        [StreamList, ['--leader', '9'], noNode],
      ]
      for (const [Command, argv, message] of cases) {
        const {stdout, stderr, exitCode} = await lab.run(Command, argv)
        assert.deepEqual([stdout, stderr, exitCode], ['', `error: ${message}\n`, 9])
      }
      for (const source of ['system', 'account']) {
        const {stderr, exitCode} = await lab.run(StreamList, ['--account', 'PIVOTT', '--source', source])
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
        const {stderr, exitCode} = await lab.run(Command, argv)
        assert.match(stderr, /^error: ".*" cannot be the name of a (stream|consumer)\n/)
        assert.equal(exitCode, 2)
      }
    })

    it('shows one stream: configuration, state, what the replicas hold, consumers', async () => {
      const {source, stream, consumers} = await lab.read<StreamDocument>(StreamInfo, [
        'ORDERS',
        '--subjects',
        'orders.*',
        '--deleted',
      ])
      assert.match(source.description, /^account .*; replicas by system account through lab-node-\d: 3 nodes$/)
      assert.deepEqual(source.cannotSee, [])
      assert.deepEqual(
        fields('messages', 'firstSeq', 'lastSeq', 'deleted', 'deletedSequences', 'messagesBySubject')(stream),
        [3, 1, 4, 1, [2], {'orders.a': 1, 'orders.b': 1, 'orders.c': 1}],
      )
      assert.deepEqual(fields('subjectCount', 'replicas', 'behind', 'unacknowledged')(stream), [3, 3, 0, 1])
      assert.deepEqual([stream.configuration.max_age, stream.configuration.num_replicas], [3_600_000_000_000, 3])
      assert.deepEqual(
        stream.members.map(fields('node', 'isLeader', 'presence', 'messages', 'lastSeq')),
        ['lab-node-1', 'lab-node-2', 'lab-node-3'].map((node) => [node, node === stream.leader, 'holds', 3, 4]),
      )
      assert.deepEqual(consumers.map(fields('consumer', 'pending', 'ackPending', 'deliveredSeq', 'mode')), [
        ['reader', 3, 0, 0, 'pull'],
        ['worker', 2, 1, 1, 'pull'],
      ])
    })

    it('shows a stream as text: aligned on a terminal, records in a pipe', async () => {
      const {stdout: screen} = await lab.run(StreamInfo, ['ORDERS', '--deleted'], {columns: 80})
      const text = stripVTControlCharacters(screen)
      assert.match(text, /^description +orders of a day$/m)
      assert.match(text, /^metadata +owner=shop$/m)
      assert.match(text, /^max age +1h$/m)
      assert.match(text, /^deleted ones +2$/m)
      assert.match(text, /\n\nREPLICAS\nNODE +ROLE +SAYS +MESSAGES/)
      assert.match(text, /\n\nCONSUMERS\nCONSUMER +MODE +ACK +PENDING/)
      const {stdout: pipe} = await lab.run(StreamInfo, ['COPY'])
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
      const {stdout, stderr, exitCode} = await lab.run(ConsumerList, ['ORDERS', '--unacked-over', '0'])
      assert.match(stdout, /^[^\t]+\tORDERS\tworker\tpull\texplicit\t2\t1\t0\t0\t\S+Z\t/)
      assert.deepEqual([stdout.split('\n').length, exitCode], [2, 0])
      assert.match(stderr, /^source: system account through lab-node-\d: 3 nodes\n/)
      const {consumer} = await lab.read<ConsumerDocument>(ConsumerInfo, ['ORDERS', 'worker'])
      assert.deepEqual(
        [consumer.pending, consumer.ackPending, consumer.configuration.ack_wait, consumer.behind],
        [2, 1, 600_000_000_000, 0],
      )
      assert.deepEqual(consumer.members.map(fields('presence', 'messages')), Array(3).fill(['holds', 1]))
      const {stdout: screen} = await lab.run(ConsumerInfo, ['ORDERS', 'worker'], {columns: 80})
      assert.match(stripVTControlCharacters(screen), /^ack wait +10m$/m)
    })

    it('tells a stream without consumers from one that is not there', async () => {
      const {stdout, stderr, exitCode} = await lab.run(ConsumerList, ['QUIET', '--source', 'account'])
      assert.deepEqual([stdout, exitCode], ['', 0])
      assert.match(stderr, /^no consumers\n/)
    })

    it('shows a service its own stream, and names the permission where there is none', async () => {
      const own = await lab.read<StreamDocument>(StreamInfo, ['pivot_main', '--service', 'facebox'])
      assert.deepEqual(
        [own.stream.configuration.retention, own.consumers, own.source.cannotSee.length],
        ['interest', [], 1],
      )
      assert.match(own.source.cannotSee[0] ?? '', /no permission for \$JS\.API\.CONSUMER\.LIST\.pivot_main$/)
      const other = await lab.run(StreamInfo, ['ORDERS', '--service', 'facebox'])
      assert.match(other.stderr, /no permission for \$JS\.API\.STREAM\.INFO\.ORDERS\n/)
      const list = await lab.run(StreamList, ['--service', 'facebox', '--source', 'account'])
      assert.match(list.stderr, /no permission for \$JS\.API\.STREAM\.LIST\n/)
      assert.deepEqual([other.exitCode, list.exitCode], [10, 10])
    })

    it('has the numbers of the nats CLI', async function () {
      const nats = natsCli()
      if (nats === undefined) return this.skip()
      for (const name of ['ORDERS', 'COPY']) {
        const {state, cluster} = await lab.nats(nats, 'stream', 'info', name, '--json')
        const {stream} = await lab.read<StreamDocument>(StreamInfo, [name])
        assert.deepEqual(fields('messages', 'bytes', 'firstSeq', 'lastSeq', 'leader', 'consumers')(stream), [
          ...fields('messages', 'bytes', 'first_seq', 'last_seq')(state),
          cluster.leader,
          state.consumer_count,
        ])
      }
    })

    it("says which node is silent, and shows the leader's word of it", async () => {
      const {leader} = (await lab.read<StreamDocument>(StreamInfo, ['ORDERS'])).stream
      const node = ['1', '2', '3'].find((each) => !leader?.endsWith(each)) ?? ''
      await lab.act('pause', `lab-node-${node}`)
      try {
        const {stream, source} = await lab.read<StreamDocument>(StreamInfo, ['ORDERS', '--timeout', '3s'])
        assert.equal(stream.members.find((member) => member.node === `lab-node-${node}`)?.presence, 'silent')
        assert.match(source.cannotSee.join('\n'), new RegExp(`^lab-node-${node}: `, 'm'))
      } finally {
        await lab.act('resume', `lab-node-${node}`)
      }
      await untilAssetsSettle(lab)
    })

    it('has nothing to list in a pipe, whichever way it comes, and says so where there is no stream', async () => {
      const {stdout: whole} = await lab.run(StreamList, ['--source', 'account', '--sort', 'stream', '--csv'])
      assert.equal((await lab.run(StreamList, ['--source', 'account', '--csv'])).stdout, whole)
      const names = await namesOf(['--source', 'account'])
      for (const name of names) await deleteStream(lab.admin, name)
      await eventually('no node holds any of them', async () => {
        return (await namesOf(['--source', 'monitor'])).length === 0
      })
      for (const Command of [StreamList, ReportStreams]) {
        for (const source of ['system', 'account', 'monitor']) {
          const {stdout, stderr, exitCode} = await lab.run(Command, ['--source', source])
          assert.deepEqual([stdout, stderr.split('\n', 1)[0], exitCode], ['', 'no streams', 0], source)
          const {streams, totals} = await lab.read<{streams: unknown; totals: object}>(Command, ['--source', source])
          assert.deepEqual([streams, totals], [[], {streams: 0, messages: 0, bytes: 0, consumers: 0}])
        }
      }
      const {stderr, exitCode} = await lab.run(ConsumerList, ['ORDERS'])
      assert.match(stderr, /^error: there is no stream "ORDERS"\n/)
      assert.equal(exitCode, 9)
    })

    it('says that an account has no JetStream', async () => {
      await lab.addServiceWithoutJetStream('bare')
      for (const [Command, argv] of [
        [StreamList, []],
        [StreamInfo, ['ORDERS']],
        [ConsumerList, ['ORDERS']],
      ] as const) {
        const {stdout, stderr, exitCode} = await lab.run(Command, [...argv, '--service', 'bare'])
        assert.match(stderr, /^error: account \S+ has no JetStream\n/)
        assert.deepEqual([stdout, exitCode], ['', 9])
      }
    })
  })
}
