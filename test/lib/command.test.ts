import assert from 'node:assert/strict'
import {Flags} from '@oclif/core'
import {changeFlags, NatsopsCommand, type Wiring} from '../../src/lib/command.ts'
import {openContext} from '../../src/lib/context.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'
import {openTerminal, type Terminal} from '../../src/lib/output/terminal.ts'
import {runCommand} from '../support/run.ts'

/** A command that does what each test tells it to. */
function probe(work: (command: Probe, signal: AbortSignal) => Promise<object>) {
  return class extends Probe {
    protected override work = work
  }
}

abstract class Probe extends NatsopsCommand<object> {
  static override flags = {...changeFlags, wide: Flags.boolean()}
  static override strict = false
  protected abstract work: (command: Probe, signal: AbortSignal) => Promise<object>

  async run(): Promise<object> {
    await this.parse(Probe)
    return this.work(this, this.localContext().signal)
  }

  async agree(given?: string): Promise<void> {
    await this.confirm('restart node-1', 'nats-prod', given)
  }

  openSecondContext(): AbortSignal {
    return this.localContext().signal
  }
}

const terminal = (changes: Partial<Terminal>): Terminal => ({
  ...openTerminal({colour: false, quiet: false}),
  ...changes,
})

describe('a command', () => {
  it('prints an outcome the operator can act on, without a stack', async () => {
    const failing = probe(async () => {
      throw new OpsError('node-1 does not answer', {
        code: 'SILENT',
        exit: Exit.unreachable,
        suggestions: ['check the VPN'],
        cause: new Error('ECONNREFUSED'),
      })
    })
    const {stdout, stderr, exitCode} = await runCommand(failing, [])
    assert.deepEqual([stdout, stderr, exitCode], ['', 'error: node-1 does not answer\n  try: check the VPN\n', 7])

    const json = await runCommand(failing, ['--json'])
    assert.deepEqual(JSON.parse(json.stdout), {
      error: {code: 'SILENT', message: 'node-1 does not answer', exit: 7, suggestions: ['check the VPN']},
    })
    assert.deepEqual([json.stderr, json.exitCode], ['', 7])

    const debug = await runCommand(failing, ['--debug'])
    assert.match(debug.stderr, /^error: node-1 does not answer\nOpsError: .*\n {4}at .*caused by Error: ECONNREFUSED/s)
    const passedOn = await runCommand(failing, ['--', '--debug', '--json'])
    assert.equal(passedOn.stderr, stderr)
  })

  it('shows the stack of a bug and asks to report it', async () => {
    const broken = probe(async () => {
      throw new TypeError('x is not a function')
    })
    const {stderr, exitCode} = await runCommand(broken, [])
    assert.match(
      stderr,
      /^error: x is not a function\nTypeError: x is not a function\n {4}at .*this is a bug in natsops/s,
    )
    assert.equal(exitCode, 1)
    const {stdout} = await runCommand(broken, ['--json'])
    assert.deepEqual(JSON.parse(stdout).error, {
      code: 'UNEXPECTED',
      message: 'x is not a function',
      exit: 1,
      suggestions: [],
    })
  })

  it('never sends control characters of an error to the terminal', async () => {
    const hostile = probe(async () => {
      throw new OpsError('stream \u001b[2J is gone', {code: 'X', exit: Exit.notFound, suggestions: ['a\nb']})
    })
    assert.equal((await runCommand(hostile, [])).stderr, 'error: stream \\x1b[2J is gone\n  try: a\\x0ab\n')
  })

  it('never sends control characters of a result to the terminal either, and a parser reads what was there', async () => {
    const name = 'c1 \u009b2J del \u007f over \u202e nothing \u200b \n'
    const {stdout} = await runCommand(
      probe(async () => ({name, [name]: 1})),
      ['--json'],
    )
    assert.doesNotMatch(stdout, /[^\n\x20-\x7e]/)
    assert.deepEqual(JSON.parse(stdout), {name, [name]: 1})
  })

  it('stops at the first signal with 130 and ends at once at the second', async () => {
    const exits: number[] = []
    const waiting = probe(async (_command, signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, {once: true}))
      process.kill(process.pid, 'SIGTERM')
      await aborted
      assert.deepEqual(exits, [])
      process.emit('SIGINT')
      signal.throwIfAborted()
      return {}
    })
    const exit = (status: number): never => exits.push(status) as never
    const {stderr, exitCode} = await runCommand(waiting, [], {terminal: terminal({exit})})
    assert.deepEqual([stderr, exitCode, exits], ['error: interrupted by SIGTERM\n', 130, [130, 130]])
  })

  it('takes a signal that comes twice at once for one, and a closing terminal never for impatience', async () => {
    const exits: number[] = []
    const waiting = probe(async (_command, signal) => {
      process.emit('SIGTERM')
      process.emit('SIGTERM')
      process.emit('SIGHUP')
      process.emit('SIGHUP')
      assert.deepEqual(exits, [])
      signal.throwIfAborted()
      return {}
    })
    const exit = (status: number): never => exits.push(status) as never
    const {exitCode} = await runCommand(waiting, [], {terminal: terminal({exit})})
    assert.deepEqual([exitCode, exits], [130, [130]])
  })

  it('does not take the first signal for the second when it has opened two contexts', async () => {
    const exits: number[] = []
    const twice = probe(async (command, signal) => {
      assert.equal(command.openSecondContext(), signal)
      process.emit('SIGINT')
      assert.deepEqual(exits, [])
      return {aborted: signal.aborted}
    })
    const exit = (status: number): never => exits.push(status) as never
    const {stdout} = await runCommand(twice, ['--json'], {terminal: terminal({exit})})
    assert.deepEqual([JSON.parse(stdout), exits], [{aborted: true}, [0]])
  })

  it('closes its context, and a failure to close does not hide what failed before', async () => {
    const order: string[] = []
    const closing: Wiring = {
      openContext: (parts) => ({
        ...openContext(parts),
        close: async () => {
          order.push('closed')
          throw new Error('cannot close')
        },
      }),
    }
    const failing = probe(async () => {
      throw new OpsError('gone', {code: 'GONE', exit: Exit.notFound})
    })
    const {stderr, exitCode} = await runCommand(failing, [], closing)
    assert.deepEqual([order, stderr, exitCode], [['closed'], 'error: gone\n', 9])
    const fine = probe(async () => ({}))
    assert.deepEqual((await runCommand(fine, [], closing)).error, new Error('cannot close'))
  })

  describe('confirmation', () => {
    const agreeing = (given?: string) =>
      probe(async (command) => {
        await command.agree(given)
        return {done: true}
      })
    const asked = (ask: Terminal['ask']) => ({terminal: terminal({interactive: true, ask})})

    it("goes ahead on the cluster's own name, given or typed", async () => {
      assert.equal((await runCommand(agreeing('nats-prod'), [])).exitCode, 0)
      const questions: string[] = []
      const wiring = asked(async (question) => {
        questions.push(question)
        return ' nats-prod '
      })
      assert.equal((await runCommand(agreeing(), [], wiring)).exitCode, 0)
      assert.deepEqual(questions, ['Type nats-prod to restart node-1: '])
    })

    it('is declined by any other answer and by none', async () => {
      const declined = 'error: restart node-1: declined, nothing was changed\n'
      const aborted = async (): Promise<string> => {
        throw new DOMException('the question was not answered', 'AbortError')
      }
      for (const ask of [async () => 'yes', async () => '', aborted]) {
        const {stderr, exitCode} = await runCommand(agreeing(), [], asked(ask))
        assert.deepEqual([stderr, exitCode], [declined, 11])
      }
    })

    it('is declined by another name that was given, and says whose it has to be', async () => {
      const never = async (): Promise<string> => assert.fail('nobody is asked')
      for (const given of ['nats-staging', '']) {
        const {stderr, exitCode} = await runCommand(agreeing(given), [], asked(never))
        assert.equal(
          stderr,
          `error: --confirm "${given}" is not the cluster's name nats-prod: nothing was changed\n  try: --confirm nats-prod\n`,
        )
        assert.equal(exitCode, 11)
      }
    })

    it('is never asked for without a terminal: the flag is named', async () => {
      const {stderr, exitCode} = await runCommand(agreeing(), [])
      assert.equal(
        stderr,
        'error: restart node-1 needs confirmation and there is no terminal to ask on\n  try: add --confirm nats-prod\n',
      )
      assert.equal(exitCode, 2)
    })
  })
})
