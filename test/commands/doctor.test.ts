import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {writeFileSync} from 'node:fs'
import {createServer, type Server, type Socket} from 'node:net'
import type {DoctorReport} from '../../src/lib/domain/doctor.ts'
import {Exit, OpsError} from '../../src/lib/errors.ts'
import {writeRecorded} from '../../src/lib/ops/credentials-ledger.ts'
import {displayWidth} from '../../src/lib/output/table.ts'
import {secretsOf} from '../support/credentials.ts'
import {about, DoctorScene, portOf} from '../support/doctor-scene.ts'
import {HOSTILE} from '../support/services.ts'

describe('doctor', () => {
  let scene: DoctorScene
  let silent: Server
  const held: Socket[] = []

  before(async () => {
    silent = createServer((socket) => {
      held.push(socket.on('error', () => {}))
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })
  after(() => {
    for (const socket of held) socket.destroy()
    silent.close()
  })
  beforeEach(() => {
    scene = new DoctorScene()
  })
  afterEach(() => scene[Symbol.dispose]())

  it('names the VPN first where it is off and no name resolves', async () => {
    scene.configure('c-node-1.invalid', 'c-node-2.invalid')
    scene.install('warp-cli', 'echo "Status update: Disconnected"')
    const found = await scene.report()
    assert.deepEqual(
      found.findings.slice(0, 2).map(({check, status, message, fix}) => [check, status, message, fix]),
      [
        ['vpn', 'failed', 'Cloudflare WARP is not connected (Disconnected)', 'warp-cli connect'],
        [
          ...['names', 'failed'],
          '0 of 2 resolve; c-node-1.invalid: does not resolve, c-node-2.invalid: does not resolve',
          'connect the VPN (Cloudflare WARP): warp-cli connect',
        ],
      ],
    )
    assert.deepEqual(about(found, 'client-ports'), ['unknown', 'not known: no name has an address', null])
    assert.deepEqual([found.verdict, found.exitCode], ['critical', Exit.healthCritical])
  })

  it('tells what is closed from what is silent', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const port = portOf(closed)
    closed.close()
    await once(closed, 'close')
    scene.configure(`127.0.0.1:${port}`, `127.0.0.1:${portOf(silent)}`)
    const found = await scene.report('10s')
    const [status, message] = about(found, 'client-ports') ?? []
    assert.equal(status, 'failed')
    assert.equal(
      message,
      `0 of 2 accept clients; c-node-1: 127.0.0.1:${port}: ECONNREFUSED, c-node-2: 127.0.0.1:${portOf(silent)} accepts and says nothing`,
    )
    assert.deepEqual(about(found, 'vpn'), ['not-checked', 'the nodes are on this machine', null])
    assert.equal(about(found, 'server-clocks')?.[0], 'unknown')
  })

  it('waits for nothing that hangs, process and all', async () => {
    const url = `http://127.0.0.1:${portOf(silent)}`
    scene.configure(`127.0.0.1:${portOf(silent)}`, `127.0.0.1:${portOf(silent)}`)
    scene.install('warp-cli', 'exec sleep 60')
    const env = {
      HOME: scene.machine.home,
      XDG_CONFIG_HOME: scene.machine.path('.config'),
      XDG_RUNTIME_DIR: scene.machine.path('run'),
      PATH: `${scene.machine.path('bin')}:/usr/bin:/bin`,
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIAXXXXXXXXXXXXXXXX',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const program = new URL('../support/natsops.ts', import.meta.url).pathname
    const argv = [program, 'doctor', '--cluster', 'c', '--json']
    const child = spawn(process.execPath, argv, {env, stdio: ['ignore', 'pipe', 'inherit']})
    const closed = once(child, 'close')
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    assert.deepEqual(await closed, [Exit.healthCritical, null])
    const found = JSON.parse(text) as DoctorReport
    assert.equal(found.findings[0]?.check, 'client-ports')
    assert.deepEqual(about(found, 'aws-identity'), ['unknown', 'no answer within 4s', 'give it longer: --timeout 15s'])
  })

  it('looks at this machine alone where no cluster is named', async () => {
    scene.install('session-manager-plugin', 'echo 1.2.999.0')
    scene.install('nats', 'echo v0.3.0')
    const {stdout, exitCode} = await scene.run(['--json'])
    const found = JSON.parse(stdout)
    assert.deepEqual(
      found.findings.map(({check, status}: {check: string; status: string}) => `${check} ${status}`),
      ['configuration warning', 'node ok', 'session-manager-plugin ok', 'nats-cli ok', 'left-over-credentials ok'],
    )
    assert.deepEqual([found.cluster, exitCode], [null, Exit.healthDegraded])
    assert.deepEqual(about(found, 'session-manager-plugin'), ['ok', 'version 1.2.999.0', null])
  })

  it('finds a configuration that cannot be believed, and goes on', async () => {
    scene.configure('127.0.0.1:1')
    writeFileSync(scene.machine.path('.config/natsops/config.json'), '{"clusters": {"c": {"regoin": "x"}}}')
    const found = await scene.report()
    const [status, message] = about(found, 'configuration') ?? []
    assert.equal(status, 'failed')
    assert.match(String(message), /config\.json.*regoin/)
    assert.equal(about(found, 'node')?.[0], 'ok')
  })

  it('finds what is wrong in AWS, changes nothing and shows no secret', async () => {
    scene.configure('127.0.0.1:1')
    const user = await scene.add('x', {days: 3.5})
    scene.store.set('/nats-cluster/c/admin/nats_admin_jwt', user.jwt)
    scene.store.set('/nats-cluster/c/admin/nats_admin_nkey_seed', user.seed)
    const found = await scene.report()
    const at = (check: string) => about(found, check)?.slice(0, 2)
    assert.deepEqual(at('aws-identity'), [
      'ok',
      'arn:aws:iam::123456789012:user/anna of account 123456789012 in us-east-2',
    ])
    assert.match(String(at('aws-clock')), /^warning,AWS is 4\ds behind this machine$/)
    assert.deepEqual(at('admin-credentials'), ['failed', 'expires in 3 days'])
    assert.equal(at('system-credentials')?.[0], 'info')
    assert.deepEqual(at('nats-login')?.[0], 'failed')
    assert.deepEqual(about(found, 'permissions-read'), [
      'failed',
      'autoscaling:DescribeInstanceRefreshes: anna is not allowed',
      'have it allowed',
    ])
    assert.deepEqual(at('permissions-logs'), ['warning', 'there is no log group /aws/ec2/nats-cluster/c/diagnostic'])
    assert.deepEqual(at('permissions-roll')?.[0], 'not-checked')
    assert.deepEqual(at('permissions-session')?.[0], 'not-checked')
    assert.deepEqual(at('roll-lock'), ['ok', 'no roll is under way'])
    for (const secret of secretsOf(user)) assert.ok(!JSON.stringify(found).includes(secret))
    assert.ok(
      scene.store.calls.every((call) => /^(get|list) /.test(call)),
      scene.store.calls.join(),
    )
  })

  it('knows nothing of AWS where AWS does not know who asks', async () => {
    scene.configure('127.0.0.1:1')
    scene.account = {
      ...scene.account,
      identity: async () => {
        throw new OpsError('there are no AWS credentials', {
          code: 'AWS_CREDENTIALS_MISSING',
          exit: Exit.auth,
          suggestions: ['aws sso login'],
        })
      },
    }
    const found = await scene.report()
    assert.deepEqual(about(found, 'aws-identity'), ['failed', 'there are no AWS credentials', 'aws sso login'])
    for (const check of ['aws-clock', 'admin-credentials', 'permissions-read', 'permissions-logs', 'roll-lock']) {
      assert.deepEqual(about(found, check), ['unknown', 'not known: AWS does not know who asks', null])
    }
    assert.deepEqual(scene.store.calls, [])
  })

  it('finds creds files that nobody uses any more', async () => {
    const ledger = scene.machine.path('.local/state/natsops/credentials')
    const now = scene.machine.clock.time
    const write = (name: string, expiresAt: number | undefined) =>
      writeRecorded(
        ledger,
        {path: scene.machine.path(name), content: name, overwrite: false, expiresAt, bound: false},
        now - 10_000,
      )
    await write('kept.creds', undefined)
    const kept = JSON.parse((await scene.run(['--json'])).stdout)
    assert.deepEqual(about(kept, 'left-over-credentials'), [
      'info',
      `1 file without an end: ${scene.machine.path('kept.creds')}`,
      'natsops creds clean',
    ])
    await write('due.creds', now - 1000)
    const due = JSON.parse((await scene.run(['--json'])).stdout)
    assert.deepEqual(about(due, 'left-over-credentials'), [
      'warning',
      `left over: ${scene.machine.path('due.creds')}`,
      'natsops creds clean',
    ])
    assert.deepEqual(
      scene.machine.files().filter((name) => name.endsWith('.creds')),
      ['due.creds', 'kept.creds'],
    )
  })

  it('fits a terminal, whatever the tools say', async () => {
    scene.configure('c-node-1.invalid')
    scene.install('session-manager-plugin', `printf '${HOSTILE.replace('\u001b', '\\033').replace('\u0007', '\\007')}'`)
    const {stdout, stderr} = await scene.run(['--cluster', 'c', '--timeout', '60s', '--no-color'], {columns: 80})
    assert.doesNotMatch(stdout + stderr.replace(/\u001b\[[\d;?]*[A-Za-z]/g, ''), /[\u0000-\u0009\u000b-\u001f\u202e]/)
    const long = stdout.split('\n').filter((line) => displayWidth(line) > 80)
    assert.ok(
      long.every((line) => /try: |evil|autoscaling:/.test(line)),
      long.join('\n'),
    )
    assert.match(
      stdout,
      /^failed {7}names: 0 of 1 resolve; c-node-1\.invalid: does not resolve\n +try: connect the VPN/,
    )
    assert.match(
      stdout,
      /\n\nthis machine, for cluster c: 3 failed, 4 unknown, 3 warnings;\s+mend the failed ones first\n$/,
    )
  })

  it('does not take a wrong --timeout for an illness', async () => {
    const {stderr, exitCode} = await scene.run(['--timeout', 'soon'])
    assert.equal(exitCode, Exit.usage)
    assert.match(stderr, /^error: --timeout "soon" is not a duration/)
  })
})
