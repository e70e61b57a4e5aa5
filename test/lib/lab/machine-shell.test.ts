import assert from 'node:assert/strict'
import fc from 'fast-check'
import {quoteForShell} from '../../../src/lib/domain/shell.ts'
import {failed, type Program, parseScript, runScript, said} from '../../../src/lib/lab/machine-shell.ts'

const words = (script: string) => parseScript(script).map((command) => command.words)

describe('the shell of an instance', () => {
  it('reads back whatever is quoted for a shell', () => {
    fc.assert(
      fc.property(fc.array(fc.string({unit: 'binary'}), {minLength: 1}), (given) => {
        assert.deepEqual(words(quoteForShell(given)), [given])
      }),
    )
  })

  it('reads quotes, escapes, comments and lines as sh does', () => {
    assert.deepEqual(words(`a 'b c'"d"e\\ f '' "x\\"y\\z" # no\nnext\\\n line`), [
      ['a', 'b cde f', '', 'x"y\\z'],
      ['next', 'line'],
    ])
    assert.deepEqual(words(' \n\t\n'), [])
    assert.deepEqual(parseScript('a; b && c ||\n d'), [
      {words: ['a'], after: ';'},
      {words: ['b'], after: ';'},
      {words: ['c'], after: '&&'},
      {words: ['d'], after: '||'},
    ])
  })

  for (const script of [
    ...['a | b', 'a > b', 'a < b', 'a & b', 'echo $HOME', 'echo "$HOME"', 'echo `id`', 'ls *', '(a)', 'echo ~'],
    ...["'open", '"open', 'a \\', '; a', 'a && && b', 'a &&', 'echo "`id`"', 'x=$(id)'],
  ]) {
    it(`refuses ${script}`, async () => {
      const result = await runScript(script, new Map(), new AbortController().signal)
      assert.equal(result.exitCode, 2)
      assert.match(result.stderr, /^sh: .+\n$/)
    })
  }

  describe('runs', () => {
    const diary: string[] = []
    const note =
      (exitCode: number): Program =>
      async (all) => {
        diary.push(all.join(' '))
        return exitCode === 0 ? said(`${all[0]}\n`) : failed(exitCode, `${all[0]} failed\n`)
      }
    const programs = new Map([
      ['yes', note(0)],
      ['no', note(3)],
    ])
    const run = (script: string) => runScript(script, programs, new AbortController().signal)
    beforeEach(() => {
      diary.length = 0
    })

    it('one command after the other, and ends as the last one does', async () => {
      assert.deepEqual(await run('no a\nyes b'), {exitCode: 0, stdout: 'yes\n', stderr: 'no failed\n'})
      assert.deepEqual(diary, ['no a', 'yes b'])
      assert.equal((await run('yes; no')).exitCode, 3)
    })

    it('what follows && after a success and what follows || after a failure', async () => {
      await run('yes 1 && yes 2 || yes 3; no 4 && yes 5 || yes 6')
      assert.deepEqual(diary, ['yes 1', 'yes 2', 'no 4', 'yes 6'])
    })

    it('nothing more after a failure where it is told so, or after exit', async () => {
      assert.equal((await run('set -eu\nno 1 || yes 2\nno 3\nyes 4')).exitCode, 3)
      assert.deepEqual(diary, ['no 1', 'yes 2', 'no 3'])
      assert.equal((await run('exit 4; yes')).exitCode, 4)
      assert.equal(diary.length, 3)
    })

    it('no program that it has not been given', async () => {
      assert.deepEqual(await run('rm -rf /'), {exitCode: 127, stdout: '', stderr: 'sh: rm: command not found\n'})
    })
  })
})
