import assert from 'node:assert/strict'
import {PassThrough} from 'node:stream'
import {Exit} from '../../../src/lib/errors.ts'
import {openTerminal, type TerminalOptions} from '../../../src/lib/output/terminal.ts'

/** Three streams as a terminal (with columns) or as pipes, and what was written to them. */
function streams({columns}: {readonly columns?: number} = {}) {
  const isTTY = columns !== undefined
  const written = {stdout: '', stderr: ''}
  const output = (name: keyof typeof written) => {
    const stream = Object.assign(new PassThrough(), {isTTY, columns})
    stream.on('data', (chunk) => {
      written[name] += chunk
    })
    return stream as unknown as NodeJS.Process['stdout'] & NodeJS.Process['stderr']
  }
  const stdin = Object.assign(new PassThrough(), {isTTY}) as unknown as NodeJS.Process['stdin'] & PassThrough
  return {written, process: {stdin, stdout: output('stdout'), stderr: output('stderr')}}
}

describe('openTerminal', () => {
  it('is plain and of endless width in a pipe, whatever the colour', () => {
    const terminal = openTerminal({colour: true, quiet: false}, streams().process)
    assert.deepEqual(
      [terminal.interactive, terminal.decorated, terminal.width, terminal.paint('bad', 'x')],
      [false, false, Number.POSITIVE_INFINITY, 'x'],
    )
  })

  it('paints on a terminal unless colour is off', () => {
    const {process} = streams({columns: 100})
    const colourful = openTerminal({colour: true, quiet: false}, process)
    assert.deepEqual([colourful.width, colourful.paint('bad', 'x')], [100, '\u001b[31mx\u001b[39m'])
    assert.equal(openTerminal({colour: false, quiet: false}, process).paint('bad', 'x'), 'x')
  })

  it('makes what it says printable and is silent when quiet, but never about an error', () => {
    const {written, process} = streams()
    openTerminal({colour: false, quiet: false}, process).say('a\u001b[2Jb\nc')
    assert.equal(written.stderr, 'a\\x1b[2Jb\\x0ac\n')
    const quiet = openTerminal({colour: false, quiet: true}, process)
    quiet.say('unheard')
    quiet.fail({code: 'X', message: 'gone\nfor good', exit: Exit.notFound, suggestions: ['look']}, undefined)
    assert.equal(written.stderr, 'a\\x1b[2Jb\\x0ac\nerror: gone\nfor good\n  try: look\n')
  })

  it('asks on stderr and reads one line', async () => {
    const {written, process} = streams()
    const terminal = openTerminal({colour: false, quiet: true}, process)
    const answer = terminal.ask('Type nats-prod: ')
    process.stdin.write('nats-prod\n')
    assert.equal(await answer, 'nats-prod')
    assert.deepEqual([written.stdout, written.stderr], ['', 'Type nats-prod: '])
  })

  it('rejects a question at the end of input', async () => {
    const {process} = streams()
    const answer = openTerminal({colour: false, quiet: false}, process).ask('Type nats-prod: ')
    process.stdin.end()
    await assert.rejects(answer, {name: 'AbortError'})
  })

  it('rejects a question at Ctrl-C', async () => {
    const {process} = streams({columns: 80})
    Object.assign(process.stdin, {setRawMode: () => process.stdin})
    const answer = openTerminal({colour: false, quiet: false}, process).ask('Type nats-prod: ')
    process.stdin.write('\u0003')
    await assert.rejects(answer, {name: 'AbortError'})
  })

  it('tells progress in lines on a terminal of no width', async () => {
    const {written, process} = streams({columns: 0})
    const terminal = openTerminal({colour: true, quiet: false}, process)
    assert.equal(await terminal.progress('reading SSM', async () => 7), 7)
    assert.deepEqual([terminal.width, written.stderr], [80, 'reading SSM\n'])
  })

  it('can be drawn over without colour, but not where it is dumb, in a pipe, of no width, or quiet', () => {
    const isAnimated = (options: Partial<TerminalOptions>, columns = 80): boolean => {
      const {process} = columns < 0 ? streams() : streams({columns})
      return openTerminal({colour: false, animation: true, quiet: false, ...options}, process).conversation.animated
    }
    assert.deepEqual([isAnimated({}), isAnimated({colour: true})], [true, true])
    assert.deepEqual(
      [isAnimated({colour: true, animation: false}), isAnimated({}, -1), isAnimated({}, 0), isAnimated({quiet: true})],
      [false, false, false, false],
    )
  })

  it('tells progress in lines where nothing can be animated, and passes the result on', async () => {
    const {written, process} = streams()
    const terminal = openTerminal({colour: true, quiet: false}, process)
    const result = await terminal.progress('reading SSM', async (update) => {
      update('checking \u001b[2J')
      return 7
    })
    assert.deepEqual([result, written.stderr, written.stdout], [7, 'reading SSM\nchecking \\x1b[2J\n', ''])
    const quiet = openTerminal({colour: true, quiet: true}, process)
    await assert.rejects(
      quiet.progress('unheard', async () => {
        throw new Error('passed on')
      }),
      {message: 'passed on'},
    )
    assert.equal(written.stderr, 'reading SSM\nchecking \\x1b[2J\n')
  })
})
