import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {constants} from 'node:os'
import {isatty} from 'node:tty'
import {type ErrorDescription, messageOf} from '../errors.ts'

export interface ExecOutcome {
  /** As a shell reports it: the child's own, 128 + n for signal n, 126 not executable, 127 not found. */
  readonly status: number
  /** Why there was no child. */
  readonly failure: ErrorDescription | undefined
}

/** From the keyboard: the terminal sends them to every process of the foreground job, so the child has them already. */
const TYPED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']
const SENT: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP']

/**
 * Runs a program in natsops' place, without a shell: it has our standard streams, and the signals that are sent to us.
 * Never rejects for a program that cannot be run: that is an outcome.
 */
export async function runInForeground(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  courier: SignalCourier,
): Promise<ExecOutcome> {
  try {
    const child = spawn(program, args, {stdio: 'inherit', env})
    courier.deliver((signal) => child.kill(signal))
    const [code, signal] = await once(child, 'exit')
    return {status: statusOf(code, signal), failure: undefined}
  } catch (error) {
    return explainSpawnFailure(program, error)
  }
}

/** What there is to say where a signal came before the program was started. */
export function endedBy(signal: NodeJS.Signals): ExecOutcome {
  return {status: statusOf(null, signal), failure: undefined}
}

/** Takes the signals that are sent to natsops, keeps the first until there is a child, and passes on those it lacks. */
export class SignalCourier {
  early: NodeJS.Signals | undefined
  #deliver: (signal: NodeJS.Signals) => void = (signal) => {
    this.early ??= signal
  }
  #waiting = true
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[]

  constructor() {
    const typedReachesChild = isatty(0) || isatty(1) || isatty(2)
    this.#handlers = [...TYPED, ...SENT].map((signal) => {
      const onward = SENT.includes(signal) || !typedReachesChild
      return [signal, () => (onward || this.#waiting ? this.#deliver(signal) : undefined)] as const
    })
    for (const [signal, handle] of this.#handlers) process.on(signal, handle)
  }

  deliver(send: (signal: NodeJS.Signals) => void): void {
    this.#waiting = false
    this.#deliver = send
  }

  stop(): void {
    for (const [signal, handle] of this.#handlers) process.off(signal, handle)
  }
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

function explainSpawnFailure(program: string, error: unknown): ExecOutcome {
  const {code} = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  const missing = code === 'ENOENT'
  const status = missing ? 127 : 126
  const reason = missing ? 'command not found' : code === 'EACCES' ? 'not executable' : messageOf(error)
  const failure = {
    code: missing ? 'COMMAND_NOT_FOUND' : 'COMMAND_NOT_EXECUTABLE',
    message: `cannot run ${program}: ${reason}`,
    exit: status,
    suggestions: missing && program.includes(' ') ? ['give the program and its arguments as separate words'] : [],
  }
  return {status, failure}
}
