import type {Aws} from '../../clients/ports.ts'
import type {Strategy} from '../../domain/roll/plan.ts'
import type {NodeIdentity} from '../../domain/roll/view.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import type {TerminateResult} from './ports.ts'
import {changedNothing} from './problems.ts'

/** The runbook's: the group waits this long before it calls the new instance healthy. */
const WARMUP_SECONDS = 120

/** The one call that cannot be undone. Never rejects: what its failure means is the answer. */
export async function terminate(
  aws: Aws,
  {instanceId, asg}: NodeIdentity,
  strategy: Strategy,
  warmupSeconds = WARMUP_SECONDS,
): Promise<TerminateResult> {
  try {
    const autoScaling = await aws.autoScaling()
    if (strategy === 'terminate') await autoScaling.terminateInstance(instanceId)
    else {
      const options = {warmupSeconds, minHealthyPercentage: 0, skipMatching: false}
      await autoScaling.startRefresh(asg, options)
    }
    return {kind: 'accepted'}
  } catch (error) {
    return judgeFailure(error, strategy)
  }
}

/**
 * What a failed call has done. AWS's client sends it once, for it is right only for the moment that was looked at just
 * before: `again` is the roll's to try, after another look. In doubt it may have happened.
 */
export function judgeFailure(error: unknown, strategy: Strategy): TerminateResult {
  if (!(error instanceof OpsError)) return {kind: 'unknown', why: messageOf(error)}
  const {code, exit, message, suggestions} = error
  const [remedy] = suggestions
  if (changedNothing(error)) return {kind: 'again', why: message}
  switch (code) {
    case 'AWS_BUSY':
      // A refresh that is in the way may be ours: the answer to its start was lost.
      return {kind: strategy === 'instance-refresh' ? 'unknown' : 'again', why: message}
    case 'AWS_NOT_FOUND':
      return {kind: 'unknown', why: message}
    default:
      // Refused before AWS looked at the instance: credentials, permissions, the form of the request.
      if (exit === Exit.unreachable) return {kind: 'unknown', why: message}
      return {kind: 'refused', why: exit === Exit.auth && remedy !== undefined ? `${message} (${remedy})` : message}
  }
}
