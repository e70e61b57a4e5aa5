import {readFile} from 'node:fs/promises'
import {type ConnectionOptions, connect, credsAuthenticator, type NatsConnection} from 'nats'
import {type ClusterContext, openClusterContext} from '../../src/lib/context.ts'
import {defaultLimits, type State} from '../../src/lib/domain/roll/algorithm.ts'
import type {RollEvent} from '../../src/lib/domain/roll/events.ts'
import type {RollPlan, RollRequest} from '../../src/lib/domain/roll/plan.ts'
import {describe as describeError, OpsError} from '../../src/lib/errors.ts'
import {discoverNodes} from '../../src/lib/ops/nodes.ts'
import {abortRoll} from '../../src/lib/ops/roll/abort.ts'
import {readClaim} from '../../src/lib/ops/roll/claim.ts'
import {askJetStream} from '../../src/lib/ops/roll/jetstream-api.ts'
import {openNatsLink} from '../../src/lib/ops/roll/nats-link.ts'
import {openRealWorld} from '../../src/lib/ops/roll/open-world.ts'
import {prepareResume, resumeRoll} from '../../src/lib/ops/roll/resume.ts'
import {type OpenWorld, prepareRoll, type RollPace, startRoll} from '../../src/lib/ops/roll/start.ts'
import {openRollWorld, type WorldOptions} from '../../src/lib/ops/roll/world.ts'
import {eventually} from './eventually.ts'
import {startLab, type TestLab, type TestLabOptions} from './lab.ts'

/** A roll in a hurry: the same states and checks in a faster rhythm. As patient as any, for a slow machine is no fault. */
export const hurriedPace: RollPace = {
  limits: defaultLimits,
  rhythm: {poll: 200, sampleGap: 1000, heartbeat: 5000, freshLock: 5000, freshLook: 20_000, sleepGap: 60_000},
}

/** hurriedPace with some limits of its own, milliseconds: of the state in which the roll is to be held, and no other. */
export function paceWith(limits: Partial<RollPace['limits']>): RollPace {
  return {...hurriedPace, limits: {...hurriedPace.limits, ...limits}}
}

export interface RunOptions {
  readonly request?: Partial<RollRequest>
  readonly pace?: RollPace
  /** Called with every event, before the roll goes on where it does not wait for something. */
  readonly onEvent?: (event: RollEvent) => void
  /** Awaited before the first look at the world in each state: what it does is there to be seen. */
  readonly onEntry?: (state: State) => Promise<unknown>
  /** Awaited before every look. */
  readonly onLook?: () => Promise<unknown>
  /** Called after every look, with how long it took, milliseconds. */
  readonly onLooked?: (ms: number) => void
  /** Called after every stop of a server, with how long its commands took, milliseconds. */
  readonly onStop?: (node: string, ms: number) => void
  readonly signal?: AbortSignal
  readonly world?: WorldOptions
}

export interface RunResult {
  readonly plan: RollPlan | undefined
  readonly events: readonly RollEvent[]
  readonly states: readonly State[]
  /** Undefined: DONE. */
  readonly error: OpsError | undefined
  readonly exit: number
  readonly message: string
}

/** A lab that is rolled. */
export interface RollLab extends TestLab {
  readonly nodes: readonly string[]
  readonly admin: NatsConnection
  connect(index?: number, options?: ConnectionOptions): Promise<NatsConnection>
  /** PREFLIGHT only. */
  plan(options?: RunOptions): Promise<RollPlan>
  roll(options?: RunOptions): Promise<RunResult>
  resume(options?: RunOptions): Promise<RunResult>
  /** Gives up the roll that is held, if any. */
  abort(): Promise<void>
  /** Resolves once every node says 200 and all replicas of all streams are equal. */
  whole(): Promise<void>
  metaLeader(): Promise<string>
  /** Asks the meta leader to step down in favour of this node, and waits for it (2.11 and newer). */
  moveMetaLeader(node: string): Promise<void>
}

export async function startRollLab(options: TestLabOptions = {}): Promise<RollLab> {
  const lab = await startLab(options)
  const credentials = await readFile(lab.files.natsCredentials)
  const targets = (await lab.status()).nodes
  const connections: NatsConnection[] = []

  const connectAt = async (index = 0, extra: ConnectionOptions = {}): Promise<NatsConnection> => {
    const servers = targets.map((_, n) => `127.0.0.1:${targets[(index + n) % targets.length]?.clientPort}`)
    const connection = await connect({
      servers,
      noRandomize: true,
      authenticator: credsAuthenticator(credentials),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      ...extra,
    })
    connections.push(connection)
    return connection
  }

  const context = async (signal = new AbortController().signal): Promise<ClusterContext> => {
    const {configuration} = lab
    const parts = {configuration, terminal: lab.context.terminal, signal, requestTimeoutMs: 5_000}
    return openClusterContext(parts, await configuration.cluster({cluster: lab.name}))
  }

  const requestOf = (request: Partial<RollRequest> = {}): RollRequest => ({
    only: [],
    onlyOutdated: false,
    strategy: 'terminate',
    drain: 'auto',
    settleMs: 1_000,
    acceptedLoss: [],
    acceptsUnseen: false,
    acceptsOldServers: true,
    checksBootstrap: true,
    ...request,
  })

  const run = async (
    {onEvent, onEntry = async () => {}, onLook = async () => {}, onLooked, onStop, signal, world: options}: RunOptions,
    work: (
      ctx: ClusterContext,
      report: (event: RollEvent) => void,
      openWorld: OpenWorld,
    ) => Promise<RollPlan | undefined>,
  ): Promise<RunResult> => {
    const events: RollEvent[] = []
    const entered: State[] = []
    const report = (event: RollEvent): void => {
      events.push(event)
      if (event.type === 'state') entered.push(event.state)
      onEvent?.(event)
    }
    const openWorld: OpenWorld = async (ctx, nodes) => {
      const world = await openRollWorld(ctx, nodes, options)
      return {
        ...world,
        async look(...how) {
          for (const state of entered.splice(0)) await onEntry(state)
          await onLook()
          const began = performance.now()
          const look = await world.look(...how)
          onLooked?.(performance.now() - began)
          return look
        },
        async stopServer(identity, ...how) {
          const began = performance.now()
          const result = await world.stopServer(identity, ...how)
          onStop?.(identity.node, performance.now() - began)
          return result
        },
      }
    }
    const ctx = await context(signal)
    let plan: RollPlan | undefined
    let failure: unknown
    try {
      plan = await work(ctx, report, openWorld)
    } catch (error) {
      failure = error
    } finally {
      await ctx.close()
    }
    if (failure !== undefined && !(failure instanceof OpsError)) throw failure
    return {
      plan,
      events,
      states: events.flatMap((event) => (event.type === 'state' ? event.state : [])),
      error: failure,
      exit: failure?.exit ?? 0,
      message: failure === undefined ? '' : describeError(failure).message,
    }
  }

  const metaLeader = (): Promise<string> =>
    eventually('a meta leader that all agree on', async () => {
      const leaders = await Promise.all(
        targets.map(async ({monitorPort}) => {
          const response = await fetch(`http://127.0.0.1:${monitorPort}/jsz`)
          const {meta_cluster: meta} = (await response.json()) as {meta_cluster?: {leader?: string}}
          return meta?.leader
        }),
      )
      return new Set(leaders).size === 1 && leaders[0]
    })

  return {
    ...lab,
    nodes: targets.map(({name}) => name),
    admin: await connectAt(0),
    connect: connectAt,
    async plan({request, pace = hurriedPace} = {}) {
      const ctx = await context()
      try {
        const prepared = await prepareRoll(ctx, requestOf(request), openRealWorld, pace)
        await prepared.world.close()
        return prepared.plan
      } finally {
        await ctx.close()
      }
    },
    roll: ({request, pace = hurriedPace, ...options} = {}) =>
      run(options, async (ctx, report, openWorld) => {
        const prepared = await prepareRoll(ctx, requestOf(request), openWorld, pace)
        try {
          await startRoll(ctx, prepared, report, pace)
          return prepared.plan
        } finally {
          await prepared.world.close()
        }
      }),
    resume: ({pace = hurriedPace, ...options} = {}) =>
      run(options, async (ctx, report, openWorld) => {
        const prepared = await prepareResume(ctx, {takeOver: false})
        await resumeRoll(ctx, prepared, prepared.held.document.request, openWorld, report, pace)
        return undefined
      }),
    async abort() {
      const ctx = await context()
      try {
        const held = await readClaim(ctx, await (await ctx.aws()).parameters(), false)
        await abortRoll(ctx, held, openRealWorld, () => {}, hurriedPace)
      } catch (error) {
        if (!(error instanceof OpsError && error.code === 'NO_ROLL')) throw error
      } finally {
        await ctx.close()
      }
    },
    async whole() {
      const isWhole = async (): Promise<true> => {
        const texts = await Promise.all(
          targets.map(async ({monitorPort}) => {
            const base = `http://127.0.0.1:${monitorPort}`
            const signal = AbortSignal.timeout(10_000)
            const [health, jetStream] = await Promise.all([
              fetch(`${base}/healthz`, {signal}),
              fetch(`${base}/jsz?accounts=true&streams=true&config=true`, {signal}),
            ])
            if (!health.ok) throw new Error(`${monitorPort}: ${await health.text()}`)
            return describeStreams(await jetStream.json())
          }),
        )
        if (new Set(texts).size > 1) throw new Error(`the replicas differ: ${texts.join(' / ')}`)
        return true
      }
      await eventually('the cluster is whole', isWhole, 180_000)
    },
    metaLeader,
    async moveMetaLeader(node) {
      const ctx = await context()
      const {nodes} = await discoverNodes(ctx, {aws: true})
      const link = openNatsLink(ctx, nodes, {kind: 'system'})
      try {
        await eventually(`${node} leads the meta group`, async () => {
          if ((await metaLeader()) === node) return true
          await askJetStream(
            link,
            '$JS.API.META.LEADER.STEPDOWN',
            JSON.stringify({placement: {preferred: node}}),
            5_000,
          )
          return false
        })
      } finally {
        await link.close()
        await ctx.close()
      }
    },
    async stop() {
      for (const connection of connections) await connection.close()
      await lab.stop()
    },
  }
}

interface View {
  readonly account_details?: readonly {
    readonly name: string
    readonly stream_detail?: readonly {
      readonly name: string
      readonly config?: {readonly num_replicas?: number}
      readonly state: {readonly first_seq: number; readonly last_seq: number; readonly messages: number}
    }[]
  }[]
}

function describeStreams(view: unknown): string {
  const {account_details: accounts = []} = view as View
  const lines = accounts.flatMap(({name: account, stream_detail: streams = []}) =>
    streams
      .filter(({config}) => config?.num_replicas === 3)
      .map(({name, state}) => `${account}/${name} ${state.first_seq}-${state.last_seq} ${state.messages}`),
  )
  return lines.sort().join(', ')
}
