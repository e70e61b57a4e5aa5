import assert from 'node:assert/strict'
import {StorageType} from 'nats'
import {CANARY_MARK, CANARY_STREAM} from '../../src/lib/ops/roll/canary.ts'
import type {Look} from '../../src/lib/ops/roll/ports.ts'
import {eventually, untilTrue} from '../support/eventually.ts'
import {addStream, deleteStream} from '../support/jetstream.ts'
import {
  accountOf,
  identityOf,
  isGone,
  isHealthy,
  isReplaced,
  leaderOf,
  metaLeaderOf,
  startWorldLab,
  untilEcho,
  type World,
  type WorldLab,
} from '../support/world-lab.ts'

for (const series of ['2.10', '2.15'] as const) {
  describe(`the world of a roll, on a lab of nats-server ${series}`, function () {
    this.timeout(600_000)
    this.slow(10_000)
    let lab: WorldLab

    before(async () => {
      lab = await startWorldLab({series})
    })
    after(() => lab?.stop())

    it('looks at nodes, AWS and names at once; before its start there is no canary, and nothing was changed', async () => {
      const world = await lab.open()
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
        lab.nodes.map((name) => [name, name, 200]),
      )
      assert.ok(look.aws.ok)
      assert.deepEqual(
        look.aws.value.map(({node, group}) => [node, group?.instances.map(({lifecycle}) => lifecycle)]),
        lab.nodes.map((name) => [name, ['InService']]),
      )
      for (const {node, instances} of look.aws.value) {
        assert.deepEqual(look.addresses.get(node), [instances.find(({state}) => state === 'running')?.privateIp])
      }
      assert.equal(look.canary.ok || look.canary.problem.detail, 'there is no canary')
      assert.equal(world.canaryStallMs(), undefined)
      await lab.untilCanaryIsGone()
      await world.removeCanary()
    })

    it('publishes a canary, reads it back, measures, goes on in another process, and takes it away', async () => {
      const world = await lab.open()
      const began = performance.now()
      await world.startCanary('roll 1/x')
      const first = await untilEcho(world)
      const {config} = await lab.canaryStream()
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
      const second = await lab.open()
      await second.startCanary('roll 1/x')
      await untilEcho(second)
      await world.close()
      const stall = world.canaryStallMs()
      assert.ok(stall !== undefined && stall < performance.now() - began, `stalled for ${stall} ms`)
      await second.removeCanary()
      await lab.untilCanaryIsGone()
      assert.equal((await second.look()).canary.ok, false)
    })

    it('sees at one look all that a roll judges by: servers, routes, groups and their leaders, AWS, names, an echo', async () => {
      const world = await lab.open()
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
          lab.nodes.map((node) => ({
            node,
            answers: [true, true, true, true],
            routesTo: lab.nodes.filter((other) => other !== node),
            holds: [CANARY_STREAM, 'pivot_main'],
          })),
        )
        assert.ok(isHealthy(look))
        const leaders = [metaLeaderOf(look), leaderOf(look, 'pivot_main'), leaderOf(look, 'pivot_main', 'facebox')]
        assert.ok(
          leaders.every((leader) => lab.nodes.includes(leader ?? '')),
          leaders.join(),
        )
        assert.deepEqual([aws.ok, canary.ok, [...addresses.keys()].sort()], [true, true, lab.nodes])
      })
      await world.removeCanary()
    })

    it('leaves a stream alone that only has the name, and says so', async () => {
      const foreign = {subjects: ['somebody.else'], storage: StorageType.Memory, num_replicas: 1}
      await addStream(lab.admin, {name: CANARY_STREAM, ...foreign})
      const world = await lab.open()
      await world.startCanary('foreign')
      await untilTrue('it says so', async () => {
        const {canary} = await world.look()
        assert.equal(canary.ok || canary.problem.detail, `there is a stream ${CANARY_STREAM} that is not natsops' own`)
      })
      await world.removeCanary()
      assert.deepEqual((await lab.canaryStream()).config.subjects, foreign.subjects)
      await deleteStream(lab.admin, CANARY_STREAM)
      await lab.untilCanaryIsGone()
    })

    it('comes back after every one of its connections was cut', async function () {
      if (series !== '2.15') return this.skip()
      const world = await lab.open()
      await world.startCanary('cut')
      for (const name of lab.nodes) {
        await untilEcho(world)
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
        // A leader hands over only to a peer that it has heard of.
        await lab.addFollowedStream(stream, consumer)
        world = await lab.open()
      })
      after(() => deleteStream(lab.admin, stream))

      const account = async () => accountOf(await world.look(), stream)

      for (const [what, group, find] of [
        ['a stream', {label: 's', stream, consumer: undefined}, (look: Look) => leaderOf(look, stream)],
        ['a consumer', {label: 'c', stream, consumer}, (look: Look) => leaderOf(look, stream, consumer)],
        ['the meta group', {label: '_meta_', stream: undefined, consumer: undefined}, metaLeaderOf],
      ] as const) {
        it(`moves the leader of ${what}, to the peer that was named where the server can`, async () => {
          const owner = group.stream === undefined ? {account: undefined} : await account()
          // Refused where it has just moved by itself: then there is another one to be asked.
          const {before, preferred} = await eventually('the leader was asked', async () => {
            const before = find(await world.look())
            if (before === undefined) return undefined
            const preferred = lab.nodes.find((name) => name !== before)
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
        const gone = {label: 'g', ...(await account()), stream, consumer: 'nobody'}
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
        const store = await (await lab.ctx.aws()).parameters()
        const path = `${lab.ctx.settings.ssmPrefix}/admin/nats_sys_jwt`
        const jwt = (await store.get([path])).get(path)?.value ?? ''
        await store.delete(path)
        try {
          const poor = await lab.open()
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
        const world = await lab.open()
        const began = performance.now()
        await world.startCanary('stop')
        await untilEcho(world)
        const identity = await identityOf(world, 1)
        const asked = await world.readUnit(identity)
        assert(asked.kind === 'read', JSON.stringify(asked))
        const stopped = await world.stopServer(identity, asked.unit, async () => undefined)
        assert.equal(stopped.kind, 'stopped', JSON.stringify(stopped))
        await eventually('the server is gone from every route', async () => {
          const look = await world.look()
          return look.canary.ok && isGone(look, identity)
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
        const world = await lab.open()
        const identity = await identityOf(world, 1)
        const {kind} = await world.readUnit({...identity, instanceId: 'i-00000000000000000'})
        assert.equal(kind, 'not-permitted')
      })
    })

    describe('terminating', () => {
      it('terminates the instance it is told, and nothing for an instance that is gone', async () => {
        const world = await lab.open()
        const identity = await identityOf(world, 0)
        const gone = await world.terminate({...identity, instanceId: 'i-00000000000000000'}, 'terminate')
        assert.equal(gone.kind, 'unknown')
        assert.deepEqual(await world.terminate(identity, 'terminate'), {kind: 'accepted'})
        await lab.untilBack(identity.node, 'another instance, its server healthy', async () => {
          return isReplaced(await world.look(), 0, identity.instanceId)
        })
        const fresh = await identityOf(world, 0)
        await eventually('the bootstrap log of the new instance says so', async () => {
          const said = await world.bootstrapSays(fresh.node, fresh.instanceId)
          return said.ok && said.value
        })
        assert.deepEqual(await world.freshEvents(fresh.node, fresh.instanceId), {
          skipped: 'no Axiom token is configured (AXIOM_TOKEN)',
        })
        const unknown = await world.bootstrapSays(fresh.node, 'i-00000000000000000')
        assert.deepEqual(!unknown.ok && unknown.problem.detail, 'EC2 does not know i-00000000000000000')
      })
    })
  })
}
