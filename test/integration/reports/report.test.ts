import assert from 'node:assert/strict'
import {stripVTControlCharacters} from 'node:util'
import Accounts from '../../../src/commands/report/accounts.ts'
import Connections from '../../../src/commands/report/connections.ts'
import Consumers from '../../../src/commands/report/consumers.ts'
import JetStream from '../../../src/commands/report/jetstream.ts'
import Raft from '../../../src/commands/report/raft.ts'
import Streams from '../../../src/commands/report/streams.ts'
import type {ClusterContext} from '../../../src/lib/context.ts'
import {credentialParameters} from '../../../src/lib/domain/settings.ts'
import {openSource} from '../../../src/lib/ops/reports/source.ts'
import {eventually} from '../../support/eventually.ts'
import {fields} from '../../support/fields.ts'
import {type NatsSeries, natsCli} from '../../support/nats-servers.ts'
import {type ReportLab, startReportLab} from '../../support/report-lab.ts'
import {HOSTILE_NAMES, makeReportedStreams, untilReportedStreamsSettle} from '../../support/report-streams.ts'

for (const series of ['2.10', '2.15'] as const satisfies readonly NatsSeries[]) {
  describe(`report on a real cluster of ${series}`, function () {
    this.timeout(300_000)
    let lab: ReportLab

    before(async () => {
      lab = await startReportLab({series})
      await makeReportedStreams(lab)
      await untilReportedStreamsSettle(lab)
    })
    after(() => lab?.stop())

    it('tells the same streams whichever source it stands on', async () => {
      const system = await lab.read(Streams, ['--source', 'system'])
      const account = await lab.read(Streams, ['--source', 'account'])
      const monitor = await lab.read(Streams, ['--source', 'monitor'])
      const own = fields('stream', 'leader', 'replicas', 'messages', 'bytes', 'lastSeq', 'consumers', 'subjects')
      assert.deepEqual(system.streams.map(own), account.streams.map(own))
      // The leader's clock goes on between two looks.
      const still = (rows: unknown) => JSON.stringify(rows, (name, value) => (name === 'activeMs' ? undefined : value))
      assert.equal(still(system.streams), still(monitor.streams))
      assert.deepEqual(
        [system, account, monitor].map(({source}) => source.kind),
        ['system', 'account', 'monitor'],
      )
      assert.deepEqual(account.source.cannotSee, [
        'other accounts',
        "what replicas have stored themselves: only their leaders' word",
      ])
      const orders = system.streams.find(({stream}: {stream: string}) => stream === 'ORDERS')
      assert.deepEqual(
        orders.members.map(fields('node', 'presence', 'messages', 'behind')),
        [1, 2, 3].map((n) => [`lab-node-${n}`, 'holds', 50, 0]),
      )
      assert.deepEqual([orders.messages, orders.lastSeq, orders.account], [50, 50, 'PIVOT'])
    })

    it('tells the same consumers whichever source it stands on', async () => {
      const system = await lab.read(Consumers, ['--source', 'system'])
      const account = await lab.read(Consumers, ['--source', 'account'])
      const monitor = await lab.read(Consumers, ['--source', 'monitor'])
      const state = ['pending', 'ackPending', 'ackFloorSeq', 'deliveredSeq']
      const own = fields('stream', 'consumer', 'leader', 'mode', 'durable', ...state)
      assert.deepEqual(system.consumers.map(own), account.consumers.map(own))
      assert.deepEqual(system.consumers.map(own), monitor.consumers.map(own))
      const worker = system.consumers.find(({consumer}: {consumer: string}) => consumer === 'worker')
      assert.deepEqual(fields(...state)(worker), [45, 3, 2, 5])
      const only = await lab.read(Consumers, ['--stream', 'ORDERS', '--source', 'account'])
      assert.deepEqual(
        only.consumers.map(({consumer}: {consumer: string}) => consumer),
        ['worker'],
      )
    })

    it('counts on every server what it holds and leads, and shows the meta group', async () => {
      const {servers, meta, totals} = await lab.read(JetStream)
      const monitor = await lab.read(JetStream, ['--source', 'monitor'])
      const held = ['streams', 'consumers', 'messages', 'bytes', 'streamsLed', 'consumersLed']
      const counts = fields('server', 'version', 'isMetaLeader', ...held)
      assert.deepEqual(servers.map(counts), monitor.servers.map(counts))
      const led = HOSTILE_NAMES.length + 3
      assert.deepEqual([totals.servers, totals.streamsLed, totals.consumersLed], [3, led, 3])
      assert.deepEqual(
        meta.peers.map((peer: Record<string, unknown>) => [
          peer.name,
          peer.isLeader,
          peer.ghost,
          peer.offline === true,
        ]),
        [1, 2, 3].map((n) => [`lab-node-${n}`, meta.leader === `lab-node-${n}`, false, false]),
      )
      assert.equal(servers.find(({isMetaLeader}: {isMetaLeader: boolean}) => isMetaLeader).server, meta.leader)
    })

    it('names every RAFT group with its leader, and nobody is behind', async () => {
      const {groups} = await lab.read(Raft)
      assert.deepEqual(groups.map(fields('kind', 'stream', 'consumer', 'replicas', 'behind')), [
        ['meta', null, null, 3, null],
        ['stream', 'ORDERS', null, 3, 0],
        ['consumer', 'ORDERS', 'worker', 3, 0],
        ['stream', 'pivot_main', null, 3, 0],
        ['consumer', 'pivot_main', 'facebox', 3, 0],
        ['consumer', 'pivot_main', 'messenger', 3, 0],
      ])
      for (const {leader, members} of groups) {
        const states = members.map(fields('node', 'state'))
        assert.deepEqual(
          states,
          [1, 2, 3].map((n) => [`lab-node-${n}`, leader === `lab-node-${n}` ? 'LEADER' : 'FOLLOWER']),
        )
      }
    })

    it('shows who is connected, and what each account uses', async () => {
      // A server notices a moment later that somebody has gone.
      const connections = await eventually('those of the looks before are gone', async () => {
        const {connections: open} = await lab.read(Connections, ['--account', 'PIVOT'])
        return open.length < 2 && open
      })
      const {accounts} = await lab.read(Accounts)
      const [publisher, ...others] = connections
      assert.deepEqual(
        [publisher.name, publisher.account, publisher.language, publisher.ip, publisher.slow, others],
        ['a publisher', 'PIVOT', 'nats.js', '127.0.0.1', false, []],
      )
      const pivot = accounts.find(({account}: {account: string}) => account === 'PIVOT')
      assert.deepEqual(
        [pivot.connections, pivot.streams, pivot.consumers, pivot.jetStream, pivot.maxFileBytes],
        [1, HOSTILE_NAMES.length + 3, 3, true, -1],
      )
    })

    it('agrees with the nats CLI', async function () {
      const cli = natsCli()
      if (cli === undefined) return this.skip()
      const {streams} = await lab.read(Streams)
      const names = await lab.nats(cli, 'stream', 'ls', '--json')
      assert.deepEqual(streams.map(({stream}: {stream: string}) => stream).sort(), [...names].sort())
      for (const name of ['ORDERS', 'EVENTS', 'pivot_main']) {
        const info = await lab.nats(cli, 'stream', 'info', name, '--json')
        const {messages, bytes, leader, members} = streams.find(({stream}: {stream: string}) => stream === name)
        const nodes = members.map(({node}: {node: string}) => node)
        const replicas = (info.cluster.replicas ?? []).map((each: {name: string}) => each.name)
        assert.deepEqual(
          {messages, bytes, leader, nodes},
          {
            messages: info.state.messages,
            bytes: info.state.bytes,
            leader: info.cluster.leader,
            nodes: [info.cluster.leader, ...replicas].sort(),
          },
        )
      }
    })

    it('lets no name reach the terminal raw, and fits it', async () => {
      const {stdout} = await lab.run(Streams, [], {columns: 80})
      for (const line of stdout.split('\n'))
        assert.doesNotMatch(stripVTControlCharacters(line), /[\u0000-\u001f\u202e]/)
      assert.match(stdout, /evil\\x1b\[31m\\x07/)
      const piped = (await lab.run(Streams)).stdout
      assert.match(piped, /\t\\u202eyob\t/)
      assert.equal(piped.split('\n').length, HOSTILE_NAMES.length + 3 + 1)
      const csv = (await lab.run(Streams, ['--csv'])).stdout.split('\r\n')
      assert.equal(csv.length, HOSTILE_NAMES.length + 3 + 2)
    })

    it('says which permission a service lacks, and which account nobody knows', async () => {
      const narrow = await lab.run(Streams, ['--service', 'facebox', '--region', 'us-east-2'])
      assert.equal(narrow.exitCode, 10)
      const whose = `--cluster ${lab.ctx.settings.name} --region us-east-2 --service facebox`
      assert.equal(
        narrow.stderr,
        'error: this user has no permission for $JS.API.STREAM.LIST\n' +
          `  try: natsops creds fetch ${whose} && natsops creds show ${whose}\n`,
      )
      const unknown = await lab.run(Streams, ['--account', 'PIVO'])
      assert.equal(unknown.exitCode, 9)
      assert.equal(unknown.stderr, 'error: no server knows an account PIVO\n  try: accounts there are: PIVOT\n')
      const elsewhere = await lab.run(JetStream, ['--source', 'account'])
      assert.equal(elsewhere.exitCode, 2)
    })

    it('leaves no connection open where a source cannot be had', async () => {
      const seen: string[] = []
      const watched: ClusterContext = {
        ...lab.ctx,
        nats: async (options) => {
          const client = await lab.ctx.nats(options)
          seen.push('opened')
          const close = async (): Promise<void> => {
            await client.close()
            seen.push('closed')
          }
          return {...client, close}
        },
      }
      const owner = {kind: 'service', service: 'facebox'} as const
      await assert.rejects(openSource(watched, {force: 'account', owner}), {code: 'PERMISSION_DENIED'})
      assert.deepEqual(seen, ['opened', 'closed'])
      const source = await openSource(watched, {force: 'system', owner: {kind: 'admin'}})
      await source.close()
      assert.deepEqual(seen, ['opened', 'closed', 'opened', 'closed'])
    })

    it('says that an account has no JetStream', async () => {
      await lab.addServiceWithoutJetStream('bare')
      const {exitCode, stdout} = await lab.run(Streams, ['--service', 'bare', '--json'])
      assert.deepEqual([exitCode, JSON.parse(stdout).error.code], [9, 'NO_JETSTREAM'])
    })

    it('goes on with what answers, and names who is silent', async () => {
      await lab.act('pause', 'node-3')
      try {
        for (const source of ['system', 'monitor']) {
          const {servers, source: note} = await lab.read(JetStream, ['--source', source, '--timeout', '3s'])
          assert.deepEqual(
            servers.map(({server, problem}: Record<string, unknown>) => [server, problem === null]),
            [1, 2, 3].map((n) => [`lab-node-${n}`, n < 3]),
          )
          assert.equal(note.cannotSee.length, 1)
          assert.match(note.cannotSee[0], /^lab-node-3: no (complete )?answer /)
          const {streams} = await lab.read(Streams, ['--source', source, '--timeout', '3s'])
          const orders = streams.find(({stream}: {stream: string}) => stream === 'ORDERS')
          assert.deepEqual(
            orders.members.map((each: Record<string, unknown>) => each.presence),
            ['holds', 'holds', 'silent'],
          )
        }
      } finally {
        await lab.act('resume', 'node-3')
      }
      await untilReportedStreamsSettle(lab)
    })

    it('falls back to the own account, and says why, where there are no system credentials', async () => {
      const store = await (await lab.ctx.aws()).parameters()
      const {jwt, seed} = credentialParameters(lab.ctx.settings, {kind: 'system'})
      await store.delete(jwt)
      await store.delete(seed)
      const {source, streams} = await lab.read(Streams)
      assert.equal(streams.length, HOSTILE_NAMES.length + 3)
      assert.equal(source.kind, 'account')
      assert.match(source.cannotSee.at(-1), /^the system account was not to be had: there is no SSM parameter /)
      const servers = await lab.read(JetStream)
      assert.equal(servers.source.kind, 'monitor')
      const forced = await lab.run(Streams, ['--source', 'system'])
      assert.equal(forced.exitCode, 9)
      assert.match(forced.stderr, /^error: there is no SSM parameter /)
    })
  })
}
