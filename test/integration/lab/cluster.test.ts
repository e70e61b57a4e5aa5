import assert from 'node:assert/strict'
import {readdir, readFile, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {connect, credsAuthenticator, type NatsConnection, type StreamInfo} from 'nats'
import {credentialParameters, hostParameter} from '../../../src/lib/domain/settings.ts'
import type {LabNodeStatus} from '../../../src/lib/lab/status.ts'
import {environmentOfLab} from '../../../src/lib/ops/lab.ts'
import {eventually, untilTrue} from '../../support/eventually.ts'
import {addStream, publishAll} from '../../support/jetstream.ts'
import {startLab, type TestLab} from '../../support/lab.ts'
import {connectAs} from '../../support/lab-connections.ts'
import {pageOf, storedOn, varzOf} from '../../support/node-pages.ts'

const fetchFrom = '$JS.API.CONSUMER.MSG.NEXT.pivot_main'

for (const series of ['2.10', '2.15'] as const) {
  describe(`a lab on nats-server ${series}`, () => {
    let lab: TestLab
    let admin: NatsConnection

    before(async () => {
      lab = await startLab({series})
      admin = await connectAs(lab, {kind: 'admin'})
    })
    after(async () => {
      await admin?.close()
      await lab?.stop()
    })

    it('is three healthy servers of that version, each on an instance of its own group', async () => {
      const status = await lab.status()
      assert.equal(status.state, 'up')
      assert.match(status.serverVersion ?? '', new RegExp(`^${series}\\.`))
      assert.equal(status.endpoint, lab.record.endpoint)
      assert.deepEqual(
        status.nodes.map(({name, asg, zone, lifecycle, server}) => ({name, asg, zone, lifecycle, server})),
        ['a', 'b', 'c'].map((zone, index) => ({
          name: `lab-node-${index + 1}`,
          asg: `lab-node-${index + 1}-asg`,
          zone: `us-east-2${zone}`,
          lifecycle: 'InService',
          server: 'running',
        })),
      )
      for (const node of status.nodes) {
        assert.match(node.instanceId ?? '', /^i-[0-9a-f]{17}$/)
        assert.equal((await varzOf(node)).server_name, node.name)
        await eventually(`${node.name} is healthy`, async () => (await pageOf(node, '/healthz')).ok)
      }
      assert.equal(new Set(status.nodes.map(({instanceId}) => instanceId)).size, 3)
    })

    it('keeps everything it writes private', async () => {
      const entries = await allFiles()
      const ours = entries.filter(({parentPath}) => !parentPath.includes('/store'))
      assert.ok(ours.length > 10)
      const modes = await Promise.all(
        ours.map(async (entry) => {
          const {mode} = await stat(join(entry.parentPath, entry.name))
          return {name: entry.name, folder: entry.isDirectory(), mode: mode & 0o777}
        }),
      )
      const byServer = /^nats\.(log|pid)$/
      assert.deepEqual(
        modes.filter(({name, folder, mode}) => !byServer.test(name) && mode !== (folder ? 0o700 : 0o600)),
        [],
      )
      assert.equal((await stat(lab.files.folder)).mode & 0o777, 0o700)
    })

    it('writes no seed of an operator or an account anywhere', async () => {
      const entries = await allFiles()
      for (const entry of entries.filter((one) => one.isFile())) {
        const text = await readFile(join(entry.parentPath, entry.name), 'latin1').catch(() => '')
        assert.doesNotMatch(text, /\bS[OA][A-Z2-7]{56}\b/, entry.name)
      }
    })

    it('hands out the credentials of the runbook from its parameter store', async () => {
      const {settings, aws} = await lab.cluster()
      const store = await (await aws()).parameters()
      const found = await store.list(settings.ssmPrefix, {decrypt: false})
      const owners = [
        {kind: 'admin'} as const,
        {kind: 'system'} as const,
        {kind: 'service', service: 'facebox'} as const,
        {kind: 'service', service: 'messenger'} as const,
      ]
      const secrets = owners.flatMap((owner) => Object.values(credentialParameters(settings, owner)))
      const hosts = ['facebox', 'messenger'].map((service) => hostParameter(settings, service))
      assert.deepEqual(
        found.map(({name, secure}) => ({name, secure})),
        [...secrets.map((name) => ({name, secure: true})), ...hosts.map((name) => ({name, secure: false}))].sort(
          (one, other) => (one.name < other.name ? -1 : 1),
        ),
      )
      const urls = (await lab.status()).nodes.map(({host, clientPort}) => `nats://${host}:${clientPort}`)
      assert.equal((await store.get([hosts[0]!])).get(hosts[0]!)?.value, urls.join(','))
    })

    it('has the main stream with a replica on every node and a consumer for each service', async () => {
      const {name, subjects, retention, num_replicas, storage} = (await mainStream()).config
      assert.deepEqual(
        {name, subjects, retention, num_replicas, storage},
        {
          name: 'pivot_main',
          subjects: ['facebox.>', 'messenger.>'],
          retention: 'interest',
          num_replicas: 3,
          storage: 'file',
        },
      )
      await untilTrue('both other replicas follow', async () => {
        const {cluster} = await mainStream()
        assert.deepEqual(
          cluster?.replicas?.map(({current}) => current),
          [true, true],
        )
      })
      const {consumers} = await ask<{consumers: readonly string[]}>(admin, '$JS.API.CONSUMER.NAMES.pivot_main')
      assert.deepEqual([...consumers].sort(), ['facebox', 'messenger'])
    })

    it('lets a service publish, fetch and acknowledge its own, and nothing else', async () => {
      const facebox = await connectAs(lab, {kind: 'service', service: 'facebox'})
      const refusals: string[] = []
      void (async () => {
        for await (const {data} of facebox.status()) refusals.push(String(data))
      })()
      try {
        const {seq} = await ask<{seq: number}>(facebox, 'facebox.face.seen', 'one')
        assert.ok(seq > 0)
        const next = await facebox.request(`${fetchFrom}.facebox`, '1', {timeout: 30_000, noMux: true})
        assert.equal(next.string(), 'one')
        await facebox.request(next.reply!, '+ACK', {timeout: 30_000})
        const others = facebox.request(`${fetchFrom}.messenger`, '1', {timeout: 30_000, noMux: true})
        await assert.rejects(others, /Permissions Violation/)
        await assert.rejects(facebox.request('messenger.hello', '', {timeout: 30_000}), /Permissions Violation/)
        await assert.rejects(
          facebox.request('$JS.API.STREAM.DELETE.pivot_main', '', {timeout: 30_000}),
          /Permissions Violation/,
        )
        facebox.subscribe('messenger.>')
        await eventually('the subscription is refused', () => refusals.includes('PERMISSIONS_VIOLATION'))
      } finally {
        await facebox.close()
      }
      await eventually('what was acknowledged is gone', async () => {
        return (await mainStream()).state.messages === 0
      })
    })

    it('lets the system user ask the servers about themselves, and the admin not', async () => {
      const system = await connectAs(lab, {kind: 'system'})
      try {
        const pong = await ask<{data: {server_name: string}}>(system, '$SYS.REQ.SERVER.PING.VARZ')
        assert.match(pong.data.server_name, /^lab-node-\d$/)
      } finally {
        await system.close()
      }
      await assert.rejects(ask(admin, '$SYS.REQ.SERVER.PING.VARZ'))
    })

    it('gives other tools what they need to connect', async () => {
      const {set} = await environmentOfLab(lab.context, lab.name)
      const authenticator = credsAuthenticator(await readFile(set.NATS_CREDS!))
      const connection = await connect({servers: set.NATS_URL!.split(','), authenticator})
      await connection.close()
      assert.equal(set.AWS_ENDPOINT_URL, lab.record.endpoint)
    })

    it('replaces a terminated instance by an empty one of the same name and ports, which catches up', async () => {
      // Not the main stream: 2.10 may drop messages of an interest stream from a replica that is being fed again.
      await addStream(admin, {name: 'bulk', subjects: ['bulk'], num_replicas: 3})
      await publishAll(admin, 'bulk', 200, new Uint8Array(1000))
      await eventually('200 messages stored', async () => (await messagesOn(await nodeOf(2))) === 200)
      const old = await nodeOf(2)
      const oldServer = await varzOf(old)
      const cluster = await lab.cluster()
      await (await (await cluster.aws()).autoScaling()).terminateInstance(old.instanceId!)
      const fresh = await eventually('a new instance in service', async () => {
        const node = await nodeOf(2)
        return node.instanceId !== old.instanceId && node.lifecycle === 'InService' && node
      })
      assert.equal(fresh.name, old.name)
      assert.deepEqual(
        [fresh.clientPort, fresh.clusterPort, fresh.monitorPort],
        [old.clientPort, old.clusterPort, old.monitorPort],
      )
      const server = await eventually('the new server answers', () => varzOf(fresh))
      assert.equal(server.server_name, old.name)
      assert.notEqual(server.server_id, oldServer.server_id)
      await waitUntilFed(2)
      await untilTrue('nothing of the old instance is left', async () => {
        assert.deepEqual(
          (await readdir(lab.files.instances)).sort(),
          (await lab.status()).nodes.map(({instanceId}) => instanceId).sort(),
        )
      })
      await waitUntilHealthy(2)
    })

    it('does to a server what a hand on the instance would, and starts nothing again by itself', async () => {
      const first = await nodeOf(1)
      assert.equal(await lab.act('kill', '1'), true)
      assert.equal((await nodeOf(1)).server, 'stopped')
      assert.equal((await nodeOf(1)).ended, 'killed by SIGKILL')
      assert.equal(await lab.act('kill', 'node-1'), false)
      assert.equal(await lab.act('stop', 'lab-node-3'), true)
      assert.match((await nodeOf(3)).ended ?? '', /^exited with status [01]$/)
      assert.equal(await lab.act('stop', '3'), false)
      assert.deepEqual(await nodeOf(1), {...first, server: 'stopped', pid: undefined, ended: 'killed by SIGKILL'})

      assert.equal(await lab.act('start', '3'), true)
      assert.equal(await lab.act('start', '3'), false)
      assert.equal(await lab.act('start', '1'), true)
      const again = await nodeOf(1)
      assert.deepEqual({...again, pid: first.pid}, first)
      assert.notEqual(again.pid, first.pid)
      await eventually('its store is as it was', async () => (await messagesOn(first)) === 200)
    })

    it('freezes a server and lets it go on; a clean stop also ends a frozen one', async () => {
      assert.equal(await lab.act('pause', '2'), true)
      // A process of many threads takes a moment to stand still.
      await eventually('it stands still', async () => (await nodeOf(2)).server === 'paused')
      const frozen = pageOf(await nodeOf(2), '/varz', 300)
      await assert.rejects(frozen, {name: 'TimeoutError'})
      assert.equal(await lab.act('resume', '2'), true)
      await eventually('it runs again', async () => (await nodeOf(2)).server === 'running')
      await eventually('it answers', async () => varzOf(await nodeOf(2)))
      await lab.act('pause', '2')
      assert.equal(await lab.act('stop', '2'), true)
      assert.match((await nodeOf(2)).ended ?? '', /^exited with status [01]$/)
      await lab.act('start', '2')
    })

    it('wipes a server: empty, the same name and instance, fed again by the others', async () => {
      await eventually('all three hold everything', async () => {
        const {nodes} = await lab.status()
        return (await Promise.all(nodes.map(messagesOn))).every((count) => count === 200)
      })
      for (const n of [1, 2, 3]) await waitUntilHealthy(n)
      const old = await nodeOf(3)
      const marker = join(lab.files.instances, old.instanceId!, 'store', 'marker')
      await writeFile(marker, '')
      assert.equal(await lab.act('wipe', '3'), true)
      await assert.rejects(stat(marker), {code: 'ENOENT'})
      const fresh = await nodeOf(3)
      assert.deepEqual({...fresh, pid: 0}, {...old, pid: 0})
      await waitUntilFed(3)
    })

    it('refuses a node it does not have, naming those it has', async () => {
      await assert.rejects(lab.act('stop', '4'), {
        message: "lab lab has no node '4'; it has lab-node-1, lab-node-2, lab-node-3",
        exit: 2,
      })
    })

    async function waitUntilFed(n: number): Promise<void> {
      await lab.untilBack(`lab-node-${n}`, `node ${n} is fed again`, async () => {
        return (await messagesOn(await nodeOf(n))) === 200
      })
    }

    async function waitUntilHealthy(n: number): Promise<void> {
      await lab.untilBack(`lab-node-${n}`, `node ${n} is healthy`, async () => {
        return (await pageOf(await nodeOf(n), '/healthz', 5_000)).ok
      })
    }

    /** Once more where a server removed a folder of its own in the middle of it. */
    function allFiles() {
      return eventually('a list of all files', () => readdir(lab.files.folder, {recursive: true, withFileTypes: true}))
    }

    async function mainStream(): Promise<StreamInfo> {
      return (await admin.jetstreamManager()).streams.info('pivot_main')
    }

    async function nodeOf(n: number): Promise<LabNodeStatus> {
      return (await lab.status()).nodes[n - 1]!
    }
  })
}

async function ask<T>(connection: NatsConnection, subject: string, payload = ''): Promise<T> {
  const answer = await connection.request(subject, payload, {timeout: 5_000})
  return answer.json<T>()
}

async function messagesOn(node: LabNodeStatus): Promise<number | undefined> {
  return (await storedOn(node, 'bulk'))?.messages
}
