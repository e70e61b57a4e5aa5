import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {readManifest} from '../../../script/manifest.ts'
import CompletionCommand from '../../../src/commands/completion/index.ts'
import {openConfiguration} from '../../../src/lib/config.ts'
import type {CompletableCommand} from '../../../src/lib/domain/completion.ts'
import {quoteForShell} from '../../../src/lib/domain/shell.ts'
import {faultNames} from '../../../src/lib/lab/faults.ts'
import {completeWords} from '../../../src/lib/ops/completion.ts'
import {eventually} from '../../support/eventually.ts'
import {openPty} from '../../support/pty.ts'
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
    return typeof found === 'string' ? found : found.map(({value}) => value)
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
    assert.equal(await candidates('cert', 'renew', ''), 'folders')
  })

  it('knows the faults of a lab, its nodes, and the rules of config check', async () => {
    assert.deepEqual(await candidates('lab', 'fault', 'on', ''), faultNames)
    assert.deepEqual(await candidates('lab', 'node', 'stop', ''), ['lab-node-1', 'lab-node-2', 'lab-node-3'])
    assert.ok((await candidates('config', 'check', '--ignore', '')).includes('monitor-exposed'))
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

  it('takes every word as it was typed and in its place, -- and repeated flags too', async () => {
    const offered = async (...words: string[]) => {
      const {stdout} = await runCommandLine(['completion', 'words', '--', ...words])
      return stdout.split('\n').map((line) => line.split('\t')[0])
    }
    for (const typed of [
      ['health', '--'],
      ['roll', '--cluster', 'c', '--'],
      ['health', '--json', '--help', '--'],
    ]) {
      assert.ok((await offered(...typed)).includes('--timeout'), typed.join(' '))
    }
    const nodes = ['c-node-1', 'c-node-2', 'c-node-3', '']
    assert.deepEqual(await offered('roll', '--cluster', 'c', '--node', 'c-node-1', '--node', ''), nodes)
  })

  it('refuses a shell it does not know, by name', async () => {
    const {stderr, exitCode} = await runCommand(CompletionCommand, ['tcsh'], {configuration: emptyConfiguration()})
    assert.match(stderr, /tcsh/)
    assert.equal(exitCode, 2)
  })

  /** natsops from the sources, as a shell starts it. */
  const program = quoteForShell([process.execPath, join(import.meta.dirname, '../../support/natsops.ts')])

  /** What the script of bash offers for the last word, asking natsops itself in the test's folder. */
  const pressInBash = async (...words: string[]): Promise<readonly string[]> => {
    const {stdout: script} = await runCommand(CompletionCommand, ['bash'], {configuration: emptyConfiguration()})
    const input = [
      script,
      `natsops() { ${program} "$@"; }`,
      `COMP_WORDS=(${quoteForShell(['natsops', ...words])})`,
      `COMP_CWORD=${words.length}`,
      '_natsops',
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
      '',
    ].join('\n')
    const environment = {...process.env, HOME: folder}
    const {stdout, stderr} = spawnSync('bash', ['--norc'], {input, cwd: folder, env: environment, encoding: 'utf8'})
    assert.equal(stderr, '')
    return stdout.trimEnd().split('\n')
  }

  it('offers in bash what natsops says of the words before', async () => {
    assert.ok((await pressInBash('health', '--')).includes('--cluster'))
    assert.ok((await pressInBash('roll', '--cluster', 'nats-prod', '--')).includes('--node'))
    assert.deepEqual(
      await pressInBash('roll', '--cluster', 'nats-prod', '--node', 'nats-prod-node-1', '--node', 'nats'),
      ['nats-prod-node-1', 'nats-prod-node-2'],
    )
  })

  it('offers files and folders in bash, behind a = too', async () => {
    mkdirSync(join(folder, 'keys'))
    assert.deepEqual([...(await pressInBash('config', 'check', ''))].sort(), ['keys', 'natsops.yaml'])
    assert.deepEqual(await pressInBash('auth', 'init', '--keys', '='), ['keys'])
    rmSync(join(folder, 'keys'), {recursive: true})
  })

  it('offers the same in fish', async function () {
    const {stdout: script} = await runCommand(CompletionCommand, ['fish'], {configuration: emptyConfiguration()})
    const lines = ['node drain -c nats-prod ', 'health --cluster=nats-p', 'config diff --file=n', 'health --timeo']
    const input = `${script}\nfunction natsops; ${program} $argv; end\n${lines.map((line) => `complete -C 'natsops ${line}'`).join('\n')}\n`
    const environment = {...process.env, HOME: folder}
    const {error, stdout, stderr} = spawnSync('fish', ['--no-config', '-c', input], {
      cwd: folder,
      env: environment,
      encoding: 'utf8',
    })
    if (error) return this.skip()
    assert.equal(stderr, '')
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'nats-prod-node-1',
      'nats-prod-node-2',
      '--cluster=nats-prod',
      '--file=natsops.yaml',
      '--timeout\tlimit for one request to AWS or a node, e.g. 5s',
    ])
  })

  it('offers the same in zsh, from the first Tab on, evaluated and as a file of $fpath', async function () {
    if (spawnSync('zsh', ['-fc', 'true']).error) return this.skip()
    const {stdout: script} = await runCommand(CompletionCommand, ['zsh'], {configuration: emptyConfiguration()})
    const functions = join(folder, 'functions')
    mkdirSync(functions)
    writeFileSync(join(functions, '_natsops'), script)
    const start = `cd ${folder}; natsops() { ${program} "$@" }; autoload -U compinit`
    for (const load of ['compinit -u -D; source functions/_natsops', 'fpath=($PWD/functions $fpath); compinit -u -D']) {
      const {HOME: _home, ...variables} = process.env as Record<string, string>
      const terminal = openPty(['zsh', '-f', '-i'], {columns: 100, rows: 40, variables: {...variables, HOME: folder}})
      try {
        terminal.press(`${start}; ${load}; clear\r`)
        for (const [typed, completed] of [
          ['heal', 'natsops health'],
          ['health --cluster=nats-p', 'natsops health --cluster=nats-prod'],
          ['config diff --file=n', 'natsops config diff --file=natsops.yaml'],
          ['health --timeo', 'natsops health --timeout'],
        ] as const) {
          terminal.press(`natsops ${typed}\t`)
          await eventually(`${load}: ${completed}`, () =>
            terminal.lines().some((line) => line.trimEnd().endsWith(completed)),
          )
          terminal.press('\u0015')
        }
      } finally {
        terminal.kill()
      }
    }
  })

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
