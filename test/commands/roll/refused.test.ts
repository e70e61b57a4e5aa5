import assert from 'node:assert/strict'
import Roll from '../../../src/commands/roll/index.ts'
import {Exit} from '../../../src/lib/errors.ts'
import type {FakeClusterOptions} from '../../support/fake-cluster/state.ts'
import {otherLock} from '../../support/roll-locks.ts'
import {RollScene, SINGLE} from '../../support/roll-scene.ts'
import {bendingStreams} from '../../support/roll-view.ts'
import {runCommand} from '../../support/run.ts'

describe('roll', () => {
  let scene: RollScene
  beforeEach(() => {
    scene = new RollScene()
  })
  afterEach(() => scene.end())
  const open = (options: FakeClusterOptions = {}): void => {
    scene[Symbol.dispose]()
    scene = new RollScene(options)
  }
  const roll = (argv: readonly string[]) => runCommand(Roll, argv, scene.wiring())

  describe('refused', () => {
    it('by what lives on one node alone, with nothing changed, in a dry run too', async () => {
      open(SINGLE)
      for (const argv of [['--confirm', 'c'], ['--dry-run']]) {
        const {stdout, stderr, exitCode} = await roll(argv)
        assert.equal(exitCode, Exit.refused)
        const plan = argv.includes('--dry-run') ? stdout : stderr
        assert.match(plan, /blocked: 1 invariant does not hold\n {2}I6 {2}nothing lives on this node alone\n/)
        assert.match(
          plan,
          /- stream audit has its only replica on c-node-2\n {6}- consumer audit\/worker has .*\n {6}needs: give/,
        )
        assert.match(stderr, /error: refused, nothing was changed: see the plan above \(I6\)\n/)
        scene.assertUntouched()
      }
    })

    it('says every reason in JSON, with the plan', async () => {
      open(SINGLE)
      const {stdout, exitCode} = await roll(['--confirm', 'c', '--json'])
      const {error, outcome, exit, plan} = JSON.parse(stdout)
      assert.deepEqual([error.code, outcome, exit, exitCode], ['ROLL_REFUSED', 'refused', 3, 3])
      assert.match(error.message, /stream audit has its only replica on c-node-2/)
      assert.deepEqual(
        plan.blockers.map(({id}: {id: string}) => id),
        ['I6'],
      )
    })

    it('goes ahead when the loss is accepted by name', async () => {
      open(SINGLE)
      const {exitCode} = await roll(['--confirm', 'c', '--accept-loss', 'audit', '--settle', '5s'])
      assert.equal(exitCode, 0)
      assert.equal(scene.cluster.terminated.length, 3)
    })

    it('by a loss accepted under a name that nothing has: a slip is no consent', async () => {
      open(SINGLE)
      const {stderr, exitCode} = await roll(['--confirm', 'c', '--accept-loss', 'Audit'])
      assert.equal(exitCode, Exit.usage)
      assert.match(
        stderr,
        /error: --accept-loss Audit is no asset with a single replica: those there are: audit, audit\/worker\n/,
      )
      scene.assertUntouched()
      open()
      assert.match((await roll(['--accept-loss', 'x'])).stderr, /every stream and consumer has more than one\n/)
    })

    it('by a loss accepted under a name that two accounts have, unless it says which', async () => {
      open(SINGLE)
      const observe = scene.cluster.observe.bind(scene.cluster)
      const twin = bendingStreams((held) => [...held, ...held.map((each) => ({...each, account: 'BILLING'}))])
      scene.cluster.observe = () => twin(observe())
      const {stderr, exitCode} = await roll(['--confirm', 'c', '--accept-loss', 'audit'])
      assert.equal(exitCode, Exit.usage)
      assert.match(
        stderr,
        /error: --accept-loss audit could mean APP\/audit or BILLING\/audit: name the account as well\n {2}try: --accept-loss APP\/audit\n {2}try: --accept-loss BILLING\/audit\n$/,
      )
      scene.assertUntouched()
      const both = ['--accept-loss', 'APP/audit', '--accept-loss', 'BILLING/audit']
      assert.equal((await roll(['--dry-run', ...both])).exitCode, 0)
      assert.equal((await roll(['--dry-run', ...both.slice(2)])).exitCode, Exit.refused)
    })

    it('with the flag quoted that says which of two accounts is meant', async () => {
      const name = '$(reboot)'
      open({
        streams: [
          {name: 'orders', perSecond: 50, stored: 5000},
          {name, perSecond: 0, stored: 10, on: [2]},
        ],
      })
      const observe = scene.cluster.observe.bind(scene.cluster)
      const twin = bendingStreams((held) => [...held, ...held.map((each) => ({...each, account: 'BILLING'}))])
      scene.cluster.observe = () => twin(observe())
      const {error} = await roll(['--confirm', 'c', '--accept-loss', name])
      assert.deepEqual((error as {suggestions?: unknown}).suggestions, [
        "--accept-loss 'APP/$(reboot)'",
        "--accept-loss 'BILLING/$(reboot)'",
      ])
    })

    it('by a settle that is negative, nonsense, or not between a second and a day', async () => {
      for (const settle of [
        '--settle=-5s',
        '--settle=0',
        '--settle=soon',
        '--settle=200ms',
        '--settle=25h',
        '--settle=',
      ]) {
        const {stderr, exitCode} = await roll(['--confirm', 'c', settle])
        assert.equal(exitCode, Exit.usage, settle)
        const [, value] = settle.split('=')
        const suggestion = '  try: --settle 120s\n'
        assert.equal(stderr, `error: --settle "${value}" is not between 1s and 24h\n${suggestion}`)
      }
      scene.assertUntouched()
    })

    it('not by a short settle, which the plan warns of', async () => {
      const {stdout, exitCode} = await roll(['--dry-run', '--settle', '9s'])
      assert.equal(exitCode, 0)
      assert.match(stdout, /warnings\n {2}- 9 s between two nodes is less than the 120 s advised/)
    })

    it('by an unknown node, and by a lock', async () => {
      const unknown = await roll(['--node', '7', '--confirm', 'c'])
      assert.equal(unknown.exitCode, Exit.notFound)
      assert.match(unknown.stderr, /c has no node "7": there are c-node-1, c-node-2, c-node-3/)
      scene.lock = otherLock(scene)
      const locked = await roll(['--confirm', 'c'])
      assert.equal(locked.exitCode, Exit.locked)
      assert.match(locked.stderr, /c is locked by roll 20260102-030405-abc123, held by ben@desk \(pid 99\)/)
      assert.deepEqual(scene.cluster.terminated, [])
    })
  })
})
