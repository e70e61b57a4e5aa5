import type {Facilities} from './facilities.ts'
import type {Machine} from './machine.ts'
import type {ActivityRecord, HookRecord} from './records.ts'

/** The lifecycle hooks of one group. Nobody completes an action in this account, so every heartbeat runs out. */
export class LifecycleHooks {
  readonly #node: string
  readonly #facilities: Facilities
  readonly #hooks: HookRecord[] = []

  constructor(node: string, facilities: Facilities) {
    this.#node = node
    this.#facilities = facilities
  }

  /** With the one that a fault puts there. */
  list(): readonly HookRecord[] {
    const fault = this.#facilities.faults.standing('hook-stuck', this.#node)
    if (!fault) return this.#hooks
    const stuck = {name: fault.value, heartbeatTimeoutSeconds: 3600, defaultResult: 'CONTINUE'} as const
    return [...this.#hooks, {...stuck, transition: 'autoscaling:EC2_INSTANCE_LAUNCHING'}]
  }

  put(hook: HookRecord): void {
    this.#hooks.push(hook)
  }

  async wait(machine: Machine, activity: ActivityRecord, transition: HookRecord['transition']): Promise<void> {
    const isLaunch = transition === 'autoscaling:EC2_INSTANCE_LAUNCHING'
    const {clock, faults, signal: closing} = this.#facilities
    const signal = isLaunch ? machine.signal : closing
    const {status} = activity
    const enter = () => {
      machine.lifecycle = isLaunch ? 'Pending:Wait' : 'Terminating:Wait'
      activity.status = 'MidLifecycleAction'
    }
    const leave = () => {
      machine.lifecycle = isLaunch ? 'Pending:Proceed' : 'Terminating:Proceed'
      activity.status = status
    }
    for (const hook of this.#hooks.filter((one) => one.transition === transition)) {
      enter()
      await clock.sleep(hook.heartbeatTimeoutSeconds * 1000, signal)
      if (isLaunch && hook.defaultResult === 'ABANDON') {
        throw new Error(
          `Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned: ${hook.name}`,
        )
      }
      leave()
    }
    while (isLaunch && faults.standing('hook-stuck', this.#node)) {
      enter()
      await faults.changed(signal)
      leave()
    }
  }
}
