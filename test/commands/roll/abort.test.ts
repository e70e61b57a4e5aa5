import assert from 'node:assert/strict'
import Abort from '../../../src/commands/roll/abort.ts'
import History from '../../../src/commands/roll/history.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {currentOf, hold, otherLock, rewriteLock} from '../../support/roll-locks.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

describe('roll abort', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const abort = (...argv: string[]) => runCommand(Abort, argv, scene.wiring())

  it('has nothing to give up without a lock, and leaves the lock of somebody who may be alive', async () => {
    assert.equal((await abort('--confirm', 'c')).exitCode, Exit.refused)
    scene.lock = otherLock(scene)
    assert.equal((await abort('--confirm', 'c')).exitCode, Exit.locked)
    assert.equal(scene.lock?.beat, 3)
  })

  it('starts the server that the roll had stopped, removes the canary, releases the lock: full strength', async () => {
    scene.cluster.stop('c-node-3')
    scene.canary = 'there'
    scene.lock = otherLock(scene, {current: currentOf(scene, 'c-node-3', {stopped: true})})
    const {stdout, exitCode} = await abort('--take-over', '--confirm', 'c', '--json')
    const result = JSON.parse(stdout)
    assert.deepEqual(
      [result.startedAgain, result.standing, result.reasons, result.exit, exitCode],
      [true, 'full-strength', [], 0, 0],
    )
    assert.deepEqual([scene.lock, scene.canary, scene.cluster.unsound()], [undefined, 'absent', []])
  })

  it('tells with --dry-run what it would be about, in the same shape, and changes nothing', async () => {
    scene.lock = otherLock(scene, {handedOver: true, current: currentOf(scene, 'c-node-3', {stopped: true})})
    const planned = JSON.parse((await abort('--dry-run', '--json')).stdout)
    assert.deepEqual([planned.outcome, planned.node, planned.standing, planned.exit], ['planned', 'c-node-3', null, 0])
    assert.equal(scene.lock?.beat, 3)
    const real = JSON.parse((await abort('--confirm', 'c', '--json')).stdout)
    assert.equal(real.outcome, 'aborted')
    assert.deepEqual(Object.keys(planned).sort(), Object.keys(real).sort())
  })

  it('says which node is down and what that means, with 5', async () => {
    await hold(scene)
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
    scene.lock = otherLock(scene, {handedOver: true})
    const {stdout, exitCode} = await abort('--confirm', 'c', '--json')
    const {standing, reasons, meaning} = JSON.parse(stdout)
    assert.deepEqual([exitCode, standing, reasons], [0, 'full-strength', []])
    assert.deepEqual(meaning, [
      'every node is up and holds the data',
      `the meta leader ${scene.cluster.metaLeader} does not keep up: 150 requests waited in the earlier look, 150 do now: that takes no node away; natsops health --cluster c`,
    ])
  })

  it('does not give up another roll than the one that was shown', async () => {
    scene.lock = otherLock(scene, {handedOver: true})
    const theirs = otherLock(scene, {roll: '20260102-040000-bbbbbb', handedOver: true})
    const wiring = scene.wiring(() => rewriteLock(scene, theirs))
    const {stderr, exitCode} = await runCommand(Abort, [], wiring)
    assert.equal(exitCode, Exit.locked)
    assert.match(stderr, /was written by somebody else \(by roll 20260102-040000-bbbbbb\)/)
    assert.equal(scene.lock?.roll, '20260102-040000-bbbbbb')
  })

  it('starts a server again that for its unit still ran at the first start: it was in its lame duck', async () => {
    scene.cluster.stop('c-node-3')
    scene.idleStarts = 2
    scene.lock = otherLock(scene, {handedOver: true, current: currentOf(scene, 'c-node-3', {stopped: true})})
    const {stdout, exitCode} = await abort('--confirm', 'c', '--json')
    assert.deepEqual(
      [JSON.parse(stdout).startedAgain, exitCode, scene.cluster.node('c-node-3').server],
      [true, 0, 'up'],
    )
  })

  it('starts the server again although AWS was out of reach at first', async () => {
    scene.cluster.stop('c-node-3')
    scene.startFailure = new OpsError('no route to AWS', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
    scene.failingStarts = 2
    scene.lock = otherLock(scene, {handedOver: true, current: currentOf(scene, 'c-node-3', {stopped: true})})
    const {stdout, exitCode} = await abort('--confirm', 'c', '--json')
    assert.deepEqual([JSON.parse(stdout).startedAgain, exitCode], [true, 0])
  })

  it('says so when the server does not start again', async () => {
    scene.cluster.stop('c-node-3')
    scene.lock = otherLock(scene, {handedOver: true, current: currentOf(scene, 'c-node-3', {stopped: true})})
    scene.cluster.node('c-node-3').visible = false
    const {stdout, exitCode} = await abort('--confirm', 'c')
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stdout, /means {6}c-node-3 is down or does not hold the data yet; its instance i-6 lives\n/)
    assert.doesNotMatch(stdout, /was started again/)
  })

  it('keeps the lock while no node answers: nobody would know what it guards', async () => {
    await hold(scene)
    for (const node of scene.cluster.nodes) node.visible = false
    const {stderr, exitCode} = await abort('--confirm', 'c')
    assert.equal(exitCode, Exit.unreachable)
    assert.match(stderr, /no node of c answers: the lock stays, nothing was changed/)
    assert.equal(scene.lock?.handedOver, true)
  })

  it('is declined, dry, and interrupted without harm', async () => {
    await hold(scene)
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
