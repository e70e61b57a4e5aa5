import assert from 'node:assert/strict'
import {access, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {openConfiguration} from '../../../src/lib/config.ts'
import {readRecord} from '../../../src/lib/lab/record.ts'
import {actOnLabNode, environmentOfLab, tellLab, upLab} from '../../../src/lib/ops/lab.ts'
import {eventually} from '../../support/eventually.ts'
import {LabLife} from '../../support/lab-life.ts'
import {isAlive, killAndWait, untilGone} from '../../support/processes.ts'

describe('the life of a lab', () => {
  let life: LabLife

  beforeEach(async () => {
    life = await LabLife.open()
  })
  afterEach(() => life.close())

  it('leaves no process and no file after down, and down twice is fine', async () => {
    const {nodes, supervisorPid} = await life.up({nodes: 3})
    const pids = [supervisorPid, ...nodes.map(({pid}) => pid)]
    assert.equal(pids.filter((pid) => pid !== undefined && isAlive(pid)).length, 4)
    assert.deepEqual(await life.down(), {lab: 'lab', removed: true})
    await untilGone(pids)
    assert.deepEqual(await life.remains(), [])
    assert.deepEqual(await life.down(), {lab: 'lab', removed: false})
  })

  it('runs on one node as well as on several: with one replica', async () => {
    const {nodes} = await life.up()
    const varz = await (await fetch(`http://127.0.0.1:${nodes[0]?.monitorPort}/jsz?streams=true&config=true`)).json()
    const {account_details} = varz as {account_details: {stream_detail: {config: {num_replicas: number}}[]}[]}
    assert.deepEqual(
      account_details.flatMap(({stream_detail}) => stream_detail.map(({config}) => config.num_replicas)),
      [1],
    )
  })

  it('registers the cluster as it is, and only while it is up', async () => {
    const {nodes, endpoint} = await life.up()
    const {settings, sources} = await life.home.configuration.cluster({cluster: 'lab'})
    assert.equal(sources.get('region')?.layer, 'lab')
    const {host, clientPort, monitorPort} = nodes[0]!
    assert.deepEqual(settings.nodes, [
      {name: 'lab-node-1', host, clientPort, monitorPort, asg: 'lab-node-1-asg', instanceName: 'lab-node-1'},
    ])
    assert.deepEqual(
      [settings.endpoints, settings.region, settings.profile, settings.credentialsFile],
      [{all: endpoint}, 'us-east-2', 'natsops-lab-lab', life.files.awsCredentials],
    )
    await life.down()
    await assert.rejects(access(life.files.cluster), {code: 'ENOENT'})
  })

  it('refuses a second lab of the same name, and leaves the first alone', async () => {
    const first = await life.up()
    await assert.rejects(life.up(), {code: 'LAB_EXISTS', exit: 3, message: 'lab lab is already up'})
    assert.deepEqual(await life.status(), first)
  })

  it('lets exactly one of two win that start at the same moment', async () => {
    const outcomes = await Promise.allSettled([life.up(), life.up(), life.up()])
    const refused = outcomes.filter(({status}) => status === 'rejected')
    assert.equal(refused.length, 2)
    for (const one of refused) assert.equal(one.status === 'rejected' && one.reason.code, 'LAB_EXISTS')
    assert.equal((await life.status()).state, 'up')
  })

  it('lets two labs run side by side', async () => {
    const [one, two] = await Promise.all([life.up({name: 'one'}), life.up({name: 'two'})])
    const ports = [one, two].flatMap(({nodes}) =>
      nodes.flatMap(({clientPort, clusterPort, monitorPort}) => [clientPort, clusterPort, monitorPort]),
    )
    assert.equal(new Set(ports).size, 6)
    await life.down('one')
    assert.deepEqual(await life.status('two'), two)
    await eventually('the other lab is healthy', async () => {
      const {status} = await fetch(`http://127.0.0.1:${two.nodes[0]?.monitorPort}/healthz`)
      return status === 200
    })
  })

  it('says so when the supervisor has crashed, refuses to go on, and down removes what is left', async () => {
    const {supervisorPid, nodes} = await life.up({nodes: 3})
    await killAndWait(supervisorPid)
    const crashed = await life.status()
    assert.equal(crashed.state, 'crashed')
    assert.equal(tellLab(crashed, 0).exit, 7)
    assert.equal(crashed.endpoint, undefined)
    assert.deepEqual(
      crashed.nodes.map(({name, instanceId, pid, server}) => ({name, instanceId, pid, server})),
      nodes.map(({name, instanceId, pid, server}) => ({name, instanceId, pid, server})),
    )
    await assert.rejects(environmentOfLab(life.home.context, 'lab'), {
      code: 'LAB_NOT_UP',
      exit: 7,
      message: /its supervisor is gone/,
    })
    const stop = {lab: 'lab', action: 'stop', node: '1'} as const
    await assert.rejects(actOnLabNode(life.home.context, stop), {
      code: 'LAB_NOT_UP',
      exit: 7,
      message: /its supervisor is gone/,
    })
    await assert.rejects(life.up(), {code: 'LAB_EXISTS', exit: 3, message: /already there: its supervisor is gone/})

    await life.down()
    await untilGone(nodes.map(({pid}) => pid))
    assert.deepEqual(await life.remains(), [])
  })

  it('takes down a supervisor that does not answer', async () => {
    const {supervisorPid, nodes} = await life.up()
    process.kill(supervisorPid!, 'SIGSTOP')
    assert.equal((await life.status()).state, 'silent')
    await life.down()
    await untilGone([supervisorPid, ...nodes.map(({pid}) => pid)])
    assert.deepEqual(await life.remains(), [])
  })

  it('leaves nothing when the supervisor is asked to end by a signal', async () => {
    const {supervisorPid, nodes} = await life.up()
    process.kill(supervisorPid!, 'SIGTERM')
    await eventually('the folder is gone', () =>
      access(life.files.folder).then(
        () => false,
        () => true,
      ),
    )
    await untilGone([supervisorPid, ...nodes.map(({pid}) => pid)])
  })

  it('spares a process that only looks at the lab’s files', async () => {
    const {nodes, supervisorPid} = await life.up()
    const log = join(life.files.instances, nodes[0]!.instanceId!, 'nats.log')
    const reader = await life.start('tail', ['-f', log], {stdio: 'ignore'})
    await killAndWait(supervisorPid)
    await life.down()
    assert.ok(isAlive(reader.pid!))
    await untilGone(nodes.map(({pid}) => pid))
  })

  it('removes a folder that a crash left before anything was in it', async () => {
    await mkdir(life.files.folder, {recursive: true, mode: 0o700})
    assert.equal((await life.status()).state, 'crashed')
    assert.deepEqual(await life.down(), {lab: 'lab', removed: true})
    assert.deepEqual(await life.remains(), [])
  })

  it('does not take the name of a configured cluster', async () => {
    const {configuration: before, context, folder, variables} = life.home
    await mkdir(before.paths.config, {recursive: true})
    await writeFile(join(before.paths.config, 'config.yaml'), 'clusters:\n  lab:\n    region: eu-west-1\n')
    const configuration = openConfiguration({variables, home: folder, cwd: folder})
    await assert.rejects(
      upLab({...context, configuration}, life.request(), () => {}),
      {code: 'CLUSTER_CONFIGURED', exit: 3, message: /lab is a configured/},
    )
    assert.deepEqual(await life.remains(), [])
  })

  for (const name of ['', '../lab', 'Lab', 'lab-', '1lab', 'lab/x', 'l'.repeat(41)]) {
    it(`does not take ${JSON.stringify(name)} for a name`, async () => {
      await assert.rejects(life.up({name}), {code: 'USAGE', exit: 2})
      await assert.rejects(life.down(name), {code: 'USAGE', exit: 2})
    })
  }

  it('opens its control API only to its key', async () => {
    await life.up()
    const {control} = (await readRecord(life.files))!
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', control.key]) {
      const response = await fetch(`${control.url}/down`, {method: 'POST', headers: {authorization}})
      assert.equal(response.status, 400)
      assert.equal(((await response.json()) as {error: {code: string}}).error.code, 'CONTROL_REFUSED')
    }
    assert.equal((await life.status()).state, 'up')
  })
})
