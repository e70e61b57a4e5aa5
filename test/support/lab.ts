import {mkdir, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {type Configuration, openConfiguration} from '../../src/lib/config.ts'
import {type ClusterContext, type Context, openClusterContext, openContext} from '../../src/lib/context.ts'
import type {LabSnapshot} from '../../src/lib/lab/control.ts'
import {openControl} from '../../src/lib/lab/control.ts'
import type {FaultName, FaultRequest} from '../../src/lib/lab/faults.ts'
import type {ActiveFault} from '../../src/lib/lab/faults-board.ts'
import {type LabFiles, labFiles} from '../../src/lib/lab/plan.ts'
import {type LabRecord, readRecord} from '../../src/lib/lab/record.ts'
import type {Termination} from '../../src/lib/lab/terminations.ts'
import {
  actOnLabNode,
  downLab,
  type LabStatus,
  type LabUpRequest,
  type NodeAction,
  statusOfLab,
  upLab,
} from '../../src/lib/ops/lab.ts'
import {openTerminal} from '../../src/lib/output/terminal.ts'
import {eventually} from './eventually.ts'
import {cacheFolder, type NatsSeries, type NatsServer, natsServerOf, newestNatsServer} from './nats-servers.ts'
import {ownPortRanges} from './ports.ts'

export interface TestLabOptions extends Partial<Omit<LabUpRequest, 'serverVersion' | 'serverPath'>> {
  /** Default: the newest server of this machine. */
  readonly series?: NatsSeries
}

/** A real lab in a state folder of its own, for one test file. */
export interface TestLab extends TestHome {
  readonly name: string
  readonly files: LabFiles
  readonly record: LabRecord
  status(): Promise<LabStatus>
  /** The lab as AWS and as this machine see it, without their delays. */
  snapshot(): Promise<LabSnapshot>
  act(action: NodeAction, node: string): Promise<boolean>
  /** Makes something go wrong; see src/lib/lab/faults.ts. `other-version` takes a path here. */
  breakIt(name: FaultName, options?: Omit<FaultRequest, 'name'>): Promise<ActiveFault>
  /** Ends one fault, or all of them. */
  mend(name?: FaultName, node?: string): Promise<void>
  /** What was terminated so far, what each node's own server held just before, and what was at stake. */
  terminations(): Promise<readonly Termination[]>
  /** A new launch template version with this server; returns its number. */
  release(server: NatsServer): Promise<number>
  /**
   * Waits for something of a node that was replaced or restarted. 2.10 leaves a server behind its meta leader now and then,
   * for good; a restart mends it, and is given to a node that takes long.
   */
  untilBack(node: string, what: string, isSo: () => Promise<boolean | undefined>): Promise<void>
  /** The lab's cluster, as a command sees it. Closed by `stop`. */
  cluster(): Promise<ClusterContext>
  /** Takes the lab down and removes the folder. */
  stop(): Promise<void>
}

/** Folders and variables of a user who has nothing, not even a lab. */
export interface TestHome {
  readonly folder: string
  /** Environment for a natsops of its own: `spawn(..., {env: lab.variables})`. */
  readonly variables: Readonly<Record<string, string>>
  readonly configuration: Configuration
  readonly context: Context
  remove(): Promise<void>
}

/** Of one request to the lab's supervisor, which a busy machine may keep waiting. */
const CONTROL_LIMIT_MS = 60_000

/** Healthy, with the main stream and its consumers, when it resolves. Call `stop` in `after`. */
export async function startLab({series, ...options}: TestLabOptions = {}): Promise<TestLab> {
  const home = await createHome()
  const server = series ? natsServerOf(series) : newestNatsServer()
  const request = {
    name: 'lab',
    nodes: 3,
    bootDelayMs: 0,
    timeoutMs: 150_000,
    portRanges: ownPortRanges,
    ...options,
    serverVersion: undefined,
    serverPath: server.path,
  }
  const {configuration, context} = home
  const {name} = request
  try {
    await upLab(context, request, () => {})
    const files = labFiles(configuration.paths.labs, name)
    const record = await readRecord(files)
    if (!record) throw new Error(`lab ${name} is up without a record`)
    const control = openControl(record.control, CONTROL_LIMIT_MS)
    const opened: ClusterContext[] = []
    return {
      ...home,
      name,
      files,
      record,
      status: () => statusOfLab(context, name),
      snapshot: () => control.state(),
      act: async (action, node) => (await actOnLabNode(context, {lab: name, action, node})).changed,
      breakIt: (fault, request = {}) => control.switchOn({name: fault, ...request}),
      mend: async (fault, node) => {
        await control.switchOff({...(fault ? {name: fault} : {}), ...(node ? {node} : {})})
      },
      terminations: () => control.terminations(),
      release: (released) => control.release(released),
      untilBack: async (node, what, isSo) => {
        const isOld = server.version.startsWith('2.10.')
        const first = eventually(what, isSo, isOld ? 20_000 : 120_000)
        await first.catch(async (error) => {
          if (!isOld) throw error
          await actOnLabNode(context, {lab: name, action: 'stop', node})
          await actOnLabNode(context, {lab: name, action: 'start', node})
          await eventually(`${what}, after a restart`, isSo, 120_000)
        })
      },
      cluster: async () => {
        const {terminal, signal} = context
        const parts = {configuration, terminal, signal, requestTimeoutMs: 10_000}
        const cluster = openClusterContext(parts, await configuration.cluster({cluster: name}))
        opened.push(cluster)
        return cluster
      },
      stop: async () => {
        for (const cluster of opened) await cluster.close()
        await downLab(context, name)
        await home.remove()
      },
    }
  } catch (error) {
    await home.remove()
    throw error
  }
}

export async function createHome(signal: AbortSignal = new AbortController().signal): Promise<TestHome> {
  const folder = await mkdtemp(join(tmpdir(), 'natsops-lab-'))
  // Without it files for a while go to the folder that all tests of this machine share.
  await mkdir(join(folder, 'run'), {mode: 0o700})
  const variables = {
    HOME: folder,
    PATH: process.env.PATH ?? '',
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: dirname(cacheFolder()),
    XDG_RUNTIME_DIR: join(folder, 'run'),
    NO_COLOR: '1',
    ...(process.env.NATSOPS_NATS_SERVER ? {NATSOPS_NATS_SERVER: process.env.NATSOPS_NATS_SERVER} : {}),
  }
  const configuration = openConfiguration({variables, home: folder, cwd: folder, temporary: folder})
  const context = openContext({configuration, terminal: openTerminal({colour: false, quiet: true}), signal})
  return {
    folder,
    variables,
    configuration,
    context,
    remove: async () => {
      await context.close()
      await rm(folder, {recursive: true, force: true, maxRetries: 3})
    },
  }
}
