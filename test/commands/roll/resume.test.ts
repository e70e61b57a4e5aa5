import assert from 'node:assert/strict'
import Resume from '../../../src/commands/roll/resume.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {currentOf, hold, otherLock} from '../../support/roll-locks.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

describe('roll resume', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const resume = (...argv: string[]) => runCommand(Resume, argv, scene.wiring())

  it('has nothing to go on with without a lock', async () => {
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.refused)
    assert.match(stderr, /error: no roll of c is under way: there is no lock/)
  })

  it('refuses the lock of somebody who may be alive, without asking or waiting', async () => {
    scene.lock = otherLock(scene)
    const before = scene.clock.now()
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.locked)
    assert.match(stderr, /try: natsops roll resume --cluster c --take-over/)
    assert.equal(scene.clock.now(), before)
    assert.equal(scene.lock?.beat, 3)
  })

  it('takes over a lock that stands still, and replaces only what is left', async () => {
    scene.lock = otherLock(scene)
    const {stdout, exitCode} = await resume('--take-over', '--confirm', 'c', '--json')
    assert.equal(exitCode, 0)
    assert.deepEqual(scene.cluster.terminated, ['i-6', 'i-2'])
    const {report} = JSON.parse(stdout)
    assert.deepEqual([report.drivers.length, report.drivers[0].tookOver], [1, true])
    assert.equal(scene.lock, undefined)
  })

  it('does not take over a lock that is renewed while it watches', async () => {
    scene.lock = otherLock(scene)
    const {sleep} = scene.clock
    scene.clock.sleep = async (ms, signal) => {
      await scene.store.put('/nats-cluster/c/natsops/lock', JSON.stringify(otherLock(scene)), {
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
    await hold(scene)
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
    await hold(scene)
    assert.equal((await resume('--confirm', 'c')).exitCode, Exit.heldDegraded)
    scene.onLook = () => scene.interrupt()
    assert.equal((await resume('--confirm', 'c')).exitCode, Exit.interrupted)
    assert.equal(scene.lock?.handedOver, true)
  })

  it('does not resume a drain: that would replace the node', async () => {
    scene.lock = otherLock(scene, {
      purpose: 'drain',
      handedOver: true,
      current: currentOf(scene, 'c-node-2', {stopped: true}),
    })
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.locked)
    assert.match(
      stderr,
      /c-node-2 is drained by ben@desk.*\n.*\n {2}try: natsops node drain c-node-2 --undo --cluster c\n/,
    )
  })
})
