/** What became of a command on one node. Public under --json; output is untrusted text. */
export interface RemoteOutcome {
  readonly node: string
  readonly instanceId: string | null
  /** The command's own; null where it did not run to its end. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** AWS has kept only the beginning of the output. */
  readonly cut: boolean
  /** Why it did not run to its end. */
  readonly error: RemoteError | null
}

export interface RemoteError {
  readonly code: string
  readonly message: string
  readonly exit: number
  readonly suggestions: readonly string[]
}

/** A command failed on one of several nodes. */
const FAILED_SOMEWHERE = 3

/**
 * One exit status for all nodes: of one node it is the command's own, as a shell has it. Of several it is 0 where all
 * ended with 0, else that of the first node that could not run it, else 3.
 */
export function exitStatusOf(outcomes: readonly RemoteOutcome[]): number {
  const broken = outcomes.find(({error}) => error !== null)
  if (broken) return broken.error?.exit ?? FAILED_SOMEWHERE
  const [first, ...more] = outcomes
  if (more.length === 0) return first?.exitCode ?? 0
  return outcomes.every(({exitCode}) => exitCode === 0) ? 0 : FAILED_SOMEWHERE
}

/** The agent says the exit status once more at the end of the command's own errors. */
export function withoutAgentNote(stderr: string): string {
  return stderr.replace(/(^|\n)?failed to run commands: exit status \d+\s*$/, '$1')
}
