import assert from 'node:assert/strict'
import {chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import ServiceSwitch from '../../../src/commands/service/switch.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'
import {BASE, HOSTS, ServiceScene} from '../../support/services.ts'
import {CLOUD, hosted, serviceModule, servicesFile} from '../../support/terraform.ts'

describe('service switch', () => {
  let scene: ServiceScene
  let folder: ReturnType<typeof temporaryFolder>
  let file: string
  beforeEach(() => {
    scene = new ServiceScene()
    folder = temporaryFolder({'services.tf': servicesFile()})
    file = join(folder.path, 'services.tf')
    chmodSync(file, 0o640)
  })
  afterEach(() => {
    scene[Symbol.dispose]()
    folder[Symbol.dispose]()
  })
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(ServiceSwitch, ['--file', file, ...argv], scene.wiring, options)
  const move = (...argv: readonly string[]) => run(['facebox', '--cluster', 'c', ...argv])
  const content = () => readFileSync(file, 'utf8')
  const untouched = () => {
    assert.equal(content(), servicesFile())
    assert.deepEqual(readdirSync(folder.path), ['services.tf'])
  }

  it('changes the file and shows how, keeps its mode, and does nothing the second time', async () => {
    await scene.add('facebox')
    const {stdout, stderr, exitCode} = await move()
    assert.equal(exitCode, 0)
    assert.equal(content(), servicesFile().replace(CLOUD, hosted('facebox')))
    assert.equal(statSync(file).mode & 0o777, 0o640)
    assert.deepEqual(readdirSync(folder.path), ['services.tf'])
    const shown = stdout.split('\n').filter((line) => /^[-+]/.test(line))
    assert.equal(shown.length, 4)
    assert.match(stderr, /services\.tf is changed: commit it, and Terraform moves facebox\n$/)

    scene.store.calls.length = 0
    const again = await move()
    assert.equal(again.stdout, `facebox uses ${hosted('facebox')} already: nothing to change\n`)
    assert.equal(again.exitCode, 0)
    assert.deepEqual(scene.store.calls, [])
  })

  it('shows the same with --dry-run and --json, and changes nothing', async () => {
    await scene.add('facebox')
    const dry = await move('--dry-run', '--json')
    untouched()
    const {diff, ...rest} = JSON.parse(dry.stdout)
    assert.deepEqual(rest, {
      file,
      service: 'facebox',
      module: 'facebox',
      line: 16,
      from: CLOUD,
      to: hosted('facebox'),
      dryRun: true,
      changed: false,
    })
    const real = JSON.parse((await move('--json')).stdout)
    assert.deepEqual(real, {...rest, dryRun: false, changed: true, diff})
  })

  it('goes back to Synadia Cloud, whose parameters only Terraform knows the place of', async () => {
    writeFileSync(file, servicesFile().replace(CLOUD, hosted('facebox')))
    const without = await move('--to', 'synadia')
    assert.equal(without.exitCode, Exit.usage)
    assert.match(without.stderr, /^error: --to synadia needs --synadia-prefix/)
    const empty = await move('--to', 'synadia', '--synadia-prefix', '/nats')
    assert.equal(empty.exitCode, Exit.notFound)
    assert.match(empty.stderr, /there is no SSM parameter \/nats\/nats_host and no \/nats\/nats_admin_jwt/)
    const user = await scene.add('cloud')
    scene.store.set('/nats/nats_host', 'tls://connect.ngs.global')
    scene.store.set('/nats/nats_admin_jwt', user.jwt)
    scene.store.set('/nats/nats_admin_nkey_seed', user.seed)
    assert.equal((await move('--to', 'synadia', '--synadia-prefix', '/nats/')).exitCode, 0)
    untouched()
  })

  for (const [what, prepare, status, said] of [
    [
      'is not there',
      () => {},
      Exit.notFound,
      `there is no SSM parameter ${BASE}/facebox/nats_host and no ${BASE}/facebox/nats_admin_jwt and no ${BASE}/facebox/nats_admin_nkey_seed in us-east-2: facebox would not start`,
    ],
    [
      'lacks a seed',
      async () => {
        const {jwt} = await scene.add('other')
        scene.set('facebox', {host: HOSTS, jwt})
      },
      Exit.notFound,
      `there is no SSM parameter ${BASE}/facebox/nats_admin_nkey_seed in us-east-2: facebox would not start`,
    ],
    [
      'has expired',
      () => scene.add('facebox', {days: -1}),
      Exit.auth,
      `${BASE}/facebox/nats_admin_jwt expired at 2026-01-01T03:04:05Z`,
    ],
    [
      'has no hosts',
      async () => {
        await scene.add('facebox')
        scene.set('facebox', {host: '?'})
      },
      Exit.refused,
      `${BASE}/facebox/nats_host is not a list of NATS servers: "?"`,
    ],
  ] as const) {
    it(`leaves the file alone where the target ${what}`, async () => {
      await prepare()
      for (const argv of [[], ['--dry-run']]) {
        const {stdout, stderr, exitCode} = await move(...argv)
        assert.equal(exitCode, status)
        assert.equal(stdout, '')
        assert.equal(stderr.split('\n')[0], `error: ${said}`)
        untouched()
      }
    })
  }

  it('refuses what it does not understand, with file and line', async () => {
    writeFileSync(file, serviceModule('facebox', {value: 'local.base'}))
    const {stderr, exitCode} = await move()
    assert.equal(
      stderr,
      `error: ${file}:3: the value of nats_ssm_parameter_arn_base is not one string; nothing was changed\n  try: change this line by hand\n`,
    )
    assert.equal(exitCode, Exit.refused)
    writeFileSync(
      file,
      Buffer.concat([Buffer.from('# one\n# '), Buffer.from([0xe9]), Buffer.from(`\n${servicesFile()}`)]),
    )
    assert.match((await move()).stderr, /services\.tf:2: a character is not UTF-8; nothing was changed/)
    assert.deepEqual(scene.store.calls, [])
  })

  it('names the blocks it could be about', async () => {
    const {stderr, exitCode} = await run(['nobody', '--cluster', 'c'])
    assert.equal(exitCode, Exit.notFound)
    assert.match(
      stderr,
      /is of service nobody; nothing was changed\n {2}try: --module facebox \(line 16\)\n {2}try: --module messenger \(line 26\)\n$/,
    )
  })

  it('names a block so that a shell runs nothing of its name', async () => {
    writeFileSync(file, servicesFile().replace('module "facebox"', 'module "f;id"'))
    const {stderr} = await run(['nobody', '--cluster', 'c'])
    assert.match(stderr, /^ {2}try: --module 'f;id' \(line 16\)$/m)
  })

  it('writes where a symlink points, and leaves the symlink', async () => {
    await scene.add('facebox')
    const link = join(folder.path, 'link.tf')
    symlinkSync('services.tf', link)
    const {exitCode} = await runCommand(ServiceSwitch, ['facebox', '-c', 'c', '--file', link], scene.wiring)
    assert.equal(exitCode, 0)
    assert.equal(content(), servicesFile().replace(CLOUD, hosted('facebox')))
    assert.equal(readFileSync(link, 'utf8'), content())
  })

  it('does not write over what somebody else wrote meanwhile', async () => {
    await scene.add('facebox')
    const get = scene.store.get.bind(scene.store)
    scene.store.get = async (names) => {
      writeFileSync(file, `${servicesFile()}# mine\n`)
      return get(names)
    }
    const {stderr, exitCode} = await move()
    assert.match(stderr, /was changed while natsops looked at it: nothing was written/)
    assert.equal(exitCode, Exit.refused)
    assert.equal(content(), `${servicesFile()}# mine\n`)
  })

  it('shows with --check what each module uses, without AWS, whatever is in the file', async () => {
    writeFileSync(file, `${servicesFile()}${serviceModule('odd\u001b[31m', {value: 'var.x'})}`)
    const {stdout, exitCode} = await run(['--check', '--no-color'], {columns: 80})
    assert.deepEqual(stdout.split('\n'), [
      'LINE  MODULE       USES         REFERENCE',
      '  16  facebox      synadia      module.nats.ssm_prefix',
      '  26  messenger    self-hosted  module.nats_cluster.service_ssm_prefixes["messe…',
      '  31  odd\\x1b[31m  unknown      the value of nats_ssm_parameter_arn_base is not…',
      '',
    ])
    assert.equal(exitCode, 0)
    const {modules} = JSON.parse((await run(['--check', '--json'])).stdout)
    assert.deepEqual(modules[0], {module: 'facebox', line: 16, uses: 'synadia', detail: CLOUD})
    assert.deepEqual(scene.store.calls, [])
  })

  it('is refused on a command line that says too little or too much', async () => {
    for (const [argv, said] of [
      [[], 'missing argument NAME'],
      [['a/b'], '"a/b" is no name of a service'],
      [['facebox', '--to', 'elsewhere'], 'expected --to=elsewhere to be one of: self-hosted, synadia'],
      [['facebox', '--cluster-module', 'a b'], '--cluster-module "a b" is no name of a Terraform module'],
      [['facebox', '--to', 'synadia', '--synadia-prefix', 'nats'], '--synadia-prefix "nats" is no path of SSM'],
      [['--check', '--dry-run'], '--dry-run cannot be given together with --check'],
    ] as const) {
      const {stderr, exitCode} = await run(argv)
      assert.ok(stderr.startsWith(`error: ${said}`), stderr)
      assert.equal(exitCode, Exit.usage)
    }
    const missing = await runCommand(ServiceSwitch, ['facebox', '--file', '/nonexistent.tf'], scene.wiring)
    assert.deepEqual([missing.stderr, missing.exitCode], ['error: there is no file /nonexistent.tf\n', Exit.notFound])
  })
})
