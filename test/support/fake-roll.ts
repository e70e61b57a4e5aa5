import {answered, unanswered} from '../../src/lib/domain/answer.ts'
import type {AwsNodeObservation, ClusterObservation} from '../../src/lib/domain/observation.ts'
import {defaultLimits, defaultRhythm} from '../../src/lib/domain/roll/algorithm.ts'
import type {RollEvent} from '../../src/lib/domain/roll/events.ts'
import type {LockDocument, LockedRequest} from '../../src/lib/domain/roll/lock.ts'
import type {UnitProperties} from '../../src/lib/domain/roll/stop.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'
import {acquireLock, assumeLock, readLock} from '../../src/lib/ops/roll/lock.ts'
import type {
  Look,
  RollJournal,
  RollWorld,
  StepDown,
  StopResult,
  TerminateResult,
  UnitAnswer,
} from '../../src/lib/ops/roll/ports.ts'
import {runRoll} from '../../src/lib/ops/roll/roll.ts'
import {ClusterClock} from './cluster-clock.ts'
import type {FakeCluster} from './fake-cluster.ts'
import {LockStore, PLACE} from './lock-store.ts'

/** Thrown in place of everything a killed process would still have done. */
class Crash extends Error {}

/** Something that happens before the n-th call a roll makes to its world. */
export interface Disturbance {
  readonly strike: (rig: RollRig) => void
  /**
   * Harms a node. Between the last look and a termination no observer can see such a thing, so it waits for the next
   * look: what is checked is that nothing is terminated that the last look did not clear.
   */
  readonly isHarm: boolean
}

export interface RigOptions {
  readonly request?: Partial<LockedRequest>
  readonly only?: readonly string[]
}

/** More than any roll needs, its waits included. */
const MOST_CALLS = 20_000

/** A unit that a roll may stop at once. */
export const FAKE_UNIT: UnitProperties = {
  restart: 'always',
  execStop: '',
  mainPid: 1,
  activeState: 'active',
  timeoutStopMs: undefined,
}

/** One laptop after another rolling one fake cluster: what the model check and the fault tests drive. */
export class RollRig {
  readonly cluster: FakeCluster
  readonly clock: ClusterClock
  readonly store = new LockStore()
  readonly events: RollEvent[] = []
  readonly disturbances = new Map<number, Disturbance[]>()
  readonly request: LockedRequest
  /** What the next terminate does instead of working. */
  terminateAnswers: ('lost' | 'again' | 'refused')[] = []
  stopAnswers: ('not-permitted' | 'failed' | 'again')[] = []
  stepDownRefused = false
  canaryFails = false
  bootstrapSilent = false
  /** Run Command does not start a server. */
  startFails = false
  /** The disk of the laptop is full. */
  journalFails = false
  calls = 0
  abort = new AbortController()
  /** Strikes at a state: called for every event as it is reported. */
  onEvent: ((event: RollEvent) => void) | undefined
  /** Bends what is seen, as a fault of AWS, of DNS or of a server would. */
  awsLens: (nodes: readonly AwsNodeObservation[]) => readonly AwsNodeObservation[] = (nodes) => nodes
  nodesLens: (observation: ClusterObservation) => ClusterObservation = (observation) => observation
  addressLens: (addresses: ReadonlyMap<string, readonly string[]>) => ReadonlyMap<string, readonly string[]> = (
    addresses,
  ) => addresses
  credentialsExpireAt: number | undefined
  /** Called while an instance is asked how its server can be stopped. */
  onUnitRead: (() => void) | undefined
  #dead = false
  #due: Disturbance[] = []
  #journal: RollEvent[] = []
  readonly #only: readonly string[]

  constructor(cluster: FakeCluster, {request = {}, only}: RigOptions = {}) {
    this.cluster = cluster
    this.clock = new ClusterClock(cluster)
    this.#only = only ?? cluster.targets.map(({name}) => name)
    this.request = {
      strategy: 'terminate',
      drain: 'auto',
      settleMs: 20_000,
      acceptedLoss: [],
      acceptsUnseen: false,
      acceptsOldServers: false,
      checksBootstrap: true,
      ...request,
    }
  }

  /** Starts a roll, or resumes the one whose lock is there; resolves to its exit status, or `crashed`. */
  async run(pid = 1): Promise<number | 'crashed'> {
    this.#dead = false
    this.abort = new AbortController()
    try {
      const held = await readLock(this.store, PLACE)
      const lock = held
        ? await assumeLock(
            this.store,
            PLACE,
            {...held.document, holder: this.#holder(pid), handedOver: false, beat: held.document.beat + 1},
            held.version,
            this.clock,
          )
        : await acquireLock(this.store, PLACE, this.#document(pid), this.clock)
      await runRoll({
        world: this.#world(),
        lock: {
          ...lock,
          renew: async (document) => this.#guard(() => lock.renew(document)),
          renewedAt: lock.renewedAt,
          release: () => this.#guard(() => lock.release()),
          document: lock.document,
        },
        journal: this.#openJournal(),
        clock: {
          now: this.clock.now,
          monotonic: this.clock.monotonic,
          sleep: (ms, signal) => this.#guard(() => this.clock.sleep(ms, signal), 'look'),
        },
        signal: this.abort.signal,
        nodes: this.cluster.targets,
        limits: {...defaultLimits, soak: 120_000},
        rhythm: {...defaultRhythm, poll: 2000},
        report: (event) => {
          this.events.push(event)
          this.onEvent?.(event)
        },
      })
      return 0
    } catch (error) {
      if (error instanceof Crash) return 'crashed'
      if (error instanceof OpsError) {
        this.lastError = error
        return error.exit
      }
      throw error
    }
  }

  lastError: OpsError | undefined

  /** From now on the process is gone: nothing it would do happens. */
  crash(): void {
    this.#dead = true
  }

  loseJournal(): void {
    this.#journal = []
  }

  get journal(): readonly RollEvent[] {
    return this.#journal
  }

  #holder(pid: number): LockDocument['holder'] {
    return {user: 'anna', host: 'laptop', pid}
  }

  #document(pid: number): LockDocument {
    return {
      format: 1,
      roll: 'r1',
      cluster: 'c',
      holder: this.#holder(pid),
      startedAt: this.clock.now(),
      heartbeatAt: this.clock.now(),
      request: this.request,
      remaining: this.#only,
      instances: this.#only.map((name) => this.cluster.node(name).instance.id),
      done: [],
      current: undefined,
      handedOver: false,
      beat: 0,
    }
  }

  #openJournal(): RollJournal {
    return {
      events: () => this.#journal,
      append: (event) =>
        this.#guard(async () => {
          if (this.journalFails)
            throw new OpsError('no space left on device', {code: 'JOURNAL_UNWRITABLE', exit: Exit.refused})
          this.#journal.push(event)
        }),
    }
  }

  /** Every call passes here: time goes by, disturbances happen, a dead process does nothing. */
  async #guard<T>(work: () => Promise<T>, call: 'look' | 'write' | 'knife' = 'write'): Promise<T> {
    if (this.#dead) throw new Crash()
    if (this.calls > MOST_CALLS) throw new Error('the roll does not come to an end')
    this.#due.push(...(this.disturbances.get(this.calls++) ?? []))
    const strikes = this.#due.filter(({isHarm}) => call === 'look' || (call === 'write' && !isHarm))
    this.#due = this.#due.filter((disturbance) => !strikes.includes(disturbance))
    for (const {strike} of strikes) strike(this)
    if (this.#dead) throw new Crash()
    const result = await work()
    if (this.#dead) throw new Crash()
    return result
  }

  #world(): RollWorld {
    const {cluster, clock} = this
    return {
      look: () =>
        this.#guard(async (): Promise<Look> => {
          clock.pass(100)
          const observation = this.nodesLens(cluster.observe())
          const aws = cluster.awsAnswers
            ? answered(this.awsLens(cluster.observeAws()), cluster.now)
            : unanswered('timeout', 'AWS did not answer', cluster.now)
          const canary =
            cluster.canWrite() && !this.canaryFails
              ? answered({sequence: 1, roundTripMs: 1}, cluster.now)
              : unanswered('timeout', 'no acknowledgement', cluster.now)
          return {
            observation,
            aws,
            canary,
            addresses: this.addressLens(cluster.addresses()),
            credentialsExpireAt: this.credentialsExpireAt,
          }
        }, 'look'),
      stepDown: (group, preferred) =>
        this.#guard(async (): Promise<StepDown> => {
          if (this.stepDownRefused) return {kind: 'refused', why: 'no suitable peer'}
          if (group.consumer === undefined) cluster.stepDown(group.stream ?? '_meta_', preferred)
          return {kind: 'asked'}
        }),
      readUnit: () =>
        this.#guard(async (): Promise<UnitAnswer> => {
          this.onUnitRead?.()
          if (this.stopAnswers[0] !== 'not-permitted') return {kind: 'read', unit: FAKE_UNIT}
          this.stopAnswers.shift()
          return {kind: 'not-permitted', why: 'by test'}
        }),
      stopServer: ({node}) =>
        this.#guard(async (): Promise<StopResult> => {
          const answer = this.stopAnswers.shift()
          if (answer === 'failed' || answer === 'again') return {kind: answer, why: 'by test'}
          cluster.stop(node)
          clock.pass(1000)
          return {kind: 'stopped', how: 'lame duck'}
        }, 'knife'),
      startServer: ({node, instanceId}) =>
        this.#guard(async () => {
          const isThere = !this.startFails && cluster.node(node).instance.id === instanceId && cluster.start(node)
          if (!isThere) throw new OpsError(`${instanceId} is not running`, {code: 'NOT_RUNNING', exit: Exit.notFound})
        }),
      terminate: ({instanceId}) =>
        this.#guard(async (): Promise<TerminateResult> => {
          const answer = this.terminateAnswers.shift()
          if (answer === 'again') return {kind: 'again', why: 'ScalingActivityInProgress'}
          if (answer === 'refused') return {kind: 'refused', why: 'AccessDenied'}
          const happened = cluster.terminate(instanceId)
          if (answer === 'lost') return {kind: 'unknown', why: 'connection reset'}
          return happened ? {kind: 'accepted'} : {kind: 'refused', why: `${instanceId} is not in a group`}
        }, 'knife'),
      bootstrapSays: () => this.#guard(async () => answered(!this.bootstrapSilent, cluster.now)),
      freshEvents: () => this.#guard(async () => ({skipped: 'no token is configured'})),
      startCanary: async () => {},
      canaryStallMs: () => 0,
      removeCanary: () => this.#guard(async () => {}),
    }
  }
}
