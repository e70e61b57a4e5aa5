import assert from 'node:assert/strict'
import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'
import {Config} from '@oclif/core'
import {killAll} from './support/children.ts'
import {probe} from './support/probe.ts'

describe('bin/run.js', () => {
  let root: string
  let old: string

  beforeEach(() => {
    root = join(mkdtempSync(join(tmpdir(), 'natsops-bin-')), 'a b')
    for (const folder of ['bin', 'dist/commands', 'own']) mkdirSync(join(root, folder), {recursive: true})
    cpSync('bin/run.js', join(root, 'bin/run.js'))
    chmodSync(join(root, 'bin/run.js'), 0o755)
    mkdirSync(join(root, 'node_modules'))
    symlinkSync(join(process.cwd(), 'node_modules/@oclif'), join(root, 'node_modules/@oclif'))
    writeFileSync(join(root, 'dist/commands/probe.js'), probe)
    mkdirSync(join(root, 'dist/lib/output'), {recursive: true})
    const ending = pathToFileURL('src/lib/output/ending.ts').href
    writeFileSync(join(root, 'dist/lib/output/ending.js'), `export * from '${ending}'`)
    writeFileSync(join(root, 'dist/oclif.js'), `export {default} from '@oclif/core/execute'`)
    const oclif = {bin: 'natsops', commands: {strategy: 'pattern', target: './dist/commands'}}
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({name: 'natsops', version: '1.2.3', type: 'module', oclif}),
    )
    old = join(root, 'pretend-old.mjs')
    writeFileSync(old, `Object.defineProperty(process, 'versions', {value: {...process.versions, node: '20.19.0'}})`)
  })

  const children: ChildProcess[] = []
  afterEach(async () => {
    await killAll(children.splice(0))
    rmSync(join(root, '..'), {recursive: true, force: true})
  })

  const ownNode = () => join(root, 'node_modules/node/bin/node')
  const installOwnNode = () => {
    mkdirSync(join(root, 'node_modules/node/bin'), {recursive: true})
    writeFileSync(ownNode(), `#!/bin/sh\nOWN=yes exec '${process.execPath}' "$@"\n`, {mode: 0o755})
  }
  const start = (
    argv: readonly string[],
    {bin = join(root, 'bin/run.js'), nodeArgs = [] as string[], cwd = '/'} = {},
  ) => spawn(process.execPath, [...nodeArgs, bin, ...argv], {cwd, stdio: 'pipe', env: {...process.env, HOME: root}})
  const startOnOldNode = (argv: readonly string[]) => start(argv, {nodeArgs: ['--import', pathToFileURL(old).href]})

  it('runs from any folder, through a symlink and with a space in its path', async () => {
    const bin = join(root, 'natsops')
    symlinkSync(join(root, 'bin/run.js'), bin)
    const {stdout, stderr, code} = await outcome(start(['probe', 'x y'], {bin, cwd: tmpdir()}))
    assert.deepEqual([stderr, code], ['', 0])
    assert.deepEqual(JSON.parse(stdout), {own: 'no', cwd: tmpdir(), argv: ['probe', 'x y']})
  })

  it('says its version in the words of oclif, which it does not load for it', async () => {
    const {userAgent} = await Config.load({root, ignoreManifest: true})
    rmSync(join(root, 'node_modules/@oclif'))
    assert.deepEqual(await outcome(start(['--version'])), {stdout: `${userAgent}\n`, stderr: '', code: 0})
  })

  it('shows the help that the build has rendered without loading oclif, and leaves the rest to it', async () => {
    const texts = {'': 'by {userAgent}\n', 'probe one': '\u001b[1mUSAGE\u001b[22m\n'}
    writeFileSync(join(root, 'dist/help.json'), JSON.stringify(texts))
    const {userAgent} = await Config.load({root, ignoreManifest: true})
    assert.match((await outcome(start(['probe', '--help']))).stdout, /natsops probe/)
    assert.equal((await outcome(start(['constructor', '--help']))).code, 2)
    rmSync(join(root, 'node_modules/@oclif'))
    for (const argv of [[], ['--help'], ['-h']]) {
      assert.deepEqual(await outcome(start(argv)), {stdout: `by ${userAgent}\n`, stderr: '', code: 0})
    }
    for (const argv of [
      ['probe', 'one', '--help'],
      ['probe:one', '-h'],
      ['--help', 'probe', 'one'],
    ]) {
      assert.deepEqual(await outcome(start(argv)), {stdout: 'USAGE\n', stderr: '', code: 0})
    }
    assert.match((await outcome(start(['probe', 'one']))).stderr, /Cannot find package '@oclif/)
  })

  it('shows help to a reader that has gone already', async () => {
    writeFileSync(join(root, 'dist/help.json'), JSON.stringify({'': 'a line\n'.repeat(50_000)}))
    const child = start(['--help'])
    child.stdout?.destroy()
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    const [code] = await once(child, 'close')
    assert.deepEqual([said, code], ['', 0])
  })

  it('hands over to the own Node where the machine has an old one', async () => {
    installOwnNode()
    const {stdout, stderr, code} = await outcome(startOnOldNode(['probe', 'x y', '--', '--flag']))
    assert.deepEqual([stderr, code], ['', 0])
    assert.deepEqual(JSON.parse(stdout), {own: 'yes', cwd: '/', argv: ['probe', 'x y', '--', '--flag']})
  })

  it('hands over standard input and passes the exit status back', async () => {
    installOwnNode()
    const echo = startOnOldNode(['probe', 'echo'])
    echo.stdin?.end('to and fro')
    assert.match((await outcome(echo)).stdout, /to and fro$/)
    assert.equal((await outcome(startOnOldNode(['probe', 'exit']))).code, 21)
    assert.equal((await outcome(startOnOldNode(['probe', 'die']))).code, 137)
  })

  it('hands a signal over and waits for the command to end in its own way', async () => {
    installOwnNode()
    const child = startOnOldNode(['probe', 'wait'])
    const done = outcome(child)
    child.stdout?.once('data', () => child.kill('SIGTERM'))
    const {stdout, code} = await done
    assert.match(stdout, /got SIGTERM\n$/)
    assert.equal(code, 130)
  })

  it('says in one line what to install where there is no Node to hand over to', async () => {
    assert.deepEqual(await outcome(startOnOldNode(['probe'])), {
      stdout: '',
      stderr:
        'error: natsops needs Node 22.18 or newer, this is 20.19.0\n' +
        '  try: install a newer Node, or run script/bootstrap in a checkout\n',
      code: 1,
    })
  })

  it('says so where the own Node cannot be started', async () => {
    installOwnNode()
    const own = ownNode()
    rmSync(own)
    writeFileSync(own, 'placeholder', {mode: 0o644})
    const {stderr, code} = await outcome(startOnOldNode(['probe']))
    assert.equal(stderr, `error: cannot start ${own}: spawn ${own} EACCES\n  try: script/bootstrap\n`)
    assert.equal(code, 1)
  })

  it('says so where the checkout has not been built', async () => {
    rmSync(join(root, 'dist'), {recursive: true})
    assert.deepEqual(await outcome(start(['probe'])), {
      stdout: '',
      stderr: 'error: this checkout has not been built\n  try: script/bootstrap\n',
      code: 1,
    })
  })

  it('runs where there is no home to keep a compile cache in', async () => {
    const env = {PATH: process.env.PATH, HOME: '/dev/null/home'}
    const {stderr, code} = await outcome(spawn(process.execPath, [join(root, 'bin/run.js'), 'probe'], {env}))
    assert.deepEqual([stderr, code], ['', 0])
  })

  it('runs for a user whom the system does not know, as in a container', async () => {
    const nobody = join(root, 'nobody.mjs')
    writeFileSync(
      nobody,
      `import os from 'node:os'
      import {syncBuiltinESMExports} from 'node:module'
      const unknown = () => { throw new Error('ENOENT') }
      os.userInfo = unknown
      os.homedir = () => process.env.HOME || unknown()
      syncBuiltinESMExports()`,
    )
    const argv = ['--import', pathToFileURL(nobody).href, join(root, 'bin/run.js'), 'probe']
    const {stderr, code} = await outcome(spawn(process.execPath, argv, {env: {PATH: process.env.PATH}}))
    assert.deepEqual([stderr, code], ['', 0])
  })

  it("keeps compiled code where nobody else can put theirs, whatever the user's umask", async () => {
    const cache = join(root, '.cache/natsops')
    const run = () =>
      outcome(spawn('sh', ['-c', `umask 000; exec '${process.execPath}' '${join(root, 'bin/run.js')}' probe`], {env}))
    const env = {PATH: process.env.PATH, HOME: root}
    assert.equal((await run()).code, 0)
    assert.equal(statSync(join(cache, 'compile')).mode & 0o777, 0o700)
    assert.ok(readdirSync(join(cache, 'compile')).length > 0)
    chmodSync(cache, 0o777)
    chmodSync(join(cache, 'compile'), 0o777)
    assert.equal((await run()).code, 0)
    assert.deepEqual(
      [cache, join(cache, 'compile')].map((path) => statSync(path).mode & 0o777),
      [0o755, 0o700],
    )
    rmSync(join(cache, 'compile'), {recursive: true})
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    symlinkSync(elsewhere, join(cache, 'compile'))
    assert.equal((await run()).code, 0)
    assert.deepEqual(readdirSync(elsewhere), [])
  })

  it('is silent about a build older than the sources when nobody is watching', async () => {
    mkdirSync(join(root, 'src'))
    writeFileSync(join(root, 'src/x.ts'), '')
    writeFileSync(join(root, 'dist/.built'), '')
    utimesSync(join(root, 'dist/.built'), new Date(0), new Date(0))
    assert.equal((await outcome(start(['probe']))).stderr, '')
  })

  /** Whoever opens it to read waits for a writer, in a thread, as a lookup waits for its name server. */
  const makeFifo = () => {
    const path = join(root, 'fifo')
    execFileSync('mkfifo', [path])
    return path
  }

  it('does not wait for a lookup once the command is over: output whole, handlers run, exit status its own', async () => {
    const hanging = join(root, 'hanging.mjs')
    writeFileSync(
      hanging,
      `import dns from 'node:dns'
      import {open} from 'node:fs'
      const active = process.getActiveResourcesInfo
      dns.lookup = () => {
        open(${JSON.stringify(makeFifo())}, 'r', () => {})
        process.getActiveResourcesInfo = () => [...active.call(process), 'GetAddrInfoReqWrap']
      }`,
    )
    const child = start(['probe', 'look-up'], {nodeArgs: ['--import', pathToFileURL(hanging).href]})
    children.push(child)
    const [said] = await once(child.stderr as NodeJS.ReadableStream, 'data')
    const {stdout, stderr, code} = await outcome(child)
    assert.deepEqual([stdout.length, `${said}${stderr}`, code], [1_000_001, 'all is said, the handler saw 21', 21])
  })

  it('does not wait for a program that nobody waits for', async () => {
    const child = start(['probe', 'child'])
    children.push(child)
    const [said] = await once(child.stderr as NodeJS.ReadableStream, 'data')
    const {stdout, stderr, code} = await outcome(child)
    assert.deepEqual([stdout.length, `${said}${stderr}`, code], [1_000_001, 'all is said', 21])
  })

  it('has threads left where names of nodes hang, unless told how many, and tells no program it starts', async () => {
    const env = {PATH: process.env.PATH, HOME: root, FIFO: makeFifo()}
    const run = (more: NodeJS.ProcessEnv = {}) => {
      const child = spawn(process.execPath, [join(root, 'bin/run.js'), 'probe', 'threads'], {env: {...env, ...more}})
      children.push(child)
      return outcome(child)
    }
    assert.deepEqual(await run(), {stdout: 'unset\n', stderr: '', code: 0})
    assert.deepEqual(await run({UV_THREADPOOL_SIZE: '17'}), {stdout: '17\n', stderr: '', code: 0})
  })

  it('ends well when the reader closes the pipe early', async () => {
    const child = start(['--help'])
    child.stdout?.destroy()
    assert.deepEqual(await outcome(child), {stdout: '', stderr: '', code: 0})
  })
})

async function outcome(child: ChildProcess): Promise<{stdout: string; stderr: string; code: number | null}> {
  const text = {stdout: '', stderr: ''}
  for (const name of ['stdout', 'stderr'] as const) child[name]?.on('data', (data) => (text[name] += data))
  const [code] = await once(child, 'close')
  return {...text, code}
}
