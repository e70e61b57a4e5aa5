import {Chalk} from 'chalk'
import {printable, printableLines} from '../domain/printable.ts'
import {type ErrorDescription, Exit} from '../errors.ts'
import {endProcess} from './ending.ts'

/** What `colour` can say. Meaning, not paint: the palette is here and nowhere else. */
export type Tone = 'good' | 'warning' | 'bad' | 'dim' | 'strong'

/** Everything a command may do to the operator's terminal. stdout is for results, stderr for the conversation. */
export interface Terminal {
  /** Both ends are a terminal: a question can be asked. */
  readonly interactive: boolean
  /** stdout is a terminal: headers, relative times, colour; otherwise one record a line, exact values. */
  readonly decorated: boolean
  /** Columns of stdout; Infinity in a pipe, where nothing is cut. */
  readonly width: number
  /** Paints text for stdout, or returns it unchanged where colour is off. */
  paint(tone: Tone, text: string): string
  /** One line to stderr; control characters are made visible. */
  say(line: string): void
  /** The closing form of an error, to stderr. */
  fail(error: ErrorDescription, stack: string | undefined): void
  /** Asks on stderr, reads one line from stdin. Rejects with AbortError at Ctrl-C or end of input. */
  ask(question: string): Promise<string>
  /** A spinner on stderr's terminal, one line per change of text elsewhere, silent when nobody should be told. */
  progress<T>(label: string, work: (update: (text: string) => void) => Promise<T>): Promise<T>
  /** Clears the screen where it is one; --watch redraws with it. */
  clear(): void
  /** stdout as a place to draw on: what is written must be printable already, and is never dropped. */
  readonly screen: Pick<Conversation, 'width' | 'height' | 'write'>
  /** stderr, for more than a line of conversation. */
  readonly conversation: Conversation
  /** Ends the process at once: at a second Ctrl-C, or when a command that was interrupted has said all it has to. */
  exit(status: number): never
}

/** stderr as a place to draw on. What is written here must be printable already. */
export interface Conversation {
  /** stderr is a terminal that may be redrawn. */
  readonly animated: boolean
  /** Nobody wants to be told anything but errors. */
  readonly quiet: boolean
  /** Size of stderr's terminal; in a pipe Infinity, where nothing is cut. Asked anew each time. */
  readonly width: number
  readonly height: number
  paint(tone: Tone, text: string): string
  /** Text as it is, escapes included; dropped when quiet. */
  write(text: string): void
}

export interface TerminalOptions {
  /** Already decided from --no-color, NO_COLOR, FORCE_COLOR and TERM. */
  readonly colour: boolean
  /** Whether a terminal understands being drawn over; decided from TERM. What `colour` says where absent. */
  readonly animation?: boolean
  /** True under --json and --quiet: progress and `say` are dropped, errors are not. */
  readonly quiet: boolean
}

export function openTerminal(
  {colour, animation = colour, quiet}: TerminalOptions,
  {stdin, stdout, stderr}: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'> = process,
): Terminal {
  const decorated = Boolean(stdout.isTTY)
  // A terminal of no width (some CI, serial lines) cannot be redrawn: the spinner would clear lines without an end.
  const animated = Boolean(stderr.isTTY && stderr.columns) && animation && !quiet
  const onStdout = palette(colour && decorated)
  const onStderr = palette(colour && Boolean(stderr.isTTY))
  return {
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    decorated,
    // Asked anew each time: the window may have another size by the next redraw.
    get width() {
      return decorated ? stdout.columns || 80 : Number.POSITIVE_INFINITY
    },
    paint: (tone, text) => onStdout[tone](text),
    say: (line) => void (quiet || stderr.write(`${printable(line)}\n`)),
    fail({message, exit, suggestions}, stack) {
      // The line breaks of a message are natsops' own (errors.ts); a bug's may be anybody's.
      const [first = '', ...rest] = exit === Exit.bug ? [printable(message)] : printableLines(message).split('\n')
      const lines = [`${onStderr.bad('error:')} ${first}`, ...rest]
      if (stack) lines.push(printableLines(stack))
      if (exit === Exit.bug) lines.push('this is a bug in natsops: please report it')
      for (const suggestion of suggestions) lines.push(`  try: ${printable(suggestion)}`)
      stderr.write(`${lines.join('\n')}\n`)
    },
    async ask(question) {
      const {createInterface} = await import('node:readline/promises')
      const reader = createInterface({input: stdin, output: stderr})
      const ended = new Promise<never>((_resolve, reject) => {
        reader.once('close', () => reject(new DOMException('the question was not answered', 'AbortError')))
      })
      try {
        return await Promise.race([reader.question(printable(question)), ended])
      } finally {
        ended.catch(() => {})
        reader.close()
      }
    },
    async progress(label, work) {
      // The spinner is nothing but paint; without colour a line says it as well.
      if (!animated || !colour) {
        if (!quiet) stderr.write(`${printable(label)}\n`)
        return work((text) => void (quiet || stderr.write(`${printable(text)}\n`)))
      }
      const {default: ora} = await import('ora')
      const spinner = ora({text: printable(label), stream: stderr, discardStdin: false}).start()
      try {
        const result = await work((text) => {
          spinner.text = printable(text)
        })
        spinner.stop()
        return result
      } catch (error) {
        spinner.stop()
        throw error
      }
    },
    clear: () => void (decorated && stdout.write('\u001b[H\u001b[2J\u001b[3J')),
    screen: {
      get width() {
        return decorated ? stdout.columns || 80 : Number.POSITIVE_INFINITY
      },
      get height() {
        return decorated ? stdout.rows || 24 : Number.POSITIVE_INFINITY
      },
      write: (text) => void stdout.write(text),
    },
    conversation: {
      animated,
      quiet,
      get width() {
        return stderr.isTTY ? stderr.columns || 80 : Number.POSITIVE_INFINITY
      },
      get height() {
        return stderr.isTTY ? stderr.rows || 24 : Number.POSITIVE_INFINITY
      },
      paint: (tone, text) => onStderr[tone](text),
      write: (text) => void (quiet || stderr.write(text)),
    },
    exit: endProcess,
  }
}

/** chalk's own detection is left out: whether to colour was decided once, in config. */
function palette(colour: boolean): Record<Tone, (text: string) => string> {
  const chalk = new Chalk({level: colour ? 1 : 0})
  return {good: chalk.green, warning: chalk.yellow, bad: chalk.red, dim: chalk.dim, strong: chalk.bold}
}
