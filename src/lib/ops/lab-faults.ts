import {join} from 'node:path'
import type {Context} from '../context.ts'
import {type Told, tell} from '../domain/told.ts'
import {openControl} from '../lab/control.ts'
import {type FaultKind, type FaultName, faultKinds, faultNames, requireFaultName} from '../lab/faults.ts'
import type {ActiveFault} from '../lab/faults-board.ts'
import {findLabNode, type LabPlan, type NatsServer} from '../lab/plan.ts'
import type {LabRecord} from '../lab/record.ts'
import {findNatsServer} from '../lab/servers.ts'
import {requireLab} from '../lab/status.ts'

export type {ActiveFault, FaultName}

/** One thing that can be made to go wrong, and where it is. */
export interface FaultListing extends FaultKind {
  readonly name: FaultName
  readonly active: readonly ActiveFault[]
}

/** As --json tells it: times in RFC 3339, null where there is no such thing. */
export type ToldFault = Told<ActiveFault>

/** The supervisor leaves out what is not there. */
export function tellFault(fault: ActiveFault): ToldFault {
  const {name, node, value, amount, count, forMs, startedAt, endsAt, struck} = fault
  return tell({name, node, value, amount, count, forMs, startedAt, endsAt, struck})
}

export function tellListing({name, about, scope, value, usual, countable, active}: FaultListing): Told<FaultListing> {
  return {...tell({name, about, scope, value, usual, countable}), active: active.map(tellFault)}
}

export interface FaultSwitch {
  readonly lab: string
  readonly name: string
  readonly node?: string | undefined
  readonly value?: string | undefined
  readonly count?: number | undefined
  readonly forMs?: number | undefined
}

const CONTROL_LIMIT_MS = 10_000

/** Every fault there is, those that are on with what they are told. Rejects with LAB_NOT_FOUND or LAB_NOT_UP. */
export async function listFaults(context: Context, lab: string): Promise<readonly FaultListing[]> {
  const {record} = await requireLab(context.configuration.paths.labs, lab)
  const active = await controlOf(record).faults()
  return faultNames.map((name) => ({name, ...faultKinds[name], active: active.filter((one) => one.name === name)}))
}

/** Rejects with USAGE where the fault does not take what it is given. */
export async function switchFaultOn(context: Context, request: FaultSwitch): Promise<ActiveFault> {
  const {plan, record} = await requireLab(context.configuration.paths.labs, request.lab)
  const name = requireFaultName(request.name)
  const {value, count, forMs} = request
  const isServer = faultKinds[name].value === 'server' && value !== undefined
  const settled = isServer ? (await findServer(context, value)).path : value
  return controlOf(record).switchOn({name, node: nodeOf(plan, request.node), value: settled, count, forMs})
}

/** Those that were on. Without a name all of them. */
export async function switchFaultsOff(
  context: Context,
  request: {readonly lab: string; readonly name?: string | undefined; readonly node?: string | undefined},
): Promise<readonly ActiveFault[]> {
  const {plan, record} = await requireLab(context.configuration.paths.labs, request.lab)
  const node = nodeOf(plan, request.node)
  const name = request.name === undefined ? undefined : requireFaultName(request.name)
  return controlOf(record).switchOff({...(name ? {name} : {}), ...(node ? {node} : {})})
}

export interface Release {
  readonly lab: string
  /** Of the launch templates: what every launch from now on is made from. */
  readonly templateVersion: number
  readonly serverVersion: string
}

/** Publishes a new version of every launch template; running instances are outdated from then on. */
export async function releaseServer(
  context: Context,
  {lab, server}: {readonly lab: string; readonly server: string | undefined},
): Promise<Release> {
  const {plan, record} = await requireLab(context.configuration.paths.labs, lab)
  const released = server === undefined ? plan.server : await findServer(context, server)
  return {lab, templateVersion: await controlOf(record).release(released), serverVersion: released.version}
}

/** By version or series of those on this machine, or by path. */
async function findServer({configuration}: Context, text: string): Promise<NatsServer> {
  const isVersion = /^\d+\.\d+(\.\d+)?$/.test(text)
  return findNatsServer({
    path: isVersion ? undefined : text,
    version: isVersion ? text : undefined,
    environment: configuration.variable('NATSOPS_NATS_SERVER'),
    searchPath: configuration.variable('PATH'),
    cacheFolder: join(configuration.paths.cache, 'nats-server'),
  })
}

function nodeOf(plan: LabPlan, text: string | undefined): string | undefined {
  return text === undefined ? undefined : findLabNode(plan, text).name
}

function controlOf({control}: LabRecord) {
  return openControl(control, CONTROL_LIMIT_MS)
}
