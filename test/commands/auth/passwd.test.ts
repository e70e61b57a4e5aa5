import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {readFileSync, statSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {compare} from 'bcryptjs'
import AuthPasswd from '../../../src/commands/auth/passwd.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {openPty} from '../../support/pty.ts'
import {runCommand} from '../../support/run.ts'

const NATSOPS = join(import.meta.dirname, '../../support/natsops.ts')

/** As a process of its own, with this on its standard input. */
async function piped(input: string | Buffer, ...argv: readonly string[]) {
  const started = promisify(execFile)(process.execPath, [NATSOPS, 'auth', 'passwd', ...argv])
  started.child.stdin?.end(input)
  return started.then(
    ({stdout, stderr}) => ({stdout, stderr, code: 0}),
    ({stdout, stderr, code}) => ({stdout, stderr, code}) as {stdout: string; stderr: string; code: number},
  )
}

describe('auth passwd', function () {
  this.slow(5000)

  it('hashes what is on standard input, without the newline at its end', async () => {
    const {stdout, stderr, code} = await piped('correct horse 🐎\n', '--json')
    assert.equal(code, 0, stderr)
    const {hash, ...rest} = JSON.parse(stdout)
    assert.deepEqual(rest, {cost: 11, generated: false, file: null})
    assert.match(hash, /^\$2a\$11\$/)
    assert.equal(await compare('correct horse 🐎', hash), true)
    assert.equal(stderr, '')
  })

  for (const [what, input, said] of [
    ['nothing', '', 'the password is empty'],
    ['two lines', 'one\ntwo\n', 'the password has control characters or more than one line'],
    ['more than bcrypt reads', 'ä'.repeat(37), 'the password has 74 bytes: bcrypt reads 72 of them and no more'],
    ['a whole file', Buffer.alloc(70_000, 120), 'standard input has more than 4096 bytes: no password'],
  ] as const) {
    it(`refuses ${what}, and does not quote it`, async () => {
      const {stdout, stderr, code} = await piped(input)
      assert.deepEqual([stdout, code], ['', Exit.usage])
      assert.equal(stderr.split('\n')[0], `error: ${said}`)
    })
  }

  it('writes a generated password to a file that only its owner can read, and not over another one', async () => {
    using folder = temporaryFolder()
    const out = join(folder.path, 'app.password')
    const {stdout, stderr, exitCode} = await runCommand(AuthPasswd, ['--generate', '--out', out])
    assert.deepEqual([exitCode, stderr], [0, ''])
    const password = readFileSync(out, 'utf8')
    assert.match(password, /^[\w-]{32}\n$/)
    assert.equal(statSync(out).mode & 0o777, 0o600)
    assert.equal(await compare(password.trim(), stdout.trim()), true)
    const again = await runCommand(AuthPasswd, ['--generate', '--out', out])
    assert.deepEqual([again.exitCode, again.stdout], [Exit.refused, ''])
    assert.equal(readFileSync(out, 'utf8'), password)
  })

  it('shows a generated password once, on standard error, and never as JSON', async () => {
    const {stdout, stderr} = await runCommand(AuthPasswd, ['--generate'])
    const [, password = ''] = /^password, shown this once: ([\w-]{32})\n$/.exec(stderr) ?? []
    assert.equal(await compare(password, stdout.trim()), true)
    const json = await runCommand(AuthPasswd, ['--generate', '--json'])
    assert.equal(json.exitCode, Exit.usage)
    assert.match(json.stdout, /never part of --json: name a file for it with --out/)
  })

  it('takes no cost that a guess or a login should not have', async () => {
    for (const cost of ['10', '15']) {
      assert.equal((await runCommand(AuthPasswd, ['--generate', '--cost', cost])).exitCode, Exit.usage)
    }
  })

  describe('at a terminal', () => {
    const open = () => {
      const variables = {PATH: process.env.PATH ?? '', HOME: '/nonexistent', NO_COLOR: '1'}
      return openPty([process.execPath, NATSOPS, 'auth', 'passwd'], {columns: 80, rows: 12, variables})
    }
    const shows = (pty: ReturnType<typeof open>, text: string) =>
      eventually(text, () => pty.lines().some((line) => line.startsWith(text)))

    it('asks twice and shows nothing of it; Backspace and Ctrl-U work', async () => {
      const pty = open()
      await shows(pty, 'Password:')
      pty.press('wrong\u0015secreX\u007ft\r')
      await shows(pty, 'Again:')
      pty.press('secret\r')
      await shows(pty, '$2a$11$')
      assert.equal((await pty.ended).status, 0)
      const lines = pty.lines().filter((line) => line !== '')
      assert.deepEqual(lines.slice(0, 2), ['Password: ', 'Again: '])
      assert.equal(await compare('secret', lines[2] ?? ''), true)
    })

    it('refuses two that differ', async () => {
      const pty = open()
      await shows(pty, 'Password:')
      pty.press('one\r')
      await shows(pty, 'Again:')
      pty.press('two\r')
      assert.equal((await pty.ended).status, Exit.usage)
      assert.deepEqual(pty.lines().slice(2, 3), ['error: the two passwords differ: nothing was hashed'])
    })

    for (const [key, name, status] of [
      ['\u0003', 'Ctrl-C', Exit.interrupted],
      ['\u0004', 'Ctrl-D', Exit.declined],
    ] as const) {
      it(`ends at ${name} and leaves the terminal as it was`, async () => {
        const pty = open()
        await shows(pty, 'Password:')
        pty.press(`half${key}`)
        assert.deepEqual(await pty.ended, {status, restored: true})
        assert(!pty.lines().join().includes('half'))
      })
    }
  })
})
