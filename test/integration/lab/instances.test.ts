import assert from 'node:assert/strict'
import {eventually} from '../../support/eventually.ts'
import {startLab, type TestLab} from '../../support/lab.ts'

for (const series of ['2.10', '2.15'] as const) {
  describe(`instances of a lab on nats-server ${series}`, () => {
    let lab: TestLab

    before(async () => {
      lab = await startLab({series})
    })
    after(async () => lab?.stop())

    it('answer what systemd would, with the process id of their own server', async () => {
      const {pid} = await nodeOf(1)
      const {stdout} = await run(1, [
        'systemctl',
        'show',
        'nats',
        '-p',
        'Restart,ExecStop,MainPID,ActiveState,TimeoutStopUSec',
      ])
      assert.equal(
        stdout,
        [
          'Restart=always',
          'TimeoutStopUSec=45s',
          `MainPID=${pid}`,
          'ExecStop={ path=/usr/local/bin/nats-server ; argv[]=/usr/local/bin/nats-server --signal ldm=$' +
            '{MAINPID} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }',
          'ActiveState=active',
          '',
        ].join('\n'),
      )
      assert.match(
        (await run(1, ['nats-server', '--version'])).stdout,
        new RegExp(`^nats-server: v${series}\\.\\d+\n$`),
      )
      assert.match(
        (await run(1, ['df', '-B1', '/var/lib/nats'])).stdout,
        /^Filesystem 1-blocks Used .+\n\/dev\/nvme1n1 59000000000 \d+ \d+ \d+% \/var\/lib\/nats\n$/,
      )
      assert.match(
        (await run(1, ['journalctl', '-u', 'nats', '-n', '1'])).stdout,
        /^\w{3} \d\d \d\d:\d\d:\d\d lab-node-1 nats-server\[\d+\]: \[\d+\] .+\n$/,
      )
      assert.deepEqual(await run(1, ['rm', '-rf', '/']), {
        exitCode: 127,
        stdout: '',
        stderr: 'sh: rm: command not found\nfailed to run commands: exit status 127',
        cut: false,
      })
    })

    it('leave as a lame duck when their unit is stopped, stay down, and come back when it is started', async () => {
      const before = await nodeOf(2)
      assert.equal((await run(2, ['systemctl', 'stop', 'nats'])).exitCode, 0)
      assert.deepEqual([(await nodeOf(2)).server, (await nodeOf(2)).ended], ['stopped', 'exited with status 0'])
      assert.match(
        (await run(2, ['journalctl', '-u', 'nats', '-n', '1000', '-o', 'cat'])).stdout,
        /Entering lame duck mode/,
      )
      assert.deepEqual(await run(2, ['systemctl', 'is-active', 'nats']), {
        exitCode: 3,
        stdout: 'inactive\n',
        stderr: 'failed to run commands: exit status 3',
        cut: false,
      })
      await assert.rejects(fetch(`http://127.0.0.1:${before.monitorPort}/varz`))
      assert.equal((await run(2, ['systemctl', 'start', 'nats'])).exitCode, 0)
      await eventually('it answers', async () => (await fetch(`http://127.0.0.1:${before.monitorPort}/healthz`)).ok)
    })

    it('start a server again that was ended behind the back of systemd', async () => {
      const {pid} = await nodeOf(3)
      assert.equal((await run(3, ['nats-server', '--signal', `ldm=${pid}`])).exitCode, 0)
      const again = await eventually('another process', async () => {
        const node = await nodeOf(3)
        return node.server === 'running' && node.pid !== pid && node
      })
      assert.equal((await run(3, ['systemctl', 'kill', '-s', 'KILL', 'nats'])).exitCode, 0)
      await eventually('yet another process', async () => {
        const node = await nodeOf(3)
        return node.server === 'running' && node.pid !== again.pid
      })
      await lab.act('crash', '3')
      await lab.act('kill', '3')
      await eventually('it stays down', async () => (await nodeOf(3)).server === 'stopped')
      await lab.act('start', '3')
    })

    it('send a signal to no process but their own server', async () => {
      const {pid} = await nodeOf(1)
      const {exitCode, stderr} = await run(2, ['nats-server', '--signal', `term=${pid}`])
      assert.deepEqual([exitCode, stderr.includes('no such process')], [1, true])
      assert.equal((await nodeOf(1)).pid, pid)
    })

    it('write a bootstrap log that ends with the ingest check, here and in CloudWatch', async () => {
      const {instanceId} = await nodeOf(1)
      const logs = await (await (await lab.cluster()).aws()).logs()
      const query = {streamPrefix: `lab-node-1-bootstrap-${instanceId}`, text: 'Axiom ingest check', since: 0}
      const found = await eventually('the check', async () => {
        const events = await logs.find('/aws/ec2/nats-cluster/lab/diagnostic', query)
        return events.length > 0 && events
      })
      assert.equal(found.length, 1)
      assert.match(found[0]!.message, /Axiom ingest check: ok$/)
      assert.match(
        (await run(1, ['cat', '/var/log/nats-bootstrap.log'])).stdout,
        /mounted \/dev\/nvme1n1[\s\S]+: ok\n.+: done\n$/,
      )
    })

    async function run(n: number, argv: readonly string[]) {
      const runner = await (await (await lab.cluster()).aws()).runCommand()
      const {instanceId = ''} = await nodeOf(n)
      return runner.run(instanceId, argv, {timeoutMs: 50_000})
    }

    async function nodeOf(n: number) {
      return (await lab.status()).nodes[n - 1]!
    }
  })
}

describe('the unit of a lab', () => {
  for (const restart of ['no', 'on-failure'] as const) {
    it(`neither restarts a server that left cleanly nor stops it by a lame duck: Restart=${restart}`, async () => {
      const lab = await startLab({nodes: 1, unit: {restart, execStop: 'none', restartDelayMs: 50}})
      try {
        const runner = await (await (await lab.cluster()).aws()).runCommand()
        const [node] = (await lab.status()).nodes
        const run = (argv: readonly string[]) => runner.run(node!.instanceId!, argv, {timeoutMs: 50_000})
        const {stdout} = await run(['systemctl', 'show', 'nats', '--property=ExecStop,Restart'])
        assert.equal(stdout, `Restart=${restart}\n`)
        await run(['nats-server', '--signal', `ldm=${node!.pid}`])
        await eventually('the server has left', async () => {
          return (await run(['systemctl', 'is-active', 'nats'])).stdout === 'inactive\n'
        })
        assert.equal((await lab.status()).nodes[0]?.server, 'stopped')
        await run(['systemctl', 'start', 'nats'])
        await run(['systemctl', 'stop', 'nats'])
        const journal = (await run(['journalctl', '-u', 'nats', '-n', '1000', '-o', 'cat'])).stdout
        assert.equal(journal.split('Entering lame duck mode').length - 1, 1, 'only the one asked for by signal')
      } finally {
        await lab.stop()
      }
    })
  }
})
