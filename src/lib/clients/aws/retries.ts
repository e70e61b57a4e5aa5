import {AdaptiveRetryStrategy} from '@smithy/core/retry'
import type {RetryErrorInfo, RetryStrategyV2} from '@smithy/types'

export const maxAttempts = 5

/** `repeat`: reading, or anything that may happen twice. `once`: a change whose answer may be all that was lost. */
export type Repetition = 'repeat' | 'once'

/**
 * The SDK's adaptive retries, with two exceptions. A request that ran into its time limit is not sent again: the limit
 * is the operator's, and five silent attempts would take five times as long. A change is sent again only where AWS
 * surely did nothing (throttled, or never connected): after a lost answer the caller has to look at the world first.
 */
export function openRetryStrategy(repetition: Repetition): RetryStrategyV2 {
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

const unsent = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/

/**
 * Never connected: nothing was sent. A network that vanishes under a standing connection may say EHOSTUNREACH as well,
 * but to a read or a write.
 */
function isUnsent(error: unknown): boolean {
  const {code, syscall} = (error ?? {}) as {readonly code?: unknown; readonly syscall?: unknown}
  return typeof code === 'string' && unsent.test(code) && !/^(read|write)/.test(String(syscall ?? ''))
}

/** Whether sending again can do harm or takes too long; whether it can do good is the SDK's decision. */
export function mayRepeat(
  {errorType, error}: {readonly errorType: RetryErrorInfo['errorType']; readonly error?: unknown},
  repetition: Repetition,
): boolean {
  if (errorType === 'THROTTLING') return true
  const {name, code} = (error ?? {}) as {readonly name?: unknown; readonly code?: unknown}
  if (name === 'TimeoutError' && (code === undefined || code === 'ETIMEDOUT')) return false
  return repetition === 'repeat' || isUnsent(error)
}
