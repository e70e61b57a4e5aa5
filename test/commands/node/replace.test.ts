import assert from 'node:assert/strict'
import Drain from '../../../src/commands/node/drain.ts'
import Replace from '../../../src/commands/node/replace.ts'
import Roll from '../../../src/commands/roll/index.ts'
import {Exit} from '../../../src/lib/errors.ts'
import type {FakeClusterOptions} from '../../support/fake-cluster/state.ts'
import {RollScene, SINGLE} from '../../support/roll-scene.ts'
import {runCommand} from '../../support/run.ts'

/** With the ids that oclif gives them: suggestions repeat the command. */
class NamedReplace extends Replace {
  static override id = 'node:replace'
}
class NamedDrain extends Drain {
  static override id = 'node:drain'
}
class NamedRoll extends Roll {
  static override id = 'roll'
}

describe('node replace', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const open = (options: FakeClusterOptions): void => {
    scene[Symbol.dispose]()
    scene = new RollScene(options)
  }
  const replace = (...argv: string[]) => runCommand(NamedReplace, argv, scene.wiring())
  /** Time enough for the others to notice. */
  const down = (node: string): void => {
    scene.cluster.stop(node)
    scene.clock.pass(10_000)
  }

  describe('of a node that is down', () => {
    const command = 'natsops node replace c-node-2 --cluster c --accept-unseen'
    const advice = `c-node-2 is down: ${command} replaces it; what lives on it alone is lost, the other nodes are checked as usual`

    it('says so before the invariants, and offers the flag that clears them', async () => {
      down('c-node-2')
      const {stdout, stderr, exitCode} = await replace('2', '--dry-run')
      assert.equal(exitCode, Exit.refused)
      assert.ok(
        stdout.endsWith(
          `blocked: 1 invariant does not hold\n  ${advice}\n` +
            '  I6  nothing lives on this node alone\n' +
            '      - what c-node-2 holds is not known: it does not tell, and --accept-unseen was not given\n' +
            '      needs: start it, or accept with --accept-unseen that what lives on it alone is lost\n',
        ),
        stdout,
      )
      assert.match(stderr, new RegExp(`\\(I6\\)\n {2}try: ${command}\n {2}try: natsops health --cluster c\n$`))
      const {plan, error} = JSON.parse((await replace('2', '--dry-run', '--json')).stdout)
      assert.deepEqual(plan.advice, {what: advice, command})
      assert.match(error.message, /^the roll is refused, nothing was changed\n {2}c-node-2 is down: /)
      scene.assertUntouched()
    })

    it('goes ahead with it, and the plan says what was accepted', async () => {
      down('c-node-2')
      const dry = await replace('2', '--accept-unseen', '--dry-run')
      assert.equal(dry.exitCode, 0, dry.stderr)
      assert.match(
        dry.stdout,
        /warnings\n {2}- what lives on c-node-2 alone cannot be seen and will be lost\n(?!.*blocked)/,
      )
      assert.equal((await replace('2', '--accept-unseen', '--confirm', 'c')).exitCode, 0)
      assert.deepEqual(scene.cluster.terminated, ['i-4'])
    })

    it('warns of nothing where the flag is given and the node tells what it holds', async () => {
      const {stdout} = await replace('2', '--accept-unseen', '--dry-run')
      assert.doesNotMatch(stdout, /cannot be seen/)
    })

    it('is offered by a roll of all nodes too: the node that is down stands in the way of the others', async () => {
      down('c-node-2')
      const {stderr, exitCode} = await runCommand(NamedRoll, ['--confirm', 'c', '--accept-unseen'], scene.wiring())
      assert.equal(exitCode, Exit.refused)
      assert.match(
        stderr,
        new RegExp(` {2}try: ${command}\n.*health.*\n {2}try: natsops roll --accept-unseen --cluster c --dry-run\n$`),
      )
    })

    it('is not offered while the others have not noticed, nor where more stands in the way', async () => {
      scene.cluster.stop('c-node-2')
      const early = await replace('2', '--dry-run')
      assert.match(
        early.stdout,
        /\n {2}c-node-2 does not answer, and .* after a crash that takes up to 150 s, look again/,
      )
      scene.clock.pass(10_000)
      scene.cluster.node('c-node-3').version = '2.10.27'
      const more = await replace('2', '--dry-run')
      assert.match(more.stdout, /\n {2}c-node-2 is down, and that is not all: I2 stays without it\n/)
      for (const {stderr} of [early, more]) assert.doesNotMatch(stderr, /accept-unseen/)
      const old = await replace('2', '--dry-run', '--accept-old-servers')
      assert.match(old.stderr, new RegExp(`try: ${command} --accept-old-servers\n`))
    })

    it('is not offered where a second one is down, or only this machine cannot see it', async () => {
      scene.cluster.node('c-node-2').visible = false
      const unseen = await replace('2', '--dry-run')
      assert.match(unseen.stdout, /c-node-2 does not answer this machine, .*: c-node-1, c-node-3 may still reach it\n/)
      scene.cluster.node('c-node-3').visible = false
      const two = await replace('2', '--dry-run')
      assert.match(two.stdout, /\n {2}c-node-2, c-node-3 do not serve: replace none, bring one back first\n/)
      for (const {stderr} of [unseen, two]) assert.doesNotMatch(stderr, /accept-unseen/)
    })
  })

  it('when refused, repeats itself as a dry run, and not where it was one; so does node drain', async () => {
    open(SINGLE)
    const refused = await replace('2', '--confirm', 'c', '--accept-loss', 'audit/worker', '--strategy=terminate')
    assert.match(
      refused.stderr,
      /try: natsops health --cluster c\n {2}try: natsops node replace 2 --accept-loss audit\/worker --strategy=terminate --cluster c --dry-run\n$/,
    )
    const dry = await replace('2', '--dry-run')
    assert.match(dry.stderr, /try: natsops health --cluster c\n$/)
    const drain = await runCommand(NamedDrain, ['2', '--confirm=c', '--cluster', 'c'], scene.wiring())
    assert.match(drain.stderr, /try: natsops node drain 2 --cluster c --dry-run\n$/)
    scene.assertUntouched()
  })
})
