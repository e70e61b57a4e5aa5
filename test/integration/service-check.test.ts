import assert from 'node:assert/strict'
import ServiceCheckCommand from '../../src/commands/service/check.ts'
import {type Authority, createAuthority} from '../../src/lib/author/authority.ts'
import {Exit} from '../../src/lib/errors.ts'
import {secretsOf} from '../support/credentials.ts'
import {type RunOptions, runCommand} from '../support/run.ts'
import {ServiceScene} from '../support/services.ts'
import {type SingleServer, startSingleServer, userOf} from '../support/single-server.ts'

describe('service check, against a real server', () => {
  let authority: Authority
  let server: SingleServer
  let scene: ServiceScene

  before(async () => {
    const permissions = {
      publish: ['app.>', '$JS.API.STREAM.INFO.absent', '$JS.API.INFO'],
      subscribe: ['app.>', '_INBOX.>'],
      respond: true,
    }
    authority = await createAuthority({
      operator: 'op',
      systemAccount: 'SYS',
      accounts: [
        {name: 'SYS', users: [{name: 'sys'}]},
        {
          name: 'APP',
          users: [
            {name: 'app', permissions},
            {name: 'free'},
            {name: 'mute', permissions: {publish: ['app.>'], subscribe: ['app.>'], respond: false}},
            {name: 'soon', expiresAt: Math.floor(Date.now() / 1000) + 3600},
          ],
        },
        {name: 'GONE', users: [{name: 'gone'}]},
      ],
    })
    const {preload, accounts} = authority
    const gone = accounts.find(({name}) => name === 'GONE')?.publicKey
    const accountJwts = Object.fromEntries(Object.entries(preload.accountJwts).filter(([key]) => key !== gone))
    server = await startSingleServer({...authority, preload: {...preload, accountJwts}}, 'server_name: one\n')
  })
  after(() => server.stop())
  beforeEach(() => {
    scene = new ServiceScene()
    scene.machine.clock.time = Date.now()
  })
  afterEach(() => scene[Symbol.dispose]())

  const check = async (user: string, argv: readonly string[] = [], host = server.address, options: RunOptions = {}) => {
    const {jwt, seed} = userOf(authority, user)
    scene.set(user, {host, jwt, seed})
    return runCommand(ServiceCheckCommand, [user, '--cluster', 'c', ...argv], scene.wiring, options)
  }
  const checkAsJson = async (user: string, host?: string) => {
    const {stdout, exitCode} = await check(user, ['--json'], host)
    return {...JSON.parse(stdout), exitCode}
  }
  const outcomes = ({
    trials,
  }: {
    trials: readonly {operation: string; rule: string; result: string; note: string | null}[]
  }) => trials.map(({operation, rule, result, note}) => `${operation} ${rule} ${result}${note ? ` (${note})` : ''}`)

  it('tries what may be tried and leaves the rest alone', async () => {
    const report = await checkAsJson('app')
    assert.deepEqual(outcomes(report), [
      'publish app.> not-tried',
      'publish $JS.API.STREAM.INFO.absent permitted (nobody answers it)',
      'publish $JS.API.INFO permitted (nobody answers it)',
      'subscribe app.> permitted',
      'subscribe _INBOX.> permitted',
    ])
    assert.deepEqual([report.verdict, report.problems, report.exitCode], ['ok', [], 0])
    assert.equal(report.hosts[0].server, 'one')
  })

  it('goes round by an inbox where that is permitted', async () => {
    const report = await checkAsJson('free')
    assert.match(report.roundTrip.subject, /^_INBOX\./)
    assert.deepEqual(outcomes(report), ['publish > permitted', 'subscribe > permitted'])
    const {roundTrip, verdict} = await checkAsJson('mute')
    assert.deepEqual([roundTrip, verdict], [null, 'ok'])
  })

  it('finds the one host of its list that is not there', async () => {
    const report = await checkAsJson('free', `${server.address},127.0.0.1:1`)
    assert.deepEqual([report.verdict, report.exitCode], ['degraded', Exit.healthDegraded])
    assert.match(report.problems[0], /^nats:\/\/127\.0\.0\.1:1: cannot connect .*connection refused/)
    const lost = await checkAsJson('free', '127.0.0.1:1')
    assert.deepEqual([lost.verdict, lost.exitCode, lost.trials], ['critical', Exit.unreachable, []])
  })

  it('says that the server does not know the account, with exit status 10', async () => {
    const report = await checkAsJson('gone')
    assert.equal(report.exitCode, Exit.auth)
    assert.equal(report.hosts[0].problem.code, 'NATS_AUTHORIZATION')
  })

  it('says that credentials are about to expire', async () => {
    const report = await checkAsJson('soon')
    assert.deepEqual(report.problems, ['nats_admin_jwt expires within a day'])
    assert.equal(report.exitCode, Exit.healthCritical)
  })

  it('is two tables and a verdict on a terminal, and shows no secret', async () => {
    const {stdout, stderr, exitCode} = await check('app', ['--no-color'], server.address, {columns: 80})
    const lines = stdout.split('\n')
    assert.match(lines[0] ?? '', /^HOST +STATE +SERVER +VERSION +RTT$/)
    assert.match(lines[3] ?? '', /^MAY +SUBJECT +TRIED +TOOK +NOTE$/)
    assert.equal(lines.at(-2), 'ok: app of c')
    for (const line of lines) assert.ok(line.length <= 80, line)
    assert.equal(exitCode, 0)
    for (const secret of secretsOf(userOf(authority, 'app'))) assert.ok(!(stdout + stderr).includes(secret))
  })

  it('does not connect with what is missing or wrong', async () => {
    const {jwt, seed} = userOf(authority, 'free')
    scene.set('half', {host: server.address, jwt})
    scene.set('lost', {host: 'no host!', jwt, seed})
    for (const [name, code, status] of [
      ['half', 'PARAMETER_NOT_FOUND', Exit.notFound],
      ['lost', 'HOST_LIST_INVALID', Exit.refused],
      ['none', 'SERVICE_NOT_FOUND', Exit.notFound],
    ] as const) {
      const {stdout, exitCode} = await runCommand(ServiceCheckCommand, [name, '-c', 'c', '--json'], scene.wiring)
      assert.deepEqual([JSON.parse(stdout).error.code, exitCode], [code, status])
    }
  })
})
