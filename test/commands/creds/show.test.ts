import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import CredsFetch from '../../../src/commands/creds/fetch.ts'
import CredsShow from '../../../src/commands/creds/show.ts'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {makeUser, secretsOf, type TestUser} from '../../support/credentials.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {type Outcome, runCommand} from '../../support/run.ts'

describe('creds show', () => {
  let machine: FakeMachine
  let user: TestUser
  const store = new FakeParameterStore()
  const show = async (...argv: string[]): Promise<Outcome> => {
    const outcome = await runCommand(CredsShow, argv, machine.wiring(store))
    for (const secret of secretsOf(user)) assert.ok(!`${outcome.stdout}${outcome.stderr}`.includes(secret))
    return outcome
  }
  const write = (name: string, parts: {readonly jwt: string; readonly seed: string}): string => {
    writeFileSync(machine.path(name), formatCredentials(parts))
    return machine.path(name)
  }

  beforeEach(async () => {
    machine = new FakeMachine()
    const exp = machine.clock.now() / 1000 + 86_400 * 3
    const claims = {pub: {allow: ['a.>', 'b'], deny: ['a.secret']}, sub: {}, subs: 1000, payload: 2048}
    user = await makeUser({name: 'face\u001bbox', exp, claims: claims as never, signed: 'signing key'})
  })
  afterEach(() => machine[Symbol.dispose]())

  it('shows user, account, permissions, limits and expiry of any creds file', async () => {
    const path = write('x.creds', user)
    const {stdout, stderr, exitCode} = await show(path)
    const lines = stdout.split('\n').filter((line) => !line.startsWith('issued\t'))
    assert.deepEqual(lines, [
      `file\t${path}`,
      `user\tface\\x1bbox ${user.publicKey}`,
      `account\t${user.account}`,
      'expires\t2026-01-05T03:04:05Z (in 3d)',
      `signing key\t${user.signingKey}`,
      'publish\ta.>',
      'publish\tb',
      'not publish\ta.secret',
      'subscribe\teverything',
      'subscriptions\tat most 1,000',
      'payload\tat most 2.0 KiB a message',
      '',
    ])
    assert.equal(stderr, '')
    assert.equal(exitCode, 0)
  })

  it('shows the same under --json, as fields', async () => {
    const path = write('x.creds', user)
    const {issuedAt, ...shown} = JSON.parse((await show(path, '--json')).stdout)
    assert.match(issuedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.deepEqual(shown, {
      cluster: null,
      path,
      at: '2026-01-02T03:04:05.000Z',
      valid: true,
      problem: null,
      exit: 0,
      identity: {name: 'face\u001bbox', publicKey: user.publicKey},
      accountId: user.account,
      signingKey: user.signingKey,
      validFrom: null,
      expiresAt: '2026-01-05T03:04:05Z',
      permissions: {
        publish: {allow: ['a.>', 'b'], deny: ['a.secret']},
        subscribe: {allow: [], deny: []},
        responses: null,
        scoped: false,
      },
      limits: {subscriptions: 1000, dataBytes: null, payloadBytes: 2048},
      connectionTypes: [],
      sources: [],
      tags: [],
      bearer: false,
    })
  })

  it('shows what fetch has written where no file is given', async () => {
    const base = '/nats-cluster/c/admin'
    const values = {[`${base}/nats_admin_jwt`]: user.jwt, [`${base}/nats_admin_nkey_seed`]: user.seed}
    await runCommand(CredsFetch, ['--cluster', 'c'], machine.wiring(new FakeParameterStore(values)))
    const shown = JSON.parse((await show('--cluster', 'c', '--json')).stdout)
    assert.deepEqual([shown.cluster, shown.path], ['c', machine.path('run/natsops/creds/c-admin.creds')])
  })

  it('shows credentials that cannot work all the same, and says why with exit status 10', async () => {
    machine.clock.time += 86_400_000 * 4
    const expired = await show(write('x.creds', user))
    assert.match(expired.stdout, /^problem\tthe JWT in .*x\.creds expired at 2026-01-05T03:04:05Z$/m)
    assert.equal(expired.exitCode, 10)
    machine.clock.time -= 86_400_000 * 4
    const mixed = await show(write('y.creds', {jwt: user.jwt, seed: (await makeUser()).seed}), '--json')
    const {valid, problem, exit} = JSON.parse(mixed.stdout)
    assert.deepEqual([valid, exit], [false, 10])
    assert.match(problem.message, /the seed in .*y\.creds is the seed of another user/)
    assert.equal(mixed.exitCode, 10)
  })

  it('refuses what is no creds file', async () => {
    writeFileSync(machine.path('text'), 'hello')
    const text = await show(machine.path('text'))
    assert.match(text.stderr, /^error: .*\/text is not a creds file: it holds no JWT and no seed\n$/)
    assert.equal(text.exitCode, 10)
    const missing = await show('--cluster', 'c')
    assert.match(
      missing.stderr,
      /^error: there is no file .*c-admin\.creds\n {2}try: natsops creds fetch --cluster c\n$/,
    )
    assert.equal(missing.exitCode, 9)
    const endless = await show('/dev/zero', '--json')
    assert.equal(JSON.parse(endless.stdout).error.code, 'FILE_TOO_LARGE')
    assert.equal(endless.exitCode, 2)
  })
})
