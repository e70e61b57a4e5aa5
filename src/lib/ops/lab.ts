import {join} from 'node:path'
import type {Context} from '../context.ts'
import {conventionalRegion, conventionalSettings} from '../domain/settings.ts'
import {tell} from '../domain/told.ts'
import {Exit, OpsError} from '../errors.ts'
import {createAssets} from '../lab/assets.ts'
import {openControl} from '../lab/control.ts'
import {takeDown} from '../lab/down.ts'
import {describeEnvironment, type LabEnvironment} from '../lab/environment.ts'
import type {PortRanges} from '../lab/free-ports.ts'
import type {NodeAction} from '../lab/machine-actions.ts'
import type {UnitDescription} from '../lab/machine-unit.ts'
import {findLabNode, natsUrls} from '../lab/plan.ts'
import {findNatsServer} from '../lab/servers.ts'
import {examineLab, type LabStatus, requireLab} from '../lab/status.ts'
import {bringUp} from '../lab/up.ts'

export {renderEnvironment, type Shell, shells} from '../lab/environment.ts'
export {type NodeAction, nodeActions} from '../lab/machine-actions.ts'
export type {LabEnvironment, LabStatus}

/** A lab as --json tells it. Public. */
export type LabDocument = ReturnType<typeof tellLab>

export interface LabUpRequest {
  readonly name: string
  readonly nodes: number
  readonly serverVersion: string | undefined
  readonly serverPath: string | undefined
  readonly bootDelayMs: number
  /** How long the cluster may take to work. */
  readonly timeoutMs: number
  /** max_file_store and max_memory_store of every server. */
  readonly maxFileBytes?: number
  readonly maxMemoryBytes?: number
  /** nats.service of every instance, where it is not as usual. */
  readonly unit?: Partial<UnitDescription>
  /** Where ports are chosen from, where it is not as usual. */
  readonly portRanges?: PortRanges
}

const GIBIBYTE = 1024 ** 3
/** A client connection and its calls, at the start of a lab on a busy laptop. */
const CONNECT_LIMIT_MS = 30_000

/**
 * Brings up a lab and makes its cluster known to natsops. Whole or not at all, also when interrupted. Rejects with
 * LAB_EXISTS (exit 3) for a second lab of the name and CLUSTER_CONFIGURED (exit 3) for the name of a real cluster.
 */
export async function upLab(context: Context, request: LabUpRequest, report: (text: string) => void) {
  const {configuration, signal} = context
  const {name, nodes, bootDelayMs, timeoutMs, maxFileBytes = GIBIBYTE, maxMemoryBytes = GIBIBYTE / 4} = request
  await refuseConfiguredName(context, name)
  const server = await findNatsServer({
    path: request.serverPath,
    version: request.serverVersion,
    environment: configuration.variable('NATSOPS_NATS_SERVER'),
    searchPath: configuration.variable('PATH'),
    cacheFolder: join(configuration.paths.cache, 'nats-server'),
  })
  await bringUp({
    labsFolder: configuration.paths.labs,
    name,
    region: conventionalRegion,
    nodeCount: nodes,
    server,
    bootDelayMs,
    maxFileBytes,
    maxMemoryBytes,
    ...(request.unit ? {unit: request.unit} : {}),
    ...(request.portRanges ? {portRanges: request.portRanges} : {}),
    timeoutMs,
    signal,
    report,
    populate: async (plan, {admin}) => {
      report('making the stream and its consumers')
      const settings = {...conventionalSettings(name), nodes: plan.nodes}
      const options = {servers: natsUrls(plan), credentials: admin, timeoutMs: CONNECT_LIMIT_MS}
      const client = await context.connect(settings, options)
      await createAssets(client, plan.nodes.length, signal)
      await client.close()
    },
  })
  return examineLab(configuration.paths.labs, name)
}

/** A lab of a real cluster's name would stand in front of it. */
async function refuseConfiguredName({configuration}: Context, name: string): Promise<void> {
  const clusters = await configuration.clusters()
  const known = clusters.find(({settings}) => settings.name === name)
  const source = known?.sources.get('name')
  if (!known || source?.layer === 'lab') return
  throw new OpsError(
    `${name} is a configured cluster${source ? ` (${source.detail})` : ''}: a lab needs another name`,
    {
      code: 'CLUSTER_CONFIGURED',
      exit: Exit.refused,
      suggestions: [`natsops lab up ${name}-lab`],
    },
  )
}

/** `removed` is false where there was no such lab: also that is what was asked for. */
export async function downLab({configuration}: Context, name: string) {
  return {lab: name, removed: await takeDown(configuration.paths.labs, name)}
}

/** Rejects with LAB_NOT_FOUND (exit 9). */
export function statusOfLab({configuration}: Context, name: string): Promise<LabStatus> {
  return examineLab(configuration.paths.labs, name)
}

/** `now` in milliseconds since the epoch: when the lab was looked at. */
export function tellLab({name, nodes, ...status}: LabStatus, now: number) {
  const exit = status.state === 'crashed' || status.state === 'silent' ? Exit.unreachable : 0
  return tell({lab: name, at: now, exit, ...status, nodes: nodes.map(({name: node, ...each}) => ({node, ...each}))})
}

/** What the aws and nats tools need to work with a lab that is up; contains its secret key. */
export async function environmentOfLab({configuration}: Context, name: string): Promise<LabEnvironment> {
  const {plan, record, files} = await requireLab(configuration.paths.labs, name)
  return describeEnvironment(plan, record, files)
}

export interface NodeActResult {
  readonly lab: string
  readonly node: string
  readonly action: NodeAction
  /** False where there was nothing to do: a stopped node was stopped. */
  readonly changed: boolean
}

/** Does by hand to a node's server what an operator, or bad luck, would do on the instance itself. */
export async function actOnLabNode(
  {configuration}: Context,
  {lab, action, node: text}: {readonly lab: string; readonly action: NodeAction; readonly node: string},
): Promise<NodeActResult> {
  const {plan, record} = await requireLab(configuration.paths.labs, lab)
  const node = findLabNode(plan, text).name
  const changed = await openControl(record.control, ACT_LIMIT_MS).act(action, node)
  return {lab, node, action, changed}
}

/** Longer than a clean stop may take: the lame duck of a server with many clients. */
const ACT_LIMIT_MS = 60_000
