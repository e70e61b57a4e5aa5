import {toSecond} from './activities.ts'
import type {Facilities} from './facilities.ts'

const faultsOfProcesses = [
  ['launch-suspended', 'Launch'],
  ['terminate-suspended', 'Terminate'],
] as const

/**
 * The suspended processes of one group. A user's own request to terminate is not one of the processes: it goes through
 * whatever is suspended.
 */
export class Suspensions {
  readonly #node: string
  readonly #facilities: Facilities
  readonly #onResume: () => void
  readonly #reasons = new Map<string, string>()

  constructor(node: string, facilities: Facilities, onResume: () => void) {
    this.#node = node
    this.#facilities = facilities
    this.#onResume = onResume
  }

  /** Names of processes, each with the reason AWS shows. */
  list(): ReadonlyMap<string, string> {
    const faults = faultsOfProcesses.filter(([fault]) => this.#facilities.faults.standing(fault, this.#node))
    return new Map([
      ...this.#reasons,
      ...faults.map(([, name]) => [name, 'User suspended by a fault of the lab'] as const),
    ])
  }

  suspend(processes: readonly string[]): void {
    const reason = `User suspended at ${toSecond(this.#facilities.clock.now())}`
    for (const name of processes) this.#reasons.set(name, reason)
  }

  resume(processes: readonly string[]): void {
    for (const name of processes) this.#reasons.delete(name)
    this.#onResume()
  }
}
