import {setTimeout as delay} from 'node:timers/promises'

/**
 * Asks again until the answer is neither undefined nor false, and returns it. A rejection counts as no answer; the last
 * one is the cause when the limit is over.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + limitMs
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${limitMs / 1000}s: ${what}`, {cause})
    await delay(25)
  }
}

/** Checks again until nothing is thrown; the last failure is the cause when the limit is over. */
export async function untilTrue(what: string, check: () => Promise<void>, limitMs?: number): Promise<void> {
  await eventually(
    what,
    async () => {
      await check()
      return true
    },
    limitMs,
  )
}
