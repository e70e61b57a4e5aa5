import {quoteForShell} from '../shell.ts'
import type {DrainMode, Strategy} from './plan.ts'
import type {NodeIdentity} from './view.ts'

/**
 * The lock of a cluster: one SSM parameter, `<prefix>/natsops/lock`. Whoever creates it holds it; every renewal
 * overwrites it and must get exactly the next version, or somebody else wrote and both stop. It also carries all that
 * another laptop needs to finish the node in flight. At most LOCK_LIMIT characters.
 */
export interface LockDocument {
  readonly format: 1
  /**
   * `drain`: the node in flight was stopped by hand and is meant to stay so until somebody undoes it; there is nothing
   * to resume. A roll where absent.
   */
  readonly purpose?: 'roll' | 'drain'
  readonly roll: string
  readonly cluster: string
  readonly holder: LockHolder
  /** Wall clocks, milliseconds since the epoch: for people. Staleness is judged by the parameter's version alone. */
  readonly startedAt: number
  readonly heartbeatAt: number
  readonly request: LockedRequest
  /** Server names still to do, and done. */
  readonly remaining: readonly string[]
  readonly done: readonly string[]
  /**
   * Instances of the plan, in no order: those that were to be replaced. A node that runs none of them any more was
   * replaced by somebody else since. Absent: written by a version that did not note them.
   */
  readonly instances?: readonly string[]
  /** The node in flight; undefined between two nodes. */
  readonly current: CurrentNode | undefined
  /** The holder ended in good order and nobody drives now: anybody may resume without --take-over. */
  readonly handedOver: boolean
  /** Counts the holder's own writes: tells its own write, whose answer was lost, from somebody else's. */
  readonly beat: number
}

export interface LockHolder {
  readonly user: string
  readonly host: string
  readonly pid: number
}

/** What a resume needs of the request. */
export interface LockedRequest {
  readonly strategy: Strategy
  readonly drain: DrainMode
  readonly settleMs: number
  readonly acceptedLoss: readonly string[]
  readonly acceptsUnseen: boolean
  readonly acceptsOldServers: boolean
  readonly checksBootstrap: boolean
}

export interface CurrentNode {
  readonly identity: NodeIdentity
  /** True once INTENT was recorded: the instance may be gone. */
  readonly intended: boolean
  /** Its server was stopped by us: a hold before TERMINATE starts it again. */
  readonly stopped: boolean
}

/** What a standard parameter of SSM takes, characters. */
export const LOCK_LIMIT = 4096

/** Room for whoever resumes from another laptop, in place of the holder who starts: user, host, pid; characters. */
const HOLDER_ROOM = 160

/**
 * The most characters the lock of a roll can come to, over all its states and holders: every node still to do and the
 * one with the longest identity in flight. `remaining` and `done` share the same names, so their place counts once.
 */
export function largestLock(cluster: string, request: LockedRequest, identities: readonly NodeIdentity[]): number {
  const at = Number.MAX_SAFE_INTEGER
  const document: LockDocument = {
    format: 1,
    purpose: 'drain',
    roll: '20261120-184512-3fa9c1',
    cluster,
    holder: {user: '', host: '', pid: at},
    startedAt: at,
    heartbeatAt: at,
    request,
    remaining: identities.map(({node}) => node),
    done: [],
    instances: identities.map(({instanceId}) => instanceId),
    current: undefined,
    handedOver: false,
    beat: at,
  }
  const inFlight = identities.map((identity) => {
    const {node, asg, instanceId, privateIp, serverId, version} = identity
    const widest: NodeIdentity = {
      node,
      asg,
      instanceId: instanceId === '' ? 'i-0123456789abcdef0' : instanceId,
      privateIp: privateIp ?? '255.255.255.255',
      serverId: serverId ?? 'N'.repeat(56),
      serverStartedAt: at,
      version: version ?? '2.15.10-preview.10',
    }
    return lengthOf({...document, current: {identity: widest, intended: false, stopped: false}})
  })
  return Math.max(lengthOf(document), ...inFlight) + HOLDER_ROOM
}

/** SSM counts characters; bytes are never fewer. */
function lengthOf(document: LockDocument): number {
  return new TextEncoder().encode(formatLock(document)).length
}

export function formatLock(lock: LockDocument): string {
  return JSON.stringify(lock)
}

/** The command that brings a drained node back. To be pasted. */
export function undoDrainCommand(cluster: string, node: string, flags: readonly string[] = []): string {
  return quoteForShell(['natsops', 'node', 'drain', node, '--undo', '--cluster', cluster, ...flags])
}

/** `anna@laptop (pid 4711)` */
export function describeHolder({user, host, pid}: LockHolder): string {
  return `${user}@${host} (pid ${pid})`
}
