import assert from 'node:assert/strict'
import {cpSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {type Authenticator, connect, credsAuthenticator, type NatsConnection} from 'nats'
import AuthInit from '../../../src/commands/auth/init.ts'
import AuthUserRevoke from '../../../src/commands/auth/user/revoke.ts'
import AuthUserRotate from '../../../src/commands/auth/user/rotate.ts'
import ConfigGenerate from '../../../src/commands/config/generate.ts'
import {eventually} from '../../support/eventually.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {
  FORMING_MS,
  monitorPage,
  type RunningServers,
  startFormed,
  untilHealthy,
} from '../../support/generated-cluster.ts'
import {addStream, publishAll} from '../../support/jetstream.ts'
import {natsServerOf} from '../../support/nats-servers.ts'
import {testPorts} from '../../support/ports.ts'
import {type Outcome, runCommand} from '../../support/run.ts'

const NODES = ['blue-1', 'blue-2', 'blue-3']

for (const series of ['2.10', '2.15'] as const) {
  describe(`a rotation on three servers of ${series}`, function () {
    this.slow(15_000)
    this.timeout(600_000)
    const folder = temporaryFolder()
    const clients: NatsConnection[] = []
    let servers: RunningServers
    let ports: readonly number[] = []
    let monitors: readonly number[] = []
    after(async () => {
      await Promise.all(clients.map((client) => client.close()))
      await servers?.[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    })
    const file = join(folder.path, 'cluster.yaml')
    const run = async (Command: Parameters<typeof runCommand>[0], ...argv: readonly string[]): Promise<Outcome> => {
      const outcome = await runCommand(Command, ['--file', file, ...argv])
      assert.equal(outcome.exitCode, 0, outcome.stderr)
      return outcome
    }
    const generate = () => run(ConfigGenerate, '--out', join(folder.path, 'deploy'))
    const creds = (): string => readFileSync(join(folder.path, 'auth/creds/services/orders.creds'), 'utf8')
    const login = async (text: string, node: number, authenticator = signsOnly(text)): Promise<NatsConnection> => {
      const client = await connect({servers: `127.0.0.1:${ports[node]}`, authenticator, timeout: 30_000})
      clients.push(client)
      return client
    }
    const isRefused = async (text: string, node: number): Promise<boolean> => {
      const authenticator = credsAuthenticator(new TextEncoder().encode(text))
      const attempt = connect({servers: `127.0.0.1:${ports[node]}`, authenticator, reconnect: false, timeout: 30_000})
      return attempt.then(
        async (client) => {
          await client.close()
          return false
        },
        (error) => /Authorization Violation/i.test(String(error)),
      )
    }

    before(async () => {
      const free = await testPorts(9)
      ports = free.slice(0, 3)
      monitors = free.slice(6, 9)
      const nodes = NODES.map((name, index) => {
        const {client, cluster, monitor} = {client: free[index], cluster: free[3 + index], monitor: free[6 + index]}
        return {name, host: '127.0.0.1', ports: {client, cluster, monitor}}
      })
      writeFileSync(file, description(folder.path, nodes))
      await run(AuthInit, '--store', 'files')
      await generate()
      for (const node of NODES) deploy(folder.path, node)
      const [out, stores] = [join(folder.path, 'etc'), join(folder.path, 'store')]
      servers = await startFormed(natsServerOf(series), {out, stores, nodes: NODES}, async (running) => {
        await untilHealthy(monitors, running)
        const admin = await connect({
          servers: `127.0.0.1:${ports[0]}`,
          authenticator: signsOnly(readFileSync(join(folder.path, 'auth/creds/admin.creds'), 'utf8')),
          timeout: 30_000,
        })
        try {
          await addStream(admin, {name: 'orders', subjects: ['orders.>'], num_replicas: 3}, FORMING_MS)
        } finally {
          await admin.close()
        }
      })
    })

    it('denies whatever is not named, and lets a service answer that may publish nothing', async () => {
      const [admin, answers, mute] = await Promise.all(
        ['admin', 'services/answers', 'services/mute'].map((name) =>
          login(readFileSync(join(folder.path, `auth/creds/${name}.creds`), 'utf8'), 0),
        ),
      )
      assert(admin && answers && mute)
      answers.subscribe('ask.>', {callback: (_error, message) => void message.respond('yes')})
      await answers.flush()
      assert.equal((await admin.request('ask.it', '', {timeout: 30_000})).string(), 'yes')
      for (const [name, client] of Object.entries({answers, mute})) {
        const refused = firstRefusal(client)
        client.publish('any.subject')
        assert.deepEqual([name, await refused], [name, 'publish any.subject'])
      }
      const refused = firstRefusal(mute)
      mute.subscribe('any.subject', {callback: () => {}})
      assert.equal(await refused, 'subscription any.subject')
    })

    it('refuses the old key once every server has reloaded, and interrupts nobody else', async () => {
      const old = creds()
      const adminCreds = readFileSync(join(folder.path, 'auth/creds/admin.creds'), 'utf8')
      const admin = await login(adminCreds, 0)
      const before = await login(old, 1)
      await run(AuthUserRotate, 'orders', '--store', 'files')
      const fresh = creds()
      assert.notEqual(fresh, old)
      assert.equal(await isRefused(old, 2), false)
      const after = await login(fresh, 1)
      const keyed = await login(adminCreds, 2, credsAuthenticator(new TextEncoder().encode(adminCreds)))
      const reconnections: string[] = []
      void note(keyed, 'keyed', reconnections)
      const interruptions: string[] = []
      for (const [name, client] of Object.entries({admin, after})) void note(client, name, interruptions)
      const heard: string[] = []
      after.subscribe('orders.>', {callback: (_error, message) => heard.push(message.string())})
      await after.flush()
      const lost: string[] = []
      void note(before, 'before', lost)

      await run(AuthUserRevoke, 'orders')
      await generate()
      assert.equal(await isRefused(old, 0), false, 'servers that were not told know nothing')
      for (const [index, node] of NODES.entries()) {
        const since = String((await monitorPage(monitors[index]!, '/varz')).config_load_time)
        deploy(folder.path, node)
        servers.signal(node, 'SIGHUP')
        await eventually('the server has reloaded', async () => {
          return String((await monitorPage(monitors[index]!, '/varz')).config_load_time) !== since
        })
        await publishAll(admin, 'orders.new', 1, node)
      }
      // One that was not acknowledged in time was sent again.
      await eventually('every message has reached the new user', () => new Set(heard).size === NODES.length)
      assert.deepEqual([...new Set(heard)], NODES)
      assert.deepEqual(
        await Promise.all(NODES.map((_, index) => isRefused(old, index))),
        [true, true, true],
        servers.log(),
      )
      assert.deepEqual(
        await Promise.all(NODES.map((_, index) => isRefused(fresh, index))),
        [false, false, false],
        servers.log(),
      )
      await eventually('the old connection is cut', () => lost.some((word) => word === 'before disconnect'))
      assert.deepEqual(interruptions, [])
      // Servers of 2.10 close clients that show their key beside the JWT, as this library does by itself.
      const isCut = series === '2.10'
      await eventually('it is back', () => reconnections.includes('keyed reconnect') === isCut)
      assert.equal(keyed.isClosed(), false)
      const {state} = await eventually('an answer', async () => {
        return (await admin.jetstreamManager()).streams.info('orders')
      })
      assert.equal(state.messages, 3)
    })
  })
}

function description(folder: string, nodes: readonly object[]): string {
  return `name: blue
nodes: ${JSON.stringify(nodes)}
listen: {client: 127.0.0.1}
jetStream: {storeDirectory: "${folder}/store/{node}", maxFileStore: 256MiB}
auth:
  mode: operator
  services:
    - {name: orders, permissions: {publish: [orders.>], subscribe: [orders.>, _INBOX.>]}}
    - {name: answers, permissions: {subscribe: [ask.>], respond: true}}
    - {name: mute, permissions: {}}
`
}

/** What an operator copies to a node. */
function deploy(folder: string, node: string): void {
  cpSync(join(folder, 'deploy/nodes', node), join(folder, 'etc/nodes', node), {recursive: true})
}

/** Shows the JWT and the signature, as clients in Go do. */
function signsOnly(creds: string): Authenticator {
  const authenticate = credsAuthenticator(new TextEncoder().encode(creds))
  return (nonce) => {
    const {jwt, sig} = authenticate(nonce) as {readonly jwt: string; readonly sig: string}
    return {jwt, sig}
  }
}

/** What the server denies next, as `publish SUBJECT`. */
async function firstRefusal(client: NatsConnection): Promise<string> {
  for await (const {type, permissionContext} of client.status()) {
    if (type === 'error') return `${permissionContext?.operation} ${permissionContext?.subject}`
  }
  return 'nothing'
}

/** Every change of a connection, as `name type`, but for the list of servers and the pings of one that is quiet. */
async function note(client: NatsConnection, name: string, notes: string[]): Promise<void> {
  for await (const {type} of client.status()) {
    if (type !== 'update' && type !== 'pingTimer') notes.push(`${name} ${type}`)
  }
}
