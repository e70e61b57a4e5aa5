import {access, readdir} from 'node:fs/promises'
import {Exit, OpsError} from '../errors.ts'
import type {LabSnapshot} from './control.ts'
import {openControl} from './control.ts'
import {findLabProcesses, type LabProcesses, listInstances} from './leftovers.ts'
import {type LabFiles, type LabNode, type LabPlan, labFiles} from './plan.ts'
import {type LabRecord, readPlan, readRecord} from './record.ts'

export interface LabStatus {
  readonly name: string
  /** crashed: the supervisor is gone. silent: it is there and does not answer. starting: `lab up` is still at it. */
  readonly state: 'up' | 'starting' | 'crashed' | 'silent'
  readonly region: string | undefined
  readonly serverVersion: string | undefined
  /** URL of the AWS endpoint; undefined where nobody serves it. */
  readonly endpoint: string | undefined
  readonly supervisorPid: number | undefined
  readonly folder: string
  readonly log: string
  readonly nodes: readonly LabNodeStatus[]
}

export interface LabNodeStatus extends LabNode {
  readonly instanceId: string | undefined
  readonly zone: string | undefined
  /** The Auto Scaling group's word for the instance, e.g. InService; undefined where the supervisor cannot be asked. */
  readonly lifecycle: string | undefined
  /** Of the server process. `none`: there is no instance, or it has not booted yet. */
  readonly server: 'running' | 'paused' | 'stopped' | 'none'
  readonly pid: number | undefined
  /** How the server ended, where it did. */
  readonly ended: string | undefined
}

/** Of a supervisor that runs: one that does not answer for so long hangs. */
const CONTROL_TIMEOUT_MS = 10_000

/** Looks at one lab, whatever state it is in. Rejects with LAB_NOT_FOUND (exit 9) where there is none. */
export async function examineLab(labsFolder: string, name: string): Promise<LabStatus> {
  const files = labFiles(labsFolder, name)
  const labs = await listLabs(labsFolder)
  if (!labs.includes(name)) throw notFound(name, labs)
  const [plan, record, processes] = await Promise.all([readPlan(files), readRecord(files), findLabProcesses(files)])
  const canAnswer = processes.supervisor !== undefined && !processes.supervisor.paused
  const snapshot = record && canAnswer ? await askSupervisor(record) : undefined
  return {
    name,
    state: stateOf(processes, await exists(files.cluster), snapshot),
    region: plan?.region,
    serverVersion: plan?.server.version,
    endpoint: snapshot ? record?.endpoint : undefined,
    supervisorPid: processes.supervisor?.pid,
    folder: files.folder,
    log: files.log,
    nodes: plan ? await describeNodes(plan, files, processes, snapshot) : [],
  }
}

/** Names of the labs there are, running or not, sorted. */
export async function listLabs(labsFolder: string): Promise<readonly string[]> {
  const entries = await readdir(labsFolder, {withFileTypes: true}).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({name}) => name)
    .sort()
}

/** The record of a lab that serves. Rejects with LAB_NOT_FOUND (exit 9) or, for one that crashed, LAB_NOT_UP (exit 7). */
export async function requireLab(
  labsFolder: string,
  name: string,
): Promise<{readonly plan: LabPlan; readonly record: LabRecord; readonly files: LabFiles}> {
  const {state} = await examineLab(labsFolder, name)
  const files = labFiles(labsFolder, name)
  const [plan, record] = await Promise.all([readPlan(files), readRecord(files)])
  if (state === 'up' && plan && record) return {plan, record, files}
  throw new OpsError(`lab ${name} is not up: ${stateWords[state]}`, {
    code: 'LAB_NOT_UP',
    exit: Exit.unreachable,
    suggestions: [`natsops lab status ${name}`, `natsops lab down ${name}`],
  })
}

/** Each state in words that continue `lab NAME is not up: `. */
export const stateWords: Readonly<Record<LabStatus['state'], string>> = {
  up: 'it is up',
  starting: 'it is still being started',
  crashed: 'its supervisor is gone',
  silent: 'its supervisor does not answer',
}

function askSupervisor({control}: LabRecord): Promise<LabSnapshot | undefined> {
  return openControl(control, CONTROL_TIMEOUT_MS)
    .state()
    .catch(() => undefined)
}

function stateOf(
  {supervisor}: LabProcesses,
  registered: boolean,
  snapshot: LabSnapshot | undefined,
): LabStatus['state'] {
  if (!supervisor) return 'crashed'
  if (!registered) return 'starting'
  return snapshot ? 'up' : 'silent'
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function describeNodes(
  {nodes}: LabPlan,
  files: LabFiles,
  {servers}: LabProcesses,
  snapshot: LabSnapshot | undefined,
): Promise<readonly LabNodeStatus[]> {
  const onDisk = await listInstances(files)
  return nodes.map((node) => {
    const group = snapshot?.world.groups.find(({name}) => name === node.asg)
    const instance = group?.instances.findLast(({lifecycle}) => lifecycle !== undefined)
    const instanceId = snapshot ? instance?.id : onDisk.findLast((one) => one.node === node.name)?.id
    const machine = snapshot?.machines.find(({id}) => id === instanceId)
    const process = servers.find((server) => server.instance.id === instanceId)
    return {
      ...node,
      instanceId,
      zone: instance?.zone,
      lifecycle: instance?.lifecycle,
      server: serverState(process, instanceId !== undefined && (machine !== undefined || !snapshot)),
      pid: process?.pid,
      ended: machine?.ended,
    }
  })
}

function serverState(process: {readonly paused: boolean} | undefined, booted: boolean): LabNodeStatus['server'] {
  if (!process) return booted ? 'stopped' : 'none'
  return process.paused ? 'paused' : 'running'
}

function notFound(name: string, labs: readonly string[]): OpsError {
  const others = labs.length === 0 ? '' : `; there is ${labs.join(', ')}`
  return new OpsError(`there is no lab ${name}${others}`, {
    code: 'LAB_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [`natsops lab up ${name}`],
  })
}
