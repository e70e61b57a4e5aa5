import {readdir, readFile, rm} from 'node:fs/promises'
import {setTimeout as delay} from 'node:timers/promises'
import {Exit, OpsError} from '../errors.ts'
import {instanceFiles, type LabFiles, type NatsServer} from './plan.ts'
import {findProcesses, killProcess, type RunningProcess} from './processes.ts'
import {readPlan} from './record.ts'

const KILL_LIMIT_MS = 10_000

/** What an instance's folder says about it; written before its server is started. */
export interface InstanceRecord {
  readonly id: string
  readonly node: string
  readonly server: NatsServer
}

export interface LabProcesses {
  readonly supervisor: RunningProcess | undefined
  /** Each with the instance it belongs to. */
  readonly servers: readonly (RunningProcess & {readonly instance: InstanceRecord})[]
}

/** The processes of a lab, recognised by their command lines alone: nobody who crashed had to write anything down. */
export async function findLabProcesses(files: LabFiles): Promise<LabProcesses> {
  const plan = await readPlan(files)
  const supervisor = plan?.supervisor.join(' ')
  const instances = await listInstances(files)
  const commands = new Map(instances.map((instance) => [serverCommand(files, instance), instance]))
  const found = await findProcesses(new Set([...commands.keys(), ...(supervisor === undefined ? [] : [supervisor])]))
  return {
    supervisor: found.find(({command}) => command === supervisor),
    servers: found.flatMap((process) => {
      const instance = commands.get(process.command)
      return instance ? [{...process, instance}] : []
    }),
  }
}

/**
 * Kills what is left of a lab, the supervisor first, until nothing is found any more; then its folder goes. Rejects with
 * LAB_PROCESS_STAYS (exit 3) for a process that a SIGKILL does not end: it hangs in the kernel.
 */
export async function removeLab(files: LabFiles): Promise<void> {
  const deadline = performance.now() + KILL_LIMIT_MS
  for (;;) {
    const {supervisor, servers} = await findLabProcesses(files)
    const [first] = [...(supervisor ? [supervisor] : []), ...servers]
    if (!first) break
    if (performance.now() > deadline) throw stays(first, files)
    await Promise.all((supervisor ? [supervisor] : servers).map(killProcess))
    await delay(20)
  }
  await rm(files.cluster, {force: true})
  await rm(files.folder, {recursive: true, force: true, maxRetries: 3})
}

function stays({pid}: RunningProcess, {folder}: LabFiles): OpsError {
  return new OpsError(`process ${pid} of the lab in ${folder} does not end`, {
    code: 'LAB_PROCESS_STAYS',
    exit: Exit.refused,
    suggestions: [`ps -p ${pid} -o pid,stat,command`],
  })
}

export async function listInstances({instances}: LabFiles): Promise<readonly InstanceRecord[]> {
  const ids = await readdir(instances).catch(() => [])
  const records = await Promise.all(
    ids.map(async (id) => {
      const text = await readFile(instanceFiles(instances, id).identity, 'utf8').catch(() => undefined)
      return text === undefined ? undefined : (JSON.parse(text) as InstanceRecord)
    }),
  )
  return records.filter((record) => record !== undefined)
}

/** As LocalHost starts it. */
function serverCommand({instances}: LabFiles, {id, server}: InstanceRecord): string {
  return `${server.path} -c ${instanceFiles(instances, id).config}`
}
