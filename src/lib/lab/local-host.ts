import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, open, rm} from 'node:fs/promises'
import type {AuthorityPreload} from '../author/server-config.ts'
import {systemClock} from '../clock.ts'
import {conventionalSettings} from '../domain/settings.ts'
import {Exit, OpsError} from '../errors.ts'
import {writePrivateFile} from '../files.ts'
import type {CommandResult, InstanceHost, InstanceIdentity} from './aws/host.ts'
import {Doors} from './doors.ts'
import type {FaultBoard} from './faults-board.ts'
import {findFreePorts, portRanges} from './free-ports.ts'
import {actOn, type NodeAction} from './machine-actions.ts'
import {bootstrap, isServing} from './machine-bootstrap.ts'
import {type InstancePorts, renderInstanceConfig} from './machine-config.ts'
import {instancePrograms} from './machine-programs.ts'
import {runScript} from './machine-shell.ts'
import {defaultUnit, Unit} from './machine-unit.ts'
import {type InstanceFiles, instanceFiles, type LabNode, type LabPlan, type NatsServer} from './plan.ts'

/** One instance as this machine sees it. */
export interface MachineState {
  readonly id: string
  readonly node: string
  readonly server: NatsServer
  /** Of the running server; undefined when it is down. */
  readonly pid: number | undefined
  /** How the last server process ended, in words; undefined while one runs. */
  readonly ended: string | undefined
  /** The server's own ports, behind those of its node. */
  readonly ports: InstancePorts
}

interface Machine extends InstanceIdentity {
  readonly files: InstanceFiles
  readonly server: NatsServer
  readonly ports: InstancePorts
  readonly unit: Unit
  readonly bootedAt: number
  /** The bootstrap log as it is on the instance. */
  bootstrapLog: string
  /** Aborted when the instance is gone. */
  readonly life: AbortController
  /** Acts on one machine happen one after the other. */
  last: Promise<unknown>
}

export interface LocalHostOptions {
  readonly plan: LabPlan
  readonly authority: AuthorityPreload
  /** Folder of the instances' folders. */
  readonly instances: string
  readonly faults: FaultBoard
  /** The server that an instance of this launch template version runs. */
  readonly serverOf: (templateVersion: string) => NatsServer
  /** Where the bootstrap logs are shipped to. */
  readonly ship: (entry: BootstrapEntry) => void
  readonly say: (line: string) => void
}

export interface BootstrapEntry {
  readonly node: string
  readonly instanceId: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly line: string
}

/** What an operating system that shuts down grants its services, here. */
const SHUTDOWN_LIMIT_MS = 10_000

/** Moderation for several servers on one laptop; also all they are told of our environment. */
const SERVER_ENVIRONMENT = {GOMAXPROCS: '2', GOMEMLIMIT: '512MiB'}

/**
 * The machines of the lab: each instance is a folder (its NVMe) and a nats-server process, kept by a unit as systemd
 * keeps it. Who has ended a server by hand has to start it by hand, or AWS replaces the instance.
 */
export class LocalHost implements InstanceHost {
  readonly #options: LocalHostOptions
  readonly #machines = new Map<string, Machine>()
  readonly #doors: Doors
  readonly #background = new Set<Promise<unknown>>()
  #destroyed = false

  constructor(options: LocalHostOptions) {
    this.#options = options
    this.#doors = new Doors(options.plan.nodes, options.faults)
  }

  async launch(identity: InstanceIdentity): Promise<void> {
    const {plan, authority, instances, faults, serverOf} = this.#options
    const {id, node: name, templateVersion, isReplacement} = identity
    const node = this.#node(name)
    const strike = (fault: Parameters<FaultBoard['strike']>[0]) =>
      isReplacement ? faults.strike(fault, name) : undefined
    const other = strike('other-version')
    const files = instanceFiles(instances, id)
    const server = other ? await this.#otherServer(other.value) : serverOf(templateVersion)
    const ports = await this.#choosePorts(node)
    const machine: Machine = {
      ...{id, node: name, templateVersion, isReplacement, files, server, ports},
      unit: this.#createUnit(id),
      bootedAt: Date.now(),
      bootstrapLog: '',
      life: new AbortController(),
      last: idle,
    }
    this.#machines.set(id, machine)
    const isSilent = strike('bootstrap-silent') !== undefined
    const settings = {plan, authority, node, files, ports}
    const changes = {name: strike('wrong-name')?.value, maxFileBytes: strike('store-small')?.amount}
    await inTurn(machine, async () => {
      await mkdir(files.folder, {mode: 0o700})
      await mkdir(files.store, {mode: 0o700})
      const write = (path: string, text: string) => writePrivateFile(path, text, {overwrite: true})
      await write(files.identity, JSON.stringify({id, node: name, server}))
      await write(files.config, renderInstanceConfig(settings, changes))
      const {finished} = await bootstrap({
        node: name,
        instanceId: id,
        serverVersion: server.version,
        parameterPath: conventionalSettings(plan.name).ssmPrefix,
        start: async () => void (await machine.unit.start()),
        isServing: () => isServing(node.host, ports.monitor, machine.life.signal),
        isSilent,
        write: (at, line) => {
          machine.bootstrapLog += `${line}\n`
          this.#options.ship({node: name, instanceId: id, at, line})
        },
        signal: machine.life.signal,
      })
      this.#track(finished)
    })
  }

  async terminate(id: string): Promise<void> {
    const machine = this.#machines.get(id)
    if (!machine) return
    const lingering = this.#options.faults.strike('old-lingers', machine.node)
    if (lingering) this.#track(this.#linger(machine, lingering.amount))
    else await this.#remove(machine)
  }

  async run(id: string, script: string, signal: AbortSignal): Promise<CommandResult> {
    const machine = this.#machines.get(id)
    if (!machine) throw new Error(`${id} is not there`)
    const {node, unit, server, bootedAt, files} = machine
    const programs = instancePrograms({
      ...{node, unit, bootedAt},
      serverVersion: server.version,
      log: files.log,
      store: files.store,
      bootstrapLog: () => machine.bootstrapLog,
      inTurn: (work) => inTurn(machine, work),
    })
    return runScript(script, programs, AbortSignal.any([signal, machine.life.signal]))
  }

  /** Acts on the node's newest instance. Returns false where there was nothing to do. */
  async act(action: NodeAction, node: string): Promise<boolean> {
    const machine = this.#newest(node)
    if (!machine) throw noInstance(node)
    return inTurn(machine, () => actOn(machine, action))
  }

  states(): readonly MachineState[] {
    return [...this.#machines.values()].map(({id, node, server, unit, ports}) => {
      return {id, node, server, pid: unit.pid, ended: unit.ended, ports}
    })
  }

  /** Power cut for all of them: the disks are thrown away next. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    const machines = [...this.#machines.values()]
    for (const {life} of machines) life.abort(new Error('the lab is going down'))
    const cutPower = () => Promise.all([...this.#machines.values()].map(({unit}) => unit.breakDown()))
    await cutPower()
    await Promise.all(machines.map(({last}) => last))
    await cutPower()
    await Promise.all(this.#background)
    await this.#doors.close()
  }

  #createUnit(id: string): Unit {
    const description = {...defaultUnit, ...this.#options.plan.unit}
    return new Unit({description, spawn: () => this.#spawn(this.#machine(id)), onChange: () => this.#onChange(id)})
  }

  async #spawn(machine: Machine): Promise<ChildProcess> {
    if (this.#destroyed) throw new Error('the lab is going down')
    const {files, server, node, id} = machine
    if (this.#newest(node) === machine) await this.#doors.open(node, machine.ports)
    await using errors = await open(files.errors, 'a', 0o600)
    const child = spawn(server.path, ['-c', files.config], {
      cwd: files.folder,
      env: SERVER_ENVIRONMENT,
      stdio: ['ignore', errors.fd, errors.fd],
    })
    await once(child, 'spawn')
    this.#options.say(`${node} ${id}: nats-server ${server.version} started, pid ${child.pid}`)
    return child
  }

  #onChange(id: string): void {
    const machine = this.#machines.get(id)
    if (!machine || machine.unit.pid !== undefined) return
    this.#options.say(`${machine.node} ${id}: nats-server ${machine.unit.ended}`)
    if (this.#newest(machine.node) === machine) this.#track(this.#doors.shut(machine.node))
  }

  /** The operating system shuts down: the unit is stopped, with bounded patience; then the disk is gone. */
  async #remove(machine: Machine): Promise<void> {
    machine.life.abort(new Error('the instance was terminated'))
    await inTurn(machine, async () => {
      await machine.unit.stop({limitMs: SHUTDOWN_LIMIT_MS})
      this.#machines.delete(machine.id)
      await rm(machine.files.folder, {recursive: true, force: true})
    })
  }

  /** EC2 calls it terminated, and yet its server goes on; one that was stopped comes back. */
  async #linger(machine: Machine, ms: number): Promise<void> {
    await inTurn(machine, () => machine.unit.start()).catch(() => {})
    await systemClock.sleep(ms, machine.life.signal).catch(() => {})
    await this.#remove(machine)
  }

  /** A port of the node's own that an old server of it still has cannot be the new one's. */
  async #choosePorts({name, clusterPort}: LabNode): Promise<InstancePorts> {
    const taken = new Set<number>([
      ...this.#options.plan.nodes.flatMap((node) => [node.clientPort, node.clusterPort, node.monitorPort]),
      ...[...this.#machines.values()].flatMap(({ports}) => [ports.client, ports.cluster, ports.monitor]),
    ])
    const range = (this.#options.plan.portRanges ?? portRanges).instances
    const [client = 0, monitor = 0, cluster = 0] = await findFreePorts(3, taken, range)
    return {client, monitor, cluster: this.#newest(name) ? cluster : clusterPort}
  }

  async #otherServer(path: string): Promise<NatsServer> {
    const {findNatsServer} = await import('./servers.ts')
    return findNatsServer({path, version: undefined, environment: undefined, searchPath: undefined, cacheFolder: ''})
  }

  #track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#background.delete(tracked))
    this.#background.add(tracked)
  }

  #newest(node: string): Machine | undefined {
    return [...this.#machines.values()].filter((one) => one.node === node).at(-1)
  }

  #machine(id: string): Machine {
    const machine = this.#machines.get(id)
    if (!machine) throw new Error(`${id} is not there`)
    return machine
  }

  #node(name: string): LabNode {
    const node = this.#options.plan.nodes.find((one) => one.name === name)
    if (!node) throw new Error(`no node ${name} in lab ${this.#options.plan.name}`)
    return node
  }
}

const idle: Promise<unknown> = Promise.resolve()

function inTurn<T>(machine: Machine, work: () => Promise<T>): Promise<T> {
  const result = machine.last.then(work)
  machine.last = result.catch(() => {})
  return result
}

function noInstance(node: string): OpsError {
  return new OpsError(`${node} has no instance now: it is being replaced`, {
    code: 'NODE_HAS_NO_INSTANCE',
    exit: Exit.refused,
    suggestions: ['natsops lab status'],
  })
}
