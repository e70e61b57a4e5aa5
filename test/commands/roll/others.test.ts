import assert from 'node:assert/strict'
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {hostname, userInfo} from 'node:os'
import {join} from 'node:path'
import Abort from '../../../src/commands/roll/abort.ts'
import History from '../../../src/commands/roll/history.ts'
import Roll from '../../../src/commands/roll/index.ts'
import Resume from '../../../src/commands/roll/resume.ts'
import Show from '../../../src/commands/roll/show.ts'
import Status from '../../../src/commands/roll/status.ts'
import {formatEvent} from '../../../src/lib/domain/roll/events.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {HOSTILE, heldRoll, wholeRoll} from '../../support/roll-events.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

let scene: RollScene
beforeEach(() => {
  scene = new RollScene()
})
afterEach(() => {
  assert.equal(scene.worldsOpen, 0, 'every world that was opened is closed')
  assert.deepEqual(scene.cluster.violations, [])
  scene[Symbol.dispose]()
})

const roll = () => runCommand(Roll, ['--confirm', 'c'], scene.wiring())
const status = (...argv: string[]) => runCommand(Status, argv, scene.wiring())
const resume = (...argv: string[]) => runCommand(Resume, argv, scene.wiring())
const abort = (...argv: string[]) => runCommand(Abort, argv, scene.wiring())

/** A roll of this machine that was held while AWS launched nothing: one node is away. */
async function hold(): Promise<void> {
  scene.cluster.launches = false
  assert.equal((await roll()).exitCode, Exit.heldDegraded)
}

/** Somebody else's roll: alive until its lock is seen to stand still. */
function otherLock(changes: object = {}): object {
  const request = {strategy: 'terminate', drain: 'auto', settleMs: 1000, acceptedLoss: [], checksBootstrap: true}
  return {
    format: 1,
    roll: '20260102-030405-abc123',
    cluster: 'c',
    holder: {user: 'ben', host: 'desk', pid: 99},
    startedAt: scene.clock.now() - 90_000,
    heartbeatAt: scene.clock.now() - 20_000,
    request: {...request, acceptsUnseen: false, acceptsOldServers: false},
    remaining: ['c-node-3', 'c-node-1'],
    done: ['c-node-2'],
    handedOver: false,
    beat: 3,
    ...changes,
  }
}

/** The node as a roll declares it in its lock. */
function currentOf(name: string, changes: object = {}): object {
  const {instance, serverId, startedAt, version} = scene.cluster.node(name)
  const identity = {
    node: name,
    asg: `${name}-asg`,
    instanceId: instance.id,
    privateIp: instance.ip,
    serverId,
    serverStartedAt: startedAt,
    version,
  }
  return {identity, intended: false, stopped: false, ...changes}
}

describe('roll status', () => {
  it('says that there is no lock, with 0', async () => {
    const {stdout, exitCode} = await status()
    assert.equal(stdout, 'cluster\tc\nlock\tnone: no roll is under way\nnext\tnatsops roll --cluster c --dry-run\n')
    assert.equal(exitCode, 0)
    assert.equal(JSON.parse((await status('--json')).stdout).lock, null)
  })

  it('shows the holder of another machine, how old its heartbeat is, and what it takes to go on', async () => {
    scene.lock = otherLock({current: currentOf('c-node-3', {stopped: true})})
    const {stdout, exitCode} = await status()
    assert.equal(exitCode, 0)
    assert.deepEqual(stdout.split('\n'), [
      'cluster\tc',
      'lock\t/nats-cluster/c/natsops/lock',
      'roll\t20260102-030405-abc123',
      'holder\tben@desk (pid 99)',
      'since\t2023-11-14T22:11:50Z',
      'heartbeat\t20s ago by two clocks that may differ',
      'node\tc-node-3 (i-6): its server was stopped, its instance lives',
      'state\tnot known here: the journal is on the machine of the holder',
      'done\tc-node-2',
      'remaining\tc-node-3, c-node-1',
      'resume\twith --take-over, once its lock is seen to stand still',
      'next\tnatsops roll resume --cluster c --take-over',
      'next\tnatsops roll abort --cluster c --take-over',
      '',
    ])
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'take-over')
  })

  it('knows the state from the journal of this machine, and that nobody drives any more', async () => {
    await hold()
    const {stdout} = await status()
    assert.match(stdout, /^holder\t.*, who left it in good order$/m)
    assert.match(stdout, /^heartbeat\tlast .* ago, nobody drives now$/m)
    assert.match(stdout, /^state\tc-node-2 LAUNCH since 2023-/m)
    assert.match(stdout, /^resume\tfrom here at once$/m)
  })

  it('takes a dead process of this machine for what it is', async () => {
    const gone = {host: hostname(), pid: 2 ** 22 + 1}
    scene.lock = otherLock({holder: {user: userInfo().username, ...gone}})
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'at-once')
    scene.lock = otherLock({holder: {user: 'somebody-else', ...gone}})
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'take-over')
  })

  it('refuses a parameter that is no lock, and never shows a hostile name as it is', async () => {
    scene.lock = {format: 2}
    assert.equal((await status()).exitCode, Exit.refused)
    scene.lock = otherLock({roll: HOSTILE, holder: {user: HOSTILE, host: HOSTILE, pid: 1}, done: [HOSTILE]})
    const {stdout} = await status()
    assert.doesNotMatch(stdout, /\u001b|^error: fake/m)
  })
})

describe('roll resume', () => {
  it('has nothing to go on with without a lock', async () => {
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.refused)
    assert.match(stderr, /error: no roll of c is under way: there is no lock/)
  })

  it('refuses the lock of somebody who may be alive, without asking or waiting', async () => {
    scene.lock = otherLock()
    const before = scene.clock.now()
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.locked)
    assert.match(stderr, /try: natsops roll resume --cluster c --take-over/)
    assert.equal(scene.clock.now(), before)
    assert.equal(scene.lock?.beat, 3)
  })

  it('takes over a lock that stands still, and replaces only what is left', async () => {
    scene.lock = otherLock()
    const {stdout, exitCode} = await resume('--take-over', '--confirm', 'c', '--json')
    assert.equal(exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-6', 'i-2'])
    const {report} = JSON.parse(stdout)
    assert.deepEqual([report.drivers.length, report.drivers[0].tookOver], [1, true])
    assert.equal(scene.lock, undefined)
  })

  it('does not take over a lock that is renewed while it watches', async () => {
    scene.lock = otherLock()
    const {sleep} = scene.clock
    scene.clock.sleep = async (ms, signal) => {
      await scene.store.put('/nats-cluster/c/natsops/lock', JSON.stringify(otherLock()), {
        secure: false,
        overwrite: true,
      })
      return sleep.call(scene.clock, ms, signal)
    }
    const {stderr, exitCode} = await resume('--take-over', '--confirm', 'c')
    assert.equal(exitCode, Exit.locked)
    assert.match(stderr, /is alive: its lock was renewed while natsops watched/)
    assert.deepEqual(scene.cluster.terminated, [])
  })

  it('is declined, and shows what it would go on with in a dry run', async () => {
    await hold()
    const before = scene.lock
    assert.equal((await resume('--confirm', 'x')).exitCode, Exit.declined)
    assert.equal((await resume()).exitCode, Exit.usage)
    const {stderr, exitCode} = await resume('--dry-run')
    assert.equal(exitCode, 0)
    assert.match(stderr, /^remaining {2}c-node-2, c-node-3, c-node-1$|^remaining\tc-node-2, c-node-3, c-node-1$/m)
    assert.match(stderr, /dry run: nothing was changed\n$/)
    assert.deepEqual(scene.lock, before)
  })

  it('can be held and interrupted like the roll itself', async () => {
    await hold()
    assert.equal((await resume('--confirm', 'c')).exitCode, Exit.heldDegraded)
    scene.onLook = () => scene.interrupt()
    assert.equal((await resume('--confirm', 'c')).exitCode, Exit.interrupted)
    assert.equal(scene.lock?.handedOver, true)
  })

  it('does not resume a drain: that would replace the node', async () => {
    scene.lock = otherLock({purpose: 'drain', handedOver: true, current: currentOf('c-node-2', {stopped: true})})
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.locked)
    assert.match(
      stderr,
      /c-node-2 is drained by ben@desk.*\n.*\n {2}try: natsops node drain c-node-2 --undo --cluster c\n/,
    )
  })
})

describe('roll abort', () => {
  it('has nothing to give up without a lock, and leaves the lock of somebody who may be alive', async () => {
    assert.equal((await abort('--confirm', 'c')).exitCode, Exit.refused)
    scene.lock = otherLock()
    assert.equal((await abort('--confirm', 'c')).exitCode, Exit.locked)
    assert.equal(scene.lock?.beat, 3)
  })

  it('starts the server that the roll had stopped, removes the canary, releases the lock: full strength', async () => {
    scene.cluster.stop('c-node-3')
    scene.canary = 'there'
    scene.lock = otherLock({current: currentOf('c-node-3', {stopped: true})})
    const {stdout, exitCode} = await abort('--take-over', '--confirm', 'c', '--json')
    const result = JSON.parse(stdout)
    assert.deepEqual(
      [result.startedAgain, result.standing, result.reasons, result.exit, exitCode],
      [true, 'full-strength', [], 0, 0],
    )
    assert.deepEqual([scene.lock, scene.canary, scene.cluster.unsound()], [undefined, 'absent', []])
  })

  it('tells with --dry-run what it would be about, in the same shape, and changes nothing', async () => {
    scene.lock = otherLock({handedOver: true, current: currentOf('c-node-3', {stopped: true})})
    const planned = JSON.parse((await abort('--dry-run', '--json')).stdout)
    assert.deepEqual([planned.outcome, planned.node, planned.standing, planned.exit], ['planned', 'c-node-3', null, 0])
    assert.equal(scene.lock?.beat, 3)
    const real = JSON.parse((await abort('--confirm', 'c', '--json')).stdout)
    assert.equal(real.outcome, 'aborted')
    assert.deepEqual(Object.keys(planned).sort(), Object.keys(real).sort())
  })

  it('says which node is down and what that means, with 5', async () => {
    await hold()
    const {stdout, exitCode} = await abort('--confirm', 'c')
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stdout, /^cluster {4}one node is down or not in sync$/m)
    assert.match(stdout, /- I1: c-node-2 does not answer/)
    assert.match(stdout, /means {6}c-node-2 lost its instance i-4: its group launches another/)
    assert.match(stdout, /touch none of them/)
    assert.equal(scene.lock, undefined)
    const history = await runCommand(History, ['--json'], scene.wiring())
    assert.equal(JSON.parse(history.stdout).rolls[0].result, 'aborted')
  })

  it('calls a meta leader with much to do no loss of strength, and tells of it', async () => {
    scene.cluster.metaPending = 150
    scene.lock = otherLock({handedOver: true})
    const {stdout, exitCode} = await abort('--confirm', 'c', '--json')
    const {standing, reasons, meaning} = JSON.parse(stdout)
    assert.deepEqual([exitCode, standing, reasons], [0, 'full-strength', []])
    assert.deepEqual(meaning, [
      'every node is up and holds the data',
      `the meta leader ${scene.cluster.metaLeader} does not keep up: 150 requests waited in the earlier look, 150 do now: that takes no node away; natsops health --cluster c`,
    ])
  })

  it('says so when the server does not start again', async () => {
    scene.cluster.stop('c-node-3')
    scene.lock = otherLock({handedOver: true, current: currentOf('c-node-3', {stopped: true})})
    scene.cluster.node('c-node-3').visible = false
    const {stdout, exitCode} = await abort('--confirm', 'c')
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stdout, /means {6}c-node-3 is down or does not hold the data yet; its instance i-6 lives\n/)
    assert.doesNotMatch(stdout, /was started again/)
  })

  it('keeps the lock while no node answers: nobody would know what it guards', async () => {
    await hold()
    for (const node of scene.cluster.nodes) node.visible = false
    const {stderr, exitCode} = await abort('--confirm', 'c')
    assert.equal(exitCode, Exit.unreachable)
    assert.match(stderr, /no node of c answers: the lock stays, nothing was changed/)
    assert.equal(scene.lock?.handedOver, true)
  })

  it('is declined, dry, and interrupted without harm', async () => {
    await hold()
    const before = scene.lock
    assert.equal((await abort('--confirm', 'x')).exitCode, Exit.declined)
    assert.equal((await abort()).exitCode, Exit.usage)
    assert.equal((await abort('--dry-run')).exitCode, 0)
    assert.deepEqual(scene.lock, before)
    scene.onLook = () => scene.interrupt()
    assert.equal((await abort('--confirm', 'c')).exitCode, Exit.interrupted)
    assert.equal(scene.lock?.handedOver, true)
  })
})

describe('roll history and roll show', () => {
  const show = (...argv: string[]) => runCommand(Show, argv, scene.wiring())
  const write = (id: string, events: readonly Parameters<typeof formatEvent>[0][]): void => {
    const folder = join(scene.home, '.local/state/natsops/rolls/c')
    mkdirSync(folder, {recursive: true, mode: 0o700})
    writeFileSync(join(folder, `${id}.jsonl`), events.map(formatEvent).join(''))
  }

  it('has no history where none was driven from here', async () => {
    const {stdout, stderr, exitCode} = await runCommand(History, [], scene.wiring())
    assert.deepEqual([stdout, stderr, exitCode], ['', 'no roll of c was driven from this machine\n', 0])
    assert.deepEqual(JSON.parse((await runCommand(History, ['--json'], scene.wiring())).stdout).rolls, [])
  })

  it('lists the newest first, with what became of each', async () => {
    write('20260101-000000-aaaaaa', wholeRoll())
    write('20260103-000000-cccccc', heldRoll())
    write('20260102-000000-bbbbbb', wholeRoll().slice(0, 9))
    const {stdout} = await runCommand(History, [], scene.wiring())
    assert.deepEqual(stdout.split('\n'), [
      '20260103-000000-cccccc\t2026-01-02T03:04:05Z\t1028\theld (exit 5)\t0 of 1 node',
      '20260102-000000-bbbbbb\t2026-01-02T03:04:05Z\t-\tunfinished\t0 of 3 nodes',
      '20260101-000000-aaaaaa\t2026-01-02T03:04:05Z\t629\tdone\t3 of 3 nodes: nats-prod-node-2, nats-prod-node-3, nats-prod-node-1',
      '',
    ])
  })

  it('finds a roll by its id, the beginning of one, or last', async () => {
    write('20260101-000000-aaaaaa', wholeRoll())
    write('20260101-000001-bbbbbb', heldRoll())
    for (const id of ['20260101-000001-bbbbbb', '20260101-000001', 'last']) {
      assert.match((await show(id)).stdout, /^roll\t20260101-000001-bbbbbb\t/)
    }
    const ambiguous = await show('20260101')
    assert.equal(ambiguous.exitCode, Exit.usage)
    assert.match(ambiguous.stderr, /begins the ids of 2 rolls: 20260101-000001-bbbbbb, 20260101-000000-aaaaaa/)
    for (const id of ['2027', '../../x']) assert.equal((await show(id)).exitCode, Exit.notFound)
    scene[Symbol.dispose]()
    assert.equal((await show('last')).exitCode, Exit.notFound)
  })

  it('writes the page in place of what was there, and never through a symlink', async () => {
    write('20260101-000000-aaaaaa', heldRoll(HOSTILE))
    const [path, target] = [join(scene.home, 'roll.html'), join(scene.home, 'target')]
    writeFileSync(target, 'mine')
    symlinkSync(target, path)
    const {stdout, exitCode} = await show('last', '--html', path)
    assert.deepEqual([stdout, exitCode], [`${path}\n`, 0])
    assert.match(readFileSync(path, 'utf8'), /^<!doctype html>\n/)
    assert.equal(readFileSync(target, 'utf8'), 'mine')
    assert.equal((await show('last', '--html', join(scene.home, 'no', 'x.html'))).exitCode, Exit.usage)
  })
})
