import assert from 'node:assert/strict'
import {setTimeout as delay} from 'node:timers/promises'
import {isDeepStrictEqual} from 'node:util'
import type {JetStreamManager, NatsConnection} from 'nats'
import {openMonitor} from '../../src/lib/clients/monitor/monitor.ts'
import type {Monitor} from '../../src/lib/clients/ports.ts'
import {systemClock} from '../../src/lib/clock.ts'
import {known} from '../../src/lib/domain/answer.ts'
import {assembleAssets} from '../../src/lib/domain/assemble.ts'
import {judgeMetaGroup} from '../../src/lib/domain/meta-group.ts'
import type {ClusterObservation, RaftNode} from '../../src/lib/domain/observation.ts'
import {judgeReplication, type ReplicaVerdict} from '../../src/lib/domain/replication.ts'
import {observeCluster} from '../../src/lib/ops/observe.ts'
import {startCluster, type TestCluster, waitUntil} from '../support/cluster.ts'
import {untilTrue} from '../support/eventually.ts'
import {type NatsSeries, natsServerOf} from '../support/nats-servers.ts'
import {makeObservedStreams, REPLICAS, startLoad} from '../support/observed-streams.ts'

const BULK = 100_000
/** At most so many at a time, and the next when these are stored: a server drops what waits in too long a queue. */
const BATCH = 5000

for (const series of ['2.10', '2.15'] satisfies NatsSeries[]) {
  describe(`observing real servers ${series}`, function () {
    this.timeout(300_000)
    let cluster: TestCluster
    let connection: NatsConnection
    let manager: JetStreamManager
    let monitor: Monitor

    const observe = (through = monitor): Promise<ClusterObservation> =>
      observeCluster({clock: systemClock, monitor: async () => through, settings: cluster.settings}, cluster.targets)

    /** Every node is well and knows the leader of every group, and every replica is proven. */
    const isSettled = async (): Promise<boolean> => {
      const [earlier, later] = [await observe(), await observe()]
      const verdicts = judgeReplication(earlier, later)
      return (
        later.nodes.every(({health, raft}) => known(health)?.status === 'ok' && known(raft)?.every(hasLeader)) &&
        verdicts.length === REPLICAS &&
        !verdicts.some(isAlarm)
      )
    }

    const isHealthy = async (): Promise<boolean> =>
      (await observe()).nodes.every(({health}) => known(health)?.status === 'ok')

    before(async () => {
      cluster = await startCluster({server: natsServerOf(series), accounts: ['APP', 'OTHER']})
      connection = await cluster.connect()
      manager = await connection.jetstreamManager({timeout: 30_000})
      monitor = await openMonitor(cluster.settings, {timeoutMs: 30_000})
      await makeObservedStreams(cluster)
      await waitUntil('every node has heard of all of it', isSettled)
    })

    after(async () => {
      await monitor?.close()
      await connection?.close()
      await cluster?.close()
    })

    it('reads every endpoint of every node in full', async () => {
      const {nodes} = await observe()
      for (const {target, server, health, jetStream, routes, raft} of nodes) {
        assert.ok(
          server.ok && health.ok && jetStream.ok && routes.ok && raft.ok,
          JSON.stringify({server, jetStream, raft}),
        )
        assert.deepEqual(
          [server.value.name, server.value.version, server.value.clusterName, server.value.lameDuck],
          [target.name, cluster.version, 'test', false],
        )
        assert.ok(Math.abs(server.value.now - Date.now()) < 60_000 && server.value.startedAt < server.value.now)
        assert.equal(server.value.configDigest === undefined, series === '2.10')
        assert.deepEqual(health.value, {httpStatus: 200, status: 'ok', errors: []})
        assert.deepEqual([jetStream.value.enabled, jetStream.value.complete], [true, true])
        assert.deepEqual(
          [jetStream.value.maxFileBytes, jetStream.value.maxMemoryBytes, jetStream.value.reservedFileBytes],
          [2_000_000_000, 256_000_000, 0],
        )
        assert.deepEqual(
          [...new Set(routes.value.map(({remoteName}) => remoteName))].sort(),
          cluster.nodes.map(({name}) => name).filter((name) => name !== target.name),
        )
        assert.deepEqual([...new Set(raft.value.map(({account}) => account))].sort(), ['APP', 'OTHER', 'SYS'])
        const names = cluster.nodes.map(({name}) => name)
        assert.ok(raft.value.every(({leader}) => leader !== undefined && names.includes(leader)))
      }
    })

    it('puts one asset together from three nodes, and keeps accounts apart', async () => {
      const assets = assembleAssets(await observe())
      assert.deepEqual(
        assets.map(({account, stream, kind, replicas, storage, members}) => {
          return [account, stream, kind, replicas, storage, members.length]
        }),
        [
          ['APP', 'alone', 'stream', 1, 'file', 1],
          ['APP', 'bulk', 'stream', 3, 'file', 3],
          ['APP', 'events', 'stream', 3, 'file', 3],
          ['APP', 'events', 'consumer', 3, 'file', 3],
          ['APP', 'fast', 'stream', 3, 'memory', 3],
          ['APP', 'jobs', 'stream', 3, 'file', 3],
          ['APP', 'jobs', 'consumer', 3, 'file', 3],
          ['APP', 'latest', 'stream', 3, 'file', 3],
          ['APP', 'live', 'stream', 3, 'file', 3],
          ['APP', 'live', 'consumer', 3, 'file', 3],
          ['APP', 'live', 'consumer', 3, 'file', 3],
          ['OTHER', 'bulk', 'stream', 3, 'file', 3],
        ],
      )
      for (const {leader, claimedLeaders, group, members, replicas} of assets) {
        assert.deepEqual(claimedLeaders, [leader])
        assert.match(group ?? '', new RegExp(`^[SC]-R${replicas}[FM]-`))
        for (const {node, presence, leaderView, raft} of members) {
          assert.equal(presence, 'holds')
          assert.equal(leaderView?.name, node === leader ? undefined : node)
          assert.equal(raft?.leader, replicas === 1 ? undefined : leader)
        }
      }
    })

    it('raises no false alarm under writes, acks, discards and a purge, nor at rest', async () => {
      const load = startLoad(connection)
      const alarms: string[] = []
      /**
       * A replica that is late is no false alarm, unless it never gets to where its leader was in the earlier look; nor is
       * an election, after which that look is worth nothing.
       */
      const judgeSince = async (earlier: ClusterObservation) => {
        const end = performance.now() + 30_000
        for (let from = earlier; ; ) {
          const later = await observe()
          const verdicts = judgeReplication(from, later)
          const isLate = verdicts.some(({verdict}) => verdict === 'behind')
          const isElecting =
            leadersOf(later).includes(undefined) || !isDeepStrictEqual(leadersOf(from), leadersOf(later))
          if ((!isLate && !isElecting) || performance.now() > end) return {later, verdicts}
          if (isElecting) from = later
        }
      }
      const watch = async (label: string, rounds: number, everyMs: number): Promise<void> => {
        let earlier = await observe()
        for (let round = 0; round < rounds; round++) {
          await delay(everyMs)
          const {later, verdicts} = await judgeSince(earlier)
          assert.equal(verdicts.length, REPLICAS)
          alarms.push(...verdicts.filter(isAlarm).map((verdict) => `${label}: ${JSON.stringify(verdict)}`))
          earlier = later
        }
      }
      try {
        await watch('load', 20, 100)
        await manager.streams.purge('latest')
        await manager.streams.purge('live', {keep: 10})
        await watch('after the purge', 10, 100)
      } finally {
        await load.stop()
      }
      await watch('at rest', 5, 200)
      assert.deepEqual(alarms, [])
      assert.ok(load.published() > 1000, `only ${load.published()} messages were published`)
    })

    it('says of a paused node that it did not answer in time, and waits for it no longer than that', async () => {
      const paused = cluster.node(2)
      await waitUntil('every node answers', async () => (await observe()).nodes.every(({server}) => server.ok))
      const impatient = await openMonitor(cluster.settings, {timeoutMs: 4000})
      paused.pause()
      try {
        const {nodes} = await observe(impatient)
        assert.deepEqual(
          nodes.map(({server, health, jetStream, routes, raft}) =>
            [server, health, jetStream, routes, raft].map((answer) => (answer.ok ? 'ok' : answer.problem.kind)),
          ),
          [Array(5).fill('ok'), Array(5).fill('timeout'), Array(5).fill('ok')],
        )
      } finally {
        paused.resume()
        await impatient.close()
      }
    })

    it('says of a stopped node that the connection is refused, and counts its replicas as silent', async () => {
      const stopped = cluster.node(3)
      await stopped.stop()
      try {
        await untilTrue(
          'the others agree on leaders',
          async () => {
            const observation = await observe()
            const {leader, spare} = judgeMetaGroup(observation)
            const leaderless = assembleAssets(observation).filter(
              (asset) => asset.replicas > 1 && asset.leader === undefined,
            )
            const names = leaderless.map(({account, stream, kind}) => [account, stream, kind])
            assert.deepEqual({hasLeader: leader !== undefined, spare, names}, {hasLeader: true, spare: 0, names: []})
          },
          120_000,
        )
        const earlier = await observe()
        const later = await observe()
        const node = later.nodes[2]
        assert.deepEqual(node?.server.ok === false && node.server.problem, {
          kind: 'refused',
          detail: `connection refused by 127.0.0.1:${stopped.target.monitorPort}`,
        })
        const verdicts = judgeReplication(earlier, later).filter((verdict) => verdict.node === stopped.name)
        assert.deepEqual([...new Set(verdicts.map(({verdict}) => verdict))], ['silent'])
        assert.ok(verdicts.length >= 11, `${verdicts.length} verdicts`)
        const {size, silent, spare} = judgeMetaGroup(later)
        assert.deepEqual({size, silent, spare}, {size: 3, silent: [stopped.name], spare: 0})
      } finally {
        stopped.start()
      }
    })

    // After all that stops another node: a replica that is still empty does not vote for the next leader.
    it('never calls a wiped replica caught up before it holds the data, whatever the leader says', async () => {
      await waitUntil('every node is healthy', isHealthy)
      const payload = 'x'.repeat(64)
      for (let sent = BATCH; sent <= BULK; sent += BATCH) {
        for (let i = 0; i < BATCH; i++) connection.publish('bulk', payload)
        await waitUntil(`${sent} bulk messages are stored`, async () => {
          return (await manager.streams.info('bulk')).state.messages === sent
        })
      }
      const {cluster: group} = await manager.streams.info('bulk')
      const victim = cluster.nodes.find(({name}) => name === group?.replicas?.[0]?.name)!
      const ofVictim = (verdicts: readonly ReplicaVerdict[]): ReplicaVerdict | undefined =>
        verdicts.find(({asset, node}) => node === victim.name && asset.stream === 'bulk' && asset.account === 'APP')
      await waitUntil('the victim has caught up', async () => {
        const earlier = await observe()
        return ofVictim(judgeReplication(earlier, await observe()))?.verdict === 'caught-up'
      })

      await victim.stop()
      victim.wipe()
      victim.start()
      const seen = new Set<string>()
      let earlier = await observe()
      await waitUntil(
        'the victim has caught up again',
        async () => {
          const later = await observe()
          const verdict = ofVictim(judgeReplication(earlier, later))
          earlier = later
          seen.add(verdict?.verdict ?? 'absent')
          if (verdict?.verdict !== 'caught-up') return false
          const asset = assembleAssets(later).find(({account, stream}) => account === 'APP' && stream === 'bulk')
          const state =
            asset?.kind === 'stream' ? asset.members.find(({node}) => node === victim.name)?.state : undefined
          assert.deepEqual([state?.messages, state?.firstSeq, state?.lastSeq], [BULK, 1, BULK])
          return true
        },
        {everyMs: 10},
      )
      assert.ok(seen.has('missing') || seen.has('behind'), `only seen: ${[...seen].join(', ')}`)
    })

    it('sees a lame duck', async () => {
      const duck = cluster.node(3)
      await waitUntil('every node is healthy', isHealthy)
      // Without clients it would be gone at once.
      const client = await cluster.connect({nodes: [duck]})
      try {
        duck.signal('SIGUSR2')
        await waitUntil('the node says its client port is closed', async () => {
          const {server} = (await observe()).nodes[2]!
          return server.ok && server.value.lameDuck
        })
      } finally {
        await client.close()
      }
    })
  })
}

function leadersOf(observation: ClusterObservation): readonly (string | undefined)[] {
  return assembleAssets(observation).map(({leader}) => leader)
}

function hasLeader({leader}: RaftNode): boolean {
  return leader !== undefined
}

function isAlarm({verdict}: ReplicaVerdict): boolean {
  return verdict !== 'caught-up' && verdict !== 'single'
}
