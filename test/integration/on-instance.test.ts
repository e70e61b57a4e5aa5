import assert from 'node:assert/strict'
import LogsBootstrap from '../../src/commands/logs/bootstrap.ts'
import NodeLogs from '../../src/commands/node/logs.ts'
import NodeRun from '../../src/commands/node/run.ts'
import NodeStatus from '../../src/commands/node/status.ts'
import {eventually} from '../support/eventually.ts'
import {startLab, type TestLab} from '../support/lab.ts'
import {runCommand} from '../support/run.ts'

/** The commands on an instance, with a real server behind them. */
describe('on an instance of a lab', function () {
  this.slow(10_000)
  this.timeout(300_000)
  let lab: TestLab
  before(async () => {
    lab = await startLab({nodes: 1})
    // A server serves before its instance has said that it is done.
    await eventually('the bootstrap is done', async () =>
      (await run(NodeLogs, '1', '--unit', 'bootstrap')).stdout.includes('Axiom ingest check: ok'),
    )
  })
  after(() => lab?.stop())
  const run = (Command: Parameters<typeof runCommand>[0], ...argv: string[]) =>
    runCommand(Command, [...argv.slice(0, 1), '--cluster', lab.name, ...argv.slice(1)], {
      configuration: lab.configuration,
    })

  it('reads the status of the machine and of a real server', async () => {
    const {stdout, exitCode} = await run(NodeStatus, '1', '--json')
    const {verdict, version, units, disk, bootstrap} = JSON.parse(stdout)
    assert.deepEqual([verdict, exitCode], ['ok', 0])
    assert.match(version, /^2\.\d+\.\d+$/)
    assert.equal(units[0].activeState, 'active')
    assert.equal(disk.mount, '/var/lib/nats')
    assert.match(bootstrap.at(-1), /done$/)
  })

  it("shows the server's own journal and its bootstrap", async () => {
    const journal = await run(NodeLogs, '1', '--since', '1h')
    assert.equal(journal.exitCode, 0)
    assert.match(journal.stdout, /^\d{4}-\S+Z\tnats-server\[\d+\]: .* Starting nats-server$/m)
    assert.match(journal.stdout, /Server is ready$/m)
    assert.match((await run(NodeLogs, '1', '--unit', 'bootstrap')).stdout, /Axiom ingest check: ok\n/)
    assert.equal((await run(LogsBootstrap, '--check')).exitCode, 0)
  })

  it('is critical once the server was stopped by a command', async () => {
    assert.equal((await run(NodeRun, '1', '--', 'systemctl', 'is-active', 'nats')).stdout, 'active\n')
    assert.equal((await run(NodeRun, '1', '--', 'systemctl', 'stop', 'nats')).exitCode, 0)
    assert.equal((await run(NodeRun, '1', '--', 'systemctl', 'is-active', 'nats')).exitCode, 3)
    const {stdout, exitCode} = await run(NodeStatus, '1')
    assert.equal(exitCode, 21)
    assert.match(stdout, /^finding\tcritical: the unit nats is inactive \(dead\)$/m)
  })
})
