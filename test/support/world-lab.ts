import {AckPolicy, type NatsConnection, type StreamInfo} from 'nats'
import type {ClusterContext} from '../../src/lib/context.ts'
import {assembleAssets} from '../../src/lib/domain/assemble.ts'
import type {CanaryEcho, NodeIdentity} from '../../src/lib/domain/roll/view.ts'
import {configuredNodes} from '../../src/lib/domain/settings.ts'
import {CANARY_STREAM} from '../../src/lib/ops/roll/canary.ts'
import type {Look} from '../../src/lib/ops/roll/ports.ts'
import {openRollWorld} from '../../src/lib/ops/roll/world.ts'
import {eventually} from './eventually.ts'
import {addStream} from './jetstream.ts'
import {startLab, type TestLab, type TestLabOptions} from './lab.ts'
import {connectAs} from './lab-connections.ts'

/** Of JetStream's API. */
const STREAM_NOT_FOUND = 10_059

export type World = Awaited<ReturnType<typeof openRollWorld>>

/** A lab that is seen and acted on through the world of a roll. */
export interface WorldLab extends TestLab {
  readonly ctx: ClusterContext
  readonly nodes: readonly string[]
  /** A connection of the admin's beside those of the worlds. */
  readonly admin: NatsConnection
  /** Another world, as of another process. Closed by `stop`. */
  open(): Promise<World>
  /** Of the stream by the name of the canary's, asked again where nobody could answer. */
  canaryStream(): Promise<StreamInfo>
  untilCanaryIsGone(): Promise<void>
  /** A stream and a consumer of three replicas, every one of which follows its leader. */
  addFollowedStream(stream: string, consumer: string): Promise<void>
}

export async function startWorldLab(options: TestLabOptions): Promise<WorldLab> {
  const lab = await startLab(options)
  const ctx = await lab.cluster()
  const targets = configuredNodes(ctx.settings)
  const admin = await connectAs(lab, {kind: 'admin'}, {maxReconnectAttempts: -1}).catch(async (error) => {
    await lab.stop()
    throw error
  })
  const worlds: World[] = []
  const canaryStream = async () => (await admin.jetstreamManager()).streams.info(CANARY_STREAM)
  return {
    ...lab,
    ctx,
    nodes: targets.map(({name}) => name),
    admin,
    async open() {
      const world = await openRollWorld(ctx, targets)
      worlds.push(world)
      return world
    },
    canaryStream: () => eventually('the canary stream is told', canaryStream),
    async untilCanaryIsGone() {
      await eventually('the canary stream is gone', () =>
        canaryStream().then(
          () => false,
          (error) => error.api_error?.err_code === STREAM_NOT_FOUND,
        ),
      )
    },
    async addFollowedStream(stream, consumer) {
      await addStream(admin, {name: stream, subjects: [`${stream}.>`], num_replicas: 3})
      const config = {durable_name: consumer, ack_policy: AckPolicy.Explicit, num_replicas: 3}
      await eventually('a consumer is made', async () => {
        return (await admin.jetstreamManager()).consumers.add(stream, config)
      })
      await eventually('every replica follows', async () => {
        const {streams, consumers} = await admin.jetstreamManager()
        const groups = [await streams.info(stream), await consumers.info(stream, consumer)]
        return groups.every(({cluster}) => cluster?.replicas?.map(({current}) => current).join() === 'true,true')
      })
    },
    async stop() {
      for (const world of worlds) await world.close()
      await admin.close()
      await lab.stop()
    },
  }
}

/** Who leads a stream, or a consumer of it. */
export function leaderOf({observation}: Look, stream: string, consumer?: string): string | undefined {
  const assets = assembleAssets(observation).filter((asset) => asset.stream === stream)
  const isMeant = (asset: (typeof assets)[number]): boolean =>
    consumer === undefined ? asset.kind === 'stream' : asset.kind === 'consumer' && asset.consumer === consumer
  return assets.find(isMeant)?.leader
}

/** Who leads the meta group, where all nodes say the same. */
export function metaLeaderOf({observation}: Look): string | undefined {
  const leaders = observation.nodes.map(({jetStream}) => (jetStream.ok ? jetStream.value.meta?.leader : undefined))
  return new Set(leaders).size === 1 ? leaders[0] : undefined
}

/** Its canary was published, and read back. */
export function untilEcho(world: World): Promise<CanaryEcho> {
  return eventually('an echo', async () => {
    const {canary} = await world.look()
    return canary.ok && canary.value
  })
}

export function isHealthy({observation}: Look): boolean {
  return observation.nodes.every(({health}) => health.ok && health.value.httpStatus === 200)
}

/** The account of a stream, as the servers name it. */
export function accountOf({observation}: Look, name: string): {readonly account: string; readonly accountId: string} {
  const held = observation.nodes.flatMap(({jetStream}) => (jetStream.ok ? jetStream.value.streams : []))
  const {account, accountId} = held.find(({stream}) => stream === name) ?? {account: 'none'}
  return {account, accountId: accountId ?? account}
}

/** The server does not answer, and no other has a route to it. */
export function isGone({observation}: Look, {node, serverId}: NodeIdentity): boolean {
  return observation.nodes.every(
    ({target, routes, server}) =>
      (target.name === node && !server.ok) || (routes.ok && routes.value.every(({remoteId}) => remoteId !== serverId)),
  )
}

/** Another instance than this one serves the node at this index, and every server is healthy. */
export function isReplaced(look: Look, index: number, instanceId: string): boolean {
  const instances = (look.aws.ok && look.aws.value[index]?.group?.instances) || []
  return instances.some(({id, lifecycle}) => id !== instanceId && lifecycle === 'InService') && isHealthy(look)
}

/** The node at this index, its instance and its server, once all of them are seen. */
export function identityOf(world: World, index: number): Promise<NodeIdentity> {
  return eventually(`node ${index + 1} and its instance`, async () => {
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
}
