import {setTimeout as delay} from 'node:timers/promises'
import type {CheckName, DoctorFinding, Outcome} from '../../domain/doctor.ts'
import {humanDuration} from '../../domain/quantity.ts'
import {messageOf, OpsError} from '../../errors.ts'

/** One thing to find out. What it rejects with (an OpsError) is its finding; anything else is a bug. */
export interface Check {
  readonly name: CheckName
  readonly look: () => Promise<Outcome>
}

export interface CheckRun {
  readonly findings: readonly DoctorFinding[]
  /** Some check was still under way at the limit, and what it opened may keep the process. */
  readonly isCut: boolean
}

/** Runs all at once, each for at most `limitMs`: one that hangs hides nothing of the others. */
export async function runChecks(checks: readonly Check[], limitMs: number): Promise<CheckRun> {
  let isCut = false
  const findings = await Promise.all(
    checks.map(async ({name, look}): Promise<DoctorFinding> => {
      const began = performance.now()
      const limit = new AbortController()
      const late = delay(limitMs, undefined, {signal: limit.signal}).then((): Outcome => {
        isCut = true
        return {
          status: 'unknown',
          message: `no answer within ${humanDuration(limitMs)}`,
          fix: 'give it longer: --timeout 15s',
        }
      })
      try {
        const {status, message, fix} = await Promise.race([explained(look), late])
        return {check: name, status, message, fix: fix ?? null, tookMs: Math.round(performance.now() - began)}
      } finally {
        limit.abort()
        late.catch(() => {})
      }
    }),
  )
  return {findings, isCut}
}

async function explained(look: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await look()
  } catch (error) {
    return outcomeOf(error)
  }
}

/** An error of ours as what was found. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof OpsError)) throw error
  return {status: 'failed', message: messageOf(error), fix: error.suggestions[0]}
}

/** Could not be found out, because of what another finding says. */
export function blocked(message: string): Outcome {
  return {status: 'unknown', message: `not known: ${message}`}
}

/** The same work for everybody who asks, begun once; a rejection is whoever's who waits for it. */
export function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined
  return () => {
    begun ??= work()
    begun.catch(() => {})
    return begun
  }
}
