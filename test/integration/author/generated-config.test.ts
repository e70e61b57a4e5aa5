import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {type ConnectionOptions, connect, credsAuthenticator, type NatsConnection, nkeyAuthenticator} from 'nats'
import {type Authority, createAuthority, unlimitedJetStream} from '../../../src/lib/author/authority.ts'
import {configDigest} from '../../../src/lib/author/config-digest.ts'
import {readDescription} from '../../../src/lib/author/description.ts'
import {describeServer} from '../../../src/lib/author/node-config.ts'
import {renderPreload} from '../../../src/lib/author/preload.ts'
import {formatCredentials} from '../../../src/lib/domain/credentials-format.ts'
import {readPasswords} from '../../../src/lib/ops/config-generate.ts'
import {drift, localCluster, monitorsOf} from '../../support/described-cluster.ts'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {
  FORMING_MS,
  generateIn,
  monitorPage,
  startFormed,
  startServers,
  untilHealthy,
  writeCertificates,
} from '../../support/generated-cluster.ts'
import {auths, describeVariants, NKEY} from '../../support/generated-variants.ts'
import {addStream} from '../../support/jetstream.ts'
import {type NatsSeries, natsServerOf} from '../../support/nats-servers.ts'
import {testPorts} from '../../support/ports.ts'

describe('generated configurations', () => {
  const temporary = temporaryFolder()
  const folder = temporary.path
  const stores = join(folder, 'store')
  let authority: Authority
  before(async () => {
    authority = await prepare(folder)
  })
  after(() => temporary[Symbol.dispose]())

  for (const [authName, auth] of Object.entries(auths)) {
    it(`are accepted by both servers with auth ${authName}, whatever the TLS and the topology`, async () => {
      const verdicts = describeVariants(folder, auth).map(async ({name, text}, index) => {
        const {description, out} = await generateIn(folder, `${authName}-${index}`, text)
        const path = join(out, 'nodes/n1/nats-server.conf')
        const cluster = await readDescription(description)
        const passwords = await readPasswords(cluster)
        const preload = authName === 'operator' ? readFileSync(join(folder, 'auth/preload.json'), 'utf8') : undefined
        const digest = configDigest(describeServer(cluster, cluster.nodes[0]!, passwords), preload)
        assert.deepEqual(
          [name, await judge('2.10', path), await judge('2.15', path)],
          [name, 'valid', `valid ${digest}`],
        )
      })
      await Promise.all(verdicts)
    })
  }

  it('form a plain cluster on 2.10 that keeps messages on three nodes', async function () {
    this.timeout(600_000)
    const {text, ports} = await localCluster(folder, 'plain', 3, {auth: '{mode: none}'})
    const {out} = await generateIn(folder, 'plain', text)
    const nodes = ['plain-1', 'plain-2', 'plain-3']
    await using _ = await startFormed(natsServerOf('2.10'), {out, stores, nodes}, async (servers) => {
      await untilHealthy(monitorsOf(ports), servers)
      await storesOnThree({servers: `127.0.0.1:${ports[1]!.client}`})
    })
    assert.deepEqual(await drift(folder, 'plain', ports, text), {exitCode: 0, found: ['same', 'same', 'same']})
    const changed = text.replace('256MiB', '512MiB').concat('limits: {maxPayload: 2MiB}\n')
    const differences = [
      {setting: 'jetstream.max_file_store', described: 536870912, running: 268435456},
      {setting: 'max_payload', described: 2097152, running: 1048576},
    ]
    assert.deepEqual(await drift(folder, 'plain', ports, changed), {
      exitCode: 20,
      found: [differences, differences, differences],
    })
  })

  it('form a cluster with certificates on all sides, passwords for users and routes, and https to the monitor', async () => {
    const {text, ports} = await localCluster(folder, 'safe', 3, {
      auth: auths.users,
      rest: `tls: {directory: "${folder}/tls/{node}", client: {verify: true}, routes: true, monitor: true}
routes: {auth: {user: route, passwordFile: password}}
`,
    })
    const {out} = await generateIn(folder, 'safe', text)
    await using servers = startServers(natsServerOf('2.15'), out, ['safe-1', 'safe-2', 'safe-3'])
    await untilHealthy(monitorsOf(ports), servers, join(folder, 'tls/ca.crt'))
    const tls = {
      caFile: join(folder, 'tls/ca.crt'),
      certFile: join(folder, 'tls/client.crt'),
      keyFile: join(folder, 'tls/client.key'),
    }
    // The client checks the name it is given, and for an address none.
    const to = {servers: `localhost:${ports[0]!.client}`, pass: 'secret', tls, reconnect: false, timeout: 30_000}
    await storesOnThree({...to, user: 'app'})
    await assert.rejects(connect({...to, user: 'app', pass: 'wrong'}), /Authorization Violation/i)
    await assert.rejects(connect({...to, user: 'app', tls: {caFile: tls.caFile}}))
    const system = await connect({...to, user: 'sys'})
    assert.equal(
      (await system.request('$SYS.REQ.SERVER.PING', '', {timeout: 30_000})).json<{server: {cluster: string}}>().server
        .cluster,
      'safe',
    )
    await system.close()
    for (const user of ['narrow', 'mute']) {
      const client = await connect({...to, user})
      const refused = errorsOf(client)
      client.publish('b.x')
      await client.flush()
      assert.match(await refused, /Permissions Violation for Publish to "b.x"/i)
      await client.close()
    }
    const https = {monitorScheme: 'https', tls: {ca: join(folder, 'tls/ca.crt')}}
    assert.deepEqual(await drift(folder, 'safe', ports, text, https), {exitCode: 0, found: ['same', 'same', 'same']})
    const quieter = await drift(folder, 'safe', ports, `${text}lameDuck: {duration: 45s}\n`, https)
    assert.equal(quieter.exitCode, 20)
    // Nothing but the digest shows what no page of the monitor has.
    assert.deepEqual(
      quieter.found.map((each) => typeof each === 'object' && each.map(({setting}) => setting)),
      [['config_digest'], ['config_digest'], ['config_digest']],
    )
  })

  it('form a cluster in operator mode, in which a user of the application account has JetStream', async function () {
    this.timeout(600_000)
    const {text, ports} = await localCluster(folder, 'blue', 3, {auth: '{mode: operator}'})
    const {out} = await generateIn(folder, 'blue', text)
    const admin = authority.accounts.find(({name}) => name === 'APP')!.users[0]!
    const authenticator = credsAuthenticator(new TextEncoder().encode(formatCredentials(admin)))
    const nodes = ['blue-1', 'blue-2', 'blue-3']
    await using _ = await startFormed(natsServerOf('2.10'), {out, stores, nodes}, async (servers) => {
      await untilHealthy(monitorsOf(ports), servers)
      await storesOnThree({servers: `127.0.0.1:${ports[2]!.client}`, authenticator})
    })
    await assert.rejects(connect({servers: `127.0.0.1:${ports[2]!.client}`}), /Authorization Violation/i)
    assert.deepEqual(await drift(folder, 'blue', ports, text), {exitCode: 0, found: ['same', 'same', 'same']})
  })

  it('connect a leaf node to its hub, over TLS', async () => {
    const tls = `tls: {directory: "${folder}/tls/{node}", leaf: {verify: true}}\n`
    const hub = await localCluster(folder, 'hub', 1, {auth: auths.users, rest: `${tls}leafNodes: {accept: true}\n`})
    const remote = `127.0.0.1:${hub.ports[0]!.leaf}`
    const leaf = await localCluster(folder, 'leaf', 1, {
      auth: '{mode: none}',
      rest: `${tls}leafNodes: {remotes: [{urls: ["${remote}"], auth: {user: app, passwordFile: secret}, tls: true}]}\n`,
    })
    const [{out: hubOut}, {out: leafOut}] = [
      await generateIn(folder, 'hub', hub.text),
      await generateIn(folder, 'leaf', leaf.text),
    ]
    const server = natsServerOf('2.15')
    await using hubServer = startServers(server, hubOut, ['hub-1'])
    await using leafServer = startServers(server, leafOut, ['leaf-1'])
    await untilHealthy([hub.ports[0]!.monitor], hubServer)
    await untilHealthy([leaf.ports[0]!.monitor], leafServer)
    await carries(
      {servers: `127.0.0.1:${leaf.ports[0]!.client}`},
      {servers: `127.0.0.1:${hub.ports[0]!.client}`, user: 'app', pass: 'secret'},
    )
  })

  it('form a supercluster of two clusters', async () => {
    const gates = await testPorts(2)
    const cluster = async (name: string, nodes: number, own: number, other: string, port: number) => {
      const rest = `gateways: {remotes: [{name: ${other}, urls: ["127.0.0.1:${port}"]}], auth: {user: gate, passwordFile: password}}\n`
      return localCluster(folder, name, nodes, {
        auth: auths.nkeys,
        rest,
        gateway: own,
      })
    }
    const east = await cluster('east', 2, gates[0]!, 'west', gates[1]!)
    const west = await cluster('west', 1, gates[1]!, 'east', gates[0]!)
    const {out: eastOut} = await generateIn(folder, 'east', east.text)
    const {out: westOut} = await generateIn(folder, 'west', west.text)
    const server = natsServerOf('2.15')
    await using eastServers = startServers(server, eastOut, ['east-1', 'east-2'])
    await using westServers = startServers(server, westOut, ['west-1'])
    const monitors = [...east.ports, ...west.ports].map(({monitor}) => monitor)
    for (const monitor of monitors) {
      await eventually('the gateway is connected', async () => {
        const {outbound_gateways = {}} = await monitorPage(monitor, '/gatewayz')
        return Object.keys(outbound_gateways as object).length === 1
      }).catch((cause) => assert.fail(`${cause}\n${eastServers.log()}${westServers.log()}`))
    }
    const authenticator = nkeyAuthenticator(NKEY.getSeed())
    const to = (port: number): ConnectionOptions => ({servers: `127.0.0.1:${port}`, authenticator})
    await carries(to(east.ports[1]!.client), to(west.ports[0]!.client))
  })
})

/** The files that descriptions name: passwords, certificates of all nodes, an operator's JWTs. */
async function prepare(folder: string): Promise<Authority> {
  const authority = await createAuthority({
    operator: 'east',
    systemAccount: 'SYS',
    accounts: [
      {name: 'SYS', users: [{name: 'sys'}]},
      {name: 'APP', jetStream: unlimitedJetStream, users: [{name: 'admin'}]},
    ],
  })
  mkdirSync(join(folder, 'auth'), {recursive: true})
  writeFileSync(join(folder, 'auth/preload.json'), renderPreload(authority.preload))
  writeFileSync(join(folder, 'password'), 'p@ss: "w$rd"/\n')
  writeFileSync(join(folder, 'secret'), 'secret')
  const names = ['n1', 'n2', 'n3', 'safe-1', 'safe-2', 'safe-3', 'hub-1', 'leaf-1']
  await writeCertificates(join(folder, 'tls'), names)
  return authority
}

async function judge(series: NatsSeries, path: string): Promise<string> {
  const {stderr} = await promisify(execFile)(natsServerOf(series).path, ['-t', '-c', path]).catch((error) => error)
  const [, digest] = /is valid(?: \((sha256:\w+)\))?/.exec(stderr) ?? [stderr]
  if (!stderr.includes('is valid')) return stderr
  return digest === undefined ? 'valid' : `valid ${digest}`
}

/** A stream of three replicas takes a message. */
async function storesOnThree(options: ConnectionOptions): Promise<void> {
  const client = await connect(options)
  try {
    const config = {name: 'orders', subjects: ['orders.>'], num_replicas: 3}
    const isMade = async () => (await addStream(client, config, FORMING_MS)).cluster?.replicas?.length === 2
    await eventually('a stream of three replicas is made', isMade, FORMING_MS)
    // Made is not yet led: until then nobody answers.
    await eventually('it takes a message', async () => {
      const {seq} = await client.jetstream().publish('orders.new', 'one', {msgID: 'one'})
      return seq === 1
    })
  } finally {
    await client.close()
  }
}

/** What is published over there arrives here. */
async function carries(from: ConnectionOptions, to: ConnectionOptions): Promise<void> {
  const [publisher, subscriber] = [await connect(from), await connect(to)]
  let received = ''
  subscriber.subscribe('orders.>', {
    callback: (_error, message) => {
      received = message.string()
    },
  })
  await subscriber.flush()
  await eventually('a message crosses', async () => {
    publisher.publish('orders.new', 'across')
    await publisher.flush()
    return received === 'across'
  })
  await Promise.all([publisher.close(), subscriber.close()])
}

async function errorsOf(client: NatsConnection): Promise<string> {
  for await (const {type, data, permissionContext} of client.status()) {
    if (type === 'error')
      return permissionContext ? `Permissions Violation for Publish to "${permissionContext.subject}"` : String(data)
  }
  return ''
}
