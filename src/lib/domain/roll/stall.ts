/** When something was seen, on both clocks, milliseconds. */
export interface Instant {
  readonly monotonic: number
  readonly wall: number
}

/**
 * The longest time between two acknowledged publishes. Time in which this process did not run (the laptop slept, the
 * terminal stopped it) is nobody's stall: counting starts again with the first acknowledgement after it.
 */
export class StallMeter {
  readonly #sleepGapMs: number
  #alive: Instant | undefined
  #acknowledged: number | undefined
  #longest: number | undefined

  /** `sleepGapMs`: `tick` is called more often than that whenever this process runs. */
  constructor(sleepGapMs: number) {
    this.#sleepGapMs = sleepGapMs
  }

  tick(now: Instant): void {
    const before = this.#alive
    this.#alive = now
    if (before === undefined) return
    // A monotonic clock that stops with the laptop leaves the gap to the wall clock.
    const gap = Math.max(now.monotonic - before.monotonic, now.wall - before.wall)
    if (gap <= this.#sleepGapMs) return
    this.#count(before.monotonic)
    this.#acknowledged = undefined
  }

  acknowledge(now: Instant): void {
    this.tick(now)
    this.#count(now.monotonic)
    this.#acknowledged = now.monotonic
  }

  /** A stall under way counts; undefined while nothing has ever been acknowledged. */
  longest(now: Instant): number | undefined {
    this.tick(now)
    this.#count(now.monotonic)
    return this.#longest
  }

  #count(until: number): void {
    if (this.#acknowledged === undefined) return
    this.#longest = Math.max(this.#longest ?? 0, until - this.#acknowledged)
  }
}
