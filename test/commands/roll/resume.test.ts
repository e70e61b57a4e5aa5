import assert from 'node:assert/strict'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import Abort from '../../../src/commands/roll/abort.ts'
import Roll from '../../../src/commands/roll/index.ts'
import Resume from '../../../src/commands/roll/resume.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {currentOf, hold, LOCKED_REQUEST, otherLock, rewriteLock} from '../../support/roll-locks.ts'
import {RollScene, SINGLE} from '../../support/roll-scene.ts'
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
    assert.match(stderr, /try: natsops roll status --cluster c/)
    assert.doesNotMatch(stderr, /--take-over/)
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

  it('is held after the five minutes of one try where the stopped server cannot be started', async () => {
    scene.cluster.stop('c-node-3')
    scene.startFailure = new OpsError('no route to AWS', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
    scene.lock = otherLock(scene, {handedOver: true, current: currentOf(scene, 'c-node-3', {stopped: true})})
    const before = scene.clock.monotonic()
    const {stderr, exitCode} = await resume('--confirm', 'c')
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stderr, /the server of c-node-3 was stopped and does not start again/)
    assert.ok(scene.clock.monotonic() - before < 400_000)
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

  describe('a lock that somebody wrote who may write nothing else', () => {
    it('is refused with the field that is wrong, and nothing is changed', async () => {
      const bent: readonly (readonly [object, string])[] = [
        [{request: {...LOCKED_REQUEST, settleMs: 'never'}}, 'request.settleMs is not a whole number'],
        [{request: {...LOCKED_REQUEST, acceptedLoss: 'all'}}, 'request.acceptedLoss is no list'],
        [{request: {...LOCKED_REQUEST, strategy: 'force'}}, 'request.strategy is not one of'],
        [{current: {identity: {node: 'c-node-3'}}}, 'current.identity.asg is not a text'],
        [{remaining: ['c-node-3', 'c-node-9']}, 'remaining[1] is no node of the cluster'],
        [{current: currentOf(scene, 'c-node-3', {identity: undefined})}, 'current.identity is no object'],
      ]
      for (const [changes, wrong] of bent) {
        scene.lock = otherLock(scene, {handedOver: true, ...changes})
        const before = scene.lock
        const {stderr, exitCode, error} = await resume('--confirm', 'c')
        assert.equal(exitCode, Exit.refused, wrong)
        assert.equal((error as {code?: string}).code, 'LOCK_UNREADABLE')
        assert.ok(stderr.includes(`is not a lock of this version of natsops: ${wrong}`), stderr)
        assert.deepEqual([scene.lock, scene.cluster.terminated], [before, []])
      }
    })

    it('is refused where it is of another cluster, and its name never becomes a path', async () => {
      scene.lock = otherLock(scene, {handedOver: true, cluster: '../../../outside'})
      const {stderr, exitCode} = await resume('--confirm', 'c')
      assert.equal(exitCode, Exit.refused)
      assert.match(stderr, /is not a lock of this version of natsops: cluster is not c\n/)
      assert.equal(existsSync(join(scene.home, '.local/state/natsops')), false)
      assert.equal(existsSync(join(scene.home, '.local/outside')), false)
    })

    it('is not taken where it is not the one that was shown any more', async () => {
      scene.lock = otherLock(scene, {handedOver: true})
      const request = {...LOCKED_REQUEST, acceptedLoss: ['APP/orders']}
      const wiring = scene.wiring(() => rewriteLock(scene, otherLock(scene, {handedOver: true, request})))
      const {stderr, exitCode} = await runCommand(Resume, [], wiring)
      assert.equal(exitCode, Exit.locked)
      assert.match(stderr, /was written by somebody else \(version 8 in place of 7\)/)
      assert.deepEqual(scene.cluster.terminated, [])
    })

    it('can be given up only where the node in flight is one of the cluster', async () => {
      const stranger = currentOf(scene, 'c-node-3', {stopped: true}) as {readonly identity: object}
      const current = {...stranger, identity: {...stranger.identity, node: 'elsewhere'}}
      scene.lock = otherLock(scene, {handedOver: true, current})
      const {stderr, exitCode} = await runCommand(Abort, ['--confirm', 'c'], scene.wiring())
      assert.equal(exitCode, Exit.refused)
      assert.match(stderr, /current\.identity\.node is no node of the cluster\n/)
    })
  })

  describe('what the roll was allowed', () => {
    const request = {
      ...LOCKED_REQUEST,
      acceptedLoss: ['APP/audit'],
      acceptsUnseen: true,
      acceptsOldServers: true,
      checksBootstrap: false,
    }
    beforeEach(() => {
      scene[Symbol.dispose]()
      scene = new RollScene(SINGLE)
      scene.lock = otherLock(scene, {handedOver: true, request, remaining: ['c-node-2'], done: []})
    })

    it('is shown before the question', async () => {
      const {stderr} = await resume('--dry-run', '--accept-loss', 'audit', '--accept-unseen')
      assert.deepEqual(
        stderr.split('\n').filter((line) => /^(strategy|settle|allowed)\t/.test(line)),
        [
          'strategy\tterminate, drain auto',
          'settle\t1 s between two nodes, less than the 120 s advised',
          'allowed\tthe loss of APP/audit (--accept-loss)',
          'allowed\tto replace a node that cannot say what it holds (--accept-unseen)',
          'allowed\tservers before 2.12 (--accept-old-servers)',
          'allowed\tno look at the bootstrap log (--skip-bootstrap-check)',
        ],
      )
    })

    it('to lose has to be said again by whoever resumes: refused otherwise, in a dry run too', async () => {
      const before = scene.lock
      for (const argv of [['--confirm', 'c'], ['--dry-run']]) {
        const {stderr, exitCode, error} = await resume(...argv)
        assert.equal(exitCode, Exit.refused)
        assert.equal((error as {code?: string}).code, 'CONSENT_REQUIRED')
        assert.match(
          stderr,
          /error: roll 20260102-030405-abc123 was allowed --accept-loss APP\/audit --accept-unseen: whoever resumes it has to say so again\n {2}try: natsops roll resume --cluster c --accept-loss APP\/audit --accept-unseen\n {2}try: natsops roll abort --cluster c\n$/,
        )
      }
      const some = await resume('--confirm', 'c', '--accept-loss', 'APP/audit')
      assert.equal(some.exitCode, Exit.refused)
      assert.match(some.stderr, /was allowed --accept-unseen: whoever/)
      assert.deepEqual([scene.lock, scene.cluster.terminated], [before, []])
    })

    it('is gone on with when the same is said again', async () => {
      const {exitCode} = await resume('--confirm', 'c', '--accept-loss', 'audit', '--accept-unseen')
      assert.equal(exitCode, 0)
      assert.deepEqual(scene.cluster.terminated, ['i-4'])
    })

    it('is not made more by a resume', async () => {
      const all = ['--accept-loss', 'audit', '--accept-unseen']
      const {stderr, exitCode} = await resume('--confirm', 'c', ...all, '--accept-loss', 'orders')
      assert.equal(exitCode, Exit.usage)
      assert.match(
        stderr,
        /error: --accept-loss orders is not what roll \S+ was allowed: that is --accept-loss APP\/audit --accept-unseen\n/,
      )
      scene.lock = otherLock(scene, {handedOver: true})
      const none = await resume('--confirm', 'c', '--accept-unseen')
      assert.equal(none.exitCode, Exit.usage)
      assert.match(none.stderr, /--accept-unseen is not what roll \S+ was allowed: that is nothing of the kind\n/)
      assert.deepEqual(scene.cluster.terminated, [])
    })

    it('is part of the command that a held roll names to whoever allowed it', async () => {
      scene.lock = undefined
      scene.cluster.launches = false
      const {stderr, exitCode} = await runCommand(Roll, ['--confirm', 'c', '--accept-loss', 'audit'], scene.wiring())
      assert.equal(exitCode, Exit.heldDegraded)
      assert.match(stderr, / {2}try: natsops roll resume --cluster c --accept-loss APP\/audit\n$/)
    })
  })
})
