import {setTimeout as delay} from 'node:timers/promises'
import type {Clock} from './clients/ports.ts'

/** The real one. Durations are measured on the monotonic clock, so that a jump of the wall clock changes nothing. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? {signal} : {})
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}
