import assert from 'node:assert/strict'
import {pathToFileURL} from 'node:url'
import {eventually} from '../../../support/eventually.ts'
import {openPty, type Pty} from '../../../support/pty.ts'

const run = pathToFileURL('src/lib/output/top/run.ts').href

describe('the live screen', () => {
  const opened: Pty[] = []
  afterEach(() => {
    for (const pty of opened.splice(0)) pty.kill()
  })

  /** The screen with these looks, given as the body of an async generator; what it rejects with is said at the end. */
  function screen(looks: string): Pty {
    const script = `
      import {runTop} from ${JSON.stringify(run)}
      const {signal} = new AbortController()
      const looks = async function* () { ${looks} }
      const options = {cluster: 'c', intervalMs: 500, paint: (tone, text) => text, signal, looks}
      runTop(options).then((how) => console.log('ended by', how), (error) => {
        console.log('failed:', error.message)
        process.exitCode = 3
      })`
    const command = [process.execPath, '--input-type=module', '-e', script]
    const pty = openPty(command, {
      columns: 80,
      rows: 24,
      variables: {PATH: process.env.PATH ?? '', NODE_ENV: 'production'},
    })
    opened.push(pty)
    return pty
  }

  const cases: readonly [what: string, looks: string, exit: number, says: RegExp][] = [
    ['a look fails', "throw new Error('no such node')", 3, /^failed: no such node/],
    ['a look cannot be understood', 'yield {observation: {nodes: [{}]}}', 3, /^failed: /],
    [
      'something else in the process fails',
      "setTimeout(() => { throw new Error('a bug elsewhere') }, 100); await new Promise(() => {})",
      1,
      /a bug elsewhere/,
    ],
  ]
  for (const [what, looks, exit, says] of cases) {
    it(`gives the terminal back when ${what}, and what is said of it stays to be read`, async () => {
      const pty = screen(looks)
      assert.deepEqual(await pty.ended, {status: exit, restored: true})
      assert.deepEqual([pty.isAlternate(), pty.isCursorVisible()], [false, true])
      assert.match(pty.lines().join('\n').trim(), says)
    })
  }

  it('says what it is doing before the first look', async () => {
    const pty = screen('await new Promise(() => {})')
    await eventually('it says so', () => pty.lines()[4] === 'looking at every node ...')
    pty.press('q')
    assert.equal((await pty.ended).status, 0)
    assert.equal(pty.lines().join('').trim(), 'ended by quit')
  })
})
