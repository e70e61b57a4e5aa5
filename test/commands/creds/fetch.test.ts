import assert from 'node:assert/strict'
import {chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import CredsFetch from '../../../src/commands/creds/fetch.ts'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {makeAccount, makeUser, secretsOf, type TestUser} from '../../support/credentials.ts'
import {eventually} from '../../support/eventually.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {type Outcome, runCommand} from '../../support/run.ts'

const prefix = '/nats-cluster/nats-prod'
const adminNames = [`${prefix}/admin/nats_admin_jwt`, `${prefix}/admin/nats_admin_nkey_seed`] as const
const conventional = [1, 2, 3].map((n) => `nats://nats-prod-node-${n}.nats-prod.internal:4222`)

describe('creds fetch', () => {
  let admin: TestUser
  let facebox: TestUser
  let machine: FakeMachine
  let store: FakeParameterStore

  before(async () => {
    admin = await makeUser()
    facebox = await makeUser({name: 'facebox'})
  })
  beforeEach(() => {
    machine = new FakeMachine()
    const base = `${prefix}/services/facebox`
    store = new FakeParameterStore({
      [adminNames[0]]: admin.jwt,
      [adminNames[1]]: admin.seed,
      [`${base}/nats_admin_jwt`]: facebox.jwt,
      [`${base}/nats_admin_nkey_seed`]: facebox.seed,
      [`${base}/nats_host`]: 'nats://n1:4222,nats://n2:4222',
    })
  })
  afterEach(() => machine[Symbol.dispose]())

  /** Runs the command and looks for secrets in everything that came out. */
  const run = async (argv: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
    const outcome = await runCommand(CredsFetch, ['--cluster', 'nats-prod', ...argv], machine.wiring(store, variables))
    for (const secret of secretsOf(admin, facebox)) {
      assert.ok(!outcome.stdout.includes(secret) && !outcome.stderr.includes(secret), 'a secret was printed')
    }
    return outcome
  }

  /** The refusal as text, as JSON and with --debug: the same error, and no file anywhere. */
  const assertRefused = async (argv: readonly string[], code: string, exit: number, message: RegExp): Promise<void> => {
    const before = machine.files()
    const text = await run(argv)
    assert.match(text.stderr, message)
    assert.equal(text.stdout, '')
    assert.equal(text.exitCode, exit)
    const json = await run([...argv, '--json'])
    const {error} = JSON.parse(json.stdout)
    assert.match(error.message, message)
    assert.deepEqual({code: error.code, exit: error.exit, status: json.exitCode}, {code, exit, status: exit})
    assert.equal(json.stderr, '')
    assert.equal((await run([...argv, '--debug'])).exitCode, exit)
    assert.deepEqual(machine.files(), before)
  }

  it('writes the file that the NATS tools read, private, and says what it is and what comes next', async () => {
    const {stdout, stderr, exitCode} = await run([])
    const path = machine.path('run/natsops/creds/nats-prod-admin.creds')
    assert.equal(
      stdout,
      [
        `file\t${path}`,
        `user\tadmin ${admin.publicKey}`,
        `account\t${admin.account}`,
        'expires\tnever',
        'removed\twhen you say: natsops creds clean',
        `next\tnats --server ${conventional.join(',')} --creds ${path} stream ls`,
        '',
      ].join('\n'),
    )
    assert.equal(stderr, 'reading SSM\n')
    assert.equal(exitCode, 0)
    assert.equal(readFileSync(path, 'utf8'), formatCredentials(admin))
    assert.equal(statSync(path).mode & 0o777, 0o600)
    for (const folder of ['run/natsops', 'run/natsops/creds', '.local/state/natsops/credentials']) {
      assert.equal(statSync(machine.path(folder)).mode & 0o777, 0o700, folder)
    }
    assert.deepEqual(store.calls, [`get ${adminNames.join(',')}`])
  })

  it('says the same under --json, as fields', async () => {
    const {stdout, stderr} = await run(['--json'])
    const path = machine.path('run/natsops/creds/nats-prod-admin.creds')
    assert.deepEqual(JSON.parse(stdout), {
      cluster: 'nats-prod',
      kind: 'admin',
      service: null,
      path,
      identity: {name: 'admin', publicKey: admin.publicKey},
      account: {publicKey: admin.account, signingKey: null},
      expiresAt: null,
      removedAt: null,
      servers: conventional,
      serversFrom: 'configuration',
      next: `nats --server ${conventional.join(',')} --creds ${path} stream ls`,
      warnings: [],
    })
    assert.equal(stderr, '')
  })

  it("reads a service's credentials and its servers in one call", async () => {
    const result = JSON.parse((await run(['--service', 'facebox', '--json'])).stdout)
    const base = `${prefix}/services/facebox`
    assert.deepEqual(store.calls, [`get ${base}/nats_admin_jwt,${base}/nats_admin_nkey_seed,${base}/nats_host`])
    assert.equal(result.identity.publicKey, facebox.publicKey)
    assert.deepEqual(result.servers, ['nats://n1:4222', 'nats://n2:4222'])
    assert.equal(result.serversFrom, `${base}/nats_host`)
    assert.match(result.next, / sub 'facebox\.>'$/)
  })

  it("takes only the list of servers from SERVICE_NAME's service, as the runbook does", async () => {
    const {stdout} = await run(['--json'], {SERVICE_NAME: 'facebox'})
    const {kind, identity, servers} = JSON.parse(stdout)
    assert.deepEqual([kind, identity.name, servers], ['admin', 'admin', ['nats://n1:4222', 'nats://n2:4222']])
    assert.deepEqual(store.calls, [`get ${adminNames.join(',')},${prefix}/services/facebox/nats_host`])
  })

  it('falls back to the configured nodes where the list is missing or is none, and says so', async () => {
    const missing = await run([], {SERVICE_NAME: 'other'})
    assert.match(missing.stderr, /warning: \/nats-cluster\/nats-prod\/services\/other\/nats_host does not exist: using/)
    store.set(`${prefix}/services/facebox/nats_host`, 'see the wiki')
    const {servers, serversFrom, warnings} = JSON.parse((await run(['--json'], {SERVICE_NAME: 'facebox'})).stdout)
    assert.deepEqual([servers, serversFrom], [conventional, 'configuration'])
    assert.deepEqual(warnings, [
      `${prefix}/services/facebox/nats_host is not a list of NATS servers: using the configured nodes`,
    ])
  })

  it('reads the system account with --system', async () => {
    store.set(`${prefix}/admin/nats_sys_jwt`, facebox.jwt)
    store.set(`${prefix}/admin/nats_sys_nkey_seed`, facebox.seed)
    const {kind, next} = JSON.parse((await run(['--system', '--json'])).stdout)
    assert.equal(kind, 'system')
    assert.match(next, /nats-prod-system\.creds server list$/)
  })

  it('warns of an expiry that is near', async () => {
    const user = await makeUser({exp: machine.clock.now() / 1000 + 5400})
    store.set(adminNames[0], user.jwt)
    store.set(adminNames[1], user.seed)
    const {stdout, stderr} = await run([])
    assert.match(stderr, /^warning: these credentials stop working in 90 minutes, at 2026-01-02T04:34:05Z$/m)
    assert.match(stdout, /^expires\t2026-01-02T04:34:05Z \(in 1h\)$/m)
  })

  describe('its own file', () => {
    it('is replaced by the next fetch', async () => {
      await run([])
      store.set(adminNames[0], facebox.jwt)
      store.set(adminNames[1], facebox.seed)
      assert.equal((await run([])).exitCode, 0)
      const path = machine.path('run/natsops/creds/nats-prod-admin.creds')
      assert.equal(readFileSync(path, 'utf8'), formatCredentials(facebox))
      assert.equal(machine.files().length, 2)
    })

    it('is not replaced once somebody else has changed it', async () => {
      await run([])
      writeFileSync(machine.path('run/natsops/creds/nats-prod-admin.creds'), 'mine now')
      await assertRefused([], 'FILE_EXISTS', 3, /admin\.creds is there already and natsops did not write it/)
    })

    it('is removed when its life time is over, by a process of its own', async () => {
      machine.clock.time = Date.now()
      const {path, removedAt} = JSON.parse((await run(['--ttl', '1s', '--json'])).stdout)
      assert.equal(Math.abs(Date.parse(removedAt) - machine.clock.time - 1000) < 1000, true)
      await eventually('the file and its entry are gone', () => machine.files().length === 0)
      assert.equal(existsSync(path), false)
    })

    it('is removed by the next run, should that process not have lived', async () => {
      machine.clock.time = Date.now() + 60_000
      const {path} = JSON.parse((await run(['--ttl', '1h', '--json'])).stdout)
      machine.clock.time += 3_600_001
      await run(['--out', machine.path('work/other.creds')])
      assert.equal(existsSync(path), false)
    })

    it('outlives the life time of the one it has replaced', async () => {
      machine.clock.time = Date.now()
      const out = ['--out', machine.path('work/x.creds')]
      await run([...out, '--ttl', '1s'])
      await run(out)
      machine.clock.time += 10_000
      await run(['--service', 'facebox'])
      assert.equal(existsSync(machine.path('work/x.creds')), true)
    })
  })

  describe('--out', () => {
    const out = () => machine.path('work/x.creds')

    it('writes there, relative to nothing but the working folder, and may replace its own', async () => {
      assert.equal((await run(['--out', out()])).exitCode, 0)
      assert.equal((await run(['--out', out()])).exitCode, 0)
      assert.equal(readFileSync(out(), 'utf8'), formatCredentials(admin))
    })

    it('never replaces a file of somebody else, without --force', async () => {
      writeFileSync(out(), 'theirs')
      await assertRefused(['--out', out()], 'FILE_EXISTS', 3, /x\.creds is there already and natsops did not write it/)
      assert.equal(readFileSync(out(), 'utf8'), 'theirs')
      assert.equal((await run(['--out', out(), '--force'])).exitCode, 0)
      assert.equal(readFileSync(out(), 'utf8'), formatCredentials(admin))
      assert.equal(statSync(out()).mode & 0o777, 0o600)
    })

    it('does not take an identical file of somebody else for its own', async () => {
      writeFileSync(out(), formatCredentials(admin))
      await assertRefused(['--out', out()], 'FILE_EXISTS', 3, /natsops did not write it/)
    })

    for (const kind of ['to a file', 'to nowhere', 'to a folder'] as const) {
      it(`never writes through a symlink ${kind}`, async () => {
        const target = machine.path('work/target')
        if (kind === 'to a file') writeFileSync(target, 'theirs')
        if (kind === 'to a folder') mkdirSync(target)
        symlinkSync(target, out())
        await assertRefused(['--out', out()], 'FILE_EXISTS', 3, /x\.creds is there already/)
        assert.equal(lstatSync(out()).isSymbolicLink(), true)
        assert.equal((await run(['--out', out(), '--force'])).exitCode, 0)
        assert.equal(lstatSync(out()).isFile(), true)
        if (kind === 'to a file') assert.equal(readFileSync(target, 'utf8'), 'theirs')
      })
    }

    it('refuses a folder, a device, a folder that is missing, and one that it may not write to', async () => {
      mkdirSync(machine.path('work/folder'))
      for (const force of [[], ['--force']]) {
        const folder = ['--out', machine.path('work/folder'), ...force]
        await assertRefused(folder, 'PATH_NOT_USABLE', 2, /--out ".*\/work\/folder" is a folder/)
        await assertRefused(['--out', '', ...force], 'PATH_NOT_USABLE', 2, /--out "" is a folder/)
        await assertRefused(['--out', '/dev/null', ...force], 'PATH_NOT_USABLE', 2, /"\/dev\/null" is not a file/)
      }
      const missing = ['--out', machine.path('work/none/x.creds')]
      await assertRefused(missing, 'PATH_NOT_USABLE', 2, /none\/x\.creds: there is no such folder/)
      const readOnly = ['--out', '/proc/x.creds']
      if (process.platform === 'linux')
        await assertRefused(readOnly, 'PATH_NOT_USABLE', 2, /cannot write \/proc\/x\.creds/)
    })
  })

  describe('refuses, and leaves nothing behind', () => {
    it('parameters that do not exist, naming them and the services that do', async () => {
      const argv = ['--service', 'facebok']
      const base = `${prefix}/services/facebok`
      const message = new RegExp(
        `no SSM parameter ${base}/nats_admin_jwt and no ${base}/nats_admin_nkey_seed in us-east-2`,
      )
      await assertRefused(argv, 'PARAMETER_NOT_FOUND', 9, message)
      const {error} = JSON.parse((await run([...argv, '--json'])).stdout)
      assert.deepEqual(error.suggestions, [
        'services with credentials here: facebox',
        'check --cluster (nats-prod) and --region (us-east-2): natsops cluster show --cluster nats-prod',
      ])
    })

    it('a single parameter that does not exist', async () => {
      await store.delete(adminNames[1])
      const message = /there is no SSM parameter \/nats-cluster\/nats-prod\/admin\/nats_admin_nkey_seed in us/
      await assertRefused([], 'PARAMETER_NOT_FOUND', 9, message)
    })

    it('what SSM refuses, in its words', async () => {
      store.refusal = new OpsError('ssm:GetParameters is not permitted', {code: 'ACCESS_DENIED', exit: Exit.auth})
      await assertRefused([], 'ACCESS_DENIED', 10, /ssm:GetParameters is not permitted/)
    })

    it('every pair that cannot work', async () => {
      const now = machine.clock.now() / 1000
      const expired = await makeUser({exp: now - 1})
      const early = await makeUser({nbf: now + 3600})
      const account = await makeAccount()
      const invalid = 'CREDENTIALS_INVALID'
      const cases: readonly [jwt: string, seed: string, code: string, message: RegExp][] = [
        [' \n', admin.seed, invalid, /nats_admin_jwt is empty/],
        [admin.jwt, '', invalid, /nats_admin_nkey_seed is empty/],
        [admin.seed, admin.jwt, invalid, /nats_admin_jwt and .*nats_admin_nkey_seed are swapped/],
        [admin.jwt, facebox.seed, invalid, /nats_admin_nkey_seed is the seed of another user/],
        [account.jwt, account.seed, invalid, /nats_admin_jwt is an account, not a user/],
        ['not-a-jwt', admin.seed, invalid, /nats_admin_jwt is not a JWT/],
        [expired.jwt, expired.seed, 'CREDENTIALS_EXPIRED', /nats_admin_jwt expired at 2026-01-02T03:04:04Z/],
        [early.jwt, early.seed, 'CREDENTIALS_NOT_YET_VALID', /nats_admin_jwt is not valid before 2026-01-02T04:04:05Z/],
      ]
      for (const [jwt, seed, code, message] of cases) {
        store.set(adminNames[0], jwt)
        store.set(adminNames[1], seed)
        await assertRefused([], code, 10, message)
        assert.deepEqual(machine.files(), [])
      }
    })

    it('bad values of flags', async () => {
      for (const ttl of ['soon', '-1h', '0', '', '1 fortnight'])
        await assertRefused([`--ttl=${ttl}`], 'USAGE', 2, /--ttl/)
      await assertRefused(['--ttl', '10ms'], 'USAGE', 2, /--ttl 10ms is too short: give at least 1s/)
      await assertRefused(['--service', '../admin'], 'USAGE', 2, /--service/)
      await assertRefused(['--service', 'a', '--system'], 'USAGE', 2, /--system|--service/)
      assert.deepEqual(store.calls, [])
    })

    it('a runtime folder that others can write to', async () => {
      mkdirSync(machine.path('run/natsops'))
      chmodSync(machine.path('run/natsops'), 0o777)
      await assertRefused([], 'FOLDER_NOT_PRIVATE', 3, /run\/natsops lets others write to it/)
    })

    it('a creds folder that is a symlink', async () => {
      mkdirSync(machine.path('run/natsops'), {mode: 0o700})
      mkdirSync(machine.path('work/elsewhere'))
      symlinkSync(machine.path('work/elsewhere'), machine.path('run/natsops/creds'))
      await assertRefused([], 'FOLDER_NOT_PRIVATE', 3, /natsops\/creds is a symlink/)
    })
  })
})
