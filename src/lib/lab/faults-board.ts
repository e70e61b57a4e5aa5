import type {Clock} from '../clients/ports.ts'
import {systemClock} from '../clock.ts'
import {type Fault, type FaultName, type FaultRequest, requireFaultName, settleFault} from './faults.ts'

/** A fault as it stands. */
export interface ActiveFault extends Fault {
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endsAt: number | undefined
  /** How often it has struck. */
  readonly struck: number
}

interface Entry {
  readonly fault: Fault
  readonly startedAt: number
  readonly timer: AbortController
  struck: number
}

export interface FaultBoardOptions {
  /** Names of the lab's nodes. */
  readonly nodes: readonly string[]
  readonly clock?: Clock
}

/**
 * The one place that knows what is made to go wrong in a lab. Whoever may have to misbehave asks: `standing` for a
 * state that lasts, `strike` at the moment something would happen, which is what a count counts.
 */
export class FaultBoard {
  readonly #nodes: readonly string[]
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<() => void>()

  constructor({nodes, clock = systemClock}: FaultBoardOptions) {
    this.#nodes = nodes
    this.#clock = clock
  }

  /** In the order of their switching on. */
  list(): readonly ActiveFault[] {
    return [...this.#entries.values()].map(show)
  }

  /**
   * Takes the place of the same fault of the same node.
   * @throws UsageError
   */
  switchOn(request: FaultRequest): ActiveFault {
    const fault = settleFault(request, this.#nodes)
    const key = keyOf(fault)
    this.#entries.get(key)?.timer.abort()
    this.#entries.delete(key)
    const entry: Entry = {fault, startedAt: this.#clock.now(), timer: new AbortController(), struck: 0}
    this.#entries.set(key, entry)
    if (fault.forMs !== undefined) {
      const expire = () => this.#remove(key, entry)
      void this.#clock.sleep(fault.forMs, entry.timer.signal).then(expire, () => {})
    }
    this.#notify()
    return show(entry)
  }

  /**
   * Ends a fault for one node, for all nodes, or with no name every fault. Returns those that were on.
   * @throws UsageError for a name that no fault has
   */
  switchOff(name?: string, node?: string): readonly ActiveFault[] {
    const wanted = name === undefined ? undefined : requireFaultName(name)
    const ended = this.list().filter(
      (fault) => (wanted === undefined || fault.name === wanted) && (node === undefined || fault.node === node),
    )
    for (const fault of ended) {
      this.#entries.get(keyOf(fault))?.timer.abort()
      this.#entries.delete(keyOf(fault))
    }
    if (ended.length > 0) this.#notify()
    return ended
  }

  /** The fault that is on for this node, or for all of AWS; it is not counted. */
  standing(name: FaultName, node?: string): Fault | undefined {
    return this.#find(name, node)?.fault
  }

  /** The same at the moment it happens: one less is left of its count. `isMeant` may still let it pass. */
  strike(name: FaultName, node?: string, isMeant: (fault: Fault) => boolean = () => true): Fault | undefined {
    const entry = this.#find(name, node)
    if (!entry || !isMeant(entry.fault)) return undefined
    entry.struck += 1
    if (entry.fault.count !== undefined && entry.struck >= entry.fault.count) {
      this.#remove(keyOf(entry.fault), entry)
    }
    return entry.fault
  }

  /** Called after every change. Returns the way to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at the next change; rejects with the signal's reason. */
  async changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    const stopListening = this.onChange(resolve)
    const interrupt = () => reject(signal.reason)
    signal.addEventListener('abort', interrupt, {once: true})
    return promise.finally(() => {
      stopListening()
      signal.removeEventListener('abort', interrupt)
    })
  }

  /** Leaves no timer behind and tells nobody. */
  close(): void {
    this.#listeners.clear()
    this.switchOff()
  }

  /** One node's own fault goes before one for all. */
  #find(name: FaultName, node: string | undefined): Entry | undefined {
    const own = node === undefined ? undefined : this.#entries.get(keyOf({name, node}))
    return own ?? this.#entries.get(keyOf({name, node: undefined}))
  }

  #remove(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return
    entry.timer.abort()
    this.#entries.delete(key)
    this.#notify()
  }

  /** Not before whoever struck has finished what it was doing. */
  #notify(): void {
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener()
    })
  }
}

function show({fault, startedAt, struck}: Entry): ActiveFault {
  return {...fault, startedAt, endsAt: fault.forMs === undefined ? undefined : startedAt + fault.forMs, struck}
}

function keyOf({name, node}: Pick<Fault, 'name' | 'node'>): string {
  return `${name} ${node ?? ''}`
}
