import assert from 'node:assert/strict'
import type {ClusterContext} from '../../src/lib/context.ts'
import {assembleAssets} from '../../src/lib/domain/assemble.ts'
import type {NodeIdentity} from '../../src/lib/domain/roll/view.ts'
import {configuredNodes, type NodeTarget} from '../../src/lib/domain/settings.ts'
import {fetchCredentials} from '../../src/lib/ops/credentials.ts'
import {CANARY_MARK, CANARY_STREAM} from '../../src/lib/ops/roll/canary.ts'
import type {Look} from '../../src/lib/ops/roll/ports.ts'
import {openRollWorld} from '../../src/lib/ops/roll/world.ts'
import {eventually, untilTrue} from '../support/eventually.ts'
import {startLab, type TestLab} from '../support/lab.ts'

/** Of JetStream's API. */
const STREAM_NOT_FOUND = 10_059

type World = Awaited<ReturnType<typeof openRollWorld>>

for (const series of ['2.10', '2.15'] as const) {
  describe(`the world of a roll, on a lab of nats-server ${series}`, function () {
    this.timeout(600_000)
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
    /** Asked again where nobody could answer: a group that has no leader for a moment does not. */
    const api = (subject: string, payload: object | string = ''): Promise<Record<string, unknown>> =>
      eventually(`an answer to ${subject}`, () => askOnce(subject, payload))
    const askOnce = async (subject: string, payload: object | string): Promise<Record<string, unknown>> => {
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
    const identityOf = (world: World, index: number): Promise<NodeIdentity> =>
      eventually(`node ${index + 1} and its instance`, async () => {
        const {aws, observation} = await world.look()
        const seen = aws.ok ? aws.value[index] : undefined
        const server = observation.nodes[index]?.server
        const instanceId = seen?.group?.instances[0]?.id
        if (seen === undefined || instanceId === undefined || !server?.ok) return undefined
        return {
          node: seen.node,
          asg: seen.group?.name ?? '',
          instanceId,
          privateIp: undefined,
          serverId: server.value.id,
          serverStartedAt: undefined,
          version: undefined,
        }
      })
    const canaryIsGone = (): Promise<boolean> =>
      eventually('the canary stream is gone', async () => {
        const error = (await streamInfo()).error as {readonly err_code: number} | undefined
        return error?.err_code === STREAM_NOT_FOUND
      })
    const isHealthy = ({observation}: Look): boolean =>
      observation.nodes.every(({health}) => health.ok && health.value.httpStatus === 200)

    it('looks at nodes, AWS and names at once; before its start there is no canary, and nothing was changed', async () => {
      const world = await open()
      const look = await eventually('healthy nodes', async () => {
        const seen = await world.look()
        return isHealthy(seen) && seen
      })
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
      await canaryIsGone()
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
      await canaryIsGone()
      assert.equal((await second.look()).canary.ok, false)
    })

    it('sees at one look all that a roll judges by: servers, routes, groups and their leaders, AWS, names, an echo', async () => {
      const world = await open()
      await world.startCanary('seen')
      await untilTrue('a look with nothing missing', async () => {
        const look = await world.look()
        const {observation, aws, canary, addresses} = look
        assert.deepEqual(
          observation.nodes.map(({target, server, routes, raft, jetStream}) => ({
            node: target.name,
            answers: [server.ok, routes.ok, raft.ok, jetStream.ok],
            routesTo: routes.ok ? [...new Set(routes.value.map(({remoteName}) => remoteName))].sort() : [],
            holds: jetStream.ok ? jetStream.value.streams.map(({stream}) => stream).sort() : [],
          })),
          nodes.map(({name}) => ({
            node: name,
            answers: [true, true, true, true],
            routesTo: nodes.map((other) => other.name).filter((other) => other !== name),
            holds: [CANARY_STREAM, 'pivot_main'],
          })),
        )
        assert.ok(isHealthy(look))
        const names = nodes.map(({name}) => name)
        const leaders = [metaLeader(look), leaderOf(look, 'pivot_main'), leaderOf(look, 'pivot_main', 'facebox')]
        assert.deepEqual(
          leaders.filter((leader) => !names.includes(leader ?? '')),
          [],
        )
        assert.deepEqual([aws.ok, canary.ok, [...addresses.keys()].sort()], [true, true, names])
      })
      await world.removeCanary()
    })

    it('leaves a stream alone that only has the name, and says so', async () => {
      await untilTrue('there is a stream of that name', async () => {
        const created = await api(`STREAM.CREATE.${CANARY_STREAM}`, {
          name: CANARY_STREAM,
          subjects: ['somebody.else'],
          retention: 'limits',
          storage: 'memory',
          num_replicas: 1,
        })
        assert.equal(created.error, undefined)
      })
      const world = await open()
      await world.startCanary('foreign')
      await untilTrue('it says so', async () => {
        const {canary} = await world.look()
        assert.equal(
          canary.ok === false && canary.problem.detail,
          `there is a stream ${CANARY_STREAM} that is not natsops' own`,
        )
      })
      await world.removeCanary()
      await untilTrue('it is still there', async () => assert.equal((await streamInfo()).error, undefined))
      await api(`STREAM.DELETE.${CANARY_STREAM}`)
      await canaryIsGone()
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
        await eventually(`${name} healthy`, async () => isHealthy(await world.look()))
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
        await untilTrue('a consumer is made', async () => {
          const created = await api(`CONSUMER.CREATE.${stream}.${consumer}`, {
            stream_name: stream,
            config: {durable_name: consumer, name: consumer, ack_policy: 'explicit', num_replicas: 3},
          })
          assert.equal(created.error, undefined)
        })
        // A leader hands over only to a peer that it has heard of.
        for (const subject of [`STREAM.INFO.${stream}`, `CONSUMER.INFO.${stream}.${consumer}`]) {
          await untilTrue('every replica follows', async () => {
            const {cluster} = (await api(subject)) as {cluster?: {replicas?: readonly {current: boolean}[]}}
            assert.deepEqual(
              cluster?.replicas?.map(({current}) => current),
              [true, true],
            )
          })
        }
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
          const owner = group.stream === undefined ? {account: undefined} : await pivot()
          // Refused where it has just moved by itself: then there is another one to be asked.
          const {before, preferred} = await eventually('the leader was asked', async () => {
            const before = find(await world.look())
            if (before === undefined) return undefined
            const preferred = nodes.map(({name}) => name).find((name) => name !== before)
            const {kind} = await world.stepDown({...group, ...owner}, preferred)
            return kind === 'asked' && {before, preferred}
          })
          const after = await eventually('another leader', async () => {
            const leader = find(await world.look())
            return leader !== before && leader
          })
          if (series === '2.15') assert.equal(after, preferred)
        })
      }

      it('is refused, with the words of JetStream, where it cannot be done', async () => {
        const gone = {label: 'g', ...(await pivot()), stream, consumer: 'nobody'}
        // The meta leader has just moved, and it is who answers.
        await untilTrue('it is refused', async () => {
          assert.deepEqual(await world.stepDown(gone, undefined), {
            kind: 'refused',
            why: 'JetStream says consumer not found',
          })
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
        const asked = await world.readUnit(identity)
        assert(asked.kind === 'read', JSON.stringify(asked))
        const stopped = await world.stopServer(identity, asked.unit, async () => undefined)
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
        await eventually('healthy again', async () => isHealthy(await world.look()))
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
        const {kind} = await world.readUnit({...identity, instanceId: 'i-00000000000000000'})
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
        const isReplaced = async () => {
          const look = await world.look()
          const instances = look.aws.ok ? look.aws.value[0]?.group?.instances : []
          return instances?.some(({id, lifecycle}) => id !== instanceId && lifecycle === 'InService') && isHealthy(look)
        }
        await lab.untilBack(identity.node, 'another instance, its server healthy', isReplaced)
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
