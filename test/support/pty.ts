import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import xterm from '@xterm/headless'

/** A command in a terminal that nobody sees. */
export interface Pty {
  /** The lines of the window as they are now, without trailing spaces. */
  lines(): readonly string[]
  /** The full screen that a program takes for itself is shown, not the one with the shell. */
  isAlternate(): boolean
  /** The last word on the cursor. */
  isCursorVisible(): boolean
  press(keys: string): void
  resize(columns: number, rows: number): void
  signal(name: NodeJS.Signals): void
  /** The window is closed. */
  hangUp(): void
  /** How it ended; a signal is a negative status. `restored` is null where the terminal is gone. */
  readonly ended: Promise<{readonly status: number; readonly restored: boolean | null}>
  /** Ends it, for `after`. */
  kill(): void
}

export interface PtyOptions {
  readonly columns: number
  readonly rows: number
  readonly variables: Readonly<Record<string, string>>
}

export function openPty(command: readonly string[], {columns, rows, variables}: PtyOptions): Pty {
  const terminal = new xterm.Terminal({cols: columns, rows, allowProposedApi: true})
  let raw = ''
  const helper = spawn('python3', [join(import.meta.dirname, 'pty.py'), String(columns), String(rows), ...command], {
    env: {...variables, TERM: 'xterm-256color'},
  })
  helper.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString('latin1')
    terminal.write(chunk)
  })
  helper.stdin.on('error', () => {})
  const order = (what: object): void => void helper.stdin.write(`${JSON.stringify(what)}\n`)
  const said = text(helper.stderr)
  const drawn = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve))
  const ended = once(helper, 'close').then(async () => {
    await drawn()
    const report = (await said).trim().split('\n').at(-1) ?? ''
    return JSON.parse(report) as {status: number; restored: boolean | null}
  })
  ended.catch(() => {})
  return {
    lines: () => {
      const {active} = terminal.buffer
      return Array.from({length: terminal.rows}, (_, row) => {
        return active.getLine(active.baseY + row)?.translateToString(true) ?? ''
      })
    },
    isAlternate: () => terminal.buffer.active.type === 'alternate',
    isCursorVisible: () => raw.lastIndexOf('\u001b[?25h') >= raw.lastIndexOf('\u001b[?25l'),
    press: (keys) => order({keys}),
    resize(width, height) {
      terminal.resize(width, height)
      order({resize: [width, height]})
    },
    signal: (name) => order({signal: name}),
    hangUp: () => order({hangup: true}),
    ended,
    kill: () => void (helper.exitCode === null && helper.kill('SIGKILL')),
  }
}
