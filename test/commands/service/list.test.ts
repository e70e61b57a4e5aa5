import assert from 'node:assert/strict'
import ServiceList from '../../../src/commands/service/list.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'
import {secretsOf} from '../../support/credentials.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'
import {BASE, HOSTILE, HOSTS, ServiceScene} from '../../support/services.ts'

describe('service list', () => {
  let scene: ServiceScene
  beforeEach(() => {
    scene = new ServiceScene()
  })
  afterEach(() => scene[Symbol.dispose]())
  const list = (argv: readonly string[] = [], options: RunOptions = {}) =>
    runCommand(ServiceList, ['--cluster', 'c', ...argv], scene.wiring, options)

  it('shows the most urgent first, with its problems, accounts and a count', async () => {
    const steady = await scene.add('steady')
    const soon = await scene.add('soon', {days: 20.5})
    const late = await scene.add('late', {days: 3.5})
    const over = await scene.add('over', {days: -2})
    scene.set('half', {host: HOSTS})
    const {stdout, exitCode} = await list(['--no-color'], {columns: 80})
    const accounts = [over, late, soon, steady].map(({account}) => `account ${account}`)
    assert.deepEqual(stdout.split('\n'), [
      'SERVICE  STATE     EXPIRES              USER    HAS            HOSTS',
      'over     critical  2025-12-31 (2d ago)  over    host+jwt+seed      3',
      'late     critical  2026-01-05 (in 3d)   late    host+jwt+seed      3',
      'half     critical  -                    -       host               3',
      'soon     degraded  2026-01-22 (in 20d)  soon    host+jwt+seed      3',
      'steady   ok        never                steady  host+jwt+seed      3',
      '',
      'over: expired at 2025-12-31T03:04:05Z',
      'late: expires in 3 days',
      'half: nats_admin_jwt is missing',
      'half: nats_admin_nkey_seed is missing',
      'soon: expires in 20 days',
      '',
      ...accounts,
      '5 services of c: 1 ok, 1 degraded, 3 critical',
      '',
    ])
    assert.equal(exitCode, Exit.healthCritical)
  })

  it('exits by its thresholds', async () => {
    await scene.add('a', {days: 20})
    assert.equal((await list()).exitCode, Exit.healthDegraded)
    assert.equal((await list(['--warning-days', '10'])).exitCode, 0)
    assert.equal((await list(['--critical-days', '25'])).exitCode, Exit.healthCritical)
    const wrong = await list(['--warning-days', '5', '--critical-days', '6'])
    assert.equal(wrong.exitCode, Exit.usage)
    assert.equal(wrong.stderr, 'error: --critical-days 6 is more than --warning-days 5: nothing would be a warning\n')
  })

  it('is one record a service in a pipe, and one document under --json', async () => {
    const user = await scene.add('app', {days: 40})
    const {stdout} = await list()
    assert.equal(
      stdout,
      `app\tok\t2026-02-11T03:04:05Z\t40\tapp\t${user.publicKey}\t${user.account}\thost+jwt+seed\tnats://c-node-1.c.internal:4222,nats://c-node-2.c.internal:4222,nats://c-node-3.c.internal:4222\t-\n`,
    )
    assert.deepEqual(JSON.parse((await list(['--json'])).stdout), {
      cluster: 'c',
      region: 'us-east-2',
      at: '2026-01-02T03:04:05.000Z',
      verdict: 'ok',
      limits: {warningDays: 30, criticalDays: 7},
      counts: {ok: 1, degraded: 0, critical: 0},
      services: [
        {
          service: 'app',
          verdict: 'ok',
          hasHost: true,
          hasJwt: true,
          hasSeed: true,
          servers: [1, 2, 3].map((n) => `nats://c-node-${n}.c.internal:4222`),
          user: 'app',
          publicKey: user.publicKey,
          accountId: user.account,
          expiresAt: '2026-02-11T03:04:05Z',
          daysLeft: 40,
          problems: [],
        },
      ],
    })
  })

  it('never asks for a seed, and shows no secret', async () => {
    const users = [await scene.add('a'), await scene.add('b', {days: -1})]
    for (const argv of [[], ['--json'], ['--debug']]) {
      const {stdout, stderr} = await list(argv)
      for (const secret of secretsOf(...users)) assert.ok(!(stdout + stderr).includes(secret))
    }
    assert.deepEqual(
      [...new Set(scene.store.calls)],
      [`list ${BASE}`, `get ${BASE}/a/nats_admin_jwt,${BASE}/b/nats_admin_jwt`],
    )
  })

  it('calls what is damaged by its name', async () => {
    const user = await scene.add('good')
    scene.set('text', {host: 'not a host!', jwt: 'no.jwt.at-all', seed: user.seed})
    const [header, payload, signature = ''] = user.jwt.split('.')
    const other = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    scene.set('forged', {host: HOSTS, jwt: [header, payload, other].join('.'), seed: user.seed})
    const {services} = JSON.parse((await list(['--json'])).stdout)
    const problems = Object.fromEntries(
      services.map((each: {service: string; problems: string[]}) => [each.service, each.problems]),
    )
    assert.deepEqual(problems, {
      good: [],
      forged: ['nats_admin_jwt is damaged'],
      text: [
        'nats_admin_jwt is not a JWT: its parts are not base64url JSON',
        'nats_host is not a list of NATS servers',
      ],
    })
  })

  it('lets no name move the cursor or tear the table', async () => {
    const user = await scene.add(HOSTILE, {name: '\u001b[2Jevil\r\n', days: 3})
    scene.set('__proto__', {host: HOSTILE, jwt: user.jwt, seed: user.seed})
    scene.set('deep/er', {host: HOSTS})
    scene.store.set(`${BASE}/loose`, 'x')
    for (const options of [{}, {columns: 80}]) {
      const {stdout, stderr, exitCode} = await list(['--no-color'], options)
      assert.doesNotMatch(stdout + stderr, /[\u0000-\u0008\u000b-\u001f\u202e]/)
      assert.equal(exitCode, Exit.healthCritical)
      assert.match(stdout, /__proto__/)
      if (options.columns) for (const line of stdout.split('\n').slice(0, 3)) assert.ok(displayWidth(line) <= 80, line)
    }
    const {services} = JSON.parse((await list(['--json'])).stdout)
    assert.deepEqual(services.map(({service}: {service: string}) => service).sort(), [HOSTILE, '__proto__'].sort())
  })

  it('does not pass off an empty prefix for a healthy fleet', async () => {
    const {stderr, exitCode} = await list()
    assert.equal(exitCode, Exit.notFound)
    assert.equal(
      stderr,
      `reading SSM\nerror: there are no services below ${BASE} in us-east-2\n  try: check --cluster, --region and the prefix: natsops cluster show --cluster c\n`,
    )
  })

  it('passes on what AWS refuses', async () => {
    scene.store.refusal = new OpsError('ssm:GetParametersByPath: not allowed', {
      code: 'AWS_ACCESS_DENIED',
      exit: Exit.auth,
    })
    const {stdout, exitCode} = await list(['--json'])
    assert.deepEqual([JSON.parse(stdout).error.code, exitCode], ['AWS_ACCESS_DENIED', Exit.auth])
  })
})
