import {mkdir, readFile} from 'node:fs/promises'
import {dirname} from 'node:path'
import {Exit, OpsError} from '../errors.ts'
import {ensurePrivateFolder, writePrivateFile} from '../files.ts'
import {openControl} from './control.ts'
import {formCluster} from './form-cluster.ts'
import {findFreePorts, portRanges} from './free-ports.ts'
import {removeLab} from './leftovers.ts'
import {checkLabName, instanceFiles, type LabFiles, type LabPlan, labFiles, PORTS_PER_NODE, planNodes} from './plan.ts'
import {type LabRecord, readPlan, readRecord} from './record.ts'
import {examineLab, listLabs, stateWords} from './status.ts'
import {startSupervisor, supervisorCommand} from './supervisor-process.ts'

export interface UpOptions extends Omit<LabPlan, 'nodes' | 'supervisor'> {
  readonly labsFolder: string
  readonly nodeCount: number
  /** How long the cluster may take to work. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly report: (text: string) => void
  /** Called once the cluster works and before anybody is told of it: streams, consumers. */
  readonly populate: (plan: LabPlan, record: LabRecord) => Promise<void>
}

export interface LabUp {
  readonly plan: LabPlan
  readonly record: LabRecord
  readonly files: LabFiles
}

/**
 * Brings a lab up, whole or not at all: an error or an abort at any moment takes down what was begun. Making the folder
 * is the lock, so that two at once cannot both win: the other rejects with LAB_EXISTS (exit 3).
 */
export async function bringUp(options: UpOptions): Promise<LabUp> {
  checkLabName(options.name)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bringUpOnce(options)
    } catch (error) {
      if (!hasLostPort(error) || attempt >= ATTEMPTS) throw error
      options.report('a port was taken meanwhile: once more, on others')
    }
  }
}

/** A free port is found some time before it is listened on, and others look for ports too. */
const ATTEMPTS = 3

function hasLostPort(error: unknown): boolean {
  if (!(error instanceof OpsError)) return false
  return (
    error.code === 'PORT_TAKEN' || (error.code === 'LAB_SERVER_ENDED' && /address already in use/.test(error.message))
  )
}

async function bringUpOnce(options: UpOptions): Promise<LabUp> {
  const {labsFolder, name, nodeCount, signal} = options
  const files = labFiles(labsFolder, name)
  const range = (options.portRanges ?? portRanges).public
  const ports = await findFreePorts(nodeCount * PORTS_PER_NODE, await portsOfLabs(labsFolder), range)
  const plan: LabPlan = {
    name,
    region: options.region,
    nodes: planNodes(name, nodeCount, ports),
    server: options.server,
    bootDelayMs: options.bootDelayMs,
    maxFileBytes: options.maxFileBytes,
    maxMemoryBytes: options.maxMemoryBytes,
    ...(options.unit ? {unit: options.unit} : {}),
    ...(options.portRanges ? {portRanges: options.portRanges} : {}),
    supervisor: supervisorCommand(files.folder),
  }
  signal.throwIfAborted()
  await claim(labsFolder, files, name)
  try {
    await writePrivateFile(files.plan, JSON.stringify(plan), {overwrite: true})
    const record = await superviseUp(plan, files, options)
    return {plan, record, files}
  } catch (error) {
    await removeLab(files)
    throw error
  }
}

async function superviseUp(plan: LabPlan, files: LabFiles, options: UpOptions): Promise<LabRecord> {
  const {signal, report, timeoutMs, populate} = options
  signal.throwIfAborted()
  report(`starting ${plan.nodes.length} nats-servers ${plan.server.version}`)
  const supervisor = await startSupervisor(plan.supervisor, files)
  try {
    await abortable(supervisor.started(), signal)
    const record = await readRecord(files)
    if (!record) throw new Error(`the supervisor has left no record in ${files.folder}`)
    await formCluster(plan, record, {
      ...{signal, report, timeoutMs},
      check: () => assertServersRun(record, files),
      populate: () => abortable(populate(plan, record), signal),
    })
    await abortable(supervisor.commit(), signal)
    return record
  } catch (error) {
    await supervisor.abandon(3_000)
    throw error
  }
}

/** A server that ended will not become healthy; its own last words say why. */
async function assertServersRun({control}: LabRecord, files: LabFiles): Promise<void> {
  const {machines} = await openControl(control, 5_000).state()
  const ended = machines.find((machine) => machine.ended !== undefined)
  if (!ended) return
  const {log, errors} = instanceFiles(files.instances, ended.id)
  const words = (await lastLine(errors)) || (await lastLine(log))
  throw new OpsError(`nats-server of ${ended.node} ${ended.ended}${words && `: ${words}`}`, {
    code: 'LAB_SERVER_ENDED',
    exit: Exit.refused,
    suggestions: ['run it again: other ports are chosen each time'],
  })
}

async function lastLine(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}

async function claim(labsFolder: string, files: LabFiles, name: string): Promise<void> {
  await ensurePrivateFolder(dirname(labsFolder))
  await ensurePrivateFolder(labsFolder)
  try {
    await mkdir(files.folder, {mode: 0o700})
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw await exists(labsFolder, name)
  }
}

async function exists(labsFolder: string, name: string): Promise<OpsError> {
  const {state} = await examineLab(labsFolder, name)
  const problem = state === 'up' ? 'is already up' : `is already there: ${stateWords[state]}`
  return new OpsError(`lab ${name} ${problem}`, {
    code: 'LAB_EXISTS',
    exit: Exit.refused,
    suggestions: [`natsops lab status ${name}`, `natsops lab down ${name}`, `natsops lab up ${name}-2`],
  })
}

/** Ports that belong to a lab also while nobody listens on them. */
async function portsOfLabs(labsFolder: string): Promise<ReadonlySet<number>> {
  const names = await listLabs(labsFolder)
  const plans = await Promise.all(names.map((name) => readPlan(labFiles(labsFolder, name))))
  return new Set(
    plans.flatMap((plan) =>
      (plan?.nodes ?? []).flatMap(({clientPort, clusterPort, monitorPort}) => [clientPort, clusterPort, monitorPort]),
    ),
  )
}

/** Stops waiting at an abort; what was waited for is left to the clean-up. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, {once: true})
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => {})
  }
}
