import assert from 'node:assert/strict'
import {execFileSync, spawnSync} from 'node:child_process'
import {globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, dirname, join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {downLab} from '../src/lib/ops/lab.ts'
import {eventually} from './support/eventually.ts'
import {createHome, type TestHome} from './support/lab.ts'
import {newestNatsServer} from './support/nats-servers.ts'
import {openPty} from './support/pty.ts'

const LICENCES = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense']
const LARGEST_PACKED = 4_000_000
const LARGEST_INSTALLED = 20_000_000
const OWN_FILES =
  /^(bin\/run\.js|dist\/.*\.(js|js\.map)|dist\/(help\.json|\.built|THIRD-PARTY-NOTICES\.txt)|docs\/.*\.(md|svg)|oclif\.manifest\.json|README\.md|LICENSE|package\.json)$/

interface PackageJson {
  readonly name: string
  readonly license?: string
  readonly scripts?: Readonly<Record<string, string>>
}

/** As a stranger has it: packed, installed with no network into an empty prefix, run by a user who has nothing. */
describe('the package', () => {
  let folder: string
  let home: TestHome
  let files: readonly string[]
  let packedSize: number
  let installed: string
  let bin: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-packed-'))
    home = await createHome()
    const npm = (...argv: readonly string[]) =>
      execFileSync('npm', argv, {
        env: {PATH: process.env.PATH, HOME: join(folder, 'home')},
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    const [packed] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder))
    files = packed.files.map(({path}: {path: string}) => path)
    packedSize = packed.size
    npm('install', '--global', '--offline', '--prefix', join(folder, 'prefix'), join(folder, packed.filename))
    installed = join(folder, 'prefix/lib/node_modules')
    bin = join(folder, 'prefix/bin/natsops')
  })
  after(async () => {
    if (home) await downLab(home.context, 'lab').catch(() => {})
    await home?.remove()
    rmSync(folder, {recursive: true, force: true})
  })

  /** On the Node that runs this, by the first line of the installed program. */
  const variables = () => ({...home.variables, PATH: [dirname(process.execPath), home.variables.PATH].join(delimiter)})
  const run = (argv: readonly string[], {cwd = folder, env = {}} = {}) => {
    const {status, stdout, stderr} = spawnSync(bin, argv, {cwd, env: {...variables(), ...env}, encoding: 'utf8'})
    return {status, stdout, stderr}
  }
  const succeed = (...argv: readonly string[]) => {
    const {status, stdout, stderr} = run(argv)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const packages = () =>
    globSync(['*/package.json', '**/node_modules/{*,@*/*}/package.json'], {cwd: installed}).map((file) => ({
      file: join(installed, file),
      json: JSON.parse(readFileSync(join(installed, file), 'utf8')) as PackageJson,
    }))

  it('has what it needs and nothing else', () => {
    const dependencies = files.filter((file) => file.startsWith('node_modules/'))
    const own = files.filter((file) => !dependencies.includes(file))
    assert.deepEqual(
      own.filter((file) => !OWN_FILES.test(file)),
      [],
    )
    for (const file of ['bin/run.js', 'dist/help.json', 'dist/THIRD-PARTY-NOTICES.txt', 'LICENSE']) {
      assert.ok(own.includes(file), file)
    }
    const names = dependencies.map((file) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(file)?.[1])
    assert.deepEqual([...new Set(names)].sort(), [
      '@nats-io/jwt',
      '@nats-io/nkeys',
      'ansi-regex',
      'get-east-asian-width',
      'nats',
      'nkeys.js',
      'string-width',
      'strip-ansi',
      'tweetnacl',
    ])
  })

  it('has the pages that its help, its errors and its README name', () => {
    const code = files.filter((file) => /^dist\/.*\.(js|json)$/.test(file))
    const texts = ['README.md', ...code].map((file) => readFileSync(join(installed, 'natsops', file), 'utf8'))
    const named = new Set(texts.flatMap((text) => text.match(/\bdocs\/[a-z0-9/-]+\.(md|svg)\b/g) ?? []))
    assert.ok(named.size > 20, `${named.size} pages`)
    assert.deepEqual(
      [...named].filter((page) => !files.includes(page)),
      [],
    )
  })

  it('is no larger than docs/dependencies.md says', () => {
    const sizes = globSync('**', {cwd: installed, withFileTypes: true})
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
    const size = sizes.reduce((sum, one) => sum + one, 0)
    assert.ok(packedSize < LARGEST_PACKED, `${packedSize} bytes packed`)
    assert.ok(size < LARGEST_INSTALLED, `${size} bytes installed`)
  })

  it('runs nothing when it is installed', () => {
    assert.equal(packages().length, 10)
    for (const {file, json} of packages()) {
      for (const script of ['preinstall', 'install', 'postinstall'])
        assert.equal(json.scripts?.[script], undefined, file)
    }
    assert.deepEqual(globSync('**/{binding.gyp,*.node}', {cwd: installed}), [])
  })

  it('names the licence of all code in it, each one that may be passed on', () => {
    const notices = readFileSync(join(installed, 'natsops/dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
    const [, list = ''] = notices.split('\n\n')
    const bundled = list.split('\n').map((line) => /^(\S+) \S+ \((.+)\)$/.exec(line) ?? assert.fail(line))
    assert.ok(bundled.some(([, name]) => name === '@aws-sdk/client-ec2'))
    assert.ok(bundled.some(([, name]) => name === 'ink'))
    for (const [, name, licence = ''] of bundled) assert.ok(LICENCES.includes(licence), `${name}: ${licence}`)
    for (const {file, json} of packages())
      assert.ok(LICENCES.includes(json.license ?? 'none'), `${file}: ${json.license}`)
  })

  it('says its version and its help, and what is missing where Node is too old', () => {
    assert.match(succeed('--version'), /^natsops\/\d/)
    assert.match(succeed('health', '--help'), /^USAGE\n {2}\$ natsops health /m)
    const old = join(folder, 'old.mjs')
    writeFileSync(old, `Object.defineProperty(process, 'versions', {value: {...process.versions, node: '20.19.0'}})`)
    const {status, stderr} = run(['health'], {env: {NODE_OPTIONS: `--import ${pathToFileURL(old).href}`}})
    assert.match(stderr, /^error: natsops needs Node 22.18 or newer, this is 20.19.0\n {2}try: install a newer Node/)
    assert.equal(status, 1)
  })

  it('is not moved by what developers of its packages set in their environment', () => {
    const {status, stdout, stderr} = run(['cluster', 'list', '--json'], {env: {NODE_ENV: 'development', DEV: 'true'}})
    assert.deepEqual([status, stderr], [0, ''])
    assert.deepEqual(JSON.parse(stdout).clusters, [])
  })

  it('measures names of any script on a terminal', async () => {
    const cwd = join(folder, '東京')
    mkdirSync(cwd)
    writeFileSync(join(cwd, 'natsops.yaml'), 'clusters:\n  somewhere: {nodes: 5}\n')
    const shell = ['sh', '-c', `cd '${cwd}' && exec '${bin}' cluster list`]
    const pty = openPty(shell, {columns: 120, rows: 24, variables: variables()})
    assert.equal((await pty.ended).status, 0)
    assert.match(pty.lines().join(''), /somewhere .*東京/)
  })

  it('makes keys and credentials, runs a lab, speaks NATS with it and shows it on a full screen', async () => {
    succeed('config', 'init')
    succeed('auth', 'init', '--store', 'files', '--confirm', 'nats-prod')
    assert.match(succeed('creds', 'show', 'auth/creds/admin.creds'), /admin/)

    succeed('lab', 'up', '--nats-server', newestNatsServer().path)
    const {servers} = JSON.parse(succeed('report', 'jetstream', '--cluster', 'lab', '--source', 'system', '--json'))
    assert.equal(servers.length, 3)
    const top = [bin, 'top', '--cluster', 'lab', '--no-aws', '--interval', '500ms']
    const pty = openPty(top, {columns: 80, rows: 24, variables: {...variables(), DEV: 'true'}})
    try {
      await eventually('the nodes are shown', () => /lab-node-3/.test(pty.lines().join('\n')))
      pty.press('q')
      assert.deepEqual(await pty.ended, {status: 0, restored: true})
    } finally {
      pty.kill()
    }
    succeed('lab', 'down')
  })
})
