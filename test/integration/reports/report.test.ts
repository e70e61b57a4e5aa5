import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify, stripVTControlCharacters} from 'node:util'
import {connect, credsAuthenticator, type NatsConnection, StorageType} from 'nats'
import Accounts from '../../../src/commands/report/accounts.ts'
import Connections from '../../../src/commands/report/connections.ts'
import Consumers from '../../../src/commands/report/consumers.ts'
import JetStream from '../../../src/commands/report/jetstream.ts'
import Raft from '../../../src/commands/report/raft.ts'
import Streams from '../../../src/commands/report/streams.ts'
import type {ClusterContext} from '../../../src/lib/context.ts'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {credentialParameters} from '../../../src/lib/domain/settings.ts'
import {fetchCredentials} from '../../../src/lib/ops/credentials.ts'
import {openSource} from '../../../src/lib/ops/reports/source.ts'
import {eventually} from '../../support/eventually.ts'
import {startLab, type TestLab} from '../../support/lab.ts'
import {type NatsSeries, natsCli} from '../../support/nats-servers.ts'
import {runCommand} from '../../support/run.ts'

/** Cursor movement, right-to-left override, wide characters, and as long as a server allows. */
const HOSTILE = ['evil\u001b[31m\u0007', '\u202eyob', '流流流', 'x'.repeat(200)]

/** What is looked at in rows of streams, consumers and groups. */
interface Row {
  readonly consumer?: string | null
  readonly leader: string | null
  readonly behind: number | null
  readonly members: readonly {readonly presence?: string}[]
}

for (const series of ['2.10', '2.15'] as const satisfies readonly NatsSeries[]) {
  describe(`report on a real cluster of ${series}`, function () {
    this.timeout(300_000)
    let lab: TestLab
    let ctx: ClusterContext
    let connection: NatsConnection
    let credentials: string

    before(async () => {
      lab = await startLab({series})
      ctx = await lab.cluster()
      const fetched = await fetchCredentials(ctx, {kind: 'admin'})
      credentials = formatCredentials(fetched.credentials)
      connection = await connect({
        servers: [...fetched.servers],
        authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
        name: 'a publisher',
      })
      const manager = await connection.jetstreamManager({timeout: 30_000})
      for (const name of ['ORDERS', 'EVENTS', ...HOSTILE]) {
        const replicas = name === 'ORDERS' ? 3 : 1
        const subjects = [`${series.replace('.', '')}${name.charCodeAt(0)}.${name.length}.>`]
        await manager.streams.add({name, subjects, num_replicas: replicas, storage: StorageType.File})
      }
      await manager.consumers.add('ORDERS', {
        durable_name: 'worker',
        ack_policy: 'explicit' as never,
        max_ack_pending: 10,
      })
      const stream = connection.jetstream({timeout: 30_000})
      const subject = `${series.replace('.', '')}${'O'.charCodeAt(0)}.6.x`
      for (let sent = 0; sent < 50; sent += 1) await stream.publish(subject, 'order')
      const consumer = await stream.consumers.get('ORDERS', 'worker')
      for await (const message of await consumer.fetch({max_messages: 5})) if (message.seq <= 2) message.ack()
      await eventually('every replica holds everything', isSettled)
    })

    after(async () => {
      await connection?.close()
      await lab?.stop()
    })

    type Command = Parameters<typeof runCommand>[0]
    const run = (Command: Command, argv: readonly string[] = [], options = {}) =>
      runCommand(Command, ['--cluster', 'lab', ...argv], {configuration: lab.configuration}, options)
    /** The document; the tests say which fields they look at. */
    const json = async (Command: Command, argv: readonly string[] = []) => {
      const {stdout, exitCode} = await run(Command, ['--json', ...argv])
      assert.equal(exitCode, 0, stdout)
      return JSON.parse(stdout)
    }

    /** Everything has a leader, every replica holds what it should, and the two acknowledgements have arrived. */
    const isSettled = async (): Promise<boolean> => {
      const [{streams}, {consumers}, {groups}] = [await json(Streams), await json(Consumers), await json(Raft)]
      const isWhole = ({leader, behind, members}: Row): boolean =>
        leader !== null && !behind && members.every(({presence}) => presence === undefined || presence === 'holds')
      const acknowledged = consumers.find(({consumer}: Row) => consumer === 'worker')?.ackFloorSeq
      return (
        [streams.length, consumers.length, groups.length, acknowledged].join() === `${HOSTILE.length + 3},3,6,2` &&
        [...streams, ...consumers, ...groups].every(isWhole)
      )
    }

    it('tells the same streams whichever source it stands on', async () => {
      const system = await json(Streams, ['--source', 'system'])
      const account = await json(Streams, ['--source', 'account'])
      const monitor = await json(Streams, ['--source', 'monitor'])
      const own = ({
        stream,
        leader,
        replicas,
        messages,
        bytes,
        lastSeq,
        consumers,
        subjects,
      }: Record<string, unknown>) => ({
        stream,
        leader,
        replicas,
        messages,
        bytes,
        lastSeq,
        consumers,
        subjects,
      })
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
        orders.members.map((each: Record<string, unknown>) => [each.node, each.presence, each.messages, each.behind]),
        [1, 2, 3].map((n) => [`lab-node-${n}`, 'holds', 50, 0]),
      )
      assert.deepEqual([orders.messages, orders.lastSeq, orders.account], [50, 50, 'PIVOT'])
    })

    it('tells the same consumers whichever source it stands on', async () => {
      const system = await json(Consumers, ['--source', 'system'])
      const account = await json(Consumers, ['--source', 'account'])
      const monitor = await json(Consumers, ['--source', 'monitor'])
      const own = (row: Record<string, unknown>) =>
        ['stream', 'consumer', 'leader', 'pending', 'ackPending', 'ackFloorSeq', 'deliveredSeq', 'mode', 'durable'].map(
          (field) => row[field],
        )
      assert.deepEqual(system.consumers.map(own), account.consumers.map(own))
      assert.deepEqual(system.consumers.map(own), monitor.consumers.map(own))
      const worker = system.consumers.find(({consumer}: {consumer: string}) => consumer === 'worker')
      assert.deepEqual([worker.pending, worker.ackPending, worker.ackFloorSeq, worker.deliveredSeq], [45, 3, 2, 5])
      const only = await json(Consumers, ['--stream', 'ORDERS', '--source', 'account'])
      assert.deepEqual(
        only.consumers.map(({consumer}: {consumer: string}) => consumer),
        ['worker'],
      )
    })

    it('counts on every server what it holds and leads, and shows the meta group', async () => {
      const {servers, meta, totals} = await json(JetStream)
      const monitor = await json(JetStream, ['--source', 'monitor'])
      const counts = (row: Record<string, unknown>) =>
        [
          'server',
          'version',
          'isMetaLeader',
          'streams',
          'consumers',
          'messages',
          'bytes',
          'streamsLed',
          'consumersLed',
        ].map((field) => row[field])
      assert.deepEqual(servers.map(counts), monitor.servers.map(counts))
      const led = HOSTILE.length + 3
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
      const {groups} = await json(Raft)
      assert.deepEqual(
        groups.map((group: Record<string, unknown>) => [
          group.kind,
          group.stream,
          group.consumer,
          group.replicas,
          group.behind,
        ]),
        [
          ['meta', null, null, 3, null],
          ['stream', 'ORDERS', null, 3, 0],
          ['consumer', 'ORDERS', 'worker', 3, 0],
          ['stream', 'pivot_main', null, 3, 0],
          ['consumer', 'pivot_main', 'facebox', 3, 0],
          ['consumer', 'pivot_main', 'messenger', 3, 0],
        ],
      )
      for (const {leader, members} of groups) {
        const states = members.map(({node, state}: Record<string, unknown>) => [node, state])
        assert.deepEqual(
          states,
          [1, 2, 3].map((n) => [`lab-node-${n}`, leader === `lab-node-${n}` ? 'LEADER' : 'FOLLOWER']),
        )
      }
    })

    it('shows who is connected, and what each account uses', async () => {
      // A server notices a moment later that somebody has gone.
      const connections = await eventually('those of the looks before are gone', async () => {
        const {connections: open} = await json(Connections, ['--account', 'PIVOT'])
        return open.length < 2 && open
      })
      const {accounts} = await json(Accounts)
      const [publisher, ...others] = connections
      assert.deepEqual(
        [publisher.name, publisher.account, publisher.language, publisher.ip, publisher.slow, others],
        ['a publisher', 'PIVOT', 'nats.js', '127.0.0.1', false, []],
      )
      const pivot = accounts.find(({account}: {account: string}) => account === 'PIVOT')
      assert.deepEqual(
        [pivot.connections, pivot.streams, pivot.consumers, pivot.jetStream, pivot.maxFileBytes],
        [1, HOSTILE.length + 3, 3, true, -1],
      )
    })

    it('agrees with the nats CLI', async function () {
      const cli = natsCli()
      if (cli === undefined) return this.skip()
      const file = join(lab.folder, 'differential.creds')
      await writeFile(file, credentials, {mode: 0o600})
      const {servers} = await fetchCredentials(ctx, {kind: 'admin'})
      const nats = async (...argv: string[]) => {
        const {stdout} = await promisify(execFile)(cli, ['--server', servers.join(','), '--creds', file, ...argv], {
          env: {...lab.variables, HOME: lab.folder},
        })
        return JSON.parse(stdout)
      }
      const {streams} = await json(Streams)
      const names = (await nats('stream', 'ls', '--json')) as readonly string[]
      assert.deepEqual(streams.map(({stream}: {stream: string}) => stream).sort(), [...names].sort())
      for (const name of ['ORDERS', 'EVENTS', 'pivot_main']) {
        const info = await nats('stream', 'info', name, '--json')
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
      const {stdout} = await run(Streams, [], {columns: 80})
      for (const line of stdout.split('\n'))
        assert.doesNotMatch(stripVTControlCharacters(line), /[\u0000-\u001f\u202e]/)
      assert.match(stdout, /evil\\x1b\[31m\\x07/)
      const piped = (await run(Streams)).stdout
      assert.match(piped, /\t\\u202eyob\t/)
      assert.equal(piped.split('\n').length, HOSTILE.length + 3 + 1)
      const csv = (await run(Streams, ['--csv'])).stdout.split('\r\n')
      assert.equal(csv.length, HOSTILE.length + 3 + 2)
    })

    it('says which permission a service lacks, and which account nobody knows', async () => {
      const narrow = await run(Streams, ['--service', 'facebox', '--region', 'us-east-2'])
      assert.equal(narrow.exitCode, 10)
      const whose = `--cluster ${ctx.settings.name} --region us-east-2 --service facebox`
      assert.equal(
        narrow.stderr,
        'error: this user has no permission for $JS.API.STREAM.LIST\n' +
          `  try: natsops creds fetch ${whose} && natsops creds show ${whose}\n`,
      )
      const unknown = await run(Streams, ['--account', 'PIVO'])
      assert.equal(unknown.exitCode, 9)
      assert.equal(unknown.stderr, 'error: no server knows an account PIVO\n  try: accounts there are: PIVOT\n')
      const elsewhere = await run(JetStream, ['--source', 'account'])
      assert.equal(elsewhere.exitCode, 2)
    })

    it('leaves no connection open where a source cannot be had', async () => {
      const seen: string[] = []
      const watched: ClusterContext = {
        ...ctx,
        nats: async (options) => {
          const client = await ctx.nats(options)
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
      const store = await (await ctx.aws()).parameters()
      const system = credentialParameters(ctx.settings, {kind: 'system'})
      const service = credentialParameters(ctx.settings, {kind: 'service', service: 'bare'})
      const found = await store.get([system.jwt, system.seed])
      for (const part of ['jwt', 'seed'] as const) {
        await store.put(service[part], found.get(system[part])?.value ?? '', {secure: true, overwrite: true})
      }
      const {exitCode, stdout} = await run(Streams, ['--service', 'bare', '--json'])
      assert.deepEqual([exitCode, JSON.parse(stdout).error.code], [9, 'NO_JETSTREAM'])
    })

    it('goes on with what answers, and names who is silent', async () => {
      await lab.act('pause', 'node-3')
      try {
        for (const source of ['system', 'monitor']) {
          const {servers, source: note} = await json(JetStream, ['--source', source, '--timeout', '3s'])
          assert.deepEqual(
            servers.map(({server, problem}: Record<string, unknown>) => [server, problem === null]),
            [1, 2, 3].map((n) => [`lab-node-${n}`, n < 3]),
          )
          assert.equal(note.cannotSee.length, 1)
          assert.match(note.cannotSee[0], /^lab-node-3: no (complete )?answer /)
          const {streams} = await json(Streams, ['--source', source, '--timeout', '3s'])
          const orders = streams.find(({stream}: {stream: string}) => stream === 'ORDERS')
          assert.deepEqual(
            orders.members.map((each: Record<string, unknown>) => each.presence),
            ['holds', 'holds', 'silent'],
          )
        }
      } finally {
        await lab.act('resume', 'node-3')
      }
      await eventually('the node that was paused takes part again', isSettled)
    })

    it('falls back to the own account, and says why, where there are no system credentials', async () => {
      const store = await (await ctx.aws()).parameters()
      const {jwt, seed} = credentialParameters(ctx.settings, {kind: 'system'})
      await store.delete(jwt)
      await store.delete(seed)
      const {source, streams} = await json(Streams)
      assert.equal(streams.length, HOSTILE.length + 3)
      assert.equal(source.kind, 'account')
      assert.match(source.cannotSee.at(-1), /^the system account was not to be had: there is no SSM parameter /)
      const servers = await json(JetStream)
      assert.equal(servers.source.kind, 'monitor')
      const forced = await run(Streams, ['--source', 'system'])
      assert.equal(forced.exitCode, 9)
      assert.match(forced.stderr, /^error: there is no SSM parameter /)
    })
  })
}
