import type {State} from '../../domain/roll/algorithm.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import {addSample} from '../../domain/roll/meter.ts'
import type {SyncProgress} from '../../domain/roll/sync.ts'
import type {Predicate} from '../../domain/roll/view.ts'

/** What the screen of a roll knows: a fold of its events. Times: milliseconds since the epoch. */
export interface LiveModel {
  readonly nodes: readonly LiveNode[]
  /** The node that is worked on. */
  readonly current: string | undefined
  readonly state: State | undefined
  readonly waiting: readonly Predicate[]
  readonly samples: readonly {readonly at: number; readonly sync: SyncProgress}[]
  readonly soak: {readonly soakedMs: number; readonly settleMs: number} | undefined
}

export interface LiveNode {
  readonly node: string
  readonly state: State | 'waiting' | 'DONE'
  readonly startedAt: number | undefined
  readonly endedAt: number | undefined
  readonly syncedBytes: number | undefined
  /** Its instance may be gone: from here on there is only forward. */
  readonly isCommitted: boolean
  /** Its server was stopped by the roll. */
  readonly isStopped: boolean
}

/** Before the first event: the nodes still to do, and those that are done. */
export function newModel(remaining: readonly string[], done: readonly string[] = []): LiveModel {
  return {
    nodes: [...done.map((node) => ({...idle(node), state: 'DONE' as const})), ...remaining.map(idle)],
    current: undefined,
    state: undefined,
    waiting: [],
    samples: [],
    soak: undefined,
  }
}

export function applyEvent(model: LiveModel, event: RollEvent): LiveModel {
  switch (event.type) {
    case 'state':
      return enter(model, event)
    case 'waiting':
      return {...model, waiting: event.predicates}
    case 'progress':
      return {...model, samples: addSample(model.samples, {at: event.at, sync: event.sync})}
    case 'soaking':
      return {...model, waiting: [], soak: {soakedMs: event.soakedMs, settleMs: event.settleMs}}
    case 'stopped':
      return change(model, event.node, {isStopped: true})
    case 'terminated':
      return change(model, event.identity.node, {isCommitted: true})
    case 'replaced':
      return change(model, event.node, {syncedBytes: event.syncedBytes})
    default:
      return model
  }
}

function enter(model: LiveModel, {node, state, at}: Extract<RollEvent, {type: 'state'}>): LiveModel {
  const isOver = state === 'SELECT' || state === 'DONE'
  const closed = isOver && model.current !== undefined ? finish(model, model.current, at) : model
  const fresh = {...closed, current: node, state, waiting: [], soak: undefined}
  if (node === undefined) return fresh
  const known = fresh.nodes.find((each) => each.node === node)
  const isCommitted = known?.isCommitted === true || AFTER_THE_KNIFE.has(state)
  return change({...fresh, samples: state === 'SYNC' ? [] : fresh.samples}, node, {
    state,
    startedAt: known?.startedAt ?? at,
    isCommitted,
    isStopped: known?.isStopped ?? false,
  })
}

/** A node whose bytes were counted is done; one that was left otherwise goes back to waiting. */
function finish(model: LiveModel, node: string, at: number): LiveModel {
  const isDone = model.nodes.find((each) => each.node === node)?.syncedBytes !== undefined
  return isDone ? change(model, node, {state: 'DONE', endedAt: at}) : change(model, node, {state: 'waiting'})
}

function change(model: LiveModel, node: string, update: Partial<LiveNode>): LiveModel {
  const nodes = model.nodes.some((each) => each.node === node) ? model.nodes : [...model.nodes, idle(node)]
  return {...model, nodes: nodes.map((each) => (each.node === node ? {...each, ...update} : each))}
}

function idle(node: string): LiveNode {
  return {
    node,
    state: 'waiting',
    startedAt: undefined,
    endedAt: undefined,
    syncedBytes: undefined,
    isCommitted: false,
    isStopped: false,
  }
}

/** SYNC and what follows come after these, or after a drain that is undone, where no instance was touched. */
const AFTER_THE_KNIFE: ReadonlySet<State> = new Set<State>(['TERMINATE', 'GONE', 'LAUNCH', 'JOIN', 'BOOTSTRAP'])
