import assert from 'node:assert/strict'
import Health from '../../src/commands/health.ts'
import {Exit, InterruptedError, OpsError} from '../../src/lib/errors.ts'
import {bendAll, bendServer, bendStream, silence} from '../support/bends.ts'
import {HealthWorld} from '../support/health-world.ts'
import {type RunOptions, runCommand} from '../support/run.ts'

describe('health', () => {
  let world: HealthWorld
  const health = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(Health, ['--cluster', 'test', ...argv], world.wiring(), options)
  const allSilent = () => bendAll(...['n1', 'n2', 'n3'].map((name) => silence(name, 'name-not-found')))

  beforeEach(() => {
    world = new HealthWorld()
  })

  it('says on a terminal that all is well, leaves with 0 and closes what it opened', async () => {
    const {stdout, stderr, exitCode} = await health(['--no-color'], {columns: 80})
    assert.equal(stdout.split('\n')[0], 'OK  test: 3 of 3 nodes answer, 6 of 6 replicas proven')
    assert.equal(stderr, 'looking at every node, twice\n')
    assert.equal(exitCode, 0)
    assert.equal(world.closed, 1)
  })

  it('writes records and nothing else into a pipe', async () => {
    const {stdout, stderr} = await health([])
    assert.deepEqual(
      stdout.split('\n').map((line) => line.split('\t')[0]),
      ['verdict', 'node', 'node', 'node', 'meta', ''],
    )
    assert.equal(stderr, '')
  })

  it('looks twice: what fell behind between the looks shows', async () => {
    const {clock} = world
    const start = clock.now()
    world.bend = (observation) =>
      clock.now() === start
        ? observation
        : bendStream('orders', 'n3', (each) => ({...each, state: {...each.state, lastSeq: 5}}))(observation)
    const {stdout, exitCode} = await health(['--json'])
    assert.deepEqual(
      JSON.parse(stdout).findings.map(({code}: {code: string}) => code),
      ['replica-behind'],
    )
    assert.equal(exitCode, Exit.healthDegraded)
    assert.equal(clock.now() - start, 1000)
  })

  it('asks AWS between the looks, so that nothing holds up the first', async () => {
    await health([])
    const {answered} = world
    const [nodes, endpoints] = [3, 5]
    const look = answered.slice(answered.indexOf('node')).slice(0, nodes * endpoints)
    assert.deepEqual(look, Array(nodes * endpoints).fill('node'))
    assert.ok(answered.includes('aws', answered.indexOf('node')))
  })

  it('waits as long between the looks as --interval says', async () => {
    const start = world.clock.now()
    await health(['--interval', '2500ms'])
    assert.equal(world.clock.now() - start, 2500)
  })

  for (const {state, bend, exit, nagios} of [
    {state: 'ok', bend: bendAll(), exit: 0, nagios: 0},
    {state: 'degraded', bend: silence('n3'), exit: 20, nagios: 1},
    {state: 'critical', bend: bendAll(silence('n3'), silence('n1')), exit: 21, nagios: 2},
    {state: 'unknown', bend: allSilent(), exit: 7, nagios: 3},
  ]) {
    it(`leaves with its own status when ${state}, whatever the form`, async () => {
      world.bend = bend
      for (const format of ['table', 'json', 'prometheus']) {
        assert.equal((await health(['--format', format])).exitCode, exit, format)
      }
      assert.equal((await health(['--json'])).exitCode, exit)
      assert.equal((await health(['--format', 'nagios'])).exitCode, nagios)
    })
  }

  it('still prints its report when no node answers, and names the VPN', async () => {
    world.bend = allSilent()
    const start = world.clock.now()
    const {stdout, stderr} = await health(['--no-color'], {columns: 80})
    assert.match(stdout, /^UNKNOWN {2}test: 0 of 3 nodes answer/)
    assert.match(
      stdout,
      /connect the VPN \(warp-cli connect\);\s+check the names: natsops cluster show --cluster test\n/,
    )
    assert.doesNotMatch(stderr, /error/)
    assert.equal(world.clock.now(), start, 'nobody is asked twice who cannot be found')
  })

  it('prints the same document for --json and --format json', async () => {
    const {stdout} = await health(['--json'])
    world = new HealthWorld()
    assert.equal((await health(['--format=json'])).stdout, stdout)
    assert.deepEqual(Object.keys(JSON.parse(stdout)), [
      ...['cluster', 'verdict', 'at', 'counts', 'findings', 'nodes', 'meta', 'assets', 'aws'],
    ])
  })

  it('asks AWS, or says why it did not', async () => {
    assert.equal(JSON.parse((await health(['--json'])).stdout).aws.asked, true)
    world.awsCalls = 0
    const skipped = JSON.parse((await health(['--json', '--no-aws'])).stdout)
    assert.deepEqual(skipped.aws, {asked: false, problem: 'AWS was not asked: --no-aws'})
    assert.equal(skipped.verdict, 'ok')
    assert.equal(world.awsCalls, 0)
  })

  it('takes missing AWS credentials for something to know, refused ones for a warning with the login', async () => {
    world.awsRefusal = new OpsError('autoscaling: no credentials', {
      code: 'AWS_CREDENTIALS_MISSING',
      exit: Exit.auth,
      suggestions: ['aws configure sso'],
    })
    const without = JSON.parse((await health(['--json'])).stdout)
    assert.deepEqual(
      without.findings.map(({severity, code, next}: Record<string, string>) => [severity, code, next]),
      [['info', 'aws-not-asked', 'aws configure sso']],
    )
    world.awsRefusal = new OpsError('autoscaling: the credentials of profile p have expired', {
      code: 'AWS_CREDENTIALS_EXPIRED',
      exit: Exit.auth,
      suggestions: ['aws sso login --profile p'],
    })
    const {stdout, exitCode} = await health(['--json'])
    assert.deepEqual(
      JSON.parse(stdout).findings.map(({severity, code, next}: Record<string, string>) => [severity, code, next]),
      [['warning', 'aws-failed', 'aws sso login --profile p']],
    )
    assert.equal(exitCode, Exit.healthDegraded)
  })

  it('finds the nodes through their groups and says where the two disagree', async () => {
    world.aws = world.aws.slice(0, 2)
    const {findings} = JSON.parse((await health(['--json'])).stdout)
    assert.deepEqual(
      findings.map(({code, nodes, message}: Record<string, unknown>) => ({code, nodes, message})),
      [{code: 'asg-missing', nodes: ['n3'], message: 'no Auto Scaling group n3-asg in us-east-2'}],
    )
  })

  describe('bad usage', () => {
    for (const {argv, message} of [
      {argv: ['--json', '--format', 'nagios'], message: '--json and --format nagios contradict each other'},
      {argv: ['--watch', '--format', 'prometheus'], message: '--watch does not go with --format prometheus'},
      {argv: ['--interval', '10ms'], message: '--interval 10ms is too short: give at least 100ms'},
    ]) {
      it(argv.join(' '), async () => {
        const {error, exitCode} = await health(argv)
        assert.equal((error as Error).message, message)
        assert.equal(exitCode, Exit.usage)
      })
    }

    it('is one JSON document under --format json too', async () => {
      const {stdout, exitCode} = await health(['--format', 'json', '--interval', 'soon'])
      assert.equal(JSON.parse(stdout).error.code, 'USAGE')
      assert.equal(exitCode, Exit.usage)
    })

    it('is UNKNOWN for Nagios, in one line on stdout, with 3', async () => {
      const {stdout, stderr, exitCode} = await health(['--format', 'nagios', '--interval', '10ms'])
      assert.equal(stdout, 'NATS UNKNOWN - --interval 10ms is too short: give at least 100ms\n')
      assert.equal(stderr, '')
      assert.equal(exitCode, 3)
    })
  })

  describe('--watch', () => {
    /** Ctrl-C in the middle of the n-th pause. */
    function interruptAfter(looks: number): void {
      const {clock, interruption} = world
      let slept = 0
      const {sleep} = clock
      clock.sleep = async (ms, signal) => {
        slept += 1
        if (slept > looks) interruption.abort(new InterruptedError('SIGINT'))
        await sleep(ms, signal)
      }
    }

    it('draws the screen anew for every look and ends with Ctrl-C, without an error', async () => {
      interruptAfter(3)
      const {stdout, stderr, exitCode} = await health(['--watch', '--no-color'], {columns: 80})
      const screens = stdout.split('\u001b[H\u001b[2J\u001b[3J')
      assert.equal(screens.length, 4)
      assert.equal(screens[0], '')
      for (const each of screens.slice(1)) assert.match(each, /^OK {2}test: 3 of 3 nodes answer/)
      assert.equal(stderr, '')
      assert.equal(exitCode, Exit.interrupted)
      assert.equal(world.closed, 1)
    })

    it('appends records in a pipe, JSON one document a line', async () => {
      interruptAfter(2)
      const records = await health(['--watch'])
      assert.equal(records.stdout.split('\n').filter((line) => line.startsWith('verdict\tok')).length, 2)
      assert.doesNotMatch(records.stdout, /\u001b/)
      world = new HealthWorld()
      interruptAfter(2)
      const json = await health(['--watch', '--json'])
      const lines = json.stdout.trimEnd().split('\n')
      assert.deepEqual(
        lines.map((line) => JSON.parse(line).verdict),
        ['ok', 'ok'],
      )
      assert.equal(json.exitCode, Exit.interrupted)
    })

    it('judges each look with the one before it, and shows a change', async () => {
      interruptAfter(2)
      const start = world.clock.now()
      world.bend = (observation) =>
        world.clock.now() >= start + 2000 ? bendServer('n2', {slowConsumers: 4})(observation) : observation
      const {stdout} = await health(['--watch', '--json'])
      const reports = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.deepEqual(
        reports.map(({findings}) => findings.map(({message}: {message: string}) => message)),
        [[], ['4 slow consumers since start, 4 of them just now (limit 0)']],
      )
    })

    it('asks AWS every 15 seconds, not at every look', async () => {
      const callsOf = async (looks: number): Promise<number> => {
        world = new HealthWorld()
        interruptAfter(looks)
        await health(['--watch', '--json'])
        return world.awsCalls
      }
      // Finding the nodes is one call; a look at three groups is eight: groups, instances, and two for each.
      assert.equal(await callsOf(14), 1 + 8)
      assert.equal(await callsOf(16), 1 + 8 + 8)
      assert.equal(await callsOf(29), 1 + 8 + 8)
    })
  })

  it('ends a single look with Ctrl-C at once, also while a node keeps it waiting', async () => {
    world.stuck = 'n1'
    setImmediate(() => world.interruption.abort(new InterruptedError('SIGINT')))
    const {error, exitCode, stdout} = await health([])
    assert.equal((error as OpsError).code, 'INTERRUPTED')
    assert.equal(exitCode, Exit.interrupted)
    assert.equal(stdout, '')
    assert.equal(world.closed, 1)
  })
})
