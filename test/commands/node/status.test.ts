import assert from 'node:assert/strict'
import NodeStatus from '../../../src/commands/node/status.ts'
import {type Instances, startInstances} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

const unit = (name: string, state: string): string =>
  `--natsops:unit\nId=${name}.service\nLoadState=loaded\nActiveState=${state}\nSubState=running\nActiveEnterTimestamp=Fri 2026-11-20 19:50:50 UTC\nNRestarts=0\n`

const printed = ({server = 'active', disk = 40, log = 'Axiom ingest check: ok'} = {}): string =>
  [
    unit('nats', server),
    unit('nats-monitor', 'active'),
    unit('fluent-bit', 'active'),
    '--natsops:version\nnats-server: v2.11.4\n',
    `--natsops:disk\nx\n/dev/nvme1n1 1000 ${disk * 10} ${1000 - disk * 10} ${disk}% /var/lib/nats\n`,
    '--natsops:memory\nMemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n',
    '--natsops:load\n0.10 0.20 0.30 1/123 4711\n',
    '--natsops:uptime\n86400.52 80000.00\n',
    '--natsops:before\ncpu  100 0 100 1000 0 0 0 0 0 0\n',
    '--natsops:after\ncpu  120 0 110 1160 8 0 2 0 5 0\n',
    `--natsops:bootstrap\n${log}\n`,
  ].join('')

describe('node status', function () {
  this.slow(1000)
  let instances: Instances
  before(async () => {
    instances = await startInstances()
  })
  after(() => instances[Symbol.asyncDispose]())
  beforeEach(() => instances.faults.switchOff())
  const status = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(NodeStatus, argv, instances.wiring(), options)

  it('is one screen, read with one command', async () => {
    instances.agent = () => ({stdout: printed()})
    const before = instances.asked.length
    const {stdout, exitCode} = await status(['2', '--no-color'], {columns: 80})
    assert.equal(exitCode, 0)
    assert.deepEqual(
      instances.asked.slice(before).map((words) => words.slice(0, 3)),
      [['c-node-2', 'sh', '-c']],
    )
    assert.deepEqual(stdout.split('\n'), [
      `c-node-2  ${instances.idOf(2)}, nats-server 2.11.4, machine up 1d`,
      'OK',
      '',
      'UNIT          STATE             SINCE                 RESTARTS',
      'nats          active (running)  2026-11-20T19:50:50Z         0',
      'nats-monitor  active (running)  2026-11-20T19:50:50Z         0',
      'fluent-bit    active (running)  2026-11-20T19:50:50Z         0',
      '',
      'MEASURE  VALUE  LIMIT',
      'cpu        16%    80%',
      'iowait      4%    20%',
      'steal       0%    10%',
      'memory     25%    85%  976.6 MiB of 3.8 GiB',
      'disk       40%    80%  400 B of 1000 B',
      '',
      'load (1, 5, 15 min): 0.1 0.2 0.3',
      '',
      'end of the bootstrap log',
      'Axiom ingest check: ok',
      '',
    ])
  })

  it('is degraded at a limit, critical without its server', async () => {
    instances.agent = () => ({stdout: printed({disk: 80})})
    const degraded = await status(['1'])
    assert.equal(degraded.exitCode, 20)
    assert.match(degraded.stdout, /^verdict\tdegraded\nfinding\twarning: disk is at 80%: the limit is 80%$/m)
    instances.agent = () => ({stdout: printed({server: 'failed'})})
    const critical = await status(['1', '--json'])
    assert.equal(critical.exitCode, 21)
    const {verdict, findings} = JSON.parse(critical.stdout)
    assert.equal(verdict, 'critical')
    assert.deepEqual(findings, [
      {severity: 'critical', code: 'unit-down', message: 'the unit nats is failed (running)'},
    ])
  })

  it('is critical where the instance says nothing, or something else', async () => {
    for (const stdout of ['', '\u0000\u0001\ufffd'.repeat(1000)]) {
      instances.agent = () => ({stdout})
      assert.equal((await status(['1'])).exitCode, 21)
    }
  })

  it('shows no control character of a log', async () => {
    instances.agent = () => ({stdout: printed({log: `\u001b[2J\u202e${'世'.repeat(200)}`})})
    const {stdout} = await status(['1', '--no-color'], {columns: 80})
    assert.match(stdout, /\n\\x1b\[2J\\u202e世+…\n$/)
  })

  it('says what is in the way: no agent, no permission, no such node', async () => {
    instances.faults.switchOn({name: 'agent-lost', node: 'c-node-1'})
    assert.equal((await status(['1'])).exitCode, 7)
    instances.authorize = ({action}) => (action === 'autoscaling:DescribeAutoScalingGroups' ? 'denied' : undefined)
    const denied = await status(['1'])
    assert.equal(denied.exitCode, 10)
    assert.match(denied.stderr, /autoscaling:DescribeAutoScalingGroups/)
    instances.authorize = undefined
    const unknown = await status(['x'])
    assert.equal(unknown.exitCode, 9)
    assert.match(unknown.stderr, /there are c-node-1, c-node-2, c-node-3/)
  })
})
