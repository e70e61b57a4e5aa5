import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, openSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {connect, type NatsConnection, StorageType} from 'nats'
import {type ClusterSettings, conventionalSettings, type NodeTarget} from '../../src/lib/domain/settings.ts'
import {testPorts} from './ports.ts'
import {stateOf} from './processes.ts'

/**
 * A plain nats-server cluster for tests: N processes on 127.0.0.1, JetStream on, accounts with one user each
 * (password = user = the account's name), monitoring on. No operator mode, no AWS: that is the lab.
 */
export interface TestCluster extends AsyncDisposable {
  readonly name: string
  readonly version: string
  readonly nodes: readonly TestNode[]
  readonly targets: readonly NodeTarget[]
  readonly settings: ClusterSettings
  node(n: number): TestNode
  /** As the user of an account, to the running nodes given (all, where none is given). */
  connect(options?: {readonly account?: string; readonly nodes?: readonly TestNode[]}): Promise<NatsConnection>
  /** Kills every process and removes every file. */
  close(): Promise<void>
}

export interface TestNode {
  readonly name: string
  readonly target: NodeTarget
  readonly clientUrl: string
  /** The file that the process writes to. */
  readonly log: string
  readonly running: boolean
  /** Starts the process; does not wait until it is healthy. */
  start(): void
  /** Ends the process, also a paused one, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Any other signal: SIGUSR2 is the lame duck, SIGHUP a reload. */
  signal(signal: NodeJS.Signals): void
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): void
  resume(): void
  /** Removes the JetStream store of a stopped node: the new instance's empty disk. */
  wipe(): void
  /** Parsed answer of a path of the monitoring port, whatever its status. */
  monitor(path: string): Promise<unknown>
}

export interface TestClusterOptions {
  readonly server: {readonly path: string; readonly version: string}
  readonly nodes?: number
  readonly accounts?: readonly string[]
  /** Lines added to every node's configuration. */
  readonly extra?: string
  readonly maxFile?: string
}

export async function startCluster({
  server,
  nodes: size = 3,
  accounts = ['APP'],
  extra = '',
  maxFile = '2G',
}: TestClusterOptions): Promise<TestCluster> {
  const name = 'test'
  const folder = mkdtempSync(join(tmpdir(), 'natsops-cluster-'))
  const ports = await testPorts(size * 3)
  const port = (index: number): number => ports[index]!
  const routes = Array.from({length: size}, (_, n) => `nats://127.0.0.1:${port(n * 3 + 1)}`).join(', ')
  const users = accounts.map(
    (account) => `${account}: {jetstream: enabled, users: [{user: ${account}, password: ${account}}]}`,
  )
  const nodes = Array.from({length: size}, (_, n): TestNode => {
    const target: NodeTarget = {
      name: `${name}-node-${n + 1}`,
      host: '127.0.0.1',
      clientPort: port(n * 3),
      monitorPort: port(n * 3 + 2),
      asg: `${name}-node-${n + 1}-asg`,
      instanceName: `${name}-node-${n + 1}`,
    }
    const store = join(folder, `store-${n + 1}`)
    const file = join(folder, `node-${n + 1}.conf`)
    writeFileSync(
      file,
      `server_name: ${target.name}
listen: 127.0.0.1:${target.clientPort}
http: 127.0.0.1:${target.monitorPort}
jetstream: {store_dir: "${store}", max_memory_store: 256M, max_file_store: ${maxFile}}
${size > 1 ? `cluster: {name: ${name}, listen: 127.0.0.1:${port(n * 3 + 1)}, routes: [${routes}]}` : ''}
accounts: {SYS: {users: [{user: SYS, password: SYS}]}, ${users.join(', ')}}
system_account: SYS
${extra}
`,
    )
    return testNode(target, server.path, file, store, join(folder, `node-${n + 1}.log`))
  })

  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')))
    rmSync(folder, {recursive: true, force: true})
  }
  const form = async (): Promise<void> => {
    for (const node of nodes) node.start()
    await waitUntil(`all ${size} nodes are healthy`, async () => {
      const ended = nodes.find((node) => !node.running)
      if (ended) throw new Error(`${ended.name} has ended: ${readFileSync(ended.log, 'utf8').slice(-500)}`)
      return (await Promise.all(nodes.map(isHealthy))).every(Boolean)
    })
    await waitUntil('streams can be placed', () => takesStreams(nodes, accounts[0]!), {limitMs: 45_000})
  }
  const beginAnew = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')))
    for (const node of nodes) node.wipe()
    await form()
  }
  try {
    // Servers of 2.10 that start together may leave one of them out for good: docs/lab.md.
    await form().catch(beginAnew).catch(beginAnew)
  } catch (error) {
    await close()
    throw error
  }
  return {
    name,
    version: server.version,
    nodes,
    targets: nodes.map((node) => node.target),
    settings: {...conventionalSettings(name), nodes: nodes.map((node) => node.target)},
    node: (n) => nodes[n - 1]!,
    connect: ({account = accounts[0]!, nodes: wanted = nodes.filter((node) => node.running)} = {}) =>
      connect({
        servers: wanted.map((node) => node.clientUrl),
        user: account,
        pass: account,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        ignoreClusterUpdates: true,
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function testNode(target: NodeTarget, path: string, file: string, store: string, log: string): TestNode {
  let child: ChildProcess | undefined
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const killAtExit = (): void => {
    if (isRunning()) child?.kill('SIGKILL')
  }
  return {
    name: target.name,
    target,
    clientUrl: `nats://127.0.0.1:${target.clientPort}`,
    log,
    get running() {
      return isRunning()
    },
    start() {
      if (isRunning()) throw new Error(`${target.name} runs already`)
      const output = openSync(log, 'a')
      child = spawn(path, ['-c', file], {stdio: ['ignore', output, output]})
      process.once('exit', killAtExit)
    },
    async stop(signal = 'SIGTERM') {
      if (!child || !isRunning()) return
      const gone = once(child, 'exit')
      child.kill(signal)
      child.kill('SIGCONT')
      await gone
      process.off('exit', killAtExit)
    },
    signal(signal) {
      child?.kill(signal)
    },
    pause() {
      child?.kill('SIGSTOP')
      // The signal is on its way: until it has arrived the server goes on answering.
      while (isRunning() && !stateOf(child?.pid).startsWith('T')) {}
    },
    resume() {
      child?.kill('SIGCONT')
    },
    wipe() {
      if (isRunning()) throw new Error(`${target.name} still runs`)
      rmSync(store, {recursive: true, force: true})
    },
    async monitor(path) {
      const response = await fetch(`http://127.0.0.1:${target.monitorPort}${path}`, {
        signal: AbortSignal.timeout(30_000),
      })
      return response.json()
    },
  }
}

async function isHealthy(node: TestNode): Promise<boolean> {
  try {
    return ((await node.monitor('/healthz')) as {status?: string}).status === 'ok'
  } catch {
    return false
  }
}

/** Healthy nodes refuse to place a stream for a moment: the meta leader has to have heard from every peer. */
async function takesStreams(nodes: readonly TestNode[], account: string): Promise<boolean> {
  const connection = await connect({servers: nodes.map((node) => node.clientUrl), user: account, pass: account})
  try {
    const {streams} = await connection.jetstreamManager()
    await streams.add({name: 'READY', subjects: ['READY'], num_replicas: nodes.length, storage: StorageType.Memory})
    return await streams.delete('READY')
  } catch {
    return false
  } finally {
    await connection.close()
  }
}

/** Polls a condition; the limit is generous, for it only ends a test that fails anyway. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  {limitMs = 120_000, everyMs = 50}: {limitMs?: number; everyMs?: number} = {},
): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`gave up waiting until ${what}`)
    await delay(everyMs)
  }
}
