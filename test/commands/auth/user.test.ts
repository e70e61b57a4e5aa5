import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import AuthInit from '../../../src/commands/auth/init.ts'
import AuthUserAdd from '../../../src/commands/auth/user/add.ts'
import AuthUserList from '../../../src/commands/auth/user/list.ts'
import AuthUserRevoke from '../../../src/commands/auth/user/revoke.ts'
import AuthUserRotate from '../../../src/commands/auth/user/rotate.ts'
import {readAccount} from '../../../src/lib/author/accounts-jwt.ts'
import {readPreload} from '../../../src/lib/author/preload.ts'
import type {IssuedRecord} from '../../../src/lib/domain/auth-users.ts'
import {decodeUserJwt} from '../../../src/lib/domain/user-claims.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {AuthScene} from '../../support/auth-scene.ts'
import {makeUser, secretsOf} from '../../support/credentials.ts'
import {runCommand} from '../../support/run.ts'

const JWT = '/nats-cluster/c/services/orders/nats_admin_jwt'
const SEED = '/nats-cluster/c/services/orders/nats_admin_nkey_seed'

describe('auth user', () => {
  let scene: AuthScene
  beforeEach(async () => {
    scene = new AuthScene()
    scene.machine.clock.time = Date.now()
    const {exitCode, stderr} = await run(AuthInit, '--confirm', 'c')
    assert.equal(exitCode, 0, stderr)
    scene.store.calls.length = 0
  })
  afterEach(() => scene[Symbol.dispose]())
  const run = (Command: Parameters<typeof runCommand>[0], ...argv: readonly string[]) =>
    runCommand(Command, ['--file', scene.file, ...argv], scene.wiring)
  const stored = async (name: string): Promise<string> => (await scene.store.get([name])).get(name)?.value ?? ''
  const claims = async () => {
    const decoded = decodeUserJwt(await stored(JWT))
    assert(decoded.ok)
    return decoded.claims
  }
  const records = (): readonly IssuedRecord[] => {
    const {users} = JSON.parse(readFileSync(scene.path('users.json'), 'utf8')) as {users: IssuedRecord[]}
    return users.filter(({user}) => user === 'orders')
  }
  const revocations = async (): Promise<Readonly<Record<string, number>>> => {
    const {accountJwts} = await readPreload(scene.path('preload.json'))
    const accounts = await Promise.all(Object.values(accountJwts).map(readAccount))
    return accounts.find((each) => each?.name === 'APP')?.revocations ?? {}
  }
  const rotate = (...argv: readonly string[]) => run(AuthUserRotate, 'orders', '--confirm', 'c', ...argv)
  /** Later than any JWT of this test: those tell the time of the machine, however long it takes. */
  const later = (): void => {
    scene.machine.clock.time += 3_600_000
  }

  describe('rotate', () => {
    it('replaces key and JWT, keeps the permissions, and puts the old key on record', async () => {
      const before = await claims()
      const {stdout, stderr, exitCode} = await rotate('--days', '30', '--json')
      assert.equal(exitCode, 0, stderr)
      const now = await claims()
      assert.notEqual(now.publicKey, before.publicKey)
      assert.deepEqual([now.account, now.publish, now.subscribe], [before.account, before.publish, before.subscribe])
      const {aws, ...report} = JSON.parse(stdout)
      assert.equal(aws.region, 'us-east-2')
      assert.deepEqual(report, {
        cluster: 'c',
        user: 'orders',
        account: 'APP',
        store: 'ssm',
        place: JWT,
        change: 'replaced',
        publicKey: now.publicKey,
        replaces: before.publicKey,
        expiresAt: new Date(now.expiresAt ?? 0).toISOString().replace('.000Z', 'Z'),
        dryRun: false,
      })
      assert(Math.abs((now.expiresAt ?? 0) - scene.machine.clock.time - 30 * 86_400_000) < 1000)
      assert.deepEqual(
        records().map(({publicKey, replacedAt}) => [publicKey, replacedAt === null]),
        [
          [before.publicKey, false],
          [now.publicKey, true],
        ],
      )
      assert.deepEqual(await revocations(), {})
    })

    it('changes nothing in a dry run, when it is declined, and without a terminal to ask on', async () => {
      const before = await stored(JWT)
      const outcomes = [
        await run(AuthUserRotate, 'orders', '--dry-run'),
        await run(AuthUserRotate, 'orders', '--confirm', 'd'),
        await run(AuthUserRotate, 'orders'),
      ]
      assert.deepEqual(
        outcomes.map(({exitCode}) => exitCode),
        [0, Exit.declined, Exit.usage],
      )
      assert.equal(await stored(JWT), before)
      assert.deepEqual(scene.written, [])
      assert.equal(records().length, 1)
    })

    it('leaves the old pair where the JWT is refused, and never counts the key in use as replaced', async () => {
      const [jwt, seed, before] = [await stored(JWT), await stored(SEED), await claims()]
      const {put} = scene.store
      scene.store.put = async (...call: Parameters<typeof put>) => {
        if (call[0] === JWT) throw new OpsError('denied', {code: 'AWS_DENIED', exit: Exit.auth})
        return put.apply(scene.store, call)
      }
      const {exitCode, stderr} = await rotate()
      assert.equal(exitCode, Exit.auth)
      assert.match(stderr, /\ncluster .*\nerror: denied\n {2}try: run the same command again/)
      assert.deepEqual([await stored(JWT), await stored(SEED)], [jwt, seed])
      const revoked = await run(AuthUserRevoke, 'orders')
      assert.equal(revoked.exitCode, Exit.notFound)
      scene.store.put = put
      assert.equal((await rotate()).exitCode, 0)
      assert.deepEqual(
        records().map(({replacedAt}) => replacedAt === null),
        [false, false, true],
      )
      assert.equal(records()[0]?.publicKey, before.publicKey)
    })

    it('says that the pair may be torn where it cannot be put back, or not be seen', async () => {
      const {put, get} = scene.store
      for (const broken of ['put', 'get'] as const) {
        let refused = false
        scene.store.put = async (...call: Parameters<typeof put>) => {
          if (call[0] === JWT || (broken === 'put' && refused)) {
            refused = true
            throw new OpsError('no answer', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
          }
          return put.apply(scene.store, call)
        }
        scene.store.get = async (names: readonly string[]) => {
          if (broken === 'get' && refused)
            throw new OpsError('silence', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
          return get.call(scene.store, names)
        }
        const {exitCode, stderr} = await rotate()
        assert.equal(exitCode, Exit.unreachable)
        assert.match(stderr, /error: no answer; \S+_seed may now be the seed of another key than \S+_jwt is for\n/)
        assert.match(stderr, /try: run the same command again/)
        Object.assign(scene.store, {put, get})
        assert.equal((await rotate()).exitCode, 0)
      }
    })

    it('takes a lost answer for what it was: the JWT is written', async () => {
      const {put} = scene.store
      scene.store.put = async (...call: Parameters<typeof put>) => {
        const version = await put.apply(scene.store, call)
        if (call[0] === JWT) throw new OpsError('no answer', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
        return version
      }
      const before = await claims()
      assert.equal((await rotate()).exitCode, 0)
      assert.notEqual((await claims()).publicKey, before.publicKey)
    })

    it('does not replace credentials of another account without --force, nor what is not there', async () => {
      const stranger = await makeUser()
      scene.store.set(JWT, stranger.jwt)
      scene.store.set(SEED, stranger.seed)
      const foreign = await rotate()
      assert.equal(foreign.exitCode, Exit.refused)
      assert.match(foreign.stderr, new RegExp(`the credentials of orders are of the account ${stranger.account}`))
      assert.equal((await rotate('--force')).exitCode, 0)
      await scene.store.delete(JWT)
      const missing = await rotate()
      assert.equal(missing.exitCode, Exit.notFound)
      assert.match(missing.stderr, /orders has no credentials to rotate\n {2}try: natsops auth user add orders\n$/)
    })

    it('shows no secret', async () => {
      const outcomes = [await rotate('--debug'), await rotate('--json')]
      const secrets = secretsOf({jwt: await stored(JWT), seed: await stored(SEED)})
      for (const {stdout, stderr} of outcomes) {
        for (const secret of secrets) assert(!`${stdout}${stderr}`.includes(secret))
      }
    })

    it('refuses a JWT that is longer than a parameter, before it writes one', async () => {
      const subjects = Array.from({length: 200}, (_, index) => `a.long.subject.of.many.${index}`)
      scene.describe(
        `{mode: operator, services: [{name: orders, permissions: {publish: ${JSON.stringify(subjects)}}}]}`,
      )
      const {exitCode, stderr} = await rotate()
      assert.equal(exitCode, Exit.refused)
      assert.match(stderr, /the JWT of orders has \d+ bytes, SSM takes 4096/)
      assert.deepEqual(scene.written, [])
    })
  })

  describe('revoke', () => {
    it('revokes replaced keys and no other, and prints what to do on each node', async () => {
      const before = await claims()
      await rotate()
      later()
      const {stdout, stderr, exitCode} = await run(AuthUserRevoke, 'orders')
      assert.equal(exitCode, 0, stderr)
      assert.equal(stderr, `${before.publicKey} of orders is revoked in ${scene.path('preload.json')}\n`)
      assert.deepEqual(Object.keys(await revocations()), [before.publicKey])
      const lines = stdout.split('\n')
      assert.deepEqual(lines.slice(2, 6), [
        'copy\tc-node-1\tdeploy/nodes/c-node-1/preload.json to /etc/nats/preload.json',
        'run\tc-node-1\tnatsops node run c-node-1 --cluster c -- /usr/local/bin/nats-server -t -c /etc/nats/nats-server.conf',
        'run\tc-node-1\tnatsops node run c-node-1 --cluster c -- /usr/local/bin/nats-server --signal reload',
        'run\tc-node-1\tnatsops monitor varz --cluster c --node c-node-1',
      ])
      assert.deepEqual(
        lines.flatMap((line) => (line.startsWith('copy') ? [line.split('\t')[1]] : [])),
        ['c-node-1', 'c-node-2', 'c-node-3'],
      )
      const again = await run(AuthUserRevoke, 'orders')
      assert.match(again.stderr, /revoked already; the servers may not know it yet/)
      assert.equal(again.stdout, stdout)
    })

    it('does not lock a user out without --current', async () => {
      const {publicKey} = await claims()
      const nothing = await run(AuthUserRevoke, 'orders')
      assert.equal(nothing.exitCode, Exit.notFound)
      const named = await run(AuthUserRevoke, 'orders', '--key', publicKey)
      assert.equal(named.exitCode, Exit.refused)
      assert.match(named.stderr, new RegExp(`${publicKey} is the key that orders has now`))
      const wrong = await run(AuthUserRevoke, 'orders', '--key', 'UABC')
      assert.equal(wrong.exitCode, Exit.usage)
      assert.deepEqual(await revocations(), {})
      const dry = await run(AuthUserRevoke, 'orders', '--current', '--dry-run', '--json')
      assert.deepEqual(JSON.parse(dry.stdout).revoked, [publicKey])
      assert.deepEqual(await revocations(), {})
      later()
      assert.equal((await run(AuthUserRevoke, 'orders', '--current')).exitCode, 0)
      assert.deepEqual(Object.keys(await revocations()), [publicKey])
      const {stdout} = await run(AuthUserList, '--json')
      assert.equal(JSON.parse(stdout).users.find(({user}: {user: string}) => user === 'orders').state, 'revoked')
    })

    it('revokes a key that is not on record, and those of a service that is described no more', async () => {
      const stranger = await makeUser()
      assert.equal((await run(AuthUserRevoke, 'orders', '--key', stranger.publicKey)).exitCode, 0)
      const {publicKey} = await claims()
      scene.describe('{mode: operator, services: []}')
      assert.equal((await run(AuthUserRevoke, 'orders', '--current')).exitCode, 0)
      assert.deepEqual(Object.keys(await revocations()).sort(), [stranger.publicKey, publicKey].sort())
    })
  })

  describe('add', () => {
    it('gives a service that was described later its credentials, and leaves those that are there', async () => {
      scene.describe(
        '{mode: operator, services: [{name: orders, permissions: {publish: [orders.>], respond: true}}, {name: late}]}',
      )
      const {exitCode, stderr} = await run(AuthUserAdd, 'late', '--confirm', 'c')
      assert.equal(exitCode, 0, stderr)
      assert.deepEqual(scene.written, [SEED.replace('orders', 'late'), JWT.replace('orders', 'late')])
      const {stdout} = await run(AuthUserAdd, 'orders', '--json')
      assert.equal(JSON.parse(stdout).change, 'kept')
      assert.equal(scene.written.length, 2)
    })

    it('refuses credentials that differ from the description, and names that are not described', async () => {
      scene.describe('{mode: operator, services: [{name: orders}]}')
      const differs = await run(AuthUserAdd, 'orders', '--confirm', 'c')
      assert.equal(differs.exitCode, Exit.refused)
      assert.match(differs.stderr, /are there and have other permissions than orders is described with/)
      const unknown = await run(AuthUserAdd, 'order', '--confirm', 'c')
      assert.equal(unknown.exitCode, Exit.usage)
      assert.match(unknown.stderr, /"order" is no user of c: system, admin, orders\n {2}try: did you mean orders/)
    })
  })

  describe('list', () => {
    it('shows every key with its state', async () => {
      const first = await claims()
      await rotate()
      later()
      await run(AuthUserRevoke, 'orders')
      const second = await claims()
      await rotate()
      const third = await claims()
      await scene.store.delete('/nats-cluster/c/admin/nats_admin_jwt')
      const {stdout} = await run(AuthUserList)
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
      assert.deepEqual(rows.map(([state, user, account, , , key]) => [state, user, account, key]).slice(1), [
        ['missing', 'admin', 'APP', '-'],
        ['replaced', 'admin', 'APP', rows[2]?.[5]],
        ['current', 'orders', 'APP', third.publicKey],
        ['revoked', 'orders', 'APP', first.publicKey],
        ['replaced', 'orders', 'APP', second.publicKey],
      ])
    })
  })
})
