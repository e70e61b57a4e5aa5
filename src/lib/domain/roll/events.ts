import type {State} from './algorithm.ts'
import type {Baseline} from './baseline.ts'
import type {LockedRequest, LockHolder} from './lock.ts'
import type {RollPlan} from './plan.ts'
import type {SyncProgress} from './sync.ts'
import type {NodeIdentity, Predicate} from './view.ts'

/**
 * Everything a roll has to say, one record each, in order. `at` is wall clock, milliseconds since the epoch. All but
 * `waiting` and `progress` are kept in the journal; the report of a roll is a view of them.
 */
export type RollEvent =
  | Recorded<
      'started',
      {
        readonly roll: string
        readonly cluster: string
        readonly holder: LockHolder
        readonly request: LockedRequest
        readonly plan: RollPlan
      }
    >
  | Recorded<'resumed', {readonly holder: LockHolder; readonly tookOver: boolean}>
  | Recorded<'state', {readonly state: State; readonly node: string | undefined}>
  | Recorded<'selected', {readonly identity: NodeIdentity; readonly reason: string}>
  | Recorded<'baseline', {readonly node: string; readonly baseline: Baseline}>
  | Recorded<'moved', {readonly node: string; readonly group: string; readonly to: string}>
  | Recorded<'skipped', {readonly node: string | undefined; readonly what: string; readonly why: string}>
  | Recorded<'noticed', {readonly node: string | undefined; readonly what: string}>
  | Recorded<'stopped', {readonly node: string; readonly how: string}>
  | Recorded<'intended', {readonly identity: NodeIdentity}>
  | Recorded<'terminated', {readonly identity: NodeIdentity}>
  | Recorded<'joined', {readonly identity: NodeIdentity}>
  | Recorded<'replaced', {readonly node: string; readonly syncedBytes: number}>
  | Recorded<
      'ended',
      {readonly exit: number; readonly code: string; readonly message: string; readonly stallMs: number | undefined}
    >
  | Recorded<
      'waiting',
      {readonly state: State; readonly node: string | undefined; readonly predicates: readonly Predicate[]}
    >
  | Recorded<'progress', {readonly node: string; readonly sync: SyncProgress}>
  | Recorded<'soaking', {readonly node: string; readonly soakedMs: number; readonly settleMs: number}>

type Recorded<Type extends string, Fields> = {readonly type: Type; readonly at: number} & Fields

/** Shown as it happens, not kept. */
export function isFleeting({type}: RollEvent): boolean {
  return type === 'waiting' || type === 'progress' || type === 'soaking'
}

/** One line of the journal. */
export function formatEvent(event: RollEvent): string {
  return `${JSON.stringify(event)}\n`
}

/**
 * Events of a journal's text. A last line that was cut off by a crash is dropped; a broken line before it means the
 * file was tampered with or the disk is bad, so nothing after it is believed.
 */
export function parseJournal(text: string): {readonly events: readonly RollEvent[]; readonly torn: boolean} {
  const events: RollEvent[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      const event = JSON.parse(line) as RollEvent
      if (typeof event?.type !== 'string' || typeof event.at !== 'number') return {events, torn: true}
      events.push(event)
    } catch {
      return {events, torn: true}
    }
  }
  return {events, torn: text !== '' && !text.endsWith('\n')}
}
