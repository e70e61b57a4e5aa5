import assert from 'node:assert/strict'
import type {Aws, Monitor} from '../../src/lib/clients/ports.ts'
import type {Wiring} from '../../src/lib/command.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {openClusterContext} from '../../src/lib/context.ts'
import {type Answer, answered, unanswered} from '../../src/lib/domain/answer.ts'
import type {NodeObservation} from '../../src/lib/domain/observation.ts'
import {conventionalSettings, type NodeTarget} from '../../src/lib/domain/settings.ts'
import {Exit, InterruptedError, OpsError} from '../../src/lib/errors.ts'
import type {Look} from '../../src/lib/ops/roll/ports.ts'
import type {OpenedWorld} from '../../src/lib/ops/roll/start.ts'
import {openTerminal, type Terminal} from '../../src/lib/output/terminal.ts'
import {ClusterClock} from './cluster-clock.ts'
import type {FakeClusterOptions} from './fake-cluster/state.ts'
import {FakeCluster} from './fake-cluster.ts'
import {FAKE_UNIT} from './fake-roll.ts'
import {temporaryFolder} from './folder.ts'
import {LOCK, LockStore} from './lock-store.ts'

/** A cluster of which one stream has a single replica, on c-node-2. */
export const SINGLE: FakeClusterOptions = {
  streams: [
    {name: 'orders', perSecond: 50, stored: 5000},
    {name: 'audit', perSecond: 0, stored: 10, on: [2]},
  ],
}

/** A laptop in front of a cluster in memory, for the commands that roll it: its own folders, clock, AWS and signals. */
export class RollScene implements Disposable {
  readonly cluster: FakeCluster
  readonly clock: ClusterClock
  readonly store = new LockStore()
  readonly home: string
  /** What the next stop of a server comes to. */
  stopAnswer: 'stopped' | 'not-permitted' | 'failed' = 'stopped'
  /** How a server says it was stopped: the node's own words. */
  stopHow = 'lame duck'
  /** Thrown by each start of a server, or by as many as are left. */
  startFailure: OpsError | undefined
  failingStarts = Number.POSITIVE_INFINITY
  /** Starts of a server that change nothing: for its unit it still runs. */
  idleStarts = 0
  /** Thrown by the Auto Scaling API. */
  awsFailure: OpsError | undefined
  /** Called before every look at the world, with its number. */
  onLook: (count: number) => void = () => {}
  looks = 0
  worldsOpen = 0
  canary: 'absent' | 'there' = 'absent'
  readonly #interruption = new AbortController()
  readonly #folder = temporaryFolder()

  constructor(options: FakeClusterOptions = {}) {
    this.cluster = new FakeCluster(options)
    this.clock = new ClusterClock(this.cluster)
    this.home = this.#folder.path
  }

  /** The lock parameter as it stands; undefined where there is none. */
  get lock(): Record<string, unknown> | undefined {
    const parameter = this.store.parameters.get(LOCK)
    return parameter && (JSON.parse(parameter.value) as Record<string, unknown>)
  }

  set lock(document: object | undefined) {
    if (document === undefined) this.store.parameters.delete(LOCK)
    else this.store.parameters.set(LOCK, {name: LOCK, value: JSON.stringify(document), version: 7, secure: false})
  }

  interrupt(): void {
    this.#interruption.abort(new InterruptedError('SIGINT'))
  }

  /** `answer`: what is typed at the question, or what happens before that; a terminal to ask on only where it is given. */
  wiring(answer?: string | (() => string)): Wiring {
    const {cluster, clock} = this
    const settings = {...conventionalSettings('c'), nodes: cluster.targets, settleSeconds: 20}
    const configuration = openConfiguration({variables: {}, home: this.home, cwd: this.home, temporary: this.home})
    return {
      configuration: {...configuration, cluster: async () => ({settings, sources: new Map()})},
      ...(answer === undefined ? {} : {terminal: askedTerminal(answer)}),
      openClusterContext: (parts, resolved) => {
        const signal = AbortSignal.any([parts.signal, this.#interruption.signal])
        const context = openClusterContext(parts, resolved)
        return {...context, clock, signal, aws: async () => this.#aws(), monitor: async () => this.#monitor()}
      },
      openRollWorld: async () => this.#openWorld(),
    }
  }

  assertUntouched(): void {
    assert.deepEqual([this.cluster.terminated, this.lock, this.canary], [[], undefined, 'absent'])
  }

  /** Fails where something was left open, or where happened what must not; a stream's only replica may be given up. */
  end(): void {
    const singles = this.cluster.streams.filter(({replicas}) => replicas.length === 1)
    const accepted = singles.map(({name}) => `${name} lost acknowledged messages`)
    assert.equal(this.worldsOpen, 0, 'every world that was opened is closed')
    assert.deepEqual(
      this.cluster.violations.filter((violation) => !accepted.includes(violation)),
      [],
    )
    this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }

  #openWorld(): OpenedWorld {
    const {cluster, clock} = this
    let isOpen = true
    this.worldsOpen += 1
    return {
      look: async (): Promise<Look> => {
        this.onLook(++this.looks)
        clock.pass(100)
        const works = this.#canWrite() && this.canary === 'there'
        return {
          observation: cluster.observe(),
          aws: cluster.awsAnswers
            ? answered(cluster.observeAws(), cluster.now)
            : unanswered('timeout', 'AWS did not answer', cluster.now),
          canary: works
            ? answered({sequence: 1, roundTripMs: 1}, cluster.now)
            : unanswered('timeout', 'no acknowledgement', cluster.now),
          addresses: cluster.addresses(),
          credentialsExpireAt: undefined,
        }
      },
      stepDown: async (group, preferred) => {
        if (group.consumer === undefined) cluster.stepDown(group.stream ?? '_meta_', preferred)
        return {kind: 'asked'}
      },
      readUnit: async () => {
        const kind = this.stopAnswer
        return kind === 'stopped' ? {kind: 'read', unit: FAKE_UNIT} : {kind, why: 'AccessDenied for ssm:SendCommand'}
      },
      stopServer: async ({node}) => {
        cluster.stop(node)
        clock.pass(1000)
        return {kind: 'stopped', how: this.stopHow}
      },
      startServer: async ({node, instanceId}) => {
        if (this.startFailure && this.failingStarts-- > 0) throw this.startFailure
        if (this.idleStarts-- > 0) return
        const isThere = cluster.node(node).instance.id === instanceId && cluster.start(node)
        if (!isThere) throw new OpsError(`${instanceId} is not running`, {code: 'NOT_RUNNING', exit: Exit.notFound})
      },
      terminate: async ({instanceId}) =>
        cluster.terminate(instanceId) ? {kind: 'accepted'} : {kind: 'refused', why: `no instance ${instanceId}`},
      bootstrapSays: async () => answered(true, cluster.now),
      freshEvents: async () => ({skipped: 'no token is configured'}),
      startCanary: async () => {
        this.canary = 'there'
      },
      canaryStallMs: () => 17,
      removeCanary: async () => {
        this.canary = 'absent'
      },
      close: async () => {
        if (isOpen) this.worldsOpen -= 1
        isOpen = false
      },
    }
  }

  /** The canary is replicated: a stream with one replica that is away does not concern it. */
  #canWrite(): boolean {
    const {nodes, streams} = this.cluster
    const serving = nodes.filter(({server}) => server === 'up').map(({name}) => name)
    const replicated = streams.filter(({replicas}) => replicas.length > 1)
    return serving.length * 2 > nodes.length && replicated.every(({leader}) => serving.includes(leader ?? ''))
  }

  #aws(): Aws {
    const {cluster, store} = this
    const absent = async (): Promise<never> => {
      throw new Error('a roll in memory does not ask this')
    }
    const groups = () => cluster.observeAws().flatMap(({group}) => group ?? [])
    return {
      region: async () => 'us-east-2',
      parameters: async () => store,
      identity: async () => ({
        caller: async () => ({account: '123456789012', arn: 'arn:aws:iam::123456789012:user/anna'}),
      }),
      autoScaling: async () => ({
        groups: async () => {
          if (this.awsFailure) throw this.awsFailure
          return groups()
        },
        activities: async () => [],
        refreshes: async () => [],
        terminateInstance: absent,
        startRefresh: absent,
      }),
      ec2: async () => ({instances: async () => cluster.observeAws().flatMap(({instances}) => instances)}),
      runCommand: absent,
      sessions: absent,
      logs: absent,
      credentialsExpireAt: async () => undefined,
    }
  }

  #monitor(): Monitor {
    const ask =
      <K extends 'server' | 'health' | 'jetStream' | 'routes' | 'raft'>(key: K) =>
      async (target: NodeTarget): Promise<NodeObservation[K]> => {
        const node = this.cluster.observe().nodes.find((each) => each.target.name === target.name)
        const silence: Answer<never> = unanswered('refused', 'connection refused', this.cluster.now)
        return node?.[key] ?? silence
      }
    return {
      server: ask('server'),
      health: ask('health'),
      jetStream: ask('jetStream'),
      routes: ask('routes'),
      raft: ask('raft'),
      certificateExpiry: async () => undefined,
      close: async () => {},
    }
  }
}

function askedTerminal(answer: string | (() => string)): Terminal {
  const ask = async (): Promise<string> => (typeof answer === 'string' ? answer : answer())
  return {...openTerminal({colour: false, quiet: false}), interactive: true, ask}
}
