import {messageOf} from '../../errors.ts'
import {launchingActivity, refusedActivity, terminatingActivity} from './activities.ts'
import type {Facilities} from './facilities.ts'
import {ServiceFailure} from './failure.ts'
import {LifecycleHooks} from './hooks.ts'
import {createMachine, isMember, type Machine} from './machine.ts'
import type {ActivityRecord, GroupPlan, InstanceRecord} from './records.ts'
import {InstanceRefreshes} from './refreshes.ts'
import {Suspensions} from './suspensions.ts'

/**
 * One Auto Scaling group and the machines it ever had.
 *
 * The group wants `desired` members and has what `#instances` says. `#reconcile` launches what is missing; it runs
 * whenever something may have changed: a member left, Launch was resumed, a failed launch has waited long enough. A
 * member counts until its machine is off, so a replacement never runs beside the one it replaces. Each instance goes
 * through one boot and at most one shutdown at a time; a shutdown cancels the boot and waits for it to end, so the host
 * is never asked for both at once.
 */
export class ScalingGroup {
  readonly plan: Required<GroupPlan>
  readonly maximum = 1
  readonly createdAt: number
  #desired = 1
  #instances: Machine[] = []
  #activities: ActivityRecord[] = []
  readonly suspensions: Suspensions
  readonly hooks: LifecycleHooks
  readonly refreshes: InstanceRefreshes
  readonly #facilities: Facilities
  #templateVersion = 1
  /** A launch was refused and is tried again later. */
  #isWaiting = false

  constructor(plan: GroupPlan, facilities: Facilities) {
    this.plan = {minimum: 1, instanceType: 'm8gd.medium', address: '127.0.0.1', ...plan}
    this.#facilities = facilities
    this.createdAt = facilities.clock.now()
    this.suspensions = new Suspensions(plan.node, facilities, () => this.#reconcile())
    this.hooks = new LifecycleHooks(plan.node, facilities)
    this.refreshes = new InstanceRefreshes(this, facilities)
    facilities.faults.onChange(() => this.#reconcile())
  }

  get desired(): number {
    return this.#desired
  }

  /** Those of the group, and those it had: EC2 shows a terminated instance for about an hour. */
  get instances(): readonly Readonly<InstanceRecord>[] {
    return this.#instances.filter((machine) => this.#remembers(machine))
  }

  get members(): readonly Readonly<InstanceRecord>[] {
    return this.#instances.filter(isMember)
  }

  /** Newest first. */
  get activities(): readonly Readonly<ActivityRecord>[] {
    return this.#activities
  }

  /** Newest version of the launch template, which every launch uses. */
  get templateVersion(): number {
    return this.#templateVersion
  }

  publishTemplate(): void {
    this.#templateVersion += 1
  }

  /** Launches the first instance as if it had long been there: no boot delay, status checks passed. */
  async start(): Promise<void> {
    const {machine, activity} = this.#create(false)
    machine.checks = 'ok'
    const boot = this.#boot(machine, activity, 0)
    machine.booted = boot.then(
      () => this.#end(activity, 'Successful'),
      (error: unknown) => this.#end(activity, 'Failed', messageOf(error)),
    )
    this.#facilities.track(machine.booted)
    await boot
  }

  /** Takes the instance out of service; unless `decrement`, another one follows once it is gone. */
  async terminate(instanceId: string, {decrement, why}: TerminateOptions): Promise<ActivityRecord> {
    this.#admitTermination(instanceId, decrement)
    await this.#facilities.beforeTerminate(instanceId)
    const machine = this.#admitTermination(instanceId, decrement)
    const from = this.#desired
    if (decrement) this.#desired -= 1
    machine.stopping = true
    machine.lifecycle = 'Terminating'
    machine.cancellation.abort(new Error('Instance was terminated before it was in service'))
    const shrinking = decrement ? {from, to: this.#desired} : undefined
    const activity = terminatingActivity(this.#occasion(instanceId), {shrinking, why})
    this.#activities.unshift(activity)
    const begun = {...activity}
    this.#facilities.track(this.#shutDown(machine, activity))
    return begun
  }

  protect(instanceId: string, isProtected: boolean): void {
    const machine = this.#instances.find((one) => one.id === instanceId)
    if (machine) machine.protected = isProtected
  }

  #reconcile(): void {
    if (this.#facilities.signal.aborted || this.suspensions.list().has('Launch') || this.#isWaiting) return
    for (let count = this.members.length; count < this.#desired; count++) this.#launch()
  }

  #launch(): void {
    const {faults, timing} = this.#facilities
    const refusal = faults.strike('launch-fails', this.plan.node)
    if (refusal) {
      this.#refuseLaunch(refusal.value)
      return
    }
    const {machine, activity} = this.#create(true)
    const delayMs = timing.bootDelayMs + (faults.strike('boot-delay', this.plan.node)?.amount ?? 0)
    machine.booted = this.#boot(machine, activity, delayMs).then(
      () => this.#settle(machine, activity),
      (error: unknown) => this.#abandon(machine, activity, error),
    )
    this.#facilities.track(machine.booted)
  }

  /** EC2 does not give an instance at all. Tried again later, as Auto Scaling does for ever. */
  #refuseLaunch(reason: string): void {
    const {clock, timing, signal, track} = this.#facilities
    const from = this.members.length
    const activity = refusedActivity(this.#occasion(''), {from, to: from + 1}, reason)
    this.#activities = [activity, ...this.#activities.slice(0, activitiesKept - 1)]
    this.#isWaiting = true
    const retry = () => {
      this.#isWaiting = false
      this.#reconcile()
    }
    track(clock.sleep(timing.launchRetryMs, signal).then(retry, () => {}))
  }

  #create(isReplacement: boolean): {machine: Machine; activity: ActivityRecord} {
    const {clock, faults, signal: closing} = this.#facilities
    const {node, address} = this.plan
    const isStale = faults.standing('dns-stale', node) !== undefined
    const machine = createMachine(this.plan, {
      launchedAt: clock.now(),
      templateVersion: this.#templateVersion,
      isReplacement,
      address: () => (isStale ? faults.standing('dns-stale', node)?.value : undefined) ?? address,
      closing,
    })
    const from = this.members.length
    const activity = launchingActivity(this.#occasion(machine.id), {from, to: from + 1})
    this.#instances = [...this.#instances.filter((one) => this.#remembers(one)), machine]
    this.#activities = [activity, ...this.#activities.slice(0, activitiesKept - 1)]
    return {machine, activity}
  }

  async #boot(machine: Machine, activity: ActivityRecord, delayMs: number): Promise<void> {
    const {clock, host} = this.#facilities
    if (delayMs > 0) await clock.sleep(delayMs, machine.signal)
    machine.signal.throwIfAborted()
    machine.state = 'running'
    machine.powered = true
    const {id, node, launchTemplateVersion: templateVersion, isReplacement} = machine
    await host.launch({id, node, templateVersion, isReplacement})
    machine.signal.throwIfAborted()
    await this.hooks.wait(machine, activity, 'autoscaling:EC2_INSTANCE_LAUNCHING')
    machine.lifecycle = 'InService'
  }

  /** What still happens to an instance in service; not part of its boot, so nothing waits for it. */
  #settle(machine: Machine, activity: ActivityRecord): void {
    const {clock, timing, track} = this.#facilities
    const after = async (ms: number, happen: () => void) => {
      if (ms > 0) await clock.sleep(ms, machine.signal)
      happen()
    }
    const pass = () => {
      machine.checks = 'ok'
    }
    track(after(timing.statusCheckMs, pass).catch(() => {}))
    if (timing.warmupMs > 0) {
      activity.status = 'WaitingForInstanceWarmup'
      activity.progress = 80
    }
    const warm = after(timing.warmupMs, () => this.#end(activity, 'Successful'))
    track(warm.catch(() => this.#end(activity, 'Cancelled')))
  }

  /** A boot that did not end in service: cancelled by a shutdown, which sees to the machine, or failed. */
  async #abandon(machine: Machine, activity: ActivityRecord, error: unknown): Promise<void> {
    this.#end(activity, machine.signal.aborted ? 'Cancelled' : 'Failed', messageOf(error))
    if (machine.signal.aborted) return
    machine.stopping = true
    machine.lifecycle = 'Terminating'
    machine.state = 'shutting-down'
    this.#facilities.track(this.#clearAway(machine))
  }

  async #clearAway(machine: Machine): Promise<void> {
    const {clock, timing, signal} = this.#facilities
    try {
      await this.#powerOff(machine)
      await clock.sleep(timing.launchRetryMs, signal)
      this.#reconcile()
    } catch {
      machine.stopping = false
    }
  }

  async #shutDown(machine: Machine, activity: ActivityRecord): Promise<void> {
    await machine.booted
    try {
      await this.hooks.wait(machine, activity, 'autoscaling:EC2_INSTANCE_TERMINATING')
      machine.state = 'shutting-down'
      activity.progress = 50
      await this.#powerOff(machine)
      this.#end(activity, 'Successful')
      this.#reconcile()
    } catch (error) {
      machine.stopping = false
      this.#end(activity, 'Failed', messageOf(error))
    }
  }

  async #powerOff(machine: Machine): Promise<void> {
    if (machine.powered) await this.#facilities.host.terminate(machine.id)
    machine.state = 'terminated'
    machine.lifecycle = undefined
    machine.terminatedAt = this.#facilities.clock.now()
  }

  #end(activity: ActivityRecord, status: 'Successful' | 'Failed' | 'Cancelled', statusMessage?: string): void {
    activity.status = status
    activity.statusMessage = statusMessage
    activity.progress = 100
    activity.endedAt = this.#facilities.clock.now()
  }

  #admitTermination(instanceId: string, decrement: boolean): Machine {
    const machine = this.#instances.find((one) => one.id === instanceId && isMember(one))
    if (!machine) throw unmanaged(instanceId)
    if (machine.stopping) {
      throw new ServiceFailure(
        'ScalingActivityInProgress',
        "The operation can't be performed because there are scaling activities in progress.",
      )
    }
    if (decrement && this.#desired <= this.plan.minimum) {
      throw new ServiceFailure(
        'ValidationError',
        `Currently, desiredSize equals minSize (${this.plan.minimum}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
      )
    }
    return machine
  }

  #occasion(instanceId: string): {group: string; instanceId: string; zone: string; at: number} {
    return {group: this.plan.name, instanceId, zone: this.plan.zone, at: this.#facilities.clock.now()}
  }

  #remembers({terminatedAt}: InstanceRecord): boolean {
    return terminatedAt === undefined || this.#facilities.clock.now() - terminatedAt < terminatedVisibleMs
  }
}

export interface TerminateOptions {
  /** No other one follows. */
  readonly decrement: boolean
  /** What the activity says it was in response to; a user request unless told. */
  readonly why?: string
}

const terminatedVisibleMs = 3_600_000
const activitiesKept = 1000

export function unmanaged(instanceId: string): ServiceFailure {
  return new ServiceFailure(
    'ValidationError',
    `Instance Id not found - No managed instance found for instance ID: ${instanceId}`,
  )
}
