import {AdaptiveRetryStrategy} from '@smithy/core/retry'
import type {RetryErrorInfo, RetryStrategyV2} from '@smithy/types'
import {isUnsent} from './error-facts.ts'

export const maxAttempts = 5

/**
 * `repeat`: reading, or anything that may happen twice. `once`: a change whose answer may be all that was lost. `now`: a
 * change that is right only for the moment that was looked at just before; whoever wants it again has to look again.
 */
export type Repetition = 'repeat' | 'once' | 'now'

/**
 * The SDK's adaptive retries, with two exceptions. A request that ran into its time limit is not sent again: the limit
 * is the operator's, and five silent attempts would take five times as long. A change is sent again only where AWS
 * surely did nothing (throttled, or never connected): after a lost answer the caller has to look at the world first.
 * What must happen now or not at all is sent once, and is not held back by the throttling of calls before it either: the
 * pauses are seconds, and hours where the laptop is closed in one.
 */
export function openRetryStrategy(repetition: Repetition): RetryStrategyV2 {
  if (repetition === 'now') return singleAttempt
  const adaptive = new AdaptiveRetryStrategy(maxAttempts)
  return {
    acquireInitialRetryToken: (scope) => adaptive.acquireInitialRetryToken(scope),
    async refreshRetryTokenForRetry(token, info) {
      if (!mayRepeat(info, repetition)) throw new Error('not to be sent again')
      return adaptive.refreshRetryTokenForRetry(token as Parameters<typeof adaptive.refreshRetryTokenForRetry>[0], info)
    },
    recordSuccess: (token) => adaptive.recordSuccess(token as Parameters<typeof adaptive.recordSuccess>[0]),
  }
}

const singleAttempt: RetryStrategyV2 = {
  acquireInitialRetryToken: async () => ({getRetryCount: () => 0, getRetryDelay: () => 0}),
  refreshRetryTokenForRetry: async () => {
    throw new Error('not to be sent again')
  },
  recordSuccess: () => {},
}

/** Whether sending again can do harm or takes too long; whether it can do good is the SDK's decision. */
export function mayRepeat(
  {errorType, error}: {readonly errorType: RetryErrorInfo['errorType']; readonly error?: unknown},
  repetition: Exclude<Repetition, 'now'>,
): boolean {
  if (errorType === 'THROTTLING') return true
  const {name, code} = (error ?? {}) as {readonly name?: unknown; readonly code?: unknown}
  if (name === 'TimeoutError' && (code === undefined || code === 'ETIMEDOUT')) return false
  return repetition === 'repeat' || isUnsent(error)
}
