import assert from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import AuthInit from '../../../src/commands/auth/init.ts'
import {readAccount, readOperator} from '../../../src/lib/author/accounts-jwt.ts'
import {readPreload} from '../../../src/lib/author/preload.ts'
import {decodeUserJwt} from '../../../src/lib/domain/user-claims.ts'
import {Exit, InterruptedError} from '../../../src/lib/errors.ts'
import {ACCOUNT, ARN, AuthScene} from '../../support/auth-scene.ts'
import {makeUser} from '../../support/credentials.ts'
import {runCommand} from '../../support/run.ts'

const SSM = '/nats-cluster/c'
const PARAMETERS = [
  `${SSM}/admin/nats_sys_nkey_seed`,
  `${SSM}/admin/nats_sys_jwt`,
  `${SSM}/admin/nats_admin_nkey_seed`,
  `${SSM}/admin/nats_admin_jwt`,
  `${SSM}/services/orders/nats_admin_nkey_seed`,
  `${SSM}/services/orders/nats_admin_jwt`,
  `${SSM}/services/orders/nats_host`,
]

describe('auth init', () => {
  let scene: AuthScene
  beforeEach(() => {
    scene = new AuthScene()
  })
  afterEach(() => scene[Symbol.dispose]())
  const run = (...argv: readonly string[]) => runCommand(AuthInit, ['--file', scene.file, ...argv], scene.wiring)
  const agreed = (...argv: readonly string[]) => run('--confirm', 'c', ...argv)
  const parameter = async (name: string): Promise<string> => (await scene.store.get([name])).get(name)?.value ?? ''
  const seeds = (): readonly string[] =>
    ['root', 'signing'].flatMap((use) =>
      readdirSync(scene.path('keys', use)).map((name) => readFileSync(scene.path('keys', use, name), 'utf8').trim()),
    )

  it('makes keys, users and hosts, and the preload last; a second run changes nothing', async () => {
    const {stdout, stderr, exitCode} = await agreed()
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(scene.written, PARAMETERS)
    const keys = scene.path('keys')
    assert.equal(
      stdout,
      `made\tkey\toperator root\t${keys}/root/operator.nk
made\tkey\tSYS root\t${keys}/root/account-SYS.nk
made\tkey\tAPP root\t${keys}/root/account-APP.nk
made\tkey\toperator signing\t${keys}/signing/operator.nk
made\tkey\tSYS signing\t${keys}/signing/account-SYS.nk
made\tkey\tAPP signing\t${keys}/signing/account-APP.nk
made\tuser\tsystem\t${SSM}/admin/nats_sys_jwt
made\tuser\tadmin\t${SSM}/admin/nats_admin_jwt
made\tuser\torders\t${SSM}/services/orders/nats_admin_jwt
made\thost\torders\t${SSM}/services/orders/nats_host
made\tpreload\tpreload\t${scene.path('preload.json')}
`,
    )
    assert.equal(
      stderr,
      `cluster c in us-east-2, account ${ACCOUNT} as ${ARN}
warning: who has ${keys}/root is this authority: move it to where nobody works with it
${keys}/signing makes and revokes users: keep it encrypted, off the servers
`,
    )
    const before = readFileSync(scene.path('preload.json'), 'utf8')
    const again = await agreed()
    assert.equal(again.stderr, 'everything is there already\n')
    assert.match(again.stdout, /^(kept\t.*\n){5}$/)
    assert.deepEqual(scene.written, PARAMETERS)
    assert.equal(readFileSync(scene.path('preload.json'), 'utf8'), before)
  })

  it('signs accounts by the operator’s signing key and users by their account’s', async () => {
    await agreed()
    const preload = await readPreload(scene.path('preload.json'))
    const operator = await readOperator(preload.operatorJwt)
    const accounts = await Promise.all(Object.values(preload.accountJwts).map(readAccount))
    const [system, application] = ['SYS', 'APP'].map((name) => accounts.find((each) => each?.name === name))
    assert.equal(operator?.name, 'c')
    assert.equal(operator?.systemAccount, system?.publicKey)
    for (const account of [system, application]) assert.deepEqual([account?.issuer], operator?.signingKeys)
    assert.deepEqual(system?.jetStream, {memoryStorage: 0, fileStorage: 0, streams: 0, consumers: 0})
    assert.deepEqual(application?.jetStream, {memoryStorage: -1, fileStorage: -1, streams: -1, consumers: -1})
    const decoded = decodeUserJwt(await parameter(`${SSM}/services/orders/nats_admin_jwt`))
    assert(decoded.ok)
    const {account, signingKey, publish, subscribe, responses} = decoded.claims
    assert.deepEqual([account, [signingKey]], [application?.publicKey, application?.signingKeys])
    assert.deepEqual(
      {publish, subscribe, responses},
      {publish: {allow: ['orders.>'], deny: []}, subscribe: {allow: [], deny: ['>']}, responses: {max: 1, ttlMs: 0}},
    )
    assert.equal(
      await parameter(`${SSM}/services/orders/nats_host`),
      'nats://c-node-1.c.internal:4222,nats://c-node-2.c.internal:4222,nats://c-node-3.c.internal:4222',
    )
  })

  it('keeps keys from others and from version control, and shows none of them', async () => {
    const outcomes = [await agreed('--debug'), await agreed('--json'), await run('--dry-run', '--json')]
    const secrets = [...seeds(), await parameter(PARAMETERS[0]!), await parameter(PARAMETERS[1]!)]
    assert.equal(secrets.length, 8)
    for (const {stdout, stderr} of outcomes) {
      for (const secret of secrets) assert(!`${stdout}${stderr}`.includes(secret))
    }
    for (const name of ['keys', 'keys/root', 'keys/signing'])
      assert.equal(statSync(scene.path(name)).mode & 0o777, 0o700)
    assert.equal(statSync(scene.path('keys/root/operator.nk')).mode & 0o777, 0o600)
    assert.equal(readFileSync(scene.path('keys/.gitignore'), 'utf8'), '*\n')
    const public_ = readFileSync(scene.path('preload.json'), 'utf8') + readFileSync(scene.path('users.json'), 'utf8')
    for (const secret of secrets) assert(!public_.includes(secret))
    assert.equal((await scene.store.get([PARAMETERS[0]!])).get(PARAMETERS[0]!)?.secure, true)
  })

  it('writes nothing in a dry run, when it is declined, or when nobody can be asked', async () => {
    const outcomes = [await run('--dry-run'), await run('--confirm', 'other'), await run()]
    assert.deepEqual(
      outcomes.map(({exitCode}) => exitCode),
      [0, Exit.declined, Exit.usage],
    )
    assert.deepEqual(scene.written, [])
    assert.equal(existsSync(scene.path()), false)
    assert.match(
      outcomes[0]!.stderr,
      /^cluster c in us-east-2, account 123456789012 as .*\ndry run: nothing was written\n$/,
    )
    assert.match(outcomes[2]!.stderr, /try: add --confirm c\n$/)
  })

  it('goes on where SSM refused, with the keys and the users that were made', async () => {
    const {put} = scene.store
    scene.store.put = async (...[name, ...rest]: Parameters<typeof put>) => {
      if (name.endsWith('orders/nats_admin_jwt')) scene.store.refusal = new Error('no network')
      return put.call(scene.store, name, ...rest)
    }
    const failed = await agreed()
    assert.equal(failed.exitCode, Exit.bug)
    assert.equal(existsSync(scene.path('preload.json')), false)
    scene.store.refusal = undefined
    scene.store.put = put
    scene.store.calls.length = 0
    const before = seeds()
    const {stdout, exitCode, stderr} = await agreed()
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(seeds(), before)
    assert.deepEqual(scene.written, PARAMETERS.slice(4))
    assert.equal(stdout.match(/^kept/gm)?.length, 8)
  })

  it('stops between two users at Ctrl-C, and says how to go on', async () => {
    const {put} = scene.store
    scene.store.put = async (...call: Parameters<typeof put>) => {
      scene.interruption.abort(new InterruptedError('SIGINT'))
      return put.apply(scene.store, call)
    }
    const {exitCode, stderr} = await agreed()
    assert.equal(exitCode, Exit.interrupted)
    assert.match(stderr, /run the same command again: it goes on where this one ended\nerror: interrupted by SIGINT\n$/)
    assert.deepEqual(scene.written, PARAMETERS.slice(0, 2))
    assert.equal(existsSync(scene.path('preload.json')), false)
  })

  it('refuses what is there and differs, all of it at once, and replaces it with --force', async () => {
    const stranger = await makeUser()
    scene.store.set(`${SSM}/admin/nats_admin_jwt`, stranger.jwt)
    scene.store.set(`${SSM}/admin/nats_admin_nkey_seed`, stranger.seed)
    scene.store.set(`${SSM}/services/orders/nats_host`, 'elsewhere:4222')
    const refused = await agreed()
    assert.equal(refused.exitCode, Exit.refused)
    assert.equal(
      refused.stderr,
      `error: what is there differs from the description
  the credentials of admin are of another account, ${stranger.account}
  the list of servers for orders is another one
  try: check --file and --region: is it the right cluster
  try: replace what differs with --force
`,
    )
    assert.deepEqual(scene.written, [])
    assert.equal(existsSync(scene.path()), false)
    const {exitCode, stderr} = await agreed('--force')
    assert.equal(exitCode, 0, stderr)
    assert.notEqual(await parameter(`${SSM}/admin/nats_admin_jwt`), stranger.jwt)
  })

  it('signs an account anew when its limits are described differently, with --force only', async () => {
    await agreed()
    scene.describe('{mode: operator, accountLimits: {streams: 7}, services: []}')
    const refused = await agreed()
    assert.match(refused.stderr, /the application account has other limits than described/)
    const {exitCode} = await agreed('--force')
    assert.equal(exitCode, 0)
    const preload = await readPreload(scene.path('preload.json'))
    const accounts = await Promise.all(Object.values(preload.accountJwts).map(readAccount))
    assert.equal(accounts.find((each) => each?.name === 'APP')?.jetStream.streams, 7)
  })

  it('keeps users in files of their own where there is no AWS, and asks nobody', async () => {
    const {exitCode, stderr} = await run('--store', 'files', '--out', join(scene.folder, 'safe'))
    assert.equal(exitCode, 0, stderr)
    assert.deepEqual(scene.store.calls, [])
    assert.deepEqual(readdirSync(scene.path('creds')).sort(), ['.gitignore', 'admin.creds', 'services', 'system.creds'])
    assert.equal(statSync(scene.path('creds/services/orders.creds')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(scene.folder, 'safe')).sort(), ['.gitignore', 'root', 'signing'])
  })

  it('works on without the root keys, and will not make others where the preload is gone', async () => {
    await agreed()
    rmSync(scene.path('keys/root'), {recursive: true})
    assert.equal((await agreed()).exitCode, 0)
    rmSync(scene.path('preload.json'))
    const {exitCode, stderr} = await agreed()
    assert.equal(exitCode, Exit.refused)
    assert.match(stderr, /signing\/operator\.nk belongs to an authority of which .*preload\.json is missing/)
  })

  for (const [what, prepare, status, said] of [
    [
      'the preload of another operator',
      () => scene.describe('{mode: operator, operator: other}'),
      Exit.refused,
      /is of the operator "c", the description says other/,
    ],
    [
      'an account that the preload lacks',
      () => scene.describe('{mode: operator, account: MORE}'),
      Exit.refused,
      /is of the account "APP", the description says MORE/,
    ],
    [
      'a damaged preload',
      () => writeFileSync(scene.path('preload.json'), '{}'),
      Exit.usage,
      /does not hold an operator's JWT/,
    ],
    ['another auth.mode', () => scene.describe('{mode: none}'), Exit.usage, /describes auth\.mode none/],
    ['two accounts of one name', () => scene.describe('{mode: operator, account: sys}'), Exit.usage, /are both sys/],
    [
      'a service that is called admin',
      () => scene.describe('{mode: operator, services: [{name: admin}]}'),
      Exit.usage,
      /cannot be called admin/,
    ],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await agreed()
      prepare()
      scene.store.calls.length = 0
      const {exitCode, stderr} = await agreed('--force')
      assert.equal(exitCode, status, stderr)
      assert.match(stderr, said)
      assert.deepEqual(scene.written, [])
    })
  }

  it('says which key it misses, and takes none of another authority', async () => {
    await agreed()
    scene.describe('{mode: operator, services: [{name: late}]}')
    rmSync(scene.path('keys/signing/account-APP.nk'))
    const missing = await agreed()
    assert.equal(missing.exitCode, Exit.notFound)
    assert.match(missing.stderr, /the signing key of the account APP is not at .*account-APP\.nk/)
    writeFileSync(scene.path('keys/signing/account-APP.nk'), readFileSync(scene.path('keys/signing/account-SYS.nk')))
    const wrong = await agreed()
    assert.equal(wrong.exitCode, Exit.usage)
    assert.match(wrong.stderr, /account-APP\.nk is not a signing key of the account APP/)
  })
})
