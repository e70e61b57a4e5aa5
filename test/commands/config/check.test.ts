import assert from 'node:assert/strict'
import {chmodSync, symlinkSync, writeFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import ConfigCheck from '../../../src/commands/config/check.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {emptyConfiguration, type RunOptions, runCommand} from '../../support/run.ts'

const GOOD = `server_name: n1
listen: "127.0.0.1:4222"
max_connections: 100
lame_duck_duration: "60s"
`

describe('config check', () => {
  let folder: ReturnType<typeof temporaryFolder>
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => folder[Symbol.dispose]())

  const path = (name: string): string => join(folder.path, name)
  const write = (name: string, text: string): string => {
    writeFileSync(path(name), text, {mode: 0o600})
    return path(name)
  }
  const check = (
    argv: readonly string[],
    options: RunOptions = {},
    variables: Readonly<Record<string, string>> = {PATH: ''},
  ) => runCommand(ConfigCheck, argv, {configuration: emptyConfiguration(variables)}, options)

  it('is silent about a good file and says that no server was asked', async () => {
    const {stdout, stderr, exitCode} = await check([write('a.conf', GOOD), '--no-server'])
    assert.deepEqual([stdout, stderr, exitCode], ['verdict\tok\tno nats-server was asked\n', '', 0])
  })

  it('goes on with the rules where there is no server, and says so', async () => {
    const {stdout, stderr, exitCode} = await check([write('a.conf', GOOD)])
    assert.deepEqual([stdout, exitCode], ['verdict\tok\tno nats-server was asked\n', 0])
    assert.match(
      stderr,
      /^warning: there is no nats-server 2\.10 or newer on this machine: only the rules were checked\n$/,
    )
  })

  it('says of an include that is not there that it is not there, also by a relative path', async () => {
    const file = relative('.', write('a.conf', 'include none.conf\n'))
    const {stderr} = await check([file, '--no-server'])
    assert.match(stderr, /a\.conf:1: there is no file .*none\.conf/)
  })

  it('takes secrets out of what the server says: of the environment, of URLs, one that begins with another', async () => {
    const server = path('nats-server')
    const said = [
      'could not parse address string "hunter2secret"',
      'max_file_store strconv.ParseInt: parsing "hunter2secre": invalid syntax',
      'error parsing route url ["nats://u:pa/ss@h:1"]',
      'token is "abcdefgh"',
    ]
    const script = `#!/bin/sh\n[ "$1" = -v ] && echo 'nats-server: v2.15.1' && exit\n`
    const lines = said.map((line, index) => `echo '${path('a.conf')}:${index + 1}:0: ${line}' >&2`)
    writeFileSync(
      server,
      `${script}[ "$1" = --version ] && echo 'nats-server: v2.15.1' && exit\n${lines.join('\n')}\nexit 1\n`,
      {mode: 0o700},
    )
    const file = write(
      'a.conf',
      `${GOOD}http: $SECRET\naccounts {A {users: [{password: abc}, {password: abcdefgh}]}}\n`,
    )
    const {stdout} = await check([file, '--nats-server', server], {}, {PATH: '', SECRET: 'hunter2secret'})
    assert.doesNotMatch(stdout, /hunter2|pa\/ss|ss@|defgh/)
    assert.match(stdout, /could not parse address string "\*\*\*"/)
  })

  it('is one record a finding in a pipe, worst first, with the exit status of the worst', async () => {
    const file = write(
      'a.conf',
      `${GOOD}debug: true\nhttp: 8222\nhttp: "0.0.0.0:8222"\nauthorization {token: s3cret}\n`,
    )
    const {stdout, exitCode} = await check([file, '--no-server'])
    assert.equal(exitCode, 20)
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'verdict\tdegraded\tno nats-server was asked',
      `finding\twarning\tlogging-verbose\t${file}:5\tdebug is on`,
      `finding\twarning\tkey-repeated\t${file}:7\thttp is set already in line 6`,
      `finding\twarning\tmonitor-exposed\t${file}:7\tthe monitoring port is open on every address, without tls`,
      `finding\twarning\tpassword-plain\t${file}:8\tthe token of the clients is not hashed`,
    ])
  })

  it('explains each finding on a terminal', async () => {
    const file = write('a.conf', `${GOOD}debug: true\n`)
    const {stdout} = await check([file, '--no-server', '--no-color'], {columns: 80})
    assert.equal(
      stdout,
      `DEGRADED  1 file, no nats-server was asked

warning  logging-verbose  ${file}:5
  debug is on
  why: trace writes the content of messages to the log, and both cost more than
  the messages themselves
  see: https://docs.nats.io/running-a-nats-service/configuration/logging
`,
    )
  })

  it('is one document with --json', async () => {
    const file = write('a.conf', GOOD.replace('127.0.0.1', '0.0.0.0'))
    const {stdout, exitCode} = await check([file, '--no-server', '--json'])
    assert.equal(exitCode, 21)
    const {at, ...document} = JSON.parse(stdout)
    assert.ok(Date.parse(at) <= Date.now())
    assert.deepEqual(document, {
      verdict: 'critical',
      server: null,
      files: [{path: file, serverName: 'n1', cluster: null, accepted: null}],
      findings: [
        {
          rule: 'auth-none',
          severity: 'critical',
          file,
          line: 2,
          message: 'clients are asked for nothing on every address',
          reason: 'whoever reaches the client port can read, write and delete everything',
          reference: 'https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro',
        },
      ],
      warnings: [],
    })
  })

  it('leaves out what is to be ignored, and knows when there is no such rule', async () => {
    const file = write('a.conf', GOOD.replace('127.0.0.1', '0.0.0.0'))
    const {exitCode} = await check(['--ignore', 'auth-none', file, '--no-server'])
    assert.equal(exitCode, 0)
    const {stderr, exitCode: refused} = await check([file, '--ignore', 'auth-nome'])
    assert.deepEqual([stderr, refused], ['error: "auth-nome" is no rule\n  try: --ignore auth-none\n', 2])
  })

  it('compares the lame duck with the time the unit gives it', async () => {
    const file = write('a.conf', GOOD)
    const {stdout, exitCode} = await check([file, '--no-server', '--stop-timeout', '30s'])
    assert.equal(exitCode, 20)
    assert.match(stdout, /lame-duck-long\t.*:4\tleaving takes 70 s, and after 30 s the server is killed\n$/)
    assert.equal((await check([file, '--stop-timeout', 'soon'])).exitCode, 2)
  })

  it('refuses what it cannot read or parse, with the place and without a value', async () => {
    const broken = write('broken.conf', 'port: 4222\npassword: "s3cret\n')
    const cases: readonly [argv: readonly string[], message: string][] = [
      [[path('none.conf')], `there is no file ${path('none.conf')}`],
      [[folder.path], `cannot read ${folder.path}: it is a folder`],
      [[broken], `${broken}:2: a text in quotes is not closed`],
      [[write('i.conf', '\ninclude none.conf\n')], `${path('i.conf')}:2: there is no file ${path('none.conf')}`],
      [[broken, broken], `${broken} is given twice`],
    ]
    for (const [argv, message] of cases) {
      const {stdout, stderr, exitCode} = await check(argv)
      assert.deepEqual([stdout, stderr.split('\n')[0], exitCode], ['', `error: ${message}`, 2])
    }
    assert.equal((await check([])).exitCode, 2)
    assert.equal(JSON.parse((await check([broken, '--json'])).stdout).error.code, 'CONFIG_NOT_PARSED')
  })

  it('reads no include from outside of the folder, neither by .. nor by a symlink, unless told', async () => {
    using other = temporaryFolder({'secret.conf': 'debug: true\n'})
    symlinkSync(join(other.path, 'secret.conf'), path('link.conf'))
    const dots = write('dots.conf', `${GOOD}include "../${other.path.split('/').at(-1)}/secret.conf"\n`)
    const link = write('l.conf', `${GOOD}include link.conf\n`)
    for (const file of [dots, link]) {
      const {stderr, exitCode} = await check([file, '--no-server'])
      assert.equal(exitCode, 2)
      assert.equal(stderr.split('\n')[0], `error: ${file}:5: the include leads out of ${folder.path}`)
      assert.equal((await check([file, '--no-server', '--include-root', '/'])).exitCode, 20)
    }
  })

  it('lets no name in a file reach the terminal raw', async () => {
    const name = `\u001b[31m\u202e${'é漢'.repeat(100)}`
    const file = write('a.conf', `${GOOD}no_auth_user: '${name}'\n`)
    const {stdout} = await check([file, '--no-server', '--no-color'], {columns: 80})
    assert.doesNotMatch(stdout, /[\u001b\u202e]/)
    assert.match(stdout, /\\x1b\[31m\\u202e/)
    assert.ok(
      stdout.split('\n').some((line) => displayWidth(line) > 80),
      'a word without blanks stays whole',
    )
  })

  it('says when others may read the secrets in a file', async () => {
    const file = write('a.conf', `${GOOD}authorization {token: s3cret}\n`)
    chmodSync(file, 0o644)
    const {stdout} = await check([file, '--no-server'])
    assert.match(stdout, /file-readable/)
    assert.doesNotMatch(stdout, /s3cret/)
  })

  it('refuses a server that was named and is none', async () => {
    const {stderr, exitCode} = await check([write('a.conf', GOOD), '--nats-server', path('none')])
    assert.equal(exitCode, 2)
    assert.match(stderr, /cannot be run as nats-server: there is no such file/)
  })
})
