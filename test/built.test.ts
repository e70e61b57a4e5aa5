import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {globSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {readManifest} from '../script/manifest.ts'

/** What a bundler can break and no test of the sources sees. */
describe('the build', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-built-'))
  })
  after(() => rmSync(folder, {recursive: true}))

  it('has every command, and each can be loaded', async () => {
    const commands: Record<string, {relativePath: string[]}> = JSON.parse(readManifest()).commands
    for (const [id, {relativePath}] of Object.entries(commands)) {
      const {default: Command} = await import(pathToFileURL(join(...relativePath)).href)
      assert.equal(typeof Command?.prototype?.run, 'function', id)
    }
  })

  it('has no command that loads an AWS client before its first call, and no adapter that loads two', () => {
    const commands = globSync('dist/commands/**/*.js').flatMap((file) => clientsLoadedBy(file))
    assert.deepEqual(commands, [])
    const adapters = ['auto-scaling', 'ec2', 'launch-templates', 'logs', 'run-command', 'sessions', 'ssm', 'sts'].map(
      (name) => [name, ...globSync(`dist/chunks/${name}-*.js`).flatMap((file) => clientsLoadedBy(file))],
    )
    assert.deepEqual(adapters, [
      ['auto-scaling', 'client-auto-scaling'],
      ['ec2', 'client-ec2'],
      ['launch-templates', 'client-ec2'],
      ['logs', 'client-cloudwatch-logs'],
      ['run-command', 'client-ssm'],
      ['sessions', 'client-ssm'],
      ['ssm', 'client-ssm'],
      ['sts', 'client-sts'],
    ])
  })

  it('has of EC2 what natsops asks for', () => {
    const bytes = globSync('dist/chunks/*.js')
      .map((file) => readFileSync(file, 'utf8'))
      .filter((text) => text.includes('/@aws-sdk/client-ec2/'))
      .reduce((sum, text) => sum + text.length, 0)
    assert.ok(bytes < 200_000, `${bytes} bytes`)
  })

  const run = (...argv: readonly string[]) => runNode(join(process.cwd(), 'bin/run.js'), ...argv)
  const runNode = (...argv: readonly string[]) =>
    execFileSync(process.execPath, argv, {
      cwd: folder,
      env: {PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true'},
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  it('loads of Node what a command needs, and nothing because of how it is imported', () => {
    const tell = "process.on('exit', () => console.log(JSON.stringify(process.moduleLoadList)))"
    const program = join(process.cwd(), 'bin/run.js')
    const lines = runNode('--import', `data:text/javascript,${tell}`, program, 'cluster', 'list').trim().split('\n')
    const loaded: readonly string[] = JSON.parse(lines.at(-1) ?? '')
    assert.ok(loaded.includes('NativeModule fs/promises'))
    const needless = ['child_process', 'crypto', 'http', 'internal/deps/undici/undici', 'zlib']
    assert.deepEqual(
      needless.filter((name) => loaded.includes(`NativeModule ${name}`)),
      [],
    )
  })

  it('reads YAML, makes certificates, keys and configurations, and checks them', () => {
    writeFileSync(join(folder, 'natsops.yaml'), 'clusters:\n  somewhere: {nodes: 5}\n')
    assert.match(run('cluster', 'list'), /^somewhere\t-\t5\t/)
    run('config', 'init')
    run('cert', 'generate')
    run('auth', 'init', '--store', 'files', '--confirm', 'nats-prod')
    run('config', 'generate', '--out', 'deploy')
    assert.match(run('cert', 'check', 'tls'), /\S/)
  })
})

/** AWS clients in a built file and in all that it imports before it runs, by the bundler's notes of where a part is from. */
function clientsLoadedBy(file: string): readonly string[] {
  const files = new Set([file])
  const clients = new Set<string>()
  for (const each of files) {
    const text = readFileSync(each, 'utf8')
    for (const [, path = ''] of text.matchAll(/^(?:import|export)\b[^"]*"(\.[^"]+)"/gm))
      files.add(join(dirname(each), path))
    for (const [, client = ''] of text.matchAll(/^\/\/ node_modules\/@aws-sdk\/(client-[\w-]+)\//gm))
      clients.add(client)
  }
  return [...clients].sort()
}
