import type {Clock} from '../../clients/ports.ts'
import {systemClock} from '../../clock.ts'
import {FaultBoard} from '../faults-board.ts'
import type {Timing} from './facilities.ts'
import {ServiceFailure} from './failure.ts'
import type {InstanceHost} from './host.ts'
import {Insights} from './insights.ts'
import {LogStore} from './log-store.ts'
import {Parameters, type ParameterType} from './parameters.ts'
import type {ActivityRecord, GroupPlan, InstanceRecord} from './records.ts'
import {RunCommands} from './run-commands.ts'
import {ScalingGroup, type TerminateOptions, unmanaged} from './scaling-group.ts'
import {Sessions} from './sessions.ts'

export interface WorldOptions {
  readonly region: string
  /** Twelve digits. */
  readonly account: string
  readonly host: InstanceHost
  readonly clock?: Clock
  readonly timing?: Partial<Timing>
  /** What is to go wrong; nothing unless told. */
  readonly faults?: FaultBoard
}

/**
 * A make-believe AWS account in one region: its parameters, its Auto Scaling groups, their instances, and what happens
 * to them with time. It knows nothing of HTTP (endpoint.ts) and nothing of processes (InstanceHost).
 */
export class AwsWorld {
  readonly region: string
  readonly account: string
  readonly parameters = new Parameters()
  readonly logs = new LogStore()
  readonly insights: Insights
  readonly commands: RunCommands
  readonly sessions: Sessions
  readonly faults: FaultBoard
  readonly clock: Clock
  readonly #host: InstanceHost
  readonly #timing: Timing
  readonly #groups = new Map<string, ScalingGroup>()
  readonly #closing = new AbortController()
  readonly #work = new Set<Promise<void>>()
  readonly #terminateListeners = new Set<TerminateListener>()

  constructor(options: WorldOptions) {
    const {region, account, host, clock = systemClock, timing = {}, faults = new FaultBoard({nodes: []})} = options
    this.region = region
    this.account = account
    this.clock = clock
    this.#host = host
    this.#timing = {...defaultTiming, ...timing}
    this.faults = faults
    this.insights = new Insights(clock)
    this.commands = new RunCommands({
      ...{host, clock, faults, account},
      delayMs: this.#timing.commandDelayMs,
      signal: this.#closing.signal,
      instances: () => this.instances(),
      track: (work) => this.#track(work),
    })
    this.sessions = new Sessions(this.commands)
  }

  /** The group has no instance until `start`. */
  createGroup(plan: GroupPlan): ScalingGroup {
    if (this.#groups.has(plan.name)) throw new Error(`there is already a group ${plan.name}`)
    const group = new ScalingGroup(plan, {
      host: this.#host,
      clock: this.clock,
      timing: this.#timing,
      faults: this.faults,
      signal: this.#closing.signal,
      beforeTerminate: (instanceId) => this.#beforeTerminate(instanceId),
      track: (work) => this.#track(work),
    })
    this.#groups.set(plan.name, group)
    return group
  }

  /** Launches the first instance of every group, all at once. Rejects with the first one's error that failed. */
  async start(): Promise<void> {
    const launches = await Promise.allSettled(this.groups().map((group) => group.start()))
    for (const launch of launches) if (launch.status === 'rejected') throw launch.reason
  }

  putParameter(name: string, value: string, {type = 'String'}: {readonly type?: ParameterType} = {}): void {
    this.parameters.put({name, value, type, modifiedAt: this.clock.now(), tier: 'Standard'})
  }

  /** Sorted by name. */
  groups(): readonly ScalingGroup[] {
    return [...this.#groups.values()].sort((one, other) => (one.plan.name < other.plan.name ? -1 : 1))
  }

  group(name: string): ScalingGroup | undefined {
    return this.#groups.get(name)
  }

  /** Every instance EC2 remembers, oldest first. */
  instances(): readonly Readonly<InstanceRecord>[] {
    return this.groups()
      .flatMap((group) => group.instances)
      .sort((one, other) => one.launchedAt - other.launchedAt || (one.id < other.id ? -1 : 1))
  }

  /** A new version of every group's launch template, for launches from now on. Returns its number. */
  publishTemplates(): number {
    for (const group of this.groups()) group.publishTemplate()
    return this.groups()[0]?.templateVersion ?? 1
  }

  /** As TerminateInstanceInAutoScalingGroup: returns the activity as it begins; the rest happens by itself. */
  async terminate(instanceId: string, options: TerminateOptions): Promise<Readonly<ActivityRecord>> {
    if (this.#closing.signal.aborted) throw new ServiceFailure('InternalFailure', 'the lab is going down', 500)
    const group = this.groups().find(({members}) => members.some(({id}) => id === instanceId))
    if (!group) throw unmanaged(instanceId)
    return group.terminate(instanceId, options)
  }

  /**
   * Calls the listener before any instance is taken out of service through its group, and waits for it: a test's
   * oracle. If it rejects, the instance stays and the caller gets the error. Returns the way to stop listening.
   */
  onTerminate(listener: TerminateListener): () => void {
    this.#terminateListeners.add(listener)
    return () => this.#terminateListeners.delete(listener)
  }

  /** Plain data for `lab status`: no values of parameters. */
  describe(): WorldSnapshot {
    return {
      region: this.region,
      account: this.account,
      groups: this.groups().map((group) => ({
        name: group.plan.name,
        node: group.plan.node,
        desired: group.desired,
        suspended: [...group.suspensions.list().keys()],
        instances: group.instances.map(({id, state, lifecycle, checks, zone, launchedAt, terminatedAt}) => {
          return {id, state, lifecycle, checks, zone, launchedAt, terminatedAt}
        }),
        lastActivity: group.activities[0] && {...group.activities[0]},
      })),
      parameters: this.parameters.all().map(({name, type, version}) => ({name, type, version})),
    }
  }

  /** Launches nothing more, waits for nothing more; resolves when the host has no call of ours left. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the lab is going down'))
    while (this.#work.size > 0) await Promise.all(this.#work)
  }

  async #beforeTerminate(instanceId: string): Promise<void> {
    for (const listener of this.#terminateListeners) await listener(instanceId)
  }

  #track(work: Promise<void>): void {
    this.#work.add(work)
    void work.finally(() => this.#work.delete(work))
  }
}

export type TerminateListener = (instanceId: string) => void | Promise<void>

export interface WorldSnapshot {
  readonly region: string
  readonly account: string
  readonly groups: readonly {
    readonly name: string
    readonly node: string
    readonly desired: number
    readonly suspended: readonly string[]
    readonly instances: readonly Pick<
      Readonly<InstanceRecord>,
      'id' | 'state' | 'lifecycle' | 'checks' | 'zone' | 'launchedAt' | 'terminatedAt'
    >[]
    readonly lastActivity: Readonly<ActivityRecord> | undefined
  }[]
  readonly parameters: readonly {readonly name: string; readonly type: ParameterType; readonly version: number}[]
}

/** Faster than AWS, in the same order. */
const defaultTiming: Timing = {
  bootDelayMs: 2000,
  statusCheckMs: 3000,
  warmupMs: 0,
  launchRetryMs: 10_000,
  refreshDelayMs: 500,
  commandDelayMs: 100,
}
