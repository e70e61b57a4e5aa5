import assert from 'node:assert/strict'
import {readFile} from 'node:fs/promises'
import {connect, credsAuthenticator, type NatsConnection} from 'nats'
import type {AutoScaling} from '../../../src/lib/clients/ports.ts'
import type {LabNodeStatus} from '../../../src/lib/lab/status.ts'
import {switchFaultOn} from '../../../src/lib/ops/lab-faults.ts'
import {eventually} from '../../support/eventually.ts'
import {publishAll} from '../../support/jetstream.ts'
import {startLab, type TestLab} from '../../support/lab.ts'
import {natsServerOf} from '../../support/nats-servers.ts'
import {pageOf, storedOn, varzOf} from '../../support/node-pages.ts'

describe('faults of a lab', () => {
  let lab: TestLab
  let groups: AutoScaling
  let admin: NatsConnection

  before(async () => {
    // Restart=no: an old server that is killed beside the new one stays away.
    lab = await startLab({series: '2.15', unit: {restart: 'no'}})
    groups = await (await (await lab.cluster()).aws()).autoScaling()
    const servers = (await lab.status()).nodes.map(({clientPort}) => `127.0.0.1:${clientPort}`)
    admin = await connect({servers, authenticator: credsAuthenticator(await readFile(lab.files.natsCredentials))})
  })
  afterEach(async () => {
    await lab.mend()
    await healthy()
  })
  after(async () => {
    await admin?.close()
    await lab?.stop()
  })

  it('a launch fails with the text that the scaling activity shows, until the fault ends', async () => {
    await lab.breakIt('launch-fails', {node: 'lab-node-3', value: 'no capacity left'})
    const {instanceId} = await nodeOf(3)
    await groups.terminateInstance(instanceId!)
    const failed = await eventually('the launch has failed', async () => {
      return (await groups.activities('lab-node-3-asg', 5)).find(({status}) => status === 'Failed')
    })
    assert.deepEqual(
      [failed.description, failed.statusMessage],
      ['Launching a new EC2 instance.  Status Reason: no capacity left', 'no capacity left'],
    )
    assert.equal((await nodeOf(3)).server, 'none')
    await lab.mend('launch-fails')
    await replaced(3, instanceId)
  })

  it('the old server goes on beside the new one, under the same name, and then is gone', async () => {
    const {instanceId} = await nodeOf(2)
    const {server_id: oldId} = await varzOf(await nodeOf(2))
    await lab.breakIt('old-lingers', {node: 'lab-node-2', value: '1h', count: 1})
    await groups.terminateInstance(instanceId!)
    const fresh = await replaced(2, instanceId)
    const {server_id: newId} = await eventually('the new one answers', async () => {
      const varz = await varzOf(fresh)
      return varz.server_id !== oldId && varz
    })
    const ids = async () => {
      const {routes} = (await (await pageOf(await nodeOf(1), '/routez')).json()) as {routes: {remote_id: string}[]}
      return new Set(routes.map(({remote_id}) => remote_id))
    }
    await eventually('both are in the routes', async () => (await ids()).has(oldId) && (await ids()).has(newId))
    const states = (await lab.snapshot()).machines.filter(({node}) => node === 'lab-node-2')
    assert.deepEqual(
      states.map(({id}) => id),
      [instanceId, fresh.instanceId],
    )
    process.kill(states[0]!.pid!, 'SIGKILL')
    await eventually('the old one is out of the routes', async () => !(await ids()).has(oldId))
  })

  it('a monitoring port is silent, slow or cuts its answers, and is as before afterwards', async () => {
    const node = await nodeOf(1)
    await lab.breakIt('monitor-silent', {node: node.name})
    const silent = pageOf(node, '/varz', 300)
    await assert.rejects(silent, {name: 'TimeoutError'})
    const other = await nodeOf(2)
    await eventually('the other node answers', async () => (await pageOf(other, '/healthz')).ok)
    await lab.mend('monitor-silent')
    await lab.breakIt('monitor-truncated', {node: node.name, value: '300'})
    await assert.rejects(async () => (await pageOf(node, '/varz')).text())
    await lab.mend('monitor-truncated')
    await lab.breakIt('monitor-slow', {value: '700ms'})
    const started = performance.now()
    await varzOf(node)
    assert.ok(performance.now() - started >= 690)
    await lab.mend('monitor-slow')
    await varzOf(node)
  })

  it('nothing gets through to a node that is unreachable, and its connections live on', async () => {
    const node = await nodeOf(1)
    const options = {authenticator: credsAuthenticator(await readFile(lab.files.natsCredentials))}
    const servers = `127.0.0.1:${node.clientPort}`
    const connection = await connect({...options, servers, reconnect: false, ignoreClusterUpdates: true})
    try {
      await lab.breakIt('unreachable', {node: node.name})
      await assert.rejects(pageOf(node, '/healthz', 300), {name: 'TimeoutError'})
      await assert.rejects(connect({...options, servers, timeout: 300, reconnect: false, ignoreClusterUpdates: true}))
      const held = connection.rtt()
      await lab.mend('unreachable')
      assert.ok((await held) > 0)
      await eventually('it answers', async () => (await pageOf(node, '/healthz')).ok)
    } finally {
      await connection.close()
    }
  })

  it('clients are told of the public ports only', async () => {
    const {nodes} = await lab.status()
    const urls = admin.info?.connect_urls ?? []
    const open = nodes.map(({clientPort}) => `127.0.0.1:${clientPort}`)
    assert.ok(urls.length > 0)
    assert.deepEqual(
      urls.filter((url) => !open.includes(url)),
      [],
    )
  })

  it('AWS terminates and the answer is lost: once, whoever asks again', async () => {
    const {instanceId} = await nodeOf(3)
    await lab.breakIt('response-lost', {count: 1})
    await assert.rejects(groups.terminateInstance(instanceId!), {exit: 7})
    await replaced(3, instanceId)
    const activities = await groups.activities('lab-node-3-asg', 20)
    assert.equal(activities.filter(({description}) => description.endsWith(`instance: ${instanceId}`)).length, 2)
  })

  it('an instance has an address that its name does not resolve to, until the fault ends', async () => {
    const {instanceId} = await nodeOf(2)
    await lab.breakIt('dns-stale', {node: 'lab-node-2'})
    await groups.terminateInstance(instanceId!)
    const fresh = await replaced(2, instanceId)
    const ec2 = await (await (await lab.cluster()).aws()).ec2()
    const address = async () => (await ec2.instances({ids: [fresh.instanceId!]}))[0]?.privateIp
    assert.equal(await address(), '127.0.0.2')
    await lab.mend('dns-stale')
    assert.equal(await address(), '127.0.0.1')
  })

  it('a released server comes with the next launch, and the launch template says so', async () => {
    const outdated = async () => {
      // Another client: one remembers launch templates for a minute.
      const fresh = await (await (await lab.cluster()).aws()).autoScaling()
      const found = await fresh.groups(['lab-node-1-asg', 'lab-node-2-asg'])
      return found.map(({launchTemplateVersion, instances: [instance]}) => {
        return [launchTemplateVersion, instance?.launchTemplateVersion]
      })
    }
    assert.deepEqual(await outdated(), [
      ['1', '1'],
      ['1', '1'],
    ])
    assert.equal(await lab.release(natsServerOf('2.15')), 2)
    const {instanceId} = await nodeOf(1)
    await groups.terminateInstance(instanceId!)
    await replaced(1, instanceId)
    assert.deepEqual(await outdated(), [
      ['2', '2'],
      ['2', '1'],
    ])
  })

  it('an instance refresh replaces the instance', async () => {
    const {instanceId} = await nodeOf(3)
    const id = await groups.startRefresh('lab-node-3-asg', {
      warmupSeconds: 0,
      minHealthyPercentage: 0,
      skipMatching: false,
    })
    await replaced(3, instanceId)
    const refresh = await eventually('it has succeeded', async () => {
      const [newest] = await groups.refreshes('lab-node-3-asg')
      return newest?.status === 'Successful' && newest
    })
    assert.deepEqual([refresh.id, refresh.percent], [id, 100])
  })

  it('notes what every server held when an instance was terminated, and what was at stake', async () => {
    await publishAll(admin, 'facebox.bulk', 100, new Uint8Array(100))
    await eventually('every server has them', async () => {
      const {nodes} = await lab.status()
      const stored = await Promise.all(nodes.map((node) => storedOn(node, 'pivot_main')))
      const [first = 0, ...others] = stored.map((state) => state?.last_seq)
      return first >= 100 && others.every((last) => last === first)
    })
    const count = (await lab.terminations()).length
    const first = await nodeOf(2)
    await groups.terminateInstance(first.instanceId!)
    const [safe] = (await lab.terminations()).slice(count)
    assert.deepEqual(
      [safe?.node, safe?.instanceId, safe?.violations, safe?.nodes.map(({jetStream}) => jetStream !== undefined)],
      ['lab-node-2', first.instanceId, [], [true, true, true]],
    )
    await replaced(2, first.instanceId)
    await healthy()
    await lab.act('stop', '3')
    const second = await nodeOf(2)
    await groups.terminateInstance(second.instanceId!)
    const [unsafe] = (await lab.terminations()).slice(count + 1)
    assert.deepEqual(unsafe?.violations[0], {kind: 'silent', what: 'lab-node-3 does not say what it holds'})
    assert.ok(
      unsafe.violations.some(({kind, what}) => kind === 'behind' && what.startsWith('lab-node-3 has nothing of')),
    )
    await lab.act('start', '3')
    await replaced(2, second.instanceId)
  })

  // The last one: a stranger that was admitted to the meta group stays there as a ghost.
  it('a replacement has another name, another version, less room, and a log that never ends well', async () => {
    const old = natsServerOf('2.10')
    const {instanceId} = await nodeOf(1)
    const on = {lab: lab.name, node: '1', count: 1}
    await switchFaultOn(lab.context, {...on, name: 'wrong-name', value: 'stranger'})
    await switchFaultOn(lab.context, {...on, name: 'other-version', value: '2.10'})
    await switchFaultOn(lab.context, {...on, name: 'store-small', value: '2MiB'})
    await switchFaultOn(lab.context, {...on, name: 'bootstrap-silent'})
    await groups.terminateInstance(instanceId!)
    const fresh = await replaced(1, instanceId)
    const varz = await eventually('it answers', () => varzOf(fresh))
    assert.deepEqual(
      [varz.server_name, varz.version, varz.jetstream.config.max_storage],
      ['stranger', old.version, 2 * 1024 * 1024],
    )
    const runner = await (await (await lab.cluster()).aws()).runCommand()
    const log = await eventually('it has tried', async () => {
      const argv = ['cat', '/var/log/nats-bootstrap.log']
      const {stdout} = await runner.run(fresh.instanceId!, argv, {timeoutMs: 10_000})
      return stdout.includes('nothing has arrived at Axiom yet, attempt 1') && stdout
    })
    assert.doesNotMatch(log, /ingest check/)
    await groups.terminateInstance(fresh.instanceId!)
    const right = await replaced(1, fresh.instanceId)
    assert.equal((await eventually('it answers', () => varzOf(right))).server_name, 'lab-node-1')
  })

  async function replaced(n: number, old: string | undefined): Promise<LabNodeStatus> {
    return eventually(`node ${n} has a new instance in service`, async () => {
      const node = await nodeOf(n)
      return node.instanceId !== old && node.lifecycle === 'InService' && node
    })
  }

  async function healthy(): Promise<void> {
    await eventually(
      'every node is healthy',
      async () => {
        const {nodes} = await lab.status()
        return (await Promise.all(nodes.map((node) => pageOf(node, '/healthz')))).every(({ok}) => ok)
      },
      150_000,
    )
  }

  async function nodeOf(n: number): Promise<LabNodeStatus> {
    return (await lab.status()).nodes[n - 1]!
  }
})
