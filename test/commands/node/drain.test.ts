import assert from 'node:assert/strict'
import Drain from '../../../src/commands/node/drain.ts'
import Abort from '../../../src/commands/roll/abort.ts'
import Roll from '../../../src/commands/roll/index.ts'
import Status from '../../../src/commands/roll/status.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'
import {LOCKED_REQUEST, rewriteLock} from '../../support/roll-locks.ts'
import {RollScene} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

describe('node drain', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => {
    assert.equal(scene.worldsOpen, 0, 'every world that was opened is closed')
    assert.deepEqual([scene.cluster.violations, scene.cluster.terminated], [[], []])
    scene[Symbol.dispose]()
  })
  const drain = (...argv: string[]) => runCommand(Drain, argv, scene.wiring())
  const server = (n: number): string => scene.cluster.node(`c-node-${n}`).server
  const untouched = (): void => {
    assert.deepEqual([scene.lock, scene.canary, scene.cluster.unsound()], [undefined, 'absent', []])
  }

  it('moves the leaders away, stops the server, and keeps everybody else away until it is undone', async () => {
    const {stdout, stderr, exitCode} = await drain('1', '--confirm', 'c')
    assert.equal(exitCode, 0)
    assert.equal(stdout, 'c-node-1 is drained: lame duck; until it is undone nobody rolls c\n')
    assert.match(stderr, /3 leaders moved: stream orders to c-node-2/)
    assert.match(stderr, /undo it: natsops node drain c-node-1 --undo --cluster c\n$/)
    assert.deepEqual([server(1), scene.canary, scene.lock?.purpose], ['stopped', 'absent', 'drain'])

    const other = await drain('2', '--confirm', 'c')
    const roll = await runCommand(Roll, ['--confirm', 'c'], scene.wiring())
    assert.deepEqual([other.exitCode, roll.exitCode, server(2)], [Exit.locked, Exit.locked, 'up'])
    assert.match(
      roll.stderr,
      /c-node-1 is drained by .*\n.*\n {2}try: natsops node drain c-node-1 --undo --cluster c\n/,
    )

    const {lock, next} = JSON.parse((await runCommand(Status, ['--json'], scene.wiring())).stdout)
    assert.deepEqual(
      [lock.current.identity.node, next],
      ['c-node-1', ['natsops node drain c-node-1 --undo --cluster c']],
    )

    const undone = await drain('1', '--undo', '--confirm', 'c')
    assert.equal(undone.exitCode, 0)
    assert.equal(undone.stdout, 'c-node-1 serves again and holds all its data; the lock is released\n')
    untouched()
  })

  it('shows escapes in what the node says of its unit in place of sending them', async () => {
    scene.stopHow = 'plain stop: the unit has Restart=\u001b]0;owned\u0007\nc-node-2 is drained'
    const {stdout} = await drain('1', '--confirm', 'c')
    assert.equal(
      stdout,
      'c-node-1 is drained: plain stop: the unit has Restart=\\x1b]0;owned\\x07\\x0ac-node-2 is drained; until it is undone nobody rolls c\n',
    )
    await drain('1', '--undo', '--confirm', 'c')
  })

  it('speaks JSON in both directions', async () => {
    const there = JSON.parse((await drain('1', '--confirm', 'c', '--json')).stdout)
    assert.deepEqual([there.outcome, there.how, there.moved.length], ['drained', 'lame duck', 3])
    const back = JSON.parse((await drain('1', '--undo', '--confirm', 'c', '--json')).stdout)
    assert.deepEqual(back, {cluster: 'c', node: 'c-node-1', outcome: 'serving', moved: [], how: null})
  })

  it('changes nothing when declined, dry, interrupted while it looks, or not confirmed', async () => {
    assert.equal((await drain('2', '--confirm', 'x')).exitCode, Exit.declined)
    assert.equal((await drain('2')).exitCode, Exit.usage)
    const dry = await drain('2', '--dry-run')
    assert.equal(dry.exitCode, 0)
    assert.match(dry.stdout, /^drain 1 node of c /)
    assert.match(dry.stderr, /nothing stands in its way; dry run: nothing was changed\n$/)
    scene.onLook = () => scene.interrupt()
    assert.equal((await drain('2', '--confirm', 'c')).exitCode, Exit.interrupted)
    untouched()
  })

  it('is refused where losing the node would cost something', async () => {
    scene.cluster.node('c-node-3').frozen = true
    scene.clock.pass(5000)
    const {stderr, exitCode} = await drain('2', '--confirm', 'c')
    assert.equal(exitCode, Exit.refused)
    assert.match(stderr, /I2 {2}every other replica holds the data\n {6}- .*c-node-3: behind/)
    assert.deepEqual([scene.lock, server(2)], [undefined, 'up'])
  })

  it('is refused for a node that is down already, and for one that is not there', async () => {
    scene.cluster.stop('c-node-2')
    scene.clock.pass(10_000)
    const down = await drain('2', '--confirm', 'c')
    assert.equal(down.exitCode, Exit.refused)
    assert.match(down.stderr, /error: c-node-2 does not serve: there is nothing to drain\n/)
    assert.equal((await drain('9', '--confirm', 'c')).exitCode, Exit.notFound)
    assert.equal(scene.lock, undefined)
  })

  it('gives the node back when it is interrupted after the stop', async () => {
    scene.onLook = () => {
      if (server(2) === 'stopped') scene.interrupt()
    }
    const {stderr, exitCode} = await drain('2', '--confirm', 'c')
    assert.equal(exitCode, Exit.interrupted)
    assert.match(stderr, /its server is stopped and will be started again first/)
    assert.match(stderr, /interrupted by SIGINT; c-node-2 serves again\n/)
    untouched()
  })

  it('gives the node back when the invariants stop holding, and says which', async () => {
    scene.onLook = () => {
      if (scene.canary === 'there') scene.cluster.node('c-node-3').frozen = true
    }
    const {stderr, exitCode} = await drain('2', '--confirm', 'c')
    assert.equal(exitCode, Exit.held)
    assert.match(stderr, /held in GATE of c-node-2: .*\n(.*\n)*.*I2: .*c-node-3: behind/)
    assert.match(stderr, /try: natsops node drain c-node-2 --cluster c\n$/)
    assert.doesNotMatch(stderr, /roll resume/)
    assert.deepEqual([scene.lock, scene.canary, server(2)], [undefined, 'absent', 'up'])
  })

  it('is refused where the server cannot be stopped from here, and nothing stays', async () => {
    scene.stopAnswer = 'not-permitted'
    const {stderr, exitCode} = await drain('2', '--confirm', 'c')
    assert.equal(exitCode, Exit.refused)
    assert.match(stderr, /the server of c-node-2 was not stopped: AccessDenied for ssm:SendCommand/)
    untouched()
  })

  it('keeps the lock and says 5 when the server that it stopped does not start again', async () => {
    scene.startFailure = new OpsError('AccessDenied', {code: 'ACCESS_DENIED', exit: Exit.auth})
    scene.onLook = () => {
      if (server(2) === 'stopped') scene.interrupt()
    }
    const {stderr, exitCode} = await drain('2', '--confirm', 'c')
    assert.equal(exitCode, Exit.heldDegraded)
    assert.match(stderr, /the server of c-node-2 was stopped and could not be started again\n/)
    assert.match(stderr, /try: natsops node drain c-node-2 --undo --cluster c\n$/)
    assert.deepEqual([scene.lock?.purpose, scene.lock?.handedOver], ['drain', true])
  })

  describe('--undo', () => {
    it('refuses a node that was not drained, another than the drained one, and the lock of a roll', async () => {
      const none = await drain('2', '--undo', '--confirm', 'c')
      assert.match(none.stderr, /error: 2 of c was not drained by natsops: there is no lock that says so\n/)
      await drain('2', '--confirm', 'c')
      const other = await drain('3', '--undo', '--confirm', 'c')
      assert.match(other.stderr, /c is locked: c-node-2 is drained by/)
      scene.lock = {...scene.lock, purpose: 'roll', request: LOCKED_REQUEST}
      const roll = await drain('2', '--undo', '--confirm', 'c')
      assert.match(roll.stderr, /c is locked by roll /)
      assert.deepEqual([none.exitCode, other.exitCode, roll.exitCode], [3, 6, 6])
      assert.equal(server(2), 'stopped')
    })

    it('does not undo another drain than the one that was shown', async () => {
      await drain('2', '--confirm', 'c')
      const wiring = scene.wiring(() => rewriteLock(scene, {...scene.lock, roll: '20260102-040000-bbbbbb'}))
      const {stderr, exitCode} = await runCommand(Drain, ['2', '--undo'], wiring)
      assert.equal(exitCode, Exit.locked)
      assert.match(stderr, /was written by somebody else/)
      assert.equal(server(2), 'stopped')
    })

    it('is declined and dry without a change', async () => {
      await drain('2', '--confirm', 'c')
      const before = scene.lock
      assert.equal((await drain('2', '--undo', '--confirm', 'x')).exitCode, Exit.declined)
      const dry = await drain('2', '--undo', '--dry-run')
      assert.match(dry.stderr, /^c-node-2 \(i-4\) was drained by .*\ndry run: nothing was changed\n$/)
      assert.deepEqual([server(2), scene.lock], ['stopped', before])
    })

    it('starts it until it serves: it was in its lame duck, and AWS was out of reach for a moment', async () => {
      await drain('2', '--confirm', 'c')
      scene.startFailure = new OpsError('no route to AWS', {code: 'AWS_UNREACHABLE', exit: Exit.unreachable})
      scene.failingStarts = 1
      scene.idleStarts = 1
      assert.equal((await drain('2', '--undo', '--confirm', 'c')).exitCode, 0)
      untouched()
    })

    it('waits until the node holds what was written meanwhile', async () => {
      await drain('2', '--confirm', 'c')
      scene.clock.pass(3_600_000)
      const {stderr, exitCode} = await drain('2', '--undo', '--confirm', 'c')
      assert.equal(exitCode, 0)
      assert.match(stderr, /c-node-2 SYNC waits for I2 .*: behind/)
      untouched()
    })

    it('is held with one node down when it does not catch up, and can be done again', async () => {
      await drain('2', '--confirm', 'c')
      scene.clock.pass(600_000)
      scene.cluster.node('c-node-2').frozen = true
      const {stderr, exitCode} = await drain('2', '--undo', '--confirm', 'c')
      assert.equal(exitCode, Exit.heldDegraded)
      assert.match(stderr, /try: natsops node drain c-node-2 --undo --cluster c\n$/)
      scene.cluster.node('c-node-2').frozen = false
      assert.equal((await drain('2', '--undo', '--confirm', 'c')).exitCode, 0)
      untouched()
    })

    it('is interrupted without losing the drain', async () => {
      await drain('2', '--confirm', 'c')
      scene.onLook = () => scene.interrupt()
      assert.equal((await drain('2', '--undo', '--confirm', 'c')).exitCode, Exit.interrupted)
      assert.deepEqual([scene.lock?.purpose, scene.lock?.handedOver], ['drain', true])
    })

    it('ends a drain whose instance was replaced by AWS meanwhile', async () => {
      await drain('2', '--confirm', 'c')
      scene.cluster.replaceByItself('c-node-2')
      scene.clock.pass(60_000)
      const {stderr, exitCode} = await drain('2', '--undo', '--confirm', 'c')
      assert.equal(exitCode, 0)
      assert.match(stderr, /i-4 was replaced meanwhile: its successor starts by itself/)
      untouched()
    })
  })

  it('can be given up with roll abort, which starts the server too', async () => {
    await drain('2', '--confirm', 'c')
    const {exitCode} = await runCommand(Abort, ['--confirm', 'c'], scene.wiring())
    assert.equal(exitCode, 0)
    untouched()
  })
})
