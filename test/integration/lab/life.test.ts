import assert from 'node:assert/strict'
import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {access, mkdir, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {InterruptedError, OpsError} from '../../../src/lib/errors.ts'
import {findLabProcesses} from '../../../src/lib/lab/leftovers.ts'
import {type LabFiles, labFiles} from '../../../src/lib/lab/plan.ts'
import {readRecord} from '../../../src/lib/lab/record.ts'
import {actOnLabNode, downLab, environmentOfLab, statusOfLab, upLab} from '../../../src/lib/ops/lab.ts'
import {eventually} from '../../support/eventually.ts'
import {createHome, type TestHome} from '../../support/lab.ts'
import {newestNatsServer} from '../../support/nats-servers.ts'
import {ownPortRanges} from '../../support/ports.ts'

describe('the life of a lab', () => {
  const server = newestNatsServer()
  let home: TestHome
  let files: LabFiles
  const bystanders: ChildProcess[] = []

  beforeEach(async () => {
    home = await createHome()
    files = labFiles(home.configuration.paths.labs, 'lab')
  })
  afterEach(async () => {
    for (const process of bystanders.splice(0)) process.kill('SIGKILL')
    const names = await readdir(home.configuration.paths.labs).catch(() => [])
    for (const name of names) await downLab(home.context, name)
    await home.remove()
  })

  const request = (name = 'lab', nodes = 1) => {
    return {
      name,
      nodes,
      serverVersion: undefined,
      serverPath: server.path,
      bootDelayMs: 0,
      timeoutMs: 150_000,
      portRanges: ownPortRanges,
    }
  }
  const up = (name?: string, nodes?: number) => upLab(home.context, request(name, nodes), () => {})

  it('leaves no process and no file after down, and down twice is fine', async () => {
    const {nodes, supervisorPid} = await up('lab', 3)
    const pids = [supervisorPid, ...nodes.map(({pid}) => pid)]
    assert.equal(pids.filter((pid) => pid !== undefined && isAlive(pid)).length, 4)
    assert.deepEqual(await downLab(home.context, 'lab'), {lab: 'lab', removed: true})
    await assertGone(pids)
    await assertNoFiles()
    assert.deepEqual(await downLab(home.context, 'lab'), {lab: 'lab', removed: false})
  })

  it('runs on one node as well as on several: with one replica', async () => {
    const {nodes} = await up('lab', 1)
    const varz = await (await fetch(`http://127.0.0.1:${nodes[0]?.monitorPort}/jsz?streams=true&config=true`)).json()
    const {account_details} = varz as {account_details: {stream_detail: {config: {num_replicas: number}}[]}[]}
    assert.deepEqual(
      account_details.flatMap(({stream_detail}) => stream_detail.map(({config}) => config.num_replicas)),
      [1],
    )
  })

  it('registers the cluster as it is, and only while it is up', async () => {
    const {nodes, endpoint} = await up()
    const {settings, sources} = await home.configuration.cluster({cluster: 'lab'})
    assert.equal(sources.get('region')?.layer, 'lab')
    const {host, clientPort, monitorPort} = nodes[0]!
    assert.deepEqual(settings.nodes, [
      {name: 'lab-node-1', host, clientPort, monitorPort, asg: 'lab-node-1-asg', instanceName: 'lab-node-1'},
    ])
    assert.deepEqual(
      [settings.endpoints, settings.region, settings.profile, settings.credentialsFile],
      [{all: endpoint}, 'us-east-2', 'natsops-lab-lab', files.awsCredentials],
    )
    await downLab(home.context, 'lab')
    await assert.rejects(access(files.cluster), {code: 'ENOENT'})
  })

  it('refuses a second lab of the same name, and leaves the first alone', async () => {
    const first = await up()
    await assert.rejects(up(), refusal('LAB_EXISTS', 3, 'lab lab is already up'))
    assert.deepEqual(await statusOfLab(home.context, 'lab'), first)
  })

  it('lets exactly one of two win that start at the same moment', async () => {
    const outcomes = await Promise.allSettled([up(), up(), up()])
    const refused = outcomes.filter(({status}) => status === 'rejected')
    assert.equal(refused.length, 2)
    for (const one of refused) assert.equal(one.status === 'rejected' && one.reason.code, 'LAB_EXISTS')
    assert.equal((await statusOfLab(home.context, 'lab')).state, 'up')
  })

  it('lets two labs run side by side', async () => {
    const [one, two] = await Promise.all([up('one'), up('two')])
    const ports = [one, two].flatMap(({nodes}) =>
      nodes.flatMap(({clientPort, clusterPort, monitorPort}) => [clientPort, clusterPort, monitorPort]),
    )
    assert.equal(new Set(ports).size, 6)
    await downLab(home.context, 'one')
    assert.deepEqual(await statusOfLab(home.context, 'two'), two)
    await eventually('the other lab is healthy', async () => {
      const {status} = await fetch(`http://127.0.0.1:${two.nodes[0]?.monitorPort}/healthz`)
      return status === 200
    })
  })

  it('says so when the supervisor has crashed, refuses to go on, and down removes what is left', async () => {
    const {supervisorPid, nodes} = await up('lab', 3)
    await killAndWait(supervisorPid)
    const crashed = await statusOfLab(home.context, 'lab')
    assert.equal(crashed.state, 'crashed')
    assert.equal(crashed.endpoint, undefined)
    assert.deepEqual(
      crashed.nodes.map(({name, instanceId, pid, server}) => ({name, instanceId, pid, server})),
      nodes.map(({name, instanceId, pid, server}) => ({name, instanceId, pid, server})),
    )
    await assert.rejects(environmentOfLab(home.context, 'lab'), refusal('LAB_NOT_UP', 7, /its supervisor is gone/))
    const stop = {lab: 'lab', action: 'stop', node: '1'} as const
    await assert.rejects(actOnLabNode(home.context, stop), refusal('LAB_NOT_UP', 7, /its supervisor is gone/))
    await assert.rejects(up(), refusal('LAB_EXISTS', 3, /already there: its supervisor is gone/))

    await downLab(home.context, 'lab')
    await assertGone(nodes.map(({pid}) => pid))
    await assertNoFiles()
  })

  it('takes down a supervisor that does not answer', async () => {
    const {supervisorPid, nodes} = await up()
    process.kill(supervisorPid!, 'SIGSTOP')
    assert.equal((await statusOfLab(home.context, 'lab')).state, 'silent')
    await downLab(home.context, 'lab')
    await assertGone([supervisorPid, ...nodes.map(({pid}) => pid)])
    await assertNoFiles()
  })

  it('leaves nothing when the supervisor is asked to end by a signal', async () => {
    const {supervisorPid, nodes} = await up()
    process.kill(supervisorPid!, 'SIGTERM')
    await eventually('the folder is gone', () =>
      access(files.folder).then(
        () => false,
        () => true,
      ),
    )
    await eventually('the supervisor is gone', () => !isAlive(supervisorPid!))
    await assertGone(nodes.map(({pid}) => pid))
  })

  it('spares a process that only looks at the lab’s files', async () => {
    const {nodes, supervisorPid} = await up()
    const log = join(files.instances, nodes[0]!.instanceId!, 'nats.log')
    const reader = spawn('tail', ['-f', log], {stdio: 'ignore'})
    bystanders.push(reader)
    await once(reader, 'spawn')
    await killAndWait(supervisorPid)
    await downLab(home.context, 'lab')
    assert.ok(isAlive(reader.pid!))
    await assertGone(nodes.map(({pid}) => pid))
  })

  const moments = ['before', 'starting', 'waiting', 'making']
  for (const moment of moments) {
    it(`leaves nothing when it is interrupted (${moment})`, async () => {
      const interruption = new AbortController()
      const context = {...home.context, signal: interruption.signal}
      const seen: string[] = []
      const strike = (text: string) => {
        seen.push(text)
        // Servers that are ready at the first look are not waited for: then it is the next moment.
        const due = moments.slice(moments.indexOf(moment))
        if (due.some((each) => text.startsWith(each))) interruption.abort(new InterruptedError('SIGINT'))
      }
      strike('before anything')
      await assert.rejects(upLab(context, request('lab', 3), strike), {code: 'INTERRUPTED', exit: 130})
      await assertNothingLeft()
    })
  }

  it('leaves nothing when it is interrupted while its stream is made', async () => {
    const interruption = new AbortController()
    const connect = async () => {
      interruption.abort(new InterruptedError('SIGTERM'))
      return new Promise<never>(() => {})
    }
    const context = {...home.context, signal: interruption.signal, connect}
    await assert.rejects(
      upLab(context, request(), () => {}),
      {code: 'INTERRUPTED'},
    )
    await assertNothingLeft()
  })

  it('leaves nothing when up itself is killed', async () => {
    const {child, supervisor} = await startSlowUp()
    assert.equal((await statusOfLab(home.context, 'lab')).state, 'starting')
    await assert.rejects(up(), refusal('LAB_EXISTS', 3, /already there: it is still being started/))
    child.kill('SIGKILL')
    await eventually('the supervisor has cleaned up', () => !isAlive(supervisor))
    await assertNothingLeft()
  })

  it('recognises what is left when up and its supervisor are killed, and down removes it', async () => {
    const {child, supervisor} = await startSlowUp()
    process.kill(supervisor, 'SIGSTOP')
    child.kill('SIGKILL')
    await killAndWait(supervisor)
    const {servers} = await findLabProcesses(files)
    assert.equal(servers.length, 3)
    await assert.rejects(up(), refusal('LAB_EXISTS', 3, /already there: its supervisor is gone/))
    await downLab(home.context, 'lab')
    await assertGone(servers.map(({pid}) => pid))
    await assertNoFiles()
  })

  it('removes a folder that a crash left before anything was in it', async () => {
    await mkdir(files.folder, {recursive: true, mode: 0o700})
    assert.equal((await statusOfLab(home.context, 'lab')).state, 'crashed')
    assert.deepEqual(await downLab(home.context, 'lab'), {lab: 'lab', removed: true})
    await assertNoFiles()
  })

  it('says why a server does not start, and leaves nothing', async () => {
    const path = join(home.folder, 'nats-server')
    const script = `#!/bin/sh\n[ "$1" = --version ] && echo 'nats-server: v2.15.9' && exit\necho 'disk on fire' >&2\nexit 3\n`
    await writeFile(path, script, {mode: 0o755})
    await assert.rejects(
      upLab(home.context, {...request(), serverPath: path}, () => {}),
      refusal('LAB_SERVER_ENDED', 3, 'nats-server of lab-node-1 exited with status 3: disk on fire'),
    )
    await assertNothingLeft()
  })

  it('starts over on other ports where one was taken between the choice and the start', async () => {
    const path = join(home.folder, 'nats-server')
    // Every server of the first lab fails, however often it is started: only another lab has another configuration.
    const script = `#!/bin/sh
taken='${home.folder}/taken'
[ "$1" = --version ] || [ -e "$taken" ] || echo "$2" >"$taken"
[ "$1" != --version ] && [ "$(cat "$taken")" = "$2" ] && echo 'bind: address already in use' >&2 && exit 1
exec '${server.path}' "$@"
`
    await writeFile(path, script, {mode: 0o755})
    const said: string[] = []
    const {nodes} = await upLab(home.context, {...request(), serverPath: path}, (text) => said.push(text))
    assert.equal(nodes.length, 1)
    assert.equal(said.filter((text) => text === 'a port was taken meanwhile: once more, on others').length, 1)
  })

  it('gives up at the time limit, naming what is missing, and leaves nothing', async () => {
    const path = join(home.folder, 'nats-server')
    const script = `#!/bin/sh\n[ "$1" = --version ] && echo 'nats-server: v2.15.9' && exit\nexec sleep 600\n`
    await writeFile(path, script, {mode: 0o755})
    await assert.rejects(
      upLab(home.context, {...request(), serverPath: path, timeoutMs: 300}, () => {}),
      refusal('LAB_NOT_READY', 7, 'the lab was not ready in time: lab-node-1 is not healthy yet'),
    )
    await assertNothingLeft()
  })

  it('begins again from nothing when the servers do not become a cluster at once', async () => {
    const pids: (number | undefined)[][] = []
    const connect: typeof home.context.connect = async (...parameters) => {
      pids.push((await statusOfLab(home.context, 'lab')).nodes.map(({pid}) => pid))
      if (pids.length > 1) return home.context.connect(...parameters)
      throw new OpsError('the servers do not work together', {code: 'REQUEST_TIMEOUT', exit: 7})
    }
    const seen: string[] = []
    const {nodes} = await upLab({...home.context, connect}, request('lab', 3), (text) => seen.push(text))
    assert.ok(seen.includes('the servers did not become a cluster: once more, from nothing'))
    // Twice, and oftener where the second time it is the servers' own fault.
    assert.ok(pids.length >= 2)
    assert.equal(new Set(pids.flat()).size, pids.length * 3)
    assert.deepEqual(
      nodes.map(({pid}) => pid),
      pids.at(-1),
    )
  })

  it('does not begin again for what is nobody’s bad luck', async () => {
    const connect = async () => {
      throw new OpsError('no', {code: 'NATS_AUTHORIZATION', exit: 10})
    }
    const seen: string[] = []
    const failed = upLab({...home.context, connect}, request(), (text) => seen.push(text))
    await assert.rejects(failed, {code: 'NATS_AUTHORIZATION'})
    assert.ok(!seen.some((text) => text.includes('once more')))
    await assertNothingLeft()
  })

  it('does not take the name of a configured cluster', async () => {
    await mkdir(home.configuration.paths.config, {recursive: true})
    const config = join(home.configuration.paths.config, 'config.yaml')
    await writeFile(config, 'clusters:\n  lab:\n    region: eu-west-1\n')
    const {openConfiguration} = await import('../../../src/lib/config.ts')
    const configuration = openConfiguration({variables: home.variables, home: home.folder, cwd: home.folder})
    const context = {...home.context, configuration}
    await assert.rejects(
      upLab(context, request(), () => {}),
      refusal('CLUSTER_CONFIGURED', 3, /lab is a configured/),
    )
    await assertNoFiles()
  })

  for (const name of ['', '../lab', 'Lab', 'lab-', '1lab', 'lab/x', 'l'.repeat(41)]) {
    it(`does not take ${JSON.stringify(name)} for a name`, async () => {
      await assert.rejects(up(name), {code: 'USAGE', exit: 2})
      await assert.rejects(downLab(home.context, name), {code: 'USAGE', exit: 2})
    })
  }

  it('opens its control API only to its key', async () => {
    await up()
    const {control} = (await readRecord(files))!
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', control.key]) {
      const response = await fetch(`${control.url}/down`, {method: 'POST', headers: {authorization}})
      assert.equal(response.status, 400)
      assert.equal(((await response.json()) as {error: {code: string}}).error.code, 'CONTROL_REFUSED')
    }
    assert.equal((await statusOfLab(home.context, 'lab')).state, 'up')
  })

  async function startSlowUp(): Promise<{child: ChildProcess; supervisor: number}> {
    const script = join(import.meta.dirname, '../../support/lab-up.ts')
    const child = spawn(process.execPath, [script, 'lab', server.path], {
      env: home.variables,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    bystanders.push(child)
    await once(child.stdout!, 'data')
    const {supervisor} = await findLabProcesses(files)
    return {child, supervisor: supervisor!.pid}
  }

  async function assertNothingLeft(): Promise<void> {
    const {supervisor, servers} = await findLabProcesses(files)
    assert.deepEqual([supervisor, ...servers], [undefined])
    await assertNoFiles()
  }

  async function assertNoFiles(): Promise<void> {
    assert.deepEqual(await readdir(home.configuration.paths.labs).catch(() => []), [])
  }
})

function refusal(code: string, exit: number, message: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OpsError, String(error))
    assert.deepEqual([error.code, error.exit], [code, exit])
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  }
}

/** A killed orphan may stay a zombie where the machine's first process does not look after orphans: it is gone for us. */
function isAlive(pid: number): boolean {
  const {stdout} = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {encoding: 'utf8'})
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

/** At once but for what the kernel needs to bury a process that has ended. */
async function assertGone(pids: readonly (number | undefined)[]): Promise<void> {
  assert.ok(pids.length > 0 && !pids.includes(undefined))
  await eventually(`processes ${pids.join(', ')} are gone`, () => !pids.some((pid) => isAlive(pid ?? 0)))
}

async function killAndWait(pid: number | undefined): Promise<void> {
  process.kill(pid!, 'SIGKILL')
  await eventually(`process ${pid} is gone`, () => !isAlive(pid!))
}
