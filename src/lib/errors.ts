import {printable} from './domain/printable.ts'

/** Exit statuses are public interface: listed in the README, never renumbered. */
export const Exit = {
  bug: 1,
  usage: 2,
  refused: 3,
  held: 4,
  heldDegraded: 5,
  locked: 6,
  unreachable: 7,
  breached: 8,
  notFound: 9,
  auth: 10,
  declined: 11,
  healthDegraded: 20,
  healthCritical: 21,
  interrupted: 130,
} as const
export type Exit = (typeof Exit)[keyof typeof Exit]

/** Of a command that gives a verdict, as health does. */
export const verdictExits = {ok: 0, degraded: Exit.healthDegraded, critical: Exit.healthCritical} as const

export interface OpsErrorOptions extends ErrorOptions {
  /** Stable, SCREAMING_SNAKE: what scripts match on. */
  readonly code: string
  readonly exit: Exit
  /** Commands or actions that can be pasted or done. */
  readonly suggestions?: readonly string[]
}

/**
 * An outcome the operator can act on; `exit` becomes the exit status. Whatever else is thrown is a bug in natsops.
 *
 * A plain Error on purpose, so that lib does not depend on oclif, which reads `oclif.exit` of any error.
 *
 * Messages quote what servers, AWS, files and people say. So a message is one line, and several are a list: a line break
 * or an escape within one came from outside, is made printable here and can fake neither a line nor a suggestion.
 */
export class OpsError extends Error {
  override readonly name: string = 'OpsError'
  readonly code: string
  readonly suggestions: readonly string[]
  readonly oclif: {readonly exit: Exit}

  constructor(message: string | readonly string[], {code, exit, suggestions = [], ...options}: OpsErrorOptions) {
    super([message].flat().map(printable).join('\n'), options)
    this.code = code
    this.suggestions = suggestions
    this.oclif = {exit}
  }

  /** The message, a line each: for an error that is made of this one. */
  get lines(): readonly string[] {
    return this.message.split('\n')
  }

  get exit(): Exit {
    return this.oclif.exit
  }
}

/** The value given is wrong: names it and says what to change. Exit 2. */
export class UsageError extends OpsError {
  constructor(message: string | readonly string[], suggestions: readonly string[] = []) {
    super(message, {code: 'USAGE', exit: Exit.usage, suggestions})
  }
}

/** The operator was asked and did not agree. Exit 11. */
export class DeclinedError extends OpsError {
  constructor(action: string) {
    super(`${action}: declined, nothing was changed`, {code: 'DECLINED', exit: Exit.declined})
  }
}

/** A signal asked natsops to stop. Exit 130. */
export class InterruptedError extends OpsError {
  constructor(signal: string) {
    super(`interrupted by ${signal}`, {code: 'INTERRUPTED', exit: Exit.interrupted})
  }
}

/** The whole of what --json says about an error. */
export interface ErrorDescription {
  readonly code: string
  readonly message: string
  readonly exit: number
  readonly suggestions: readonly string[]
}

/** Never the error object itself: it may carry configuration and secrets. */
export function describe(error: unknown): ErrorDescription {
  const exit = exitOf(error)
  const {code, suggestions = []} = (error ?? {}) as Partial<OpsError>
  const fallback = exit === Exit.usage ? 'USAGE' : 'UNEXPECTED'
  return {
    code: typeof code === 'string' ? code : fallback,
    message: error instanceof Error ? error.message : String(error),
    exit,
    suggestions: [...suggestions],
  }
}

/** Exit status of anything thrown: its own, or 1 (a bug). */
export function exitOf(error: unknown): number {
  return (error as Partial<OpsError> | null)?.oclif?.exit ?? Exit.bug
}

/** The error's own message on one line, or the thing itself as text: to be quoted in another message. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.trim().replace(/\s*\n\s*/g, '; ')
}

/** The stack, for a bug always, for anything else with --debug; with the cause's. */
export function stackOf(error: unknown, debug: boolean): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (!debug && exitOf(error) !== Exit.bug) return undefined
  const {cause} = error
  return [...tracedLines(error), ...(cause instanceof Error ? tracedLines(cause, 'caused by ') : [])].join('\n')
}

/** The message on one line, whatever it quotes, and the frames. */
function tracedLines(error: Error, lead = ''): readonly string[] {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
  return [printable(`${lead}${error.name}: ${messageOf(error)}`), ...frames]
}
