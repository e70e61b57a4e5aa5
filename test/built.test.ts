import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
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

  const run = (...argv: readonly string[]) =>
    execFileSync(process.execPath, [join(process.cwd(), 'bin/run.js'), ...argv], {
      cwd: folder,
      env: {PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true'},
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
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
