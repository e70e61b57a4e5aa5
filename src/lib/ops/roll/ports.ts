import type {Clock} from '../../clients/ports.ts'
import type {Answer} from '../../domain/answer.ts'
import type {AwsNodeObservation, ClusterObservation} from '../../domain/observation.ts'
import type {Limits, Rhythm} from '../../domain/roll/algorithm.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import type {LockDocument} from '../../domain/roll/lock.ts'
import type {Strategy} from '../../domain/roll/plan.ts'
import type {UnitProperties} from '../../domain/roll/stop.ts'
import type {CanaryEcho, NodeIdentity} from '../../domain/roll/view.ts'
import type {NodeTarget} from '../../domain/settings.ts'

/**
 * What a roll can see and do, in its own words. The real one is built from the clients (world.ts); the model check and
 * the fault tests have one that lives in memory.
 */
export interface RollWorld {
  /** One look at everything, nodes and AWS in parallel. Never rejects: what failed is a problem inside. */
  look(options?: LookOptions): Promise<Look>
  /** Asks a group to move its leader; resolves to who leads then, or undefined when nobody knows or it was refused. */
  stepDown(group: LedGroup, preferred: string | undefined): Promise<StepDown>
  /** Asks the instance of an identity how its server can be stopped, through SSM Run Command. Changes nothing. */
  readUnit(identity: NodeIdentity): Promise<UnitAnswer>
  /**
   * Stops the server for good. `stillOurs` is asked before each command but the first; a text is why not to go on, and
   * nothing more is sent.
   */
  stopServer(
    identity: NodeIdentity,
    unit: UnitProperties,
    stillOurs: () => Promise<string | undefined>,
  ): Promise<StopResult>
  /** Starts it again: the undo of stopServer. Rejects with an OpsError. */
  startServer(identity: NodeIdentity): Promise<void>
  /** Terminates this instance id, or has its group refresh it. */
  terminate(identity: NodeIdentity, strategy: Strategy): Promise<TerminateResult>
  /** Whether the instance's bootstrap log says that its logs arrive. */
  bootstrapSays(node: string, instanceId: string): Promise<Answer<boolean>>
  /** Whether events of the node since the launch of this instance reached the log service; `skipped` says why nobody asked. */
  freshEvents(node: string, instanceId: string): Promise<Answer<boolean> | {readonly skipped: string}>
  /** Creates the canary stream and starts publishing to it; until then `look` says that there is no canary yet. */
  startCanary(roll: string): Promise<void>
  /** Longest time without an acknowledged publish since the canary started, milliseconds. */
  canaryStallMs(): number | undefined
  /** Removes what the roll brought into the cluster. */
  removeCanary(): Promise<void>
}

export interface LookOptions {
  /** AWS's last answer may be this old, milliseconds: for long waits in which AWS has no say. Default 0. */
  readonly awsMaxAgeMs?: number
}

export interface Look {
  readonly observation: ClusterObservation
  readonly aws: Answer<readonly AwsNodeObservation[]>
  readonly canary: Answer<CanaryEcho>
  readonly addresses: ReadonlyMap<string, readonly string[]>
  readonly credentialsExpireAt: number | undefined
}

/** A group led by the node that is drained; the meta group has neither stream nor consumer. */
export interface LedGroup {
  readonly label: string
  readonly account: string | undefined
  /** What tells two accounts of one name apart. */
  readonly accountId?: string
  readonly stream: string | undefined
  readonly consumer: string | undefined
}

export type StepDown =
  | {readonly kind: 'asked'}
  | {readonly kind: 'refused'; readonly why: string}
  | {readonly kind: 'out-of-reach'; readonly why: string}

/** `not-permitted`: nobody may or can run commands there. */
export type UnitAnswer =
  | {readonly kind: 'read'; readonly unit: UnitProperties}
  | {readonly kind: 'not-permitted'; readonly why: string}
  | {readonly kind: 'failed'; readonly why: string}

/** `again`: certainly nothing happened, and the stop may be asked for after another look. */
export type StopResult =
  | {readonly kind: 'stopped'; readonly how: string}
  | {readonly kind: 'again'; readonly why: string}
  | {readonly kind: 'failed'; readonly why: string}

/** `accepted`: AWS answered. `again`: it certainly did not happen, and may later. `unknown`: look before anything else. */
export type TerminateResult =
  | {readonly kind: 'accepted'}
  | {readonly kind: 'again'; readonly why: string}
  | {readonly kind: 'unknown'; readonly why: string}
  | {readonly kind: 'refused'; readonly why: string}

/** The one lock of the cluster, held by this process. */
export interface RollLock {
  readonly document: LockDocument
  /** Writes the document under the next version. Rejects with LOCK_LOST when somebody else wrote, else with its cause. */
  renew(document: LockDocument): Promise<void>
  /** Monotonic milliseconds of the last renewal that succeeded. */
  renewedAt(): number
  /** Deletes the parameter, if it is still ours. */
  release(): Promise<void>
}

export interface RollJournal {
  /** Appends and, with `durable`, does not resolve before it is on the disk. */
  append(event: RollEvent, options: {readonly durable: boolean}): Promise<void>
  /** What was recorded before, by this process or an earlier one. */
  events(): readonly RollEvent[]
}

export interface RollDependencies {
  readonly world: RollWorld
  readonly lock: RollLock
  readonly journal: RollJournal
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly nodes: readonly NodeTarget[]
  readonly limits: Limits
  readonly rhythm: Rhythm
  /** Everything that happens, for the screen and --events. */
  readonly report: (event: RollEvent) => void
}
