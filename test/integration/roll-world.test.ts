import assert from 'node:assert/strict'
import {setTimeout as delay} from 'node:timers/promises'
import type {ClusterContext} from '../../src/lib/context.ts'
import {assembleAssets} from '../../src/lib/domain/assemble.ts'
import type {NodeIdentity} from '../../src/lib/domain/roll/view.ts'
import {configuredNodes, type NodeTarget} from '../../src/lib/domain/settings.ts'
import {fetchCredentials} from '../../src/lib/ops/credentials.ts'
import {CANARY_MARK, CANARY_STREAM} from '../../src/lib/ops/roll/canary.ts'
import type {Look} from '../../src/lib/ops/roll/ports.ts'
import {openRollWorld} from '../../src/lib/ops/roll/world.ts'
import {eventually} from '../support/eventually.ts'
import {startLab, type TestLab} from '../support/lab.ts'

type World = Awaited<ReturnType<typeof openRollWorld>>

for (const series of ['2.10', '2.15'] as const) {
  describe(`the world of a roll, on a lab of nats-server ${series}`, function () {
    this.timeout(120_000)
    this.slow(10_000)
    let lab: TestLab
    let cluster: ClusterContext
    let nodes: readonly NodeTarget[]
    const worlds: World[] = []

    before(async () => {
      lab = await startLab({series})
      cluster = await lab.cluster()
      nodes = configuredNodes(cluster.settings)
    })
    after(async () => {
      for (const world of worlds) await world.close()
      await lab?.stop()
    })

    const open = async (): Promise<World> => {
      const world = await openRollWorld(cluster, nodes)
      worlds.push(world)
      return world
    }
    const api = async (subject: string, payload: object | string = ''): Promise<Record<string, unknown>> => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      const {credentials, servers} = await fetchCredentials(cluster, {kind: 'admin'})
      const client = await cluster.nats({credentials, servers, timeoutMs: 10_000})
      try {
        return JSON.parse(Buffer.from(await client.request(`$JS.API.${subject}`, text, {timeoutMs: 10_000})).toString())
      } finally {
        await client.close()
      }
    }
    const streamInfo = () => api(`STREAM.INFO.${CANARY_STREAM}`)
    const leaderOf = ({observation}: Look, stream: string, consumer?: string): string | undefined =>
      assembleAssets(observation).find(
        (asset) =>
          asset.stream === stream &&
          (consumer === undefined ? asset.kind === 'stream' : asset.kind === 'consumer' && asset.consumer === consumer),
      )?.leader
    const metaLeader = ({observation}: Look): string | undefined => {
      const leaders = observation.nodes.map(({jetStream}) => (jetStream.ok ? jetStream.value.meta?.leader : undefined))
      return new Set(leaders).size === 1 ? leaders[0] : undefined
    }
    const identityOf = async (world: World, index: number): Promise<NodeIdentity> => {
      const {aws, observation} = await world.look()
      assert.ok(aws.ok)
      const seen = aws.value[index]
      const server = observation.nodes[index]?.server
      return {
        node: seen?.node ?? '',
        asg: seen?.group?.name ?? '',
        instanceId: seen?.group?.instances[0]?.id ?? '',
        privateIp: undefined,
        serverId: server?.ok ? server.value.id : undefined,
        serverStartedAt: undefined,
        version: undefined,
      }
    }
    const canaryExists = async (): Promise<boolean> => (await streamInfo()).error === undefined

    it('looks at nodes, AWS and names at once; before its start there is no canary, and nothing was changed', async () => {
      const world = await open()
      const look = await world.look()
      assert.deepEqual(
        look.observation.nodes.map(({target, server, health}) => [
          target.name,
          server.ok && server.value.name,
          health.ok && health.value.httpStatus,
        ]),
        nodes.map(({name}) => [name, name, 200]),
      )
      assert.ok(look.aws.ok)
      assert.deepEqual(
        look.aws.value.map(({node, group}) => [node, group?.instances.map(({lifecycle}) => lifecycle)]),
        nodes.map(({name}) => [name, ['InService']]),
      )
      for (const {node, instances} of look.aws.value) {
        assert.deepEqual(look.addresses.get(node), [instances.find(({state}) => state === 'running')?.privateIp])
      }
      assert.equal(look.canary.ok, false)
      assert.equal(look.canary.ok === false && look.canary.problem.detail, 'there is no canary')
      assert.equal(world.canaryStallMs(), undefined)
      assert.equal(await canaryExists(), false)
      await world.removeCanary()
    })

    it('publishes a canary, reads it back, measures, goes on in another process, and takes it away', async () => {
      const world = await open()
      const began = performance.now()
      await world.startCanary('roll 1/x')
      const first = await eventually('an echo', async () => {
        const {canary} = await world.look()
        return canary.ok ? canary.value : undefined
      })
      const config = (await streamInfo()).config as Record<string, unknown>
      const {name, description, subjects, num_replicas, storage, max_msgs, discard} = config
      assert.deepEqual(
        {name, description, subjects, num_replicas, storage, max_msgs, discard},
        {
          name: CANARY_STREAM,
          description: CANARY_MARK,
          subjects: ['natsops.canary.>'],
          num_replicas: 3,
          storage: 'file',
          max_msgs: 64,
          discard: 'old',
        },
      )
      await eventually('the background publishes', async () => {
        const {canary} = await world.look()
        return canary.ok && canary.value.sequence > first.sequence + 5
      })
      const second = await open()
      await second.startCanary('roll 1/x')
      await eventually('an echo of the second', async () => (await second.look()).canary.ok)
      await world.close()
      const stall = world.canaryStallMs()
      assert.ok(stall !== undefined && stall < performance.now() - began, `stalled for ${stall} ms`)
      await second.removeCanary()
      assert.equal(await canaryExists(), false)
      assert.equal((await second.look()).canary.ok, false)
    })

    it('looks in well under a second', async () => {
      const world = await open()
      await world.startCanary('fast')
      await eventually('an echo', async () => (await world.look()).canary.ok)
      const times: number[] = []
      for (let turn = 0; turn < 10; turn += 1) {
        const began = performance.now()
        await world.look()
        times.push(performance.now() - began)
        await delay(20)
      }
      const median = times.sort((a, b) => a - b)[5] ?? 0
      assert.ok(median < 1000, `a look takes ${Math.round(median)} ms`)
      await world.removeCanary()
    })

    it('leaves a stream alone that only has the name, and says so', async () => {
      const created = await api(`STREAM.CREATE.${CANARY_STREAM}`, {
        name: CANARY_STREAM,
        subjects: ['somebody.else'],
        retention: 'limits',
        storage: 'memory',
        num_replicas: 1,
      })
      assert.equal(created.error, undefined)
      const world = await open()
      await world.startCanary('foreign')
      const {canary} = await world.look()
      assert.equal(
        canary.ok === false && canary.problem.detail,
        `there is a stream ${CANARY_STREAM} that is not natsops' own`,
      )
      await world.removeCanary()
      assert.equal(await canaryExists(), true)
      await api(`STREAM.DELETE.${CANARY_STREAM}`)
    })

    it('comes back after every one of its connections was cut', async function () {
      if (series !== '2.15') return this.skip()
      const world = await open()
      await world.startCanary('cut')
      for (const {name} of nodes) {
        await eventually('an echo', async () => (await world.look()).canary.ok)
        await lab.act('stop', name)
        await eventually(`an echo without ${name}`, async () => {
          const {canary, observation} = await world.look()
          return canary.ok && observation.nodes.some(({target, server}) => target.name === name && !server.ok)
        })
        await lab.act('start', name)
        await eventually(`${name} healthy`, async () => {
          const {observation} = await world.look()
          return observation.nodes.every(({health}) => health.ok && health.value.httpStatus === 200)
        })
      }
      await world.removeCanary()
    })

    describe('stepping down', () => {
      const stream = 'STEPS'
      const consumer = 'walker'
      let world: World
      before(async () => {
        const config = {name: stream, subjects: ['steps.>'], retention: 'limits', storage: 'file', num_replicas: 3}
        await eventually('room for a stream', async () => {
          const {error} = await api(`STREAM.CREATE.${stream}`, config)
          if (error !== undefined) throw new Error(JSON.stringify(error))
          return true
        })
        const created = await api(`CONSUMER.CREATE.${stream}.${consumer}`, {
          stream_name: stream,
          config: {durable_name: consumer, name: consumer, ack_policy: 'explicit', num_replicas: 3},
        })
        assert.equal(created.error, undefined)
        world = await open()
      })
      after(() => api(`STREAM.DELETE.${stream}`))

      /** The account as the servers name it. */
      const pivot = async (): Promise<{account: string; accountId: string}> => {
        const {observation} = await world.look()
        const held = observation.nodes.flatMap(({jetStream}) => (jetStream.ok ? jetStream.value.streams : []))
        const {account, accountId} = held.find((each) => each.stream === stream) ?? {account: 'none'}
        return {account, accountId: accountId ?? account}
      }

      for (const [what, group, find] of [
        ['a stream', {label: 's', stream, consumer: undefined}, (look: Look) => leaderOf(look, stream)],
        ['a consumer', {label: 'c', stream, consumer}, (look: Look) => leaderOf(look, stream, consumer)],
        ['the meta group', {label: '_meta_', stream: undefined, consumer: undefined}, metaLeader],
      ] as const) {
        it(`moves the leader of ${what}, to the peer that was named where the server can`, async () => {
          const before = await eventually('a leader', async () => find(await world.look()))
          const owner = group.stream === undefined ? {account: undefined} : await pivot()
          const preferred = nodes.map(({name}) => name).find((name) => name !== before)
          assert.deepEqual(await world.stepDown({...group, ...owner}, preferred), {kind: 'asked'})
          const after = await eventually('another leader', async () => {
            const leader = find(await world.look())
            return leader !== before && leader
          })
          if (series === '2.15') assert.equal(after, preferred)
        })
      }

      it('is refused, with the words of JetStream, where it cannot be done', async () => {
        const gone = {label: 'g', ...(await pivot()), stream, consumer: 'nobody'}
        assert.deepEqual(await world.stepDown(gone, undefined), {
          kind: 'refused',
          why: 'JetStream says consumer not found',
        })
      })

      it("is out of reach for another account's groups", async () => {
        await world.look()
        const foreign = {label: 'f', account: 'OTHER', stream: 'THEIRS', consumer: undefined}
        assert.deepEqual(await world.stepDown(foreign, undefined), {
          kind: 'out-of-reach',
          why: "the admin's credentials are of account PIVOT, this belongs to OTHER",
        })
      })

      it('of the meta group is out of reach without credentials of the system account', async () => {
        const store = await (await cluster.aws()).parameters()
        const path = `${cluster.settings.ssmPrefix}/admin/nats_sys_jwt`
        const jwt = (await store.get([path])).get(path)?.value ?? ''
        await store.delete(path)
        try {
          const poor = await open()
          const meta = {label: '_meta_', account: undefined, stream: undefined, consumer: undefined}
          const answer = await poor.stepDown(meta, undefined)
          assert.equal(answer.kind, 'out-of-reach')
          assert.match(
            answer.kind === 'out-of-reach' ? answer.why : '',
            /^moving the meta leader takes the system account's credentials: there is no SSM parameter /,
          )
        } finally {
          await store.put(path, jwt, {secure: true, overwrite: true})
        }
      })
    })

    describe('stopping', () => {
      it('stops the very server for good while the canary goes on, and starts it again', async () => {
        const world = await open()
        const began = performance.now()
        await world.startCanary('stop')
        await eventually('an echo', async () => (await world.look()).canary.ok)
        const identity = await identityOf(world, 1)
        const stopped = await world.stopServer(identity)
        assert.equal(stopped.kind, 'stopped', JSON.stringify(stopped))
        await eventually('the server is gone from every route', async () => {
          const {observation, canary} = await world.look()
          return (
            canary.ok &&
            observation.nodes.every(
              ({target, routes, server}) =>
                (target.name === identity.node && !server.ok) ||
                (routes.ok && routes.value.every(({remoteId}) => remoteId !== identity.serverId)),
            )
          )
        })
        await world.startServer(identity)
        await eventually('healthy again', async () => {
          const {observation} = await world.look()
          return observation.nodes.every(({health}) => health.ok && health.value.httpStatus === 200)
        })
        const again = await identityOf(world, 1)
        assert.equal(again.instanceId, identity.instanceId)
        assert.notEqual(again.serverId, identity.serverId)
        const stall = world.canaryStallMs()
        assert.ok(stall !== undefined && stall < performance.now() - began, `stalled for ${stall} ms`)
        await world.removeCanary()
      })

      it('is not permitted on an instance that SSM does not know', async () => {
        const world = await open()
        const identity = await identityOf(world, 1)
        const {kind} = await world.stopServer({...identity, instanceId: 'i-00000000000000000'})
        assert.equal(kind, 'not-permitted')
      })
    })

    describe('terminating', () => {
      it('terminates the instance it is told, and nothing for an instance that is gone', async () => {
        const world = await open()
        const identity = await identityOf(world, 0)
        const {instanceId} = identity
        const gone = await world.terminate({...identity, instanceId: 'i-00000000000000000'}, 'terminate')
        assert.equal(gone.kind, 'unknown')
        assert.deepEqual(await world.terminate(identity, 'terminate'), {kind: 'accepted'})
        await eventually('another instance, its server healthy', async () => {
          const {aws, observation} = await world.look()
          const instances = aws.ok ? aws.value[0]?.group?.instances : []
          return (
            instances?.some(({id, lifecycle}) => id !== instanceId && lifecycle === 'InService') &&
            observation.nodes.every(({health}) => health.ok && health.value.httpStatus === 200)
          )
        })
        const fresh = await identityOf(world, 0)
        await eventually('the bootstrap log of the new instance says so', async () => {
          // Whoever resumes later knows no better time than now: the launch of the instance is what counts.
          const said = await world.bootstrapSays(fresh.node, fresh.instanceId, Date.now())
          return said.ok && said.value
        })
        assert.deepEqual(await world.freshEvents(fresh.node, Date.now()), {
          skipped: 'no Axiom token is configured (AXIOM_TOKEN)',
        })
        const future = await world.bootstrapSays(fresh.node, 'i-00000000000000000', Date.now() + 60_000)
        assert.equal(future.ok && future.value, false)
      })
    })
  })
}
