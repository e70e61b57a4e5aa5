import assert from 'node:assert/strict'
import {execFile, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {accessSync, existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer} from 'node:net'
import {promisify} from 'node:util'
import {connect, credsAuthenticator} from 'nats'
import type {Authority} from '../../src/lib/author/authority.ts'
import {secretsOf} from '../support/credentials.ts'
import {eventually} from '../support/eventually.ts'
import {natsCli} from '../support/nats-servers.ts'
import {type SingleServer, startSingleServer, testAuthority, userOf} from '../support/single-server.ts'
import {type SsmMachine, startSsmMachine} from '../support/ssm-machine.ts'

const base = '/nats-cluster/c'
const cluster = ['--cluster', 'c'] as const

describe('credentials, as real processes before a real SSM endpoint and a real nats-server', () => {
  let authority: Authority
  let server: SingleServer
  let world: SsmMachine

  before(async () => {
    authority = await testAuthority()
    server = await startSingleServer(authority)
  })
  after(() => server.stop())

  beforeEach(async () => {
    const [admin, narrow, expired] = ['admin', 'narrow', 'expired'].map((name) => userOf(authority, name))
    world = await startSsmMachine({
      [`${base}/admin/nats_admin_jwt`]: `${admin!.jwt}\n`,
      [`${base}/admin/nats_admin_nkey_seed`]: `${admin!.seed}\n`,
      [`${base}/services/app/nats_admin_jwt`]: narrow!.jwt,
      [`${base}/services/app/nats_admin_nkey_seed`]: narrow!.seed,
      [`${base}/services/app/nats_host`]: `nats://${server.address}`,
      [`${base}/services/old/nats_admin_jwt`]: expired!.jwt,
      [`${base}/services/old/nats_admin_nkey_seed`]: expired!.seed,
    })
  })
  afterEach(() => world[Symbol.asyncDispose]())

  const fetch = async (...argv: string[]) => {
    const {stdout, stderr, status} = await world.run(['creds', 'fetch', ...cluster, '--json', ...argv])
    assert.equal(status, 0, stdout + stderr)
    return JSON.parse(stdout)
  }
  const credsFiles = (): readonly string[] => world.machine.files().filter((name) => name.includes('.creds'))

  it('writes a file that nats.js accepts', async () => {
    const {path, identity} = await fetch()
    const connection = await connect({servers: server.address, authenticator: credsAuthenticator(readFileSync(path))})
    const answer = await connection.request('$SYS.REQ.USER.INFO', '', {timeout: 30_000})
    await connection.close()
    assert.equal(answer.json<{data: {user: string}}>().data.user, identity.publicKey)
  })

  it('writes a file that the nats CLI accepts, with the command line it shows', async function () {
    const cli = natsCli()
    if (cli === undefined) return this.skip()
    const {next} = await fetch('--service', 'app')
    const line = next.replace(/^nats /, `'${cli}' `).replace(/ sub 'app\.>'$/, ' pub allowed.x hello')
    const {stderr} = await promisify(execFile)('/bin/sh', ['-c', line], {env: {HOME: world.machine.home}})
    assert.match(stderr, /Published 5 bytes to "allowed\.x"/)
  })

  it('gives the nats CLI all it needs through exec', async function () {
    const cli = natsCli()
    if (cli === undefined) return this.skip()
    const argv = ['exec', ...cluster, '--service', 'app', '--', cli, 'pub', 'allowed.x', 'app']
    const {stderr, status} = await world.run(argv)
    assert.match(stderr, /Published 3 bytes to "allowed\.x"/)
    assert.equal(status, 0)
    assert.deepEqual(credsFiles(), [])
  })

  it('refuses an expired user before any server is asked, with no secret in any output', async () => {
    for (const flags of [[], ['--json'], ['--debug']]) {
      const {stdout, stderr, status} = await world.run(['creds', 'fetch', ...cluster, '--service', 'old', ...flags])
      assert.equal(status, 10)
      assert.match(stdout + stderr, /\/services\/old\/nats_admin_jwt expired at /)
      for (const secret of secretsOf(userOf(authority, 'expired'))) assert.ok(!(stdout + stderr).includes(secret))
    }
    assert.deepEqual(world.machine.files(), [])
  })

  for (const argv of [
    ['creds', 'fetch', '--timeout', '10m'],
    ['exec', '--timeout', '10m', '--', 'true'],
    ['health', '--timeout', '10m'],
  ]) {
    it(`ends ${argv[0]} with Ctrl-C at once, while AWS keeps it waiting`, async () => {
      const silent = createServer(() => {}).listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const AWS_ENDPOINT_URL = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
      const env = {...world.environment, AWS_ENDPOINT_URL, NATSOPS_CLUSTER: 'c'}
      const child = world.start(argv, {env, stdio: ['ignore', 'ignore', 'pipe']})
      const [asked, closed] = [once(silent, 'connection'), once(child, 'close')]
      const text: string[] = []
      child.stderr?.on('data', (chunk) => text.push(String(chunk)))
      const [socket] = await asked
      child.kill('SIGINT')
      assert.deepEqual(await closed, [130, null])
      assert.match(text.join(''), /^(reading SSM\n)?error: interrupted by SIGINT\n$/)
      assert.deepEqual(world.machine.files(), [])
      socket.destroy()
      silent.close()
    })
  }

  it('removes a file after --ttl though its terminal and all processes there were killed', async () => {
    const program = `"$0" "$@" >out 2>err; echo done >finished; sleep 600`
    const inner = [process.execPath, new URL('../support/natsops.ts', import.meta.url).pathname]
    const argv = ['-c', program, ...inner, 'creds', 'fetch', ...cluster, '--ttl', '10s', '--out', 'x.creds']
    const session = spawn('/bin/sh', argv, {
      detached: true,
      stdio: 'ignore',
      env: world.environment,
      cwd: world.machine.path('work'),
    })
    const closed = once(session, 'exit')
    await eventually('fetch is done', () => existsSync(world.machine.path('work/finished')))
    assert.equal(
      existsSync(world.machine.path('work/x.creds')),
      true,
      readFileSync(world.machine.path('work/err'), 'utf8'),
    )
    if (process.platform === 'linux') assertRemoverIsClean(world.machine.home)
    process.kill(-session.pid!, 'SIGHUP')
    process.kill(-session.pid!, 'SIGKILL')
    await closed
    await eventually('the file is gone', () => !existsSync(world.machine.path('work/x.creds')))
  })

  describe('exec', () => {
    /** The program's pid, once it has written `ready`. */
    const startScript = async (script: string) => {
      const child = world.start(['exec', ...cluster, '--', '/bin/sh', '-c', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
      const closed = once(child, 'close') as typeof exited
      let text = ''
      child.stdout?.on('data', (chunk) => {
        text += chunk
      })
      const pid = await eventually('the program is ready', () => Number(/ready (\d+)/.exec(text)?.[1]) || undefined)
      return {child, pid, exited, closed, text: () => text}
    }
    const waiting = 'echo ready $$; while :; do sleep 0.05; done'

    it('sets NATS_URL and NATS_CREDS, passes arguments as they are, and cleans up', async () => {
      const script =
        'printf "%s\\n" "$NATS_URL" "$NATS_CREDS" "$@"; stat -c %a "$NATS_CREDS" 2>/dev/null; grep -c BEGIN "$NATS_CREDS"'
      const args = ['a b', '$x', '--json', '--', '--cluster', 'c', '']
      const {stdout, stderr, status} = await world.run(['exec', ...cluster, '--', 'sh', '-c', script, 'sh', ...args])
      const [url, path, ...rest] = stdout.split('\n')
      assert.equal(url, [1, 2, 3].map((n) => `nats://c-node-${n}.c.internal:4222`).join(','))
      assert.ok(path?.startsWith(world.machine.path('run/natsops/creds/c-admin.')))
      assert.deepEqual(rest, [...args, ...(process.platform === 'linux' ? ['600'] : []), '2', ''])
      assert.equal(stderr, '')
      assert.equal(status, 0)
      assert.deepEqual(world.machine.files(), [])
    })

    for (const [script, expected] of [
      ['exit 7', 7],
      ['kill -9 $$', 137],
      ['kill -TERM $$', 143],
    ] as const) {
      it(`passes on how the program ended: ${script}`, async () => {
        assert.equal((await world.run(['exec', ...cluster, '--', 'sh', '-c', script])).status, expected)
        assert.deepEqual(world.machine.files(), [])
      })
    }

    it('says what cannot be run, with the exit status of a shell', async () => {
      const missing = await world.run(['exec', ...cluster, '--', 'no-such-program', 'x'])
      assert.deepEqual(missing, {
        stdout: '',
        stderr: 'error: cannot run no-such-program: command not found\n',
        status: 127,
      })
      writeFileSync(world.machine.path('work/plain'), 'text')
      const plain = await world.run(['exec', ...cluster, '--', './plain'])
      assert.deepEqual(plain, {stdout: '', stderr: 'error: cannot run ./plain: not executable\n', status: 126})
      const nothing = await world.run(['exec', ...cluster, '--'])
      assert.match(nothing.stderr, /^error: there is no program to run\n/)
      assert.equal(nothing.status, 2)
      assert.deepEqual(credsFiles(), [])
    })

    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
      it(`passes ${signal} on and waits for the program`, async () => {
        const script = `trap 'echo got it; exit 5' ${signal.slice(3)}; ${waiting}`
        const {child, closed, text} = await startScript(script)
        child.kill(signal)
        assert.deepEqual(await closed, [5, null])
        assert.match(text(), /got it/)
        assert.deepEqual(world.machine.files(), [])
      })
    }

    it('goes on with a program that goes on, however often it is signalled', async () => {
      const {child, exited, text} = await startScript(
        `trap 'echo hit; n=$((n+1))' TERM; echo ready $$; until [ "$n" = 3 ]; do sleep 0.05; done; exit 9`,
      )
      for (const times of [1, 2, 3]) {
        child.kill('SIGTERM')
        await eventually('the program has it', () => text().split('hit').length > times)
      }
      assert.deepEqual(await exited, [9, null])
    })

    it('sends a Ctrl-C of the terminal once, not twice', async function () {
      if (!hasUtilLinuxScript()) return this.skip()
      const program = new URL('../support/natsops.ts', import.meta.url).pathname
      const inner = `n=0; trap 'n=$((n+1)); echo hit $n' INT; echo ready; until [ -e stop ]; do sleep 0.1; done; exit $((n+40))`
      writeFileSync(world.machine.path('work/inner.sh'), inner)
      // The shell around it must not die of the same Ctrl-C before it has said the status.
      const line = `trap : INT; '${process.execPath}' '${program}' exec --cluster c -- sh inner.sh; echo status $?`
      const terminal = spawn('script', ['-qfec', line, '/dev/null'], {
        env: {...world.environment, SHELL: '/bin/sh'},
        cwd: world.machine.path('work'),
      })
      const closed = once(terminal, 'close')
      let text = ''
      terminal.stdout.on('data', (chunk) => {
        text += chunk
      })
      try {
        await eventually('the program is ready', () => text.includes('ready'))
        terminal.stdin.write('\x03')
        await eventually('the program has it', () => text.includes('hit 1'))
      } finally {
        writeFileSync(world.machine.path('work/stop'), '')
        terminal.stdin.end()
        await closed
      }
      assert.match(text, /status 41/)
      assert.deepEqual(credsFiles(), [])
    })

    it('leaves a file behind when it is killed outright, which the next run removes', async () => {
      const {child, pid, exited} = await startScript(waiting)
      try {
        const [file] = credsFiles()
        assert.match(file ?? '', /^run\/natsops\/creds\/c-admin\.\d+\.creds$/)
        const running = await world.run(['creds', 'clean', '--json'])
        assert.deepEqual(JSON.parse(running.stdout), {
          removed: [],
          left: [{path: world.machine.path(file!), reason: `in use by natsops exec, process ${child.pid}`}],
        })
        child.kill('SIGKILL')
        await exited
        assert.deepEqual(credsFiles(), [file])
        await fetch('--out', world.machine.path('work/other.creds'))
        assert.deepEqual(credsFiles(), ['work/other.creds'])
      } finally {
        process.kill(pid, 'SIGKILL')
      }
    })
  })
})

/** What others on the machine can see of the process that waits: no secret, no environment. */
function assertRemoverIsClean(home: string): void {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const remover = pids.find((pid) => {
    const commandLine = read(`/proc/${pid}/cmdline`)
    return commandLine.includes('credentials-remover') && commandLine.includes(home)
  })
  assert.ok(remover, 'the waiting process is there')
  const [node, program, ledger, token, ...rest] = read(`/proc/${remover}/cmdline`).split('\0')
  assert.equal(node, process.execPath)
  assert.match(program ?? '', /credentials-remover\.ts$/)
  assert.equal(ledger, `${home}/.local/state/natsops/credentials`)
  assert.match(token ?? '', /^[0-9a-f]{12}$/)
  assert.deepEqual(rest, [''])
  assert.equal(read(`/proc/${remover}/environ`), '')
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function hasUtilLinuxScript(): boolean {
  try {
    accessSync('/usr/bin/script')
    return execFileSync('script', ['--version'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).includes(
      'util-linux',
    )
  } catch {
    return false
  }
}
