import type {ProblemKind} from '../../domain/answer.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'

/**
 * Anything that went wrong as a problem of an answer. The first thing to do about it comes along: a wait shows the
 * detail and nothing else, and where it says that a login has expired it should say how to log in.
 */
export function problemOf(error: unknown): [kind: ProblemKind, detail: string] {
  if (!(error instanceof OpsError)) return ['malformed', messageOf(error)]
  const [remedy] = error.suggestions
  const detail = error.exit === Exit.auth && remedy !== undefined ? `${messageOf(error)} (${remedy})` : messageOf(error)
  return [kindOf(error), detail]
}

/** AWS surely did nothing: it limits the rate of the call, or never heard of it. In doubt, false. */
export function changedNothing(error: unknown): boolean {
  if (!(error instanceof OpsError)) return false
  const {sent} = (error.cause ?? {}) as {readonly sent?: unknown}
  return error.code === 'AWS_THROTTLED' || (error.code === 'AWS_UNREACHABLE' && sent === false)
}

function kindOf({code, exit}: OpsError): ProblemKind {
  if (/TIMEOUT$/.test(code)) return 'timeout'
  if (/_TLS$/.test(code)) return 'tls'
  return exit === Exit.unreachable ? 'unreachable' : 'refused'
}
