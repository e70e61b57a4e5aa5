import assert from 'node:assert/strict'
import {lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import Replace from '../../../src/commands/node/replace.ts'
import Roll from '../../../src/commands/roll/index.ts'
import Resume from '../../../src/commands/roll/resume.ts'
import Show from '../../../src/commands/roll/show.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import type {FakeClusterOptions} from '../../support/fake-cluster/state.ts'
import {RollScene, SINGLE} from '../../support/roll-scene.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

describe('roll', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const open = (options: FakeClusterOptions): void => {
    scene[Symbol.dispose]()
    scene = new RollScene(options)
  }
  const roll = (argv: readonly string[], answer?: string, options: RunOptions = {}) =>
    runCommand(Roll, argv, scene.wiring(answer), options)

  it('replaces every node after the name was typed, the meta leader last, and reports on stdout', async () => {
    const {stdout, stderr, exitCode} = await roll([], 'c')
    assert.equal(exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-4', 'i-6', 'i-2'])
    assert.deepEqual([scene.lock, scene.canary], [undefined, 'absent'])
    assert.match(stdout, /^roll\t[\w-]+\tc\tdone\t0\t/)
    assert.match(stderr, /^looking at every node and at AWS\nreplace 3 nodes of c \(account 123456789012, us-east-2\)/)
    assert.match(stderr, /Z c-node-2 is replaced, /)
  })

  it('ends with one JSON document and is silent until then', async () => {
    const {stdout, stderr, exitCode} = await roll(['--confirm', 'c', '--json'])
    const result = JSON.parse(stdout)
    assert.deepEqual(Object.keys(result), ['cluster', 'roll', 'outcome', 'exit', 'plan', 'report'])
    assert.deepEqual(
      [result.outcome, result.exit, result.report.result, exitCode, stderr],
      ['replaced', 0, 'done', 0, ''],
    )
    assert.equal(result.report.roll, result.roll)
    assert.equal(result.report.longestStallMs, 17)
  })

  it('shows the plan on stdout and changes nothing with --dry-run', async () => {
    const argv = ['--dry-run', '--settle', '9s', '--no-color']
    const {stdout, stderr, exitCode} = await roll(argv, undefined, {columns: 80})
    assert.equal(exitCode, 0)
    assert.match(stderr, /nothing stands in its way; dry run: nothing was changed\n$/)
    assert.match(stdout, /^replace 3 nodes of c \(account 123456789012, us-east-2\), by terminate, settle 9s\n/)
    scene.assertUntouched()
    const json = JSON.parse((await roll(['--dry-run', '--json'])).stdout)
    assert.deepEqual([json.outcome, json.roll, json.report, json.plan.nodes.length], ['planned', null, null, 3])
  })

  it('is declined by another name, typed or given', async () => {
    assert.equal((await roll([], 'nats-prod')).exitCode, Exit.declined)
    const {looks} = scene
    const given = await roll(['--confirm', 'nats-prod'])
    assert.equal(given.exitCode, Exit.declined)
    assert.equal(
      given.stderr,
      `error: --confirm "nats-prod" is not the cluster's name c: nothing was changed\n  try: --confirm c\n`,
    )
    assert.equal(scene.looks, looks, 'before the cluster is looked at')
    scene.assertUntouched()
  })

  it('never asks without a terminal: names the flag', async () => {
    const {stderr, exitCode} = await roll([])
    assert.equal(exitCode, Exit.usage)
    assert.match(stderr, /replace c-node-2, c-node-3, c-node-1 needs confirmation.*\n {2}try: add --confirm c\n$/)
    scene.assertUntouched()
  })

  it('replaces only the nodes it is given, by short names too', async () => {
    assert.equal((await roll(['--node', '3', '--node', 'node-2', '--confirm', 'c'])).exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-4', 'i-6'])
  })

  it('ends by saying which nodes it replaced, also after a resume, and all of them only where it did', async () => {
    scene.cluster.launches = false
    assert.equal((await roll(['--node', '2', '--confirm', 'c'])).exitCode, Exit.heldDegraded)
    scene.cluster.launches = true
    const resumed = await runCommand(Resume, ['--confirm', 'c'], scene.wiring())
    assert.match(resumed.stderr, /Z replaced c-node-2\n/)
    const all = await roll(['--confirm', 'c'])
    assert.match(all.stderr, /Z every node was replaced\n/)
  })

  it('has nothing to do where every node is current', async () => {
    const {stderr, exitCode} = await roll(['--only-outdated'])
    assert.equal(exitCode, 0)
    assert.match(stderr, /nothing to do: no node is outdated\n$/)
    scene.assertUntouched()
  })

  it('is not refused for what lives on a node that it leaves alone', async () => {
    open(SINGLE)
    scene.cluster.node('c-node-3').version = '2.15.0'
    const {exitCode} = await roll(['--only-outdated', '--confirm', 'c'])
    assert.equal(exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-6'])
  })

  it('holds with one node down, reports, says why and how to go on; a resume ends it', async () => {
    scene.cluster.launches = false
    const {stdout, stderr, exitCode} = await roll(['--confirm', 'c'])
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stdout, /^roll\t[\w-]+\tc\theld\t5\t/)
    assert.match(stderr, /error: held in LAUNCH of c-node-2: .*not within 900 s\n/)
    assert.match(stderr, / {2}try: natsops roll resume --cluster c\n$/)
    assert.equal(scene.lock?.handedOver, true)

    scene.cluster.launches = true
    const resumed = await runCommand(Resume, ['--confirm', 'c', '--json'], scene.wiring())
    const {report, exit} = JSON.parse(resumed.stdout)
    assert.deepEqual([exit, report.result, report.drivers.length, resumed.exitCode], [0, 'done', 2, 0])
    assert.deepEqual(scene.cluster.terminated, ['i-4', 'i-6', 'i-2'])
  })

  it('gives the report beside the error in JSON when held', async () => {
    scene.cluster.launches = false
    const {stdout, exitCode} = await roll(['--confirm', 'c', '--json'])
    const {error, outcome, exit, report, roll: id} = JSON.parse(stdout)
    assert.deepEqual([error.code, outcome, exit, exitCode], ['HELD_DEGRADED', 'ended-early', 5, 5])
    assert.deepEqual([report.roll, report.result, report.nodes[0].outcome], [id, 'held', 'unfinished'])
  })

  it('stops at the next safe point when interrupted, says what is in flight and how to go on', async () => {
    scene.onLook = () => {
      if (scene.cluster.terminated.length === 1) scene.interrupt()
    }
    const {stderr, exitCode} = await roll(['--confirm', 'c'])
    assert.equal(exitCode, Exit.interrupted)
    assert.match(stderr, /Z c-node-2 is in GONE; its instance is being replaced, which AWS finishes with or without/)
    assert.match(stderr, /Z go on later: natsops roll resume --cluster c\n/)
    assert.match(stderr, /try: natsops roll resume --cluster c\n$/)
    assert.deepEqual([scene.lock?.handedOver, scene.cluster.terminated], [true, ['i-4']])
  })

  it('starts a server that it had stopped when it is interrupted before the knife', async () => {
    scene.onLook = () => {
      if (scene.cluster.node('c-node-2').server === 'stopped') scene.interrupt()
    }
    const {stderr, exitCode} = await roll(['--confirm', 'c'])
    assert.equal(exitCode, Exit.interrupted)
    assert.match(stderr, /c-node-2 is in STOP; its server is stopped and will be started again first/)
    assert.deepEqual([scene.cluster.terminated, scene.cluster.unsound()], [[], []])
  })

  it('changes nothing when it is interrupted while it only looks', async () => {
    scene.onLook = () => scene.interrupt()
    assert.equal((await roll(['--confirm', 'c'])).exitCode, Exit.interrupted)
    scene.assertUntouched()
  })

  describe('--events', () => {
    const path = () => join(scene.home, 'events.jsonl')
    const typesIn = (text: string): readonly string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).type)

    it('appends each event as a JSON line to a file of its own, mode 0600', async () => {
      await roll(['--confirm', 'c', '--node', '2', '--events', path()])
      const types = typesIn(readFileSync(path(), 'utf8'))
      assert.deepEqual([types[0], types.at(-1)], ['started', 'ended'])
      assert.ok(types.includes('progress'))
      const [{at, plan}] = readFileSync(path(), 'utf8')
        .split('\n')
        .slice(0, 1)
        .map((line) => JSON.parse(line))
      assert.match(`${at} ${plan.nodes[0].identity.serverStartedAt}`, /^(\d{4}-\d\d-\d\dT[\d:.]+Z ?){2}$/)
      assert.equal(lstatSync(path()).mode & 0o777, 0o600)
      writeFileSync(path(), 'before\n')
      await roll(['--confirm', 'c', '--node', '3', '--events', path()])
      assert.match(readFileSync(path(), 'utf8'), /^before\n\{"type":"started"/)
    })

    it('never writes through a symlink or to anything but a file, and says so before anything else', async () => {
      symlinkSync(join(scene.home, 'target'), path())
      const linked = await roll(['--confirm', 'c', '--events', path()])
      assert.match(linked.stderr, /^error: --events .* cannot be written: it is a symlink\n/)
      mkdirSync(join(scene.home, 'folder'))
      for (const file of [join(scene.home, 'folder'), join(scene.home, 'no', 'file'), '/dev/null']) {
        const {stderr, exitCode} = await roll(['--confirm', 'c', '--events', file])
        assert.match(stderr, /^error: --events .* cannot be written: /)
        assert.equal(exitCode, Exit.usage)
      }
      assert.equal(scene.looks, 0)
    })

    it('is stdout for -, and everything else goes to stderr', async () => {
      const {stdout, stderr} = await roll(['--confirm', 'c', '--node', '2', '--events', '-'])
      assert.deepEqual([typesIn(stdout)[0], typesIn(stdout).at(-1)], ['started', 'ended'])
      assert.match(stderr, /^roll\t[\w-]+\tc\tdone\t0\t/m)
      const dry = await roll(['--dry-run', '--events', '-'])
      assert.deepEqual([dry.stdout, /^replace 3 nodes of c/m.test(dry.stderr)], ['', true])
    })

    it('does not share stdout with --json', async () => {
      const {stdout, exitCode} = await roll(['--confirm', 'c', '--json', '--events', '-'])
      assert.equal(JSON.parse(stdout).error.message, '--events - and --json both want stdout')
      assert.equal(exitCode, Exit.usage)
    })
  })

  it('is refused before the lock when a failing start left nothing behind, and can be resumed when it did', async () => {
    mkdirSync(join(scene.home, '.local/state/natsops/rolls'), {recursive: true})
    writeFileSync(join(scene.home, '.local/state/natsops/rolls/c'), 'in the way')
    const {error, exitCode} = await roll(['--confirm', 'c'])
    assert.ok(error instanceof OpsError)
    assert.equal(exitCode, Exit.refused)
    assert.equal(scene.lock?.handedOver, true)
    assert.deepEqual(scene.cluster.terminated, [])
  })

  it('is node replace for one node', async () => {
    const {exitCode} = await runCommand(Replace, ['2', '--confirm', 'c'], scene.wiring())
    assert.equal(exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-4'])
    const declined = await runCommand(Replace, ['3', '--confirm', 'x'], scene.wiring())
    const dry = await runCommand(Replace, ['3', '--dry-run'], scene.wiring())
    const unknown = await runCommand(Replace, ['9', '--dry-run'], scene.wiring())
    assert.deepEqual([declined.exitCode, dry.exitCode, unknown.exitCode], [11, 0, 9])
    assert.equal(scene.cluster.terminated.length, 1)
    const shown = await runCommand(Show, ['last', '--json'], scene.wiring())
    assert.deepEqual(
      JSON.parse(shown.stdout).nodes.map(({node}: {node: string}) => node),
      ['c-node-2'],
    )
  })

  it('never lets a hostile name reach the terminal', async () => {
    open({streams: [{name: 'a\u001b[2Jb\nerror: fake', perSecond: 5, stored: 100}]})
    const {stdout, stderr} = await roll(['--confirm', 'c'])
    assert.doesNotMatch(stdout + stderr, /\u001b|^error: fake/m)
  })
})
