import type {NodeTarget} from '../../../src/lib/domain/settings.ts'

export interface FakeNode {
  readonly name: string
  serverId: string
  startedAt: number
  version: string
  /** `paused`: the process is there and does nothing, as under SIGSTOP. */
  server: 'up' | 'stopped' | 'paused'
  instance: FakeInstance
  /** False: this laptop cannot reach it, though the cluster can. */
  visible: boolean
  /** Last sequence stored, by asset; absent: the replica does not exist here yet. */
  store: Map<string, number>
  /** Stops following its leaders. */
  frozen: boolean
  /** Virtual time since when the siblings noticed that it does not answer. */
  silentSince: number | undefined
}

export interface FakeInstance {
  id: string
  ip: string
  lifecycle: 'Pending' | 'InService' | 'Terminating' | 'Terminated'
  /** Next change of the life cycle. */
  dueAt: number
}

export interface FakeStream {
  readonly name: string
  readonly replicas: readonly string[]
  leader: string | undefined
  /** Sequence acknowledged to publishers: what must never be lost. */
  acknowledged: number
  readonly perSecond: number
  leaderless: number | undefined
}

export interface FakeClusterOptions {
  readonly nodes?: number
  readonly streams?: readonly {
    readonly name: string
    readonly perSecond: number
    readonly stored: number
    readonly on?: readonly number[]
  }[]
  readonly syncPerSecond?: number
  readonly bootMs?: number
}

/** What the cluster consists of at one moment. */
export interface FakeState {
  readonly nodes: readonly FakeNode[]
  readonly streams: readonly FakeStream[]
  readonly targets: readonly NodeTarget[]
  readonly metaLeader: string | undefined
  readonly metaPending: number
  readonly now: number
}

/**
 * What was published this recently cannot count: a replica is judged by what its leader held in the earlier of two
 * looks, so that one which stops following right after it is found out by the next judgement only.
 */
const LIVE_SECONDS = 5

/** How long a group goes without a leader before it has a new one. */
export const ELECTION_MS = 3000

export function nodeOf(state: FakeState, name: string): FakeNode {
  return state.nodes.find((node) => node.name === name)!
}

export function serves(state: FakeState, name: string): boolean {
  return nodeOf(state, name).server === 'up'
}

export function isMajorityUp(state: FakeState): boolean {
  return state.nodes.filter(({name}) => serves(state, name)).length * 2 > state.nodes.length
}

/** Whether a replica that the node has to have is missing, or lacks something that was acknowledged. */
export function lacksAny(state: FakeState, node: FakeNode): boolean {
  return state.streams.some((stream) => stream.replicas.includes(node.name) && lacks(node, stream))
}

export function lacks(node: FakeNode, stream: FakeStream): boolean {
  return (node.store.get(stream.name) ?? -1) < stream.acknowledged - stream.perSecond * LIVE_SECONDS
}

/** Whether it lacks anything at all, however recent. */
export function isBehind(node: FakeNode, stream: FakeStream): boolean {
  return (node.store.get(stream.name) ?? -1) < stream.acknowledged
}
