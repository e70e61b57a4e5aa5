import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, readFileSync, statSync, symlinkSync} from 'node:fs'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {makeAccount, makeUser} from '../../support/credentials.ts'
import {adminNames, FetchScene, prefix} from '../../support/fetch-scene.ts'

const conventional = [1, 2, 3].map((n) => `nats://nats-prod-node-${n}.nats-prod.internal:4222`)

describe('creds fetch', () => {
  let scene: FetchScene
  beforeEach(async () => {
    scene = await FetchScene.open()
  })
  afterEach(() => scene[Symbol.dispose]())

  it('writes the file that the NATS tools read, private, and says what it is and what comes next', async () => {
    const {stdout, stderr, exitCode} = await scene.run([])
    const path = scene.machine.path('run/natsops/creds/nats-prod-admin.creds')
    assert.equal(
      stdout,
      [
        `file\t${path}`,
        `user\tadmin ${scene.admin.publicKey}`,
        `account\t${scene.admin.account}`,
        'expires\tnever',
        'removed\twhen you say: natsops creds clean',
        `next\tnats --server ${conventional.join(',')} --creds ${path} stream ls`,
        '',
      ].join('\n'),
    )
    assert.equal(stderr, 'reading SSM\n')
    assert.equal(exitCode, 0)
    assert.equal(readFileSync(path, 'utf8'), formatCredentials(scene.admin))
    assert.equal(statSync(path).mode & 0o777, 0o600)
    for (const folder of ['run/natsops', 'run/natsops/creds', '.local/state/natsops/credentials']) {
      assert.equal(statSync(scene.machine.path(folder)).mode & 0o777, 0o700, folder)
    }
    assert.deepEqual(scene.store.calls, [`get ${adminNames.join(',')}`])
  })

  it('says the same under --json, as fields', async () => {
    const {stdout, stderr} = await scene.run(['--json'])
    const path = scene.machine.path('run/natsops/creds/nats-prod-admin.creds')
    assert.deepEqual(JSON.parse(stdout), {
      cluster: 'nats-prod',
      kind: 'admin',
      service: null,
      path,
      identity: {name: 'admin', publicKey: scene.admin.publicKey},
      accountId: scene.admin.account,
      signingKey: null,
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
    const result = JSON.parse((await scene.run(['--service', 'facebox', '--json'])).stdout)
    const base = `${prefix}/services/facebox`
    assert.deepEqual(scene.store.calls, [`get ${base}/nats_admin_jwt,${base}/nats_admin_nkey_seed,${base}/nats_host`])
    assert.equal(result.identity.publicKey, scene.facebox.publicKey)
    assert.deepEqual(result.servers, ['nats://n1:4222', 'nats://n2:4222'])
    assert.equal(result.serversFrom, `${base}/nats_host`)
    assert.match(result.next, / sub 'facebox\.>'$/)
  })

  it("takes only the list of servers from SERVICE_NAME's service, as the runbook does", async () => {
    const {stdout} = await scene.run(['--json'], {SERVICE_NAME: 'facebox'})
    const {kind, identity, servers} = JSON.parse(stdout)
    assert.deepEqual([kind, identity.name, servers], ['admin', 'admin', ['nats://n1:4222', 'nats://n2:4222']])
    assert.deepEqual(scene.store.calls, [`get ${adminNames.join(',')},${prefix}/services/facebox/nats_host`])
  })

  it('falls back to the configured nodes where the list is missing or is none, and says so', async () => {
    const missing = await scene.run([], {SERVICE_NAME: 'other'})
    assert.match(missing.stderr, /warning: \/nats-cluster\/nats-prod\/services\/other\/nats_host does not exist: using/)
    scene.store.set(`${prefix}/services/facebox/nats_host`, 'see the wiki')
    const {servers, serversFrom, warnings} = JSON.parse((await scene.run(['--json'], {SERVICE_NAME: 'facebox'})).stdout)
    assert.deepEqual([servers, serversFrom], [conventional, 'configuration'])
    assert.deepEqual(warnings, [
      `${prefix}/services/facebox/nats_host is not a list of NATS servers: using the configured nodes`,
    ])
  })

  it('reads the system account with --system', async () => {
    scene.store.set(`${prefix}/admin/nats_sys_jwt`, scene.facebox.jwt)
    scene.store.set(`${prefix}/admin/nats_sys_nkey_seed`, scene.facebox.seed)
    const {kind, next} = JSON.parse((await scene.run(['--system', '--json'])).stdout)
    assert.equal(kind, 'system')
    assert.match(next, /nats-prod-system\.creds server list$/)
  })

  it('warns of an expiry that is near', async () => {
    const user = await makeUser({exp: scene.machine.clock.now() / 1000 + 5400})
    scene.store.set(adminNames[0], user.jwt)
    scene.store.set(adminNames[1], user.seed)
    const {stdout, stderr} = await scene.run([])
    assert.match(stderr, /^warning: these credentials stop working in 90 minutes, at 2026-01-02T04:34:05Z$/m)
    assert.match(stdout, /^expires\t2026-01-02T04:34:05Z \(in 1h\)$/m)
  })

  describe('refuses, and leaves nothing behind', () => {
    it('parameters that do not exist, naming them and the services that do', async () => {
      const argv = ['--service', 'facebok']
      const base = `${prefix}/services/facebok`
      const message = new RegExp(
        `no SSM parameter ${base}/nats_admin_jwt and no ${base}/nats_admin_nkey_seed in us-east-2`,
      )
      await scene.assertRefused(argv, 'PARAMETER_NOT_FOUND', 9, message)
      const {error} = JSON.parse((await scene.run([...argv, '--json'])).stdout)
      assert.deepEqual(error.suggestions, [
        'services with credentials here: facebox',
        'check --cluster (nats-prod) and --region (us-east-2): natsops cluster show --cluster nats-prod',
      ])
    })

    it('a single parameter that does not exist', async () => {
      await scene.store.delete(adminNames[1])
      const message = /there is no SSM parameter \/nats-cluster\/nats-prod\/admin\/nats_admin_nkey_seed in us/
      await scene.assertRefused([], 'PARAMETER_NOT_FOUND', 9, message)
    })

    it('what SSM refuses, in its words', async () => {
      scene.store.refusal = new OpsError('ssm:GetParameters is not permitted', {code: 'ACCESS_DENIED', exit: Exit.auth})
      await scene.assertRefused([], 'ACCESS_DENIED', 10, /ssm:GetParameters is not permitted/)
    })

    it('every pair that cannot work', async () => {
      const now = scene.machine.clock.now() / 1000
      const expired = await makeUser({exp: now - 1})
      const early = await makeUser({nbf: now + 3600})
      const account = await makeAccount()
      const invalid = 'CREDENTIALS_INVALID'
      const cases: readonly [jwt: string, seed: string, code: string, message: RegExp][] = [
        [' \n', scene.admin.seed, invalid, /nats_admin_jwt is empty/],
        [scene.admin.jwt, '', invalid, /nats_admin_nkey_seed is empty/],
        [scene.admin.seed, scene.admin.jwt, invalid, /nats_admin_jwt and .*nats_admin_nkey_seed are swapped/],
        [scene.admin.jwt, scene.facebox.seed, invalid, /nats_admin_nkey_seed is the seed of another user/],
        [account.jwt, account.seed, invalid, /nats_admin_jwt is an account, not a user/],
        ['not-a-jwt', scene.admin.seed, invalid, /nats_admin_jwt is not a JWT/],
        [expired.jwt, expired.seed, 'CREDENTIALS_EXPIRED', /nats_admin_jwt expired at 2026-01-02T03:04:04Z/],
        [early.jwt, early.seed, 'CREDENTIALS_NOT_YET_VALID', /nats_admin_jwt is not valid before 2026-01-02T04:04:05Z/],
      ]
      for (const [jwt, seed, code, message] of cases) {
        scene.store.set(adminNames[0], jwt)
        scene.store.set(adminNames[1], seed)
        await scene.assertRefused([], code, 10, message)
        assert.deepEqual(scene.machine.files(), [])
      }
    })

    it('bad values of flags', async () => {
      for (const ttl of ['soon', '-1h', '0', '', '1 fortnight'])
        await scene.assertRefused([`--ttl=${ttl}`], 'USAGE', 2, /--ttl/)
      await scene.assertRefused(['--ttl', '10ms'], 'USAGE', 2, /--ttl 10ms is too short: give at least 1s/)
      await scene.assertRefused(['--service', '../admin'], 'USAGE', 2, /--service/)
      await scene.assertRefused(['--service', 'a', '--system'], 'USAGE', 2, /--system|--service/)
      assert.deepEqual(scene.store.calls, [])
    })

    it('a runtime folder that others can write to', async () => {
      mkdirSync(scene.machine.path('run/natsops'))
      chmodSync(scene.machine.path('run/natsops'), 0o777)
      await scene.assertRefused([], 'FOLDER_NOT_PRIVATE', 3, /run\/natsops lets others write to it/)
    })

    it('a creds folder that is a symlink', async () => {
      mkdirSync(scene.machine.path('run/natsops'), {mode: 0o700})
      mkdirSync(scene.machine.path('work/elsewhere'))
      symlinkSync(scene.machine.path('work/elsewhere'), scene.machine.path('run/natsops/creds'))
      await scene.assertRefused([], 'FOLDER_NOT_PRIVATE', 3, /natsops\/creds is a symlink/)
    })
  })
})
