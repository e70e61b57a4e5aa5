import type {QueryProgress} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {humanDuration} from '../domain/quantity.ts'
import {Exit, OpsError} from '../errors.ts'
import {orInterrupted} from './interruption.ts'

export interface InsightsRequest {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly until: number
  /** Limit for the whole query, milliseconds. */
  readonly limitMs: number
  readonly onProgress: (progress: QueryProgress) => void
}

const FIRST_POLL_MS = 300
const LONGEST_POLL_MS = 3000

/** The runbook's question: what the bootstrap check has said, newest first. */
export function bootstrapQuery(pattern: string): string {
  const literal = pattern.replace(/[\\/^$.*+?()[\]{}|]/g, '\\$&')
  return `fields @timestamp, @message | filter @message like /${literal}/ | sort @timestamp desc | limit 200`
}

/**
 * Runs a Logs Insights query over the bootstrap logs to its end. Whatever ends the wait early stops the query: it costs
 * by what it scans. Rejects with QUERY_FAILED (exit 3), QUERY_TIMEOUT (7), AWS_INVALID_REQUEST (2) for a query that AWS
 * cannot read, AWS_NOT_FOUND (9) where there is no log group, or the signal's reason.
 */
export async function runInsights(
  {aws, clock, signal, settings}: Pick<ClusterContext, 'aws' | 'clock' | 'signal' | 'settings'>,
  {text, since, until, limitMs, onProgress}: InsightsRequest,
): Promise<QueryProgress> {
  const logs = await (await aws()).logs()
  signal.throwIfAborted()
  // Not raced with the signal: a query of which nobody knows the id cannot be stopped.
  const id = await logs.startQuery(settings.logs.bootstrapGroup, {text, since, until})
  const deadline = clock.monotonic() + limitMs
  let pause = FIRST_POLL_MS
  let isEnded = false
  try {
    for (;;) {
      signal.throwIfAborted()
      const progress = await orInterrupted(signal, logs.query(id))
      isEnded = progress.state !== 'running'
      if (progress.state === 'complete') return progress
      if (isEnded) throw endedEarly(progress.state)
      onProgress(progress)
      const left = deadline - clock.monotonic()
      if (left <= 0) throw overdue(limitMs)
      await clock.sleep(Math.min(pause, left), signal)
      pause = Math.min(pause * 1.5, LONGEST_POLL_MS)
    }
  } finally {
    // What went wrong before is what the operator has to know.
    if (!isEnded) await logs.stopQuery(id).catch(() => {})
  }
}

function endedEarly(state: QueryProgress['state']): OpsError {
  const said = {timeout: 'ran out of the time that AWS gives it', cancelled: 'was stopped by somebody'}
  const how = state === 'timeout' || state === 'cancelled' ? said[state] : 'failed'
  return new OpsError(`the query ${how}`, {
    code: 'QUERY_FAILED',
    exit: Exit.refused,
    suggestions: ['look back less far: --since 1h'],
  })
}

function overdue(limitMs: number): OpsError {
  return new OpsError(`the query did not end within ${humanDuration(limitMs)} and was stopped`, {
    code: 'QUERY_TIMEOUT',
    exit: Exit.unreachable,
    suggestions: ['look back less far, --since 1h, or wait longer, --time-limit 10m'],
  })
}
