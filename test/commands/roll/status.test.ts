import assert from 'node:assert/strict'
import {hostname, userInfo} from 'node:os'
import Drain from '../../../src/commands/node/drain.ts'
import Roll from '../../../src/commands/roll/index.ts'
import Status from '../../../src/commands/roll/status.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {HOSTILE} from '../../support/roll-events.ts'
import {currentOf, hold, LOCKED_REQUEST, otherLock} from '../../support/roll-locks.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

describe('roll status', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const status = (...argv: string[]) => runCommand(Status, argv, scene.wiring())

  it('says that there is no lock, with 0', async () => {
    const {stdout, exitCode} = await status()
    assert.equal(stdout, 'cluster\tc\nlock\tnone: no roll is under way\nnext\tnatsops roll --cluster c --dry-run\n')
    assert.equal(exitCode, 0)
    assert.equal(JSON.parse((await status('--json')).stdout).lock, null)
  })

  it('shows the holder of another machine, how old its heartbeat is, and what it takes to go on', async () => {
    const heartbeatAt = scene.clock.now() - 46_000
    scene.lock = otherLock(scene, {heartbeatAt, current: currentOf(scene, 'c-node-3', {stopped: true})})
    const {stdout, exitCode} = await status()
    assert.equal(exitCode, 0)
    assert.deepEqual(stdout.split('\n'), [
      'cluster\tc',
      'lock\t/nats-cluster/c/natsops/lock',
      'roll\t20260102-030405-abc123',
      'holder\tben@desk (pid 99)',
      'since\t2023-11-14T22:11:50Z',
      'heartbeat\t46s ago by two clocks that may differ',
      'node\tc-node-3 (i-6): its server was stopped, its instance lives',
      'state\tnot known here: the journal is on the machine of the holder',
      'done\tc-node-2',
      'remaining\tc-node-3, c-node-1',
      'strategy\tterminate, drain auto',
      'settle\t1 s between two nodes, less than the 120 s advised',
      'allowed\tnothing beside the rules',
      'resume\twith --take-over, once its lock is seen to stand still',
      'next\tnatsops roll resume --cluster c --take-over',
      'next\tnatsops roll abort --cluster c --take-over',
      '',
    ])
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'take-over')
  })

  it('offers nothing that would take over a roll whose heart beats', async () => {
    scene.lock = otherLock(scene)
    const {stdout} = await status()
    assert.match(
      stdout,
      /\nresume\tnot while it is driven\nnext\tnothing: ben@desk \(pid 99\) drives it; look again with natsops roll status --cluster c\n$/,
    )
    assert.doesNotMatch(stdout, /take-over|resume -|abort/)
    const {driven, resumable, next} = JSON.parse((await status('--json')).stdout)
    assert.deepEqual([driven, resumable, next], [true, null, ['natsops roll status --cluster c']])
  })

  it('says why a roll of this machine stands, until it is resumed', async () => {
    await hold(scene)
    const {stdout} = await status()
    assert.match(
      stdout,
      /\nstands\t2023-[\dT:-]+Z: held in LAUNCH of c-node-2: .*not within 900 s\nstands\t {2}- I7: .*\n(stands\t.*\n)*done\t/,
    )
    const {ended, driven} = JSON.parse((await status('--json')).stdout)
    assert.deepEqual(
      [ended.exit, ended.code, ended.message.split('\n').length > 1, driven],
      [5, 'HELD_DEGRADED', true, false],
    )
    assert.match(ended.at, /^2023-/)
  })

  it('says on a terminal for how long it has been in its state', async () => {
    await hold(scene)
    scene.clock.pass(60_000)
    const {stdout} = await runCommand(Status, [], scene.wiring(), {columns: 80})
    assert.match(stdout, /state\S* +c-node-2 LAUNCH for 16m1s\n/)
  })

  it('knows the state from the journal of this machine, and that nobody drives any more', async () => {
    await hold(scene)
    const {stdout} = await status()
    assert.match(stdout, /^holder\t.*, who left it in good order$/m)
    assert.match(stdout, /^heartbeat\tlast .* ago, nobody drives now$/m)
    assert.match(stdout, /^state\tc-node-2 LAUNCH since 2023-/m)
    assert.match(stdout, /^resume\tfrom here at once$/m)
  })

  it('quotes the node of a drain in the command that ends it, here and where somebody is kept away', async () => {
    const current = currentOf(scene, 'c-node-2') as {readonly identity: object}
    const hostile = {...current, identity: {...current.identity, node: 'n; $(reboot)'}}
    scene.lock = otherLock(scene, {purpose: 'drain', handedOver: true, current: hostile})
    const undo = "natsops node drain 'n; $(reboot)' --undo --cluster c"
    assert.deepEqual(JSON.parse((await status('--json')).stdout).next, [undo])
    const {stderr} = await runCommand(Roll, ['--confirm', 'c'], scene.wiring())
    assert.ok(stderr.endsWith(`  try: ${undo}\n`), stderr)
  })

  it('offers the end of a drain that somebody may be in the middle of only once its heart stands still', async () => {
    const drain = {purpose: 'drain', current: currentOf(scene, 'c-node-2', {stopped: true})}
    scene.lock = otherLock(scene, drain)
    assert.deepEqual(JSON.parse((await status('--json')).stdout).next, ['natsops roll status --cluster c'])
    const kept = await runCommand(Drain, ['2', '--undo', '--confirm', 'c'], scene.wiring())
    assert.equal(kept.exitCode, Exit.locked)
    assert.ok(kept.stderr.endsWith('  try: natsops roll status --cluster c\n'), kept.stderr)
    scene.lock = otherLock(scene, {...drain, heartbeatAt: scene.clock.now() - 60_000})
    const {next} = JSON.parse((await status('--json')).stdout)
    assert.deepEqual(next, ['natsops node drain c-node-2 --undo --cluster c --take-over'])
    const undone = await runCommand(Drain, ['2', '--undo', '--take-over', '--confirm', 'c'], scene.wiring())
    assert.equal(undone.exitCode, 0, undone.stderr)
  })

  it('takes a dead process of this machine for what it is', async () => {
    const gone = {host: hostname(), pid: 2 ** 22 + 1}
    scene.lock = otherLock(scene, {holder: {user: userInfo().username, ...gone}})
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'at-once')
    const heartbeatAt = scene.clock.now() - 60_000
    scene.lock = otherLock(scene, {heartbeatAt, holder: {user: 'somebody-else', ...gone}})
    assert.equal(JSON.parse((await status('--json')).stdout).resumable, 'take-over')
  })

  it('refuses a parameter that is no lock, and never shows a hostile name as it is', async () => {
    scene.lock = {format: 2}
    assert.equal((await status()).exitCode, Exit.refused)
    const request = {...LOCKED_REQUEST, acceptedLoss: [HOSTILE]}
    const holder = {user: HOSTILE, host: HOSTILE, pid: 1}
    scene.lock = otherLock(scene, {request, holder, done: [HOSTILE], remaining: [HOSTILE]})
    const {stdout, exitCode} = await status()
    assert.equal(exitCode, 0)
    assert.doesNotMatch(stdout, /\u001b|^error: fake/m)
  })
})
