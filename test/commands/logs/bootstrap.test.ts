import assert from 'node:assert/strict'
import LogsBootstrap from '../../../src/commands/logs/bootstrap.ts'
import {group, type Instances, startInstances} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

describe('logs bootstrap', function () {
  this.slow(1000)
  let instances: Instances
  beforeEach(async () => {
    instances = await startInstances()
  })
  afterEach(() => instances[Symbol.asyncDispose]())
  const bootstrap = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(LogsBootstrap, argv, instances.wiring(), options)
  /** As the instance of node n says it now. */
  const say = (n: number, message: string, {ago = 0, instance = instances.idOf(n)} = {}): number => {
    const at = Date.now() - ago
    instances.world.logs.put(group, `c-node-${n}-bootstrap-${instance}`, at, message)
    return at
  }
  const time = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z')

  it('shows what the nodes said, oldest first, each line with its time and node', async () => {
    const second = say(1, 'mounted the disk', {ago: 1000})
    const first = say(2, 'boots', {ago: 5000})
    const {stdout, stderr, exitCode} = await bootstrap([])
    assert.equal(exitCode, 0)
    assert.equal(stdout, `${time(first)}\tc-node-2\tboots\n${time(second)}\tc-node-1\tmounted the disk\n`)
    assert.equal(stderr, 'c-node-3: nothing in the last 24h\n')
  })

  it('shows one node since a while ago, in one document', async () => {
    say(1, 'too old', {ago: 7_200_000})
    const at = say(1, 'boots', {ago: 1000})
    say(2, 'of another node')
    const {stdout, exitCode} = await bootstrap(['--node', '1', '--since', '1h', '--json'])
    assert.equal(exitCode, 0)
    const stream = `c-node-1-bootstrap-${instances.idOf(1)}`
    const entry = {node: 'c-node-1', stream, at: new Date(at).toISOString(), message: 'boots'}
    const {at: asked, ...document} = JSON.parse(stdout)
    assert.ok(Date.parse(asked) >= at)
    assert.deepEqual(document, {cluster: 'c', exit: 0, entries: [entry]})
  })

  it('follows until Ctrl-C, and shows nothing twice', async () => {
    say(1, 'one', {ago: 1000})
    let reads = 0
    instances.authorize = ({action}) => {
      if (action !== 'logs:FilterLogEvents') return undefined
      reads += 1
      if (reads === 4) say(1, 'two')
      if (reads === 10) instances.interrupt()
      return undefined
    }
    const {stdout, stderr, exitCode} = await bootstrap(['--follow'])
    assert.deepEqual([exitCode, stderr], [130, ''])
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split('\t')[2]),
      ['one', 'two', undefined],
    )
  })

  it('is interrupted at once where it does not follow', async () => {
    instances.authorize = ({action}) => {
      if (action === 'logs:FilterLogEvents') instances.interrupt()
      return undefined
    }
    const {stderr, exitCode} = await bootstrap([])
    assert.deepEqual([stderr, exitCode], ['error: interrupted by SIGINT\n', 130])
  })

  it('names the log group that is not there', async () => {
    const argv = ['--json', '--cluster', 'other']
    const wiring = instances.wiring()
    const {stdout, exitCode} = await runCommand(LogsBootstrap, argv, wiring)
    assert.equal(exitCode, 9)
    assert.match(JSON.parse(stdout).error.message, /on \/aws\/ec2\/nats-cluster\/other\/diagnostic \(other-node-1-/)
  })

  it('names the nodes there are', async () => {
    const {stderr, exitCode} = await bootstrap(['--node', 'x'])
    assert.equal(exitCode, 9)
    assert.match(stderr, /^error: c has no node "x": there are c-node-1, c-node-2, c-node-3\n/)
  })

  it('names the action that is not allowed', async () => {
    instances.authorize = ({action}) => (action === 'logs:FilterLogEvents' ? 'denied' : undefined)
    const {stderr, exitCode} = await bootstrap([])
    assert.equal(exitCode, 10)
    assert.match(stderr, /is not allowed logs:FilterLogEvents on /)
  })

  it('shows no control character on a terminal, and passes everything on in a pipe', async () => {
    const at = say(1, 'a\u001b[2J\u202eb\u0000')
    const shown = await bootstrap(['--node', '1', '--no-color'], {columns: 80})
    assert.equal(shown.stdout, `${time(at)} c-node-1 a\\x1b[2J\\u202eb\\x00\n`)
    assert.equal((await bootstrap(['--node', '1'])).stdout, `${time(at)}\tc-node-1\ta\u001b[2J\u202eb\u0000\n`)
  })

  describe('--check', () => {
    it('is good where the present instance of every node says so', async () => {
      for (const n of [1, 2, 3]) say(n, 'Axiom ingest check: ok')
      const {stdout, exitCode} = await bootstrap(['--check'])
      assert.equal(exitCode, 0)
      assert.equal(stdout, [1, 2, 3].map((n) => `c-node-${n}\tok\t${instances.idOf(n)}\t-\n`).join(''))
    })

    it('is degraded where a node says nothing, and another instance does not speak for it', async () => {
      say(1, 'Axiom ingest check: ok')
      say(2, 'Axiom ingest check: ok')
      say(3, 'Axiom ingest check: ok', {instance: 'i-0123456789abcdef0'})
      const {stdout, exitCode} = await bootstrap(['--check', '--json'])
      assert.equal(exitCode, 20)
      const id = instances.idOf(3)
      const reason = `no line with "Axiom ingest check" since ${id} was launched, or CloudWatch has dropped it since`
      assert.equal(JSON.parse(stdout).exit, 20)
      assert.deepEqual(JSON.parse(stdout).nodes[2], {node: 'c-node-3', instanceId: id, verdict: 'unknown', reason})
    })

    it('is critical where the last word is a failure', async () => {
      say(1, 'Axiom ingest check: ok')
      say(2, 'Axiom ingest check: failed with HTTP 403')
      const {stdout, exitCode} = await bootstrap(['--check'])
      assert.equal(exitCode, 21)
      assert.match(stdout, /^c-node-2\tfailed\ti-\S+\tAxiom ingest check: failed with HTTP 403$/m)
    })

    it('is about one node where one is named', async () => {
      say(2, 'Axiom ingest check: ok')
      const {stdout, exitCode} = await bootstrap(['--check', '--node', '2'])
      assert.equal(exitCode, 0)
      assert.equal(stdout, `c-node-2\tok\t${instances.idOf(2)}\t-\n`)
    })

    it('cannot be followed', async () => {
      assert.equal((await bootstrap(['--check', '--follow'])).exitCode, 2)
    })
  })
})
