import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readManifest} from '../../../script/manifest.ts'
import CompletionCommand from '../../../src/commands/completion/index.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import type {CompletableCommand} from '../../../src/lib/domain/completion.ts'
import {completeWords} from '../../../src/lib/ops/completion.ts'
import {emptyConfiguration, runCommand, runCommandLine} from '../../support/run.ts'

const clusters = `clusters:
  nats-prod: {nodes: 2}
  nats-staging: {}
`

describe('completion', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-completion-'))
    writeFileSync(join(folder, 'natsops.yaml'), clusters)
  })
  after(() => rmSync(folder, {recursive: true}))

  const configuration = () => openConfiguration({variables: {}, home: folder, cwd: folder, temporary: folder})
  const commands: readonly CompletableCommand[] = Object.values(JSON.parse(readManifest()).commands)
  const candidates = async (...words: string[]) => {
    const found = await completeWords(words, commands, configuration())
    return found === 'files' ? found : found.map(({value}) => value)
  }

  it('offers no name that a shell would run', async () => {
    const nodes = ['$(id)', '`id`', 'a;id', 'plain'].map((name) => `{name: '${name}', host: h}`).join(', ')
    writeFileSync(join(folder, 'natsops.yaml'), `${clusters}  hostile: {nodes: [${nodes}]}\n`)
    try {
      assert.deepEqual(await candidates('node', 'drain', '--cluster', 'hostile', ''), ['plain'])
    } finally {
      writeFileSync(join(folder, 'natsops.yaml'), clusters)
    }
  })

  it('knows commands, and the clusters and nodes of the configuration', async () => {
    assert.ok((await candidates('')).includes('health'))
    assert.ok(!(await candidates('completion', '')).includes('words'))
    assert.deepEqual(await candidates('node', 'drain', '--cluster', 'nats-prod', ''), [
      'nats-prod-node-1',
      'nats-prod-node-2',
    ])
    assert.ok((await candidates('health', '--cluster', '')).includes('nats-prod'))
    assert.equal(await candidates('creds', 'fetch', '--out', ''), 'files')
  })

  it('is silent about a configuration that cannot be read', async () => {
    writeFileSync(join(folder, 'natsops.yaml'), 'nonsense: [')
    try {
      assert.deepEqual(await candidates('health', '--cluster', ''), [])
    } finally {
      writeFileSync(join(folder, 'natsops.yaml'), clusters)
    }
  })

  it('says one candidate a line with what it is, and where the shell knows better', async () => {
    const list = await runCommandLine(['completion', 'words', '--', 'cluster', ''])
    assert.equal(
      list.stdout,
      'list\tList the clusters that configuration files and running labs name\n' +
        'show\tShow every value natsops would use for a cluster, and where each comes from\n',
    )
    assert.equal((await runCommandLine(['completion', 'words', '--', 'exec', '--', ''])).stdout, ':files\n')
  })

  it('refuses a shell it does not know, by name', async () => {
    const {stderr, exitCode} = await runCommand(CompletionCommand, ['tcsh'], {configuration: emptyConfiguration()})
    assert.match(stderr, /tcsh/)
    assert.equal(exitCode, 2)
  })

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it(`prints a script that ${shell} accepts`, async function () {
      const {stdout} = await runCommand(CompletionCommand, [shell], {configuration: emptyConfiguration()})
      const {error, status, stderr} = spawnSync(shell, ['-n'], {input: stdout, encoding: 'utf8'})
      if (error) return this.skip()
      assert.deepEqual([status, stderr], [0, ''])
    })
  }

  it('offers in bash what begins as it was typed, whole names with spaces in them', async function () {
    const {stdout: script} = await runCommand(CompletionCommand, ['bash'], {configuration: emptyConfiguration()})
    const asked = join(folder, 'asked')
    const fake = `natsops() { shift 2; printf '%s|' "$@" > '${asked}'; printf 'health\\tJudge\\nhelp me\\nroll\\tRoll\\n'; }`
    const press = `COMP_WORDS=(natsops --x "h"); COMP_CWORD=2; _natsops; printf '%s\\n' "\${COMPREPLY[@]}"`
    const {error, stdout, stderr} = spawnSync('bash', ['--norc'], {
      input: `${script}\n${fake}\n${press}\n`,
      encoding: 'utf8',
    })
    if (error) return this.skip()
    assert.deepEqual([stdout, stderr], ['health\nhelp me\n', ''])
  })
})
