import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs'
import {basename, join} from 'node:path'
import ConfigGenerate from '../../../src/commands/config/generate.ts'
import {systemClock} from '../../../src/lib/clock.ts'
import type {Context} from '../../../src/lib/context.ts'
import {generateConfig} from '../../../src/lib/ops/config-generate.ts'
import {nameSides} from '../../../src/lib/ops/folder-leftovers.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {emptyConfiguration, runCommand} from '../../support/run.ts'

const HASH = '$2b$04$E3a6et3u4l1s6kaDJACcv.pXzkMYJ.6aK6kfdE6uGS/CH6C6e8zMS'
const open = 'name: blue\nnodes: 1\nauth: {mode: none}\n'
const secret = `name: blue\nnodes: 1\nauth: {mode: token, token: ${HASH}}\n`

function scene(description = open, files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder({'cluster.yaml': description, ...files})
  const out = join(folder.path, 'out')
  const run = (...more: readonly string[]) =>
    runCommand(ConfigGenerate, ['-f', join(folder.path, 'cluster.yaml'), '-o', out, ...more])
  return {
    path: folder.path,
    out,
    run,
    describe: (text: string) => writeFileSync(join(folder.path, 'cluster.yaml'), text),
    [Symbol.dispose]: folder[Symbol.dispose],
  }
}

const config = (out: string): string => join(out, 'nodes/blue-node-1/nats-server.conf')

describe('config generate', () => {
  it('writes the files of a target and says which', async () => {
    using here = scene()
    const {stdout, stderr, exitCode} = await here.run()
    assert.equal(exitCode, 0)
    assert.equal(
      stdout,
      `monitoring/alerts.yml\t0644\tnew
monitoring/compose.yaml\t0644\tnew
monitoring/prometheus.yml\t0644\tnew
nodes/blue-node-1/nats-exporter.service\t0644\tnew
nodes/blue-node-1/nats-server.conf\t0644\tnew
nodes/blue-node-1/nats.service\t0644\tnew
`,
    )
    assert.equal(stderr, `6 files written to ${here.out}\n`)
    assert.deepEqual(readdirSync(here.path).sort(), ['cluster.yaml', 'out'])
  })

  it('changes nothing the second time', async () => {
    using here = scene()
    await here.run()
    const before = statSync(config(here.out), {bigint: true})
    const {stderr, exitCode} = await here.run()
    assert.equal(stderr, `nothing to change in ${here.out}\n`)
    assert.equal(exitCode, 0)
    assert.equal(statSync(config(here.out), {bigint: true}).ino, before.ino)
  })

  it('keeps a secret from others, also where an earlier file was open to them', async () => {
    using here = scene()
    await here.run()
    here.describe(secret)
    await here.run()
    assert.equal(statSync(config(here.out)).mode & 0o777, 0o600)
    chmodSync(config(here.out), 0o644)
    await here.run()
    assert.equal(statSync(config(here.out)).mode & 0o777, 0o600)
  })

  it('shows with --dry-run what it would do and does nothing', async () => {
    using here = scene()
    const {stderr} = await here.run('--dry-run')
    assert.equal(stderr, `6 files would be written to ${here.out}\n`)
    assert.equal(existsSync(here.out), false)
  })

  it('does not touch a file that was changed since, unless it is told to', async () => {
    using here = scene()
    await here.run()
    writeFileSync(config(here.out), 'port: 1\n')
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 3)
    assert.equal(
      stderr,
      `error: ${here.out} has files that were not made here or were changed since: nodes/blue-node-1/nats-server.conf
  try: give another --out
  try: add --force to replace what is in the way
`,
    )
    assert.equal(readFileSync(config(here.out), 'utf8'), 'port: 1\n')
    assert.equal((await here.run('--force')).exitCode, 0)
    assert.match(readFileSync(config(here.out), 'utf8'), /^server_name: "blue-node-1"$/m)
  })

  it("leaves others' files where they are, and removes its own that are no longer described", async () => {
    using here = scene()
    await here.run()
    mkdirSync(join(here.out, 'notes'))
    writeFileSync(join(here.out, 'notes/mine.txt'), 'kept', {mode: 0o600})
    here.describe(open.replace('nodes: 1', 'nodes: [{name: other}]'))
    const {stdout} = await here.run()
    assert.match(stdout, /^nodes\/blue-node-1\/nats-server\.conf\t-\tremoved$/m)
    assert.deepEqual(readdirSync(join(here.out, 'nodes')), ['other'])
    assert.equal(readFileSync(join(here.out, 'notes/mine.txt'), 'utf8'), 'kept')
    assert.equal(statSync(join(here.out, 'notes/mine.txt')).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(here.path).sort(), ['cluster.yaml', 'out'])
  })

  describe('after a run that was killed', () => {
    const kill = (token: string): string => {
      const program = `import(${JSON.stringify(join(import.meta.dirname, '../../../src/lib/ops/folder-leftovers.ts'))})
        .then(({nameSides}) => nameSides(${JSON.stringify(token)}))
        .then(({built}) => process.stdout.write(built, () => process.kill(process.pid, 'SIGKILL')))`
      const {stdout, signal} = spawnSync(process.execPath, ['-e', program], {encoding: 'utf8'})
      assert.equal(signal, 'SIGKILL')
      return stdout.replace(/\.new$/, '')
    }

    it('removes what it was building, and what it had taken away', async () => {
      using here = scene()
      await here.run()
      mkdirSync(`${kill(here.out)}.new/nodes`, {recursive: true})
      mkdirSync(`${kill(here.out)}.old/nodes`, {recursive: true})
      assert.equal((await here.run('--dry-run')).exitCode, 0)
      assert.equal(readdirSync(here.path).length, 4)
      assert.equal((await here.run()).stderr, `nothing to change in ${here.out}\n`)
      assert.deepEqual(readdirSync(here.path).sort(), ['cluster.yaml', 'out'])
    })

    it('puts the folder back that stood in no place any more', async () => {
      using here = scene()
      await here.run()
      writeFileSync(join(here.out, 'mine.txt'), 'kept')
      const left = kill(here.out)
      renameSync(here.out, `${left}.old`)
      mkdirSync(`${left}.new`)
      assert.equal((await here.run()).stderr, `nothing to change in ${here.out}\n`)
      assert.equal(readFileSync(join(here.out, 'mine.txt'), 'utf8'), 'kept')
      assert.deepEqual(readdirSync(here.path).sort(), ['cluster.yaml', 'out'])
    })

    it('touches nothing of one that goes on, of another machine, or of nobody knows whom', async () => {
      using here = scene()
      await here.run()
      const {built} = await nameSides(here.out)
      const elsewhere = kill(here.out).replace(/-[0-9a-f]{12}-/, '-0123456789ab-')
      const halfDone = kill(here.out)
      const all = [built, `${elsewhere}.old`, `${halfDone}.new`, `${halfDone}.old`, join(here.path, '.out.mine.new')]
      for (const path of all) mkdirSync(path)
      await here.run()
      assert.deepEqual(
        readdirSync(here.path).sort(),
        [...all.map((path) => basename(path)), 'cluster.yaml', 'out'].sort(),
      )
    })
  })

  it('leaves a folder closed that somebody has closed', async () => {
    using here = scene()
    mkdirSync(here.out, {mode: 0o700})
    await here.run()
    mkdirSync(join(here.out, 'notes'), {mode: 0o700})
    writeFileSync(join(here.out, 'notes/mine.txt'), 'kept')
    here.describe(open.replace('nodes: 1', 'nodes: [{name: other}]'))
    await here.run()
    assert.deepEqual(
      [here.out, join(here.out, 'notes')].map((path) => statSync(path).mode & 0o777),
      [0o700, 0o700],
    )
  })

  it('writes nothing at all where one input is missing', async () => {
    using here = scene(`${open}routes: {auth: {user: r, passwordFile: pw}}\n`)
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 9)
    assert.equal(stderr, `error: there is no file ${here.path}/pw\n`)
    assert.equal(existsSync(here.out), false)
  })

  it('refuses a password file of two lines without showing it', async () => {
    using here = scene(`${open}routes: {auth: {user: r, passwordFile: pw}}\n`, {pw: 'hunter2\nhunter3\n'})
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 2)
    assert.match(stderr, /pw does not hold one password on one line/)
    assert.doesNotMatch(stderr, /hunter/)
  })

  it('says how to make the JWTs that are not there yet', async () => {
    using here = scene('name: blue\nauth: {mode: operator}\n')
    const {stdout, exitCode} = await here.run('--json')
    assert.equal(exitCode, 9)
    const {error} = JSON.parse(stdout)
    assert.deepEqual(error, {
      code: 'PRELOAD_MISSING',
      message: `there is no preload.json in ${here.path}/auth: the operator's JWTs are not made yet`,
      exit: 9,
      suggestions: ['make them with natsops auth init', 'name the file with auth.preload in the description'],
    })
  })

  it('refuses a preload file that holds something else', async () => {
    using here = scene('name: blue\nauth: {mode: operator}\n', {'auth/preload.json': '{"operator": "no"}'})
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 2)
    assert.match(stderr, /preload\.json does not hold an operator's JWT and its accounts'/)
  })

  it('refuses a place that is a file', async () => {
    using here = scene(open, {out: 'a file'})
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 2)
    assert.match(stderr, /--out \S+ is not a folder/)
    assert.equal(readFileSync(here.out, 'utf8'), 'a file')
  })

  it('writes nothing after Ctrl-C', async () => {
    using here = scene()
    const signal = AbortSignal.abort(new Error('interrupted'))
    const context = {configuration: emptyConfiguration(), clock: systemClock, signal} as Context
    const request = {
      file: join(here.path, 'cluster.yaml'),
      out: here.out,
      target: 'systemd',
      force: false,
      dryRun: false,
    } as const
    await assert.rejects(generateConfig(context, request), {message: 'interrupted'})
    assert.deepEqual(readdirSync(here.path), ['cluster.yaml'])
  })

  it('refuses a place where no folder can be', async () => {
    using here = scene()
    // /proc says of every new folder that its parent is missing, and Node's own recursion believes it for ever.
    const argv = ['-f', join(here.path, 'cluster.yaml'), '-o', '/proc/self/deploy']
    const {stderr, exitCode} = await runCommand(ConfigGenerate, argv)
    assert.equal(exitCode, 2)
    assert.match(stderr, /^error: cannot create \/proc\/\S+: .*read-only/)
  })

  it('refuses a folder that it has not made, before it has looked at its files', async () => {
    using here = scene(open, {'out/mine.txt': 'kept'})
    const {stderr, exitCode} = await here.run()
    assert.equal(exitCode, 3)
    assert.match(stderr, /out was not made here and has files in it/)
    assert.deepEqual(readdirSync(here.out), ['mine.txt'])
    assert.equal((await here.run('--force')).exitCode, 0)
    assert.equal(readFileSync(join(here.out, 'mine.txt'), 'utf8'), 'kept')
  })

  it('refuses to exchange the folder that it is run in', async () => {
    using here = scene(open, {'deploy/below/placeholder': ''})
    const program = join(import.meta.dirname, '../../support/natsops.ts')
    const argv = [
      program,
      'config',
      'generate',
      '-f',
      join(here.path, 'cluster.yaml'),
      '-o',
      join(here.path, 'deploy'),
      '--force',
    ]
    const {status, stderr} = spawnSync(process.execPath, argv, {cwd: join(here.path, 'deploy/below'), encoding: 'utf8'})
    assert.equal(status, 2)
    assert.match(stderr, /is the folder you are in/)
    assert.deepEqual(readdirSync(join(here.path, 'deploy')), ['below'])
  })

  it('names the targets there are where another is asked for', async () => {
    using here = scene()
    const {stderr, exitCode} = await here.run('--target', 'nomad')
    assert.equal(exitCode, 2)
    assert.match(stderr, /systemd, compose, kubernetes, helm, user-data/)
  })
})
