import {type Told, tell} from '../told.ts'
import type {State} from './algorithm.ts'
import type {RollEvent} from './events.ts'
import type {LockHolder} from './lock.ts'
import type {Strategy} from './plan.ts'
import {type NodeIdentity, wholeIdentity} from './view.ts'

/** What became of a roll, from its events alone. Public under --json, as `tellReport` makes it. Times: milliseconds since the epoch. */
export interface RollReport {
  readonly roll: string
  readonly cluster: string | null
  readonly account: string | null
  readonly region: string | null
  readonly strategy: Strategy | null
  readonly settleMs: number | null
  readonly startedAt: number
  readonly endedAt: number | null
  /** `unfinished`: the events break off; natsops was killed, or it still runs. */
  readonly result: 'done' | 'held' | 'interrupted' | 'aborted' | 'unfinished'
  /** How it last ended; null while it has not. */
  readonly end: {readonly exit: number; readonly code: string; readonly message: string} | null
  /** Who drove it, the one who started it first. */
  readonly drivers: readonly {readonly holder: LockHolder; readonly at: number; readonly tookOver: boolean}[]
  /** Those of the plan, then others, in the order they were worked on. */
  readonly nodes: readonly NodeReport[]
  /** Longest time without an acknowledged publish of the canary; null where nobody measured. */
  readonly longestStallMs: number | null
  readonly notices: readonly Remark[]
  readonly skipped: readonly (Remark & {readonly why: string})[]
}

export interface NodeReport {
  readonly node: string
  readonly outcome: 'replaced' | 'unfinished' | 'waiting'
  /** Why it stood where it did in the order. */
  readonly reason: string | null
  readonly before: NodeIdentity | null
  readonly after: NodeIdentity | null
  /** In order; a state is there again when a resume came back to it. */
  readonly spans: readonly Span[]
  readonly moved: readonly {readonly group: string; readonly to: string}[]
  /** How its server was stopped. */
  readonly stopped: string | null
  readonly syncedBytes: number | null
}

/** A stay in one state; `endedAt` equals `startedAt` where nothing more is known. */
export interface Span {
  readonly state: State
  readonly startedAt: number
  readonly endedAt: number
}

export interface Remark {
  readonly at: number
  readonly node: string | null
  readonly what: string
}

/** The report of the events of one roll, oldest first; fleeting ones change nothing. */
export function reportRoll(roll: string, events: readonly RollEvent[]): RollReport {
  const started = events.find((event) => event.type === 'started')
  const plan = started?.plan
  const last = events.findLast(({type}) => type === 'ended' || type === 'resumed' || type === 'state')
  const ended = last?.type === 'ended' ? last : undefined
  const stalls = events.flatMap((event) => (event.type === 'ended' ? (event.stallMs ?? []) : []))
  return {
    roll,
    cluster: started?.cluster ?? null,
    account: plan?.account ?? null,
    region: plan?.region ?? null,
    strategy: started?.request.strategy ?? null,
    settleMs: started?.request.settleMs ?? null,
    startedAt: events[0]?.at ?? 0,
    endedAt: ended?.at ?? null,
    result: resultOf(ended),
    end: ended ? {exit: ended.exit, code: ended.code, message: ended.message} : null,
    drivers: events.flatMap((event) =>
      event.type === 'started' || event.type === 'resumed'
        ? {holder: event.holder, at: event.at, tookOver: event.type === 'resumed' && event.tookOver}
        : [],
    ),
    nodes: reportNodes(events),
    longestStallMs: stalls.length > 0 ? Math.round(Math.max(...stalls)) : null,
    notices: events.flatMap((event) =>
      event.type === 'noticed' ? {at: event.at, node: event.node ?? null, what: event.what} : [],
    ),
    skipped: events.flatMap((event) =>
      event.type === 'skipped' ? {at: event.at, node: event.node ?? null, what: event.what, why: event.why} : [],
    ),
  }
}

/** The report for --json. A journal leaves out what nobody knew of a node. */
export function tellReport(report: RollReport): Told<RollReport> {
  const whole = (identity: NodeIdentity | null): NodeIdentity | null => identity && wholeIdentity(identity)
  const nodes = report.nodes.map((node) => ({...node, before: whole(node.before), after: whole(node.after)}))
  return tell({...report, nodes})
}

/** Milliseconds a node spent in each state it was in, in the order it first came to them. */
export function timesOf({spans}: NodeReport): ReadonlyMap<State, number> {
  const times = new Map<State, number>()
  for (const {state, startedAt, endedAt} of spans) {
    times.set(state, (times.get(state) ?? 0) + Math.max(0, endedAt - startedAt))
  }
  return times
}

function resultOf(ended: {readonly exit: number; readonly code: string} | undefined): RollReport['result'] {
  if (ended === undefined) return 'unfinished'
  if (ended.code === 'ABORTED') return 'aborted'
  if (ended.exit === 0) return 'done'
  return ended.exit === 130 ? 'interrupted' : 'held'
}

function reportNodes(events: readonly RollEvent[]): readonly NodeReport[] {
  const nodes = new Map<string, NodeReport>()
  const change = (node: string, update: (before: NodeReport) => Partial<NodeReport>): void => {
    const before = nodes.get(node) ?? unknownNode(node)
    nodes.set(node, {...before, ...update(before)})
  }
  const spans = spansOf(events)
  for (const event of events) {
    switch (event.type) {
      case 'started':
        for (const {identity, reason} of event.plan.nodes) change(identity.node, () => ({before: identity, reason}))
        break
      case 'selected':
        change(event.identity.node, () => ({before: event.identity, reason: event.reason}))
        break
      case 'intended':
        change(event.identity.node, () => ({before: event.identity}))
        break
      case 'joined':
        change(event.identity.node, () => ({after: event.identity}))
        break
      case 'moved':
        change(event.node, ({moved}) => ({moved: [...moved, {group: event.group, to: event.to}]}))
        break
      case 'stopped':
        change(event.node, () => ({stopped: event.how}))
        break
      case 'replaced':
        change(event.node, () => ({outcome: 'replaced', syncedBytes: event.syncedBytes}))
        break
      case 'state':
        if (event.node !== undefined)
          change(event.node, ({outcome}) => ({outcome: outcome === 'waiting' ? 'unfinished' : outcome}))
    }
  }
  const worked = [...spans.keys()]
  return [...nodes.values()]
    .map((report) => ({...report, spans: spans.get(report.node) ?? []}))
    .sort((a, b) => place(worked, a.node) - place(worked, b.node))
}

/** Each node's stays. What was under way when natsops was killed is known to have lasted to its last word. */
function spansOf(events: readonly RollEvent[]): ReadonlyMap<string, readonly Span[]> {
  const spans = new Map<string, Span[]>()
  let open: {readonly node: string | undefined; readonly state: State; readonly startedAt: number} | undefined
  let lastWord = 0
  const close = (at: number): void => {
    if (open?.node !== undefined) {
      const {node, state, startedAt} = open
      spans.set(node, [...(spans.get(node) ?? []), {state, startedAt, endedAt: Math.max(startedAt, at)}])
    }
    open = undefined
  }
  for (const event of events) {
    if (event.type === 'resumed') close(lastWord)
    if (event.type === 'ended') close(event.at)
    if (event.type === 'state') {
      close(event.at)
      open = {node: event.node, state: event.state, startedAt: event.at}
    }
    lastWord = event.at
  }
  close(lastWord)
  return spans
}

/** Nodes that were never begun come after the others, in the order of the plan. */
function place(worked: readonly string[], node: string): number {
  const at = worked.indexOf(node)
  return at < 0 ? worked.length : at
}

function unknownNode(node: string): NodeReport {
  return {
    node,
    outcome: 'waiting',
    reason: null,
    before: null,
    after: null,
    spans: [],
    moved: [],
    stopped: null,
    syncedBytes: null,
  }
}
