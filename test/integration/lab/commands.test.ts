import assert from 'node:assert/strict'
import LabDown from '../../../src/commands/lab/down.ts'
import LabEnv from '../../../src/commands/lab/env.ts'
import LabNode from '../../../src/commands/lab/node.ts'
import LabStatus from '../../../src/commands/lab/status.ts'
import LabUp from '../../../src/commands/lab/up.ts'
import {labFiles} from '../../../src/lib/lab/plan.ts'
import {readRecord} from '../../../src/lib/lab/record.ts'
import {createHome, type TestHome} from '../../support/lab.ts'
import {newestNatsServer} from '../../support/nats-servers.ts'
import {runCommand} from '../../support/run.ts'

describe('lab commands', () => {
  const {path, version} = newestNatsServer()
  let home: TestHome
  before(async () => {
    home = await createHome()
  })
  after(async () => {
    await runCommand(LabDown, [], wiring())
    await home.remove()
  })
  const wiring = () => ({configuration: home.configuration})

  describe('without a lab', () => {
    it('status, env and node say how to get one, with exit status 9', async () => {
      for (const [Command, argv] of [
        [LabStatus, []],
        [LabEnv, []],
        [LabNode, ['stop', '1']],
      ] as const) {
        const {stdout, stderr, exitCode} = await runCommand(Command, argv, wiring())
        assert.equal(stdout, '')
        assert.equal(stderr, 'error: there is no lab lab\n  try: natsops lab up lab\n')
        assert.equal(exitCode, 9)
      }
    })

    it('down has nothing to do, which is fine', async () => {
      const text = await runCommand(LabDown, [], wiring())
      assert.deepEqual([text.stdout, text.exitCode], ['there is no lab lab: nothing to do\n', 0])
      const json = await runCommand(LabDown, ['blue', '--json'], wiring())
      assert.deepEqual(JSON.parse(json.stdout), {lab: 'blue', removed: false})
    })

    it('up refuses what cannot be a lab, before anything is begun', async () => {
      const cases = [
        [['--nodes', '0'], 2],
        [['--nodes', 'three'], 2],
        [['--boot-delay', 'soon'], 2],
        [['--server-version', 'new'], 2],
        [['--server-version', '2.10', '--nats-server', path], 2],
        [['--nats-server', '/nonexistent'], 2],
        [['--server-version', '99.1'], 9],
        [['../lab'], 2],
        [['--nope'], 2],
      ] as const
      for (const [argv, exit] of cases) {
        const {stdout, exitCode} = await runCommand(LabUp, [...argv, '--json'], wiring())
        const {error} = JSON.parse(stdout) as {error: {exit: number}}
        assert.deepEqual([error.exit, exitCode], [exit, exit], argv.join(' '))
      }
    })

    it('node refuses an action it does not know', async () => {
      assert.equal((await runCommand(LabNode, ['explode', '1'], wiring())).exitCode, 2)
    })
  })

  describe('with a lab', () => {
    before(async () => {
      const argv = ['--nodes', '2', '--nats-server', path, '--timeout', '150s']
      const {stdout, stderr, exitCode} = await runCommand(LabUp, argv, wiring(), {columns: 80})
      assert.equal(exitCode, 0, stderr)
      const lines = stdout.trimEnd().split('\n')
      assert.match(lines[0]!, /^NODE +INSTANCE +GROUP +SERVER +PID +CLIENT +ROUTE +HTTP$/)
      assert.match(lines[1]!, /^lab-node-1 +i-[0-9a-f]{17} +InService +running +\d+ +\d+ +\d+ +\d+$/)
      assert.equal(lines.length, 3)
      assert.match(stderr, new RegExp(`lab lab is up: nats-server ${version}, AWS endpoint http://127.0.0.1:\\d+\n`))
      assert.ok(`${stdout}${stderr}`.split('\n').every((line) => line.length <= 80))
    })

    it('status is one record a line in a pipe, and one document under --json', async () => {
      const text = await runCommand(LabStatus, [], wiring())
      assert.match(text.stdout, /^(lab-node-\d\ti-[0-9a-f]{17}\tInService\trunning\t\d+\t\d+\t\d+\t\d+\n){2}$/)
      const json = JSON.parse((await runCommand(LabStatus, ['--json'], wiring())).stdout) as Record<string, unknown>
      assert.deepEqual(Object.keys(json), [
        'lab',
        'at',
        'exit',
        'state',
        'region',
        'serverVersion',
        'endpoint',
        'supervisorPid',
        'folder',
        'log',
        'nodes',
      ])
      assert.deepEqual([json.lab, json.state, json.serverVersion], ['lab', 'up', version])
    })

    it('prints its secret key by env and by nothing else, and its seed nowhere', async () => {
      const record = (await readRecord(labFiles(home.configuration.paths.labs, 'lab')))!
      const {secretAccessKey} = record.aws
      const env = await runCommand(LabEnv, [], wiring())
      assert.ok(env.stdout.includes(`export AWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`))
      const json = await runCommand(LabEnv, ['--shell', 'fish', '--json'], wiring())
      assert.equal(JSON.parse(json.stdout).set.AWS_SECRET_ACCESS_KEY, secretAccessKey)
      const others = [
        await runCommand(LabStatus, ['--json'], wiring()),
        await runCommand(LabStatus, [], wiring()),
        await runCommand(LabUp, ['--json'], wiring()),
        await runCommand(LabNode, ['start', '1', '--json'], wiring()),
      ]
      for (const {stdout, stderr} of [...others]) {
        for (const secret of [secretAccessKey, record.control.key, record.admin.seed]) {
          assert.ok(!`${stdout}${stderr}`.includes(secret))
        }
      }
      assert.ok(!`${env.stdout}${json.stdout}`.includes(record.admin.seed))
    })

    it('node acts, and says when there was nothing to do', async () => {
      const run = async (...argv: readonly string[]) => (await runCommand(LabNode, argv, wiring())).stdout
      assert.equal(await run('stop', '2'), 'lab-node-2: stopped\n')
      assert.equal(await run('stop', 'node-2'), 'lab-node-2: nothing to do, no server runs\n')
      const status = await runCommand(LabStatus, [], wiring())
      assert.match(status.stdout, /lab-node-2\ti-[0-9a-f]{17}\tInService\tstopped\t-\t/)
      assert.match(status.stderr, /^lab-node-2: nats-server exited with status \d$/m)
      assert.equal(await run('start', '2'), 'lab-node-2: started\n')
      assert.equal(await run('start', 'lab-node-2'), 'lab-node-2: nothing to do, the server runs\n')
      const json = await runCommand(LabNode, ['start', '2', '--json'], wiring())
      assert.deepEqual(JSON.parse(json.stdout), {lab: 'lab', node: 'lab-node-2', action: 'start', changed: false})
      const wrong = await runCommand(LabNode, ['stop', '3'], wiring())
      assert.equal(wrong.stderr, "error: lab lab has no node '3'; it has lab-node-1, lab-node-2\n")
      assert.equal(wrong.exitCode, 2)
    })

    it('up refuses it, and status tells a crash with exit status 7', async () => {
      const again = await runCommand(LabUp, ['--nats-server', path], wiring())
      assert.equal(again.exitCode, 3)
      assert.match(again.stderr, /error: lab lab is already up\n/)
      const {supervisorPid} = JSON.parse((await runCommand(LabStatus, ['--json'], wiring())).stdout)
      process.kill(supervisorPid, 'SIGSTOP')
      const silent = await runCommand(LabStatus, [], wiring())
      assert.equal(silent.exitCode, 7)
      assert.match(silent.stderr, /^lab lab has a supervisor that does not answer \(pid \d+\), see .*supervisor\.log$/m)
      process.kill(supervisorPid, 'SIGKILL')
    })

    it('down ends it', async () => {
      const {stdout, exitCode} = await runCommand(LabDown, [], wiring())
      assert.deepEqual([stdout, exitCode], ['lab lab is down\n', 0])
    })
  })
})
