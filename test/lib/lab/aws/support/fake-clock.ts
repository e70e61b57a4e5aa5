import {setImmediate as turn} from 'node:timers/promises'
import type {Clock} from '../../../../../src/lib/clients/ports.ts'

/** A clock that stands still until told, and then goes through every sleeper in order. */
export class FakeClock implements Clock {
  #now: number
  readonly #sleepers = new Set<{readonly at: number; wake(): void}>()

  constructor(start = '2026-03-01T09:00:00Z') {
    this.#now = Date.parse(start)
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const {promise, resolve, reject} = Promise.withResolvers<void>()
    const sleeper = {at: this.#now + ms, wake: resolve}
    this.#sleepers.add(sleeper)
    const interrupt = () => {
      this.#sleepers.delete(sleeper)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', interrupt, {once: true})
    return promise.finally(() => signal?.removeEventListener('abort', interrupt))
  }

  get sleeping(): number {
    return this.#sleepers.size
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await turn()
    for (;;) {
      const next = [...this.#sleepers].filter(({at}) => at <= end).sort((one, other) => one.at - other.at)[0]
      if (!next) break
      this.#sleepers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      await turn()
    }
    this.#now = end
    await turn()
  }
}
