import assert from 'node:assert/strict'
import {credentialInspector} from '../../../../src/lib/clients/nats/nkeys.ts'
import type {NatsClient, NatsConnectOptions} from '../../../../src/lib/clients/ports.ts'
import {systemClock} from '../../../../src/lib/clock.ts'
import {openConfiguration} from '../../../../src/lib/config.ts'
import {conventionalNode, conventionalSettings, credentialParameters} from '../../../../src/lib/domain/settings.ts'
import {Exit, OpsError} from '../../../../src/lib/errors.ts'
import {openNatsLink} from '../../../../src/lib/ops/roll/nats-link.ts'
import {eventually} from '../../../support/eventually.ts'
import {FakeParameterStore, fakeAws} from '../../../support/fakes.ts'
import {testAuthority, userOf} from '../../../support/single-server.ts'

const settings = conventionalSettings('c')
const nodes = [1, 2, 3].map((n) => conventionalNode(settings, n))
const nameOf = (url: string): string => new URL(url).hostname.split('.', 1)[0] ?? ''

/** A cluster of three that accepts connections and answers with the name of the server asked. */
class FakeServers {
  readonly down = new Set<string>()
  readonly asked: string[][] = []
  readonly open: {name: string; closed: boolean; fails?: OpsError; hold?: Promise<void>}[] = []

  connect = async ({servers}: NatsConnectOptions): Promise<NatsClient> => {
    this.asked.push(servers.map(nameOf))
    const name = servers.map(nameOf).find((each) => !this.down.has(each))
    if (name === undefined) throw lost('NATS_UNREACHABLE')
    const connection: FakeServers['open'][number] = {name, closed: false}
    this.open.push(connection)
    return {
      server: () => ({name, id: 'N', version: '2.15.1', cluster: 'c'}),
      rtt: async () => 1,
      echo: async () => 1,
      gather: async () => {},
      maySubscribe: async () => true,
      request: async () => {
        await connection.hold
        if (connection.fails) throw connection.fails
        if (connection.closed) throw lost('NATS_CONTACT_LOST')
        return Buffer.from(name)
      },
      close: async () => {
        connection.closed = true
      },
    }
  }
}

const lost = (code: string, exit: Exit = Exit.unreachable): OpsError => new OpsError(`it is ${code}`, {code, exit})

describe('the link into the cluster', () => {
  let store: FakeParameterStore
  let admin: {jwt: string; seed: string}
  let account: string
  before(async () => {
    const authority = await testAuthority()
    admin = userOf(authority, 'admin')
    const payload = JSON.parse(Buffer.from(admin.jwt.split('.')[1] ?? '', 'base64url').toString())
    account = payload.nats.issuer_account ?? payload.iss
  })

  const open = (servers: FakeServers) => {
    const names = credentialParameters(settings, {kind: 'admin'})
    store = new FakeParameterStore({[names.jwt]: admin.jwt, [names.seed]: admin.seed})
    const context = {
      settings,
      clock: systemClock,
      configuration: openConfiguration({variables: {}, home: '/nonexistent', cwd: undefined}),
      credentialInspector: async () => credentialInspector,
      aws: async () => fakeAws(store),
      nats: servers.connect,
    }
    return openNatsLink(context, nodes, {kind: 'admin'})
  }

  it('connects once and fetches the credentials once', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    assert.deepEqual(servers.asked, [])
    assert.deepEqual([await link.request('s', '', 1), await link.request('s', '', 1)], ['c-node-1', 'c-node-1'])
    assert.equal(await link.account(), account)
    assert.deepEqual(servers.asked, [['c-node-1', 'c-node-2', 'c-node-3']])
    assert.equal(store.calls.length, 1)
    await link.close()
    assert.deepEqual(
      servers.open.map(({closed}) => closed),
      [true],
    )
  })

  for (const code of ['NATS_CONTACT_LOST', 'REQUEST_TIMEOUT']) {
    it(`passes ${code} on, sends nothing twice, and goes to another node with the next request`, async () => {
      const servers = new FakeServers()
      const link = open(servers)
      await link.request('s', '', 1)
      servers.open[0]!.fails = lost(code)
      await assert.rejects(link.request('s', '', 1), {code})
      assert.equal(await link.request('s', '', 1), 'c-node-2')
      assert.deepEqual(servers.asked[1], ['c-node-2', 'c-node-3', 'c-node-1'])
      assert.equal(servers.open[0]?.closed, true)
      assert.equal(store.calls.length, 1)
      await link.close()
    })
  }

  it('keeps the connection where it was only the request that failed', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    await link.request('s', '', 1)
    for (const code of ['NO_RESPONDERS', 'PERMISSION_DENIED']) {
      servers.open[0]!.fails = lost(code)
      await assert.rejects(link.request('s', '', 1), {code})
    }
    delete servers.open[0]!.fails
    assert.equal(await link.request('s', '', 1), 'c-node-1')
    assert.equal(servers.open.length, 1)
    await link.close()
  })

  it('fetches the credentials again when the server does not take them any more', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    await link.request('s', '', 1)
    servers.open[0]!.fails = lost('CREDENTIALS_EXPIRED', Exit.auth)
    await assert.rejects(link.request('s', '', 1), {code: 'CREDENTIALS_EXPIRED'})
    await link.request('s', '', 1)
    assert.equal(store.calls.length, 2)
    await link.close()
  })

  it('leaves a node before it goes, without breaking what is under way', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    await link.request('s', '', 1)
    const {promise, resolve} = Promise.withResolvers<void>()
    servers.open[0]!.hold = promise
    const slow = link.request('s', '', 1)
    await Promise.resolve()
    link.leave('c-node-2')
    assert.equal(servers.open.length, 1)
    link.leave('c-node-1')
    assert.equal(await eventually('another node', () => link.request('s', '', 1)), 'c-node-2')
    assert.deepEqual(servers.asked[1], ['c-node-2', 'c-node-3', 'c-node-1'])
    assert.equal(servers.open[0]?.closed, false)
    resolve()
    assert.equal(await slow, 'c-node-1')
    await eventually('the old connection is closed', () => servers.open[0]?.closed)
    await link.close()
  })

  it('comes back to the node that left where no other accepts, and tries again after a failure', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    link.leave('c-node-1')
    for (const {name} of nodes) servers.down.add(name)
    await assert.rejects(link.request('s', '', 1), {code: 'NATS_UNREACHABLE'})
    servers.down.delete('c-node-1')
    assert.equal(await link.request('s', '', 1), 'c-node-1')
    await link.close()
  })

  it('tells of credentials that are not there, and finds them once they are', async () => {
    const servers = new FakeServers()
    const link = open(servers)
    const {seed} = credentialParameters(settings, {kind: 'admin'})
    await store.delete(seed)
    await assert.rejects(link.request('s', '', 1), {code: 'PARAMETER_NOT_FOUND'})
    store.set(seed, admin.seed)
    assert.equal(await link.request('s', '', 1), 'c-node-1')
    await link.close()
  })
})
