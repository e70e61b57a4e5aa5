import assert from 'node:assert/strict'
import NodeRun from '../../../src/commands/node/run.ts'
import {eventually} from '../../support/eventually.ts'
import {type Instances, startInstances, type WiringOptions} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

const forever = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), {once: true}))

describe('node run', function () {
  this.slow(1000)
  let instances: Instances
  before(async () => {
    instances = await startInstances()
  })
  after(() => instances[Symbol.asyncDispose]())
  beforeEach(() => {
    instances.agent = () => ({})
    instances.authorize = undefined
    instances.faults.switchOff()
  })
  const run = (argv: readonly string[], wiring: WiringOptions = {}, options: RunOptions = {}) =>
    runCommand(NodeRun, argv, instances.wiring(wiring), options)

  it('runs the words as they are on one node, without a question, and ends with their exit status', async () => {
    instances.agent = () => ({exitCode: 7, stdout: 'out\n', stderr: 'err\n'})
    const before = instances.asked.length
    const {stdout, stderr, exitCode} = await run(['2', '--', 'grep', "it's", '--', '$HOME', '--json'])
    assert.deepEqual([stdout, stderr, exitCode], ['out\n', 'err\n', 7])
    assert.deepEqual(instances.asked.slice(before), [['c-node-2', 'grep', "it's", '--', '$HOME', '--json']])
  })

  it('is one document under --json, with the same exit status', async () => {
    instances.agent = () => ({exitCode: 3, stdout: 'o', stderr: 'e\n'})
    const {stdout, exitCode} = await run(['c-node-1', '--json', '--', 'true'])
    assert.equal(exitCode, 3)
    const outcome = {node: 'c-node-1', instanceId: instances.idOf(1), exitCode: 3, stdout: 'o', stderr: 'e\n'}
    assert.deepEqual(JSON.parse(stdout), {
      cluster: 'c',
      command: ['true'],
      dryRun: false,
      exit: 3,
      nodes: [{...outcome, cut: false, error: null}],
    })
  })

  it('asks before it runs something on all nodes, and says where and as whom', async () => {
    const before = instances.asked.length
    const {stderr, exitCode} = await run(['--all', '--', 'reboot', 'now'], {answer: 'C'})
    assert.equal(exitCode, 11)
    assert.equal(instances.asked.length, before)
    assert.equal(
      stderr,
      `cluster c in us-east-2, account 210987654321 as arn:aws:iam::210987654321:user/lab
to be run as root: reboot now
  on c-node-1 (${instances.idOf(1)})
  on c-node-2 (${instances.idOf(2)})
  on c-node-3 (${instances.idOf(3)})
error: run reboot on 3 nodes: declined, nothing was changed
`,
    )
  })

  it('needs the flag for all nodes where nobody can be asked', async () => {
    const {stderr, exitCode} = await run(['--all', '--', 'reboot'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /error: run reboot on 3 nodes needs confirmation.*\n {2}try: add --confirm c\n$/)
  })

  it('only shows what it would run in a dry run', async () => {
    const before = instances.asked.length
    const {stderr, exitCode} = await run(['--all', '--dry-run', '--', 'reboot'])
    assert.equal(exitCode, 0)
    assert.equal(instances.asked.length, before)
    assert.match(stderr, /to be run as root: reboot\n[\s\S]*dry run: nothing was run\n$/)
  })

  it('says on all nodes whose each line is, and ends with 3 where one failed', async () => {
    instances.agent = (_words, {node}) => ({
      exitCode: node === 'c-node-2' ? 1 : 0,
      stdout: `first of ${node}\nsecond\n`,
      stderr: node === 'c-node-2' ? 'broken\n' : '',
    })
    const piped = await run(['--all', '--confirm', 'c', '--', 'x'])
    assert.equal(piped.exitCode, 3)
    assert.deepEqual(
      piped.stdout.trimEnd().split('\n').sort(),
      [1, 2, 3].flatMap((n) => [`c-node-${n}\tfirst of c-node-${n}`, `c-node-${n}\tsecond`]),
    )
    assert.match(piped.stderr, /^c-node-2\tbroken\nc-node-2: exit status 1$/m)
    const shown = await run(['--all', '--confirm', 'c', '--no-color', '--', 'x'], {}, {columns: 80})
    assert.ok(shown.stdout.includes('c-node-3 | second\n'), shown.stdout)
  })

  it('goes on with the others where one node cannot be reached', async () => {
    instances.faults.switchOn({name: 'agent-lost', node: 'c-node-2'})
    instances.agent = () => ({stdout: 'here\n'})
    const {stdout, stderr, exitCode} = await run(['--all', '--confirm', 'c', '--', 'x'])
    assert.equal(exitCode, 7)
    assert.deepEqual(stdout.trimEnd().split('\n').sort(), ['c-node-1\there', 'c-node-3\there'])
    assert.match(stderr, /^c-node-2: ssm:SendCommand on i-\S+ in us-east-2: no SSM agent answers on this instance/m)
  })

  it('names an instance whose agent is gone', async () => {
    instances.faults.switchOn({name: 'agent-lost', node: 'c-node-1'})
    const {stdout, exitCode} = await run(['1', '--json', '--', 'x'])
    const {error} = JSON.parse(stdout)
    assert.deepEqual([error.code, error.exit, exitCode], ['INSTANCE_NOT_MANAGED', 7, 7])
  })

  it('names the action that is not allowed', async () => {
    instances.authorize = ({action}) => (action === 'ssm:SendCommand' ? 'denied' : undefined)
    const {stderr, exitCode} = await run(['1', '--', 'x'])
    assert.equal(exitCode, 10)
    assert.match(stderr, /^error: ssm:SendCommand on i-\S+ in us-east-2: \S+ is not allowed ssm:SendCommand/)
  })

  it('names the nodes there are', async () => {
    const {stderr, exitCode} = await run(['7', '--', 'x'])
    assert.equal(exitCode, 9)
    assert.match(stderr, /^error: c has no node "7": there are c-node-1, c-node-2, c-node-3\n/)
  })

  for (const [argv, message] of [
    [['1'], 'there is no command to run: give it after --'],
    [['1', '--'], 'there is no command to run: give it after --'],
    [['--', 'x'], 'name one node or give --all'],
    [['1', '--all', '--', 'x'], 'name one node or give --all'],
    [['1', '--limit', 'soon', '--', 'x'], '--limit "soon" is not a duration between 1ms and 24d'],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, async () => {
      const {stderr, exitCode} = await run(argv)
      assert.equal(exitCode, 2)
      assert.equal(stderr.split('\n')[0], `error: ${message}`)
    })
  }

  it('ends a command that takes longer than its limit', async () => {
    instances.agent = (_words, _instance, signal) => forever(signal)
    const {stderr, exitCode} = await run(['1', '--limit', '1s', '--', 'sleep', '60'])
    assert.equal(exitCode, 7)
    assert.match(stderr, /^error: the command did not end (in time|within 1 s) on i-/)
    await eventually('an end on the instance', () => instances.world.commands.list()[0]?.invocations[0]?.endedAt)
  })

  it('cancels the command at Ctrl-C, and says so', async () => {
    instances.agent = async (_words, _instance, signal) => {
      instances.interrupt()
      return forever(signal)
    }
    const {stderr, exitCode} = await run(['1', '--', 'sleep', '60'])
    assert.equal(exitCode, 130)
    assert.equal(stderr, 'interrupted: AWS is asked to cancel the command\nerror: interrupted by SIGINT\n')
    const [command] = instances.world.commands.list()
    await eventually('the command to be cancelled', () => command?.invocations[0]?.status === 'Cancelled')
  })

  it('says that AWS kept only the beginning of five megabytes', async () => {
    instances.agent = () => ({stdout: 'x'.repeat(5_000_000)})
    const {stdout, stderr, exitCode} = await run(['1', '--', 'cat'])
    assert.equal(exitCode, 0)
    assert.ok(stdout.length < 25_000, String(stdout.length))
    assert.equal(stderr, 'c-node-1: AWS kept only the beginning of the output\n')
  })

  it('shows no control character on a terminal and passes everything on in a pipe', async () => {
    const hostile = 'a\u001b]0;title\u0007\u009b31mb\u202ec\u0000\r\nnext\tcell\n'
    instances.agent = () => ({stdout: hostile, stderr: '\u001b[2J'})
    const shown = await run(['1', '--no-color', '--', 'x'], {}, {columns: 80})
    assert.equal(shown.stdout, 'a\\x1b]0;title\\x07\\x9b31mb\\u202ec\\x00\nnext\tcell\n')
    assert.equal(shown.stderr, '\\x1b[2J\n')
    assert.equal((await run(['1', '--', 'x'])).stdout, hostile)
  })
})
