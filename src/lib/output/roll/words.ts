import {counted, listed} from '../../domain/quantity.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import {describeHolder} from '../../domain/roll/lock.ts'
import type {Predicate} from '../../domain/roll/view.ts'
import {humanBytes, humanDuration} from '../format.ts'

/** What an event says in one line, without its time and not yet printable; undefined where it has nothing to say. */
export function sayEvent(event: RollEvent): string | undefined {
  switch (event.type) {
    case 'started':
      return `roll ${event.roll} of ${event.cluster} started by ${describeHolder(event.holder)}`
    case 'resumed':
      return `resumed by ${describeHolder(event.holder)}${event.tookOver ? ', who took it over' : ''}`
    case 'state':
      return about(event.node, event.state)
    case 'selected':
      return about(event.identity.node, `is next: ${event.reason} (${event.identity.instanceId})`)
    case 'skipped':
      return about(event.node, `skipped ${event.what}: ${event.why}`)
    case 'noticed':
      return about(event.node, event.what)
    case 'stopped':
      return about(event.node, `its server is stopped: ${event.how}`)
    case 'terminated':
      return about(event.identity.node, `${event.identity.instanceId} is terminated`)
    case 'joined':
      return about(
        event.identity.node,
        `is back as ${event.identity.instanceId}, server ${event.identity.version ?? ''}`,
      )
    case 'replaced':
      return about(event.node, `is replaced, ${humanBytes(event.syncedBytes)} synced`)
    case 'ended':
      return event.exit === 0 ? event.message : `ended with ${event.code} (exit ${event.exit})`
    case 'waiting':
      return about(event.node, `${event.state} waits for ${sayPredicates(event.predicates)}`)
    default:
      return undefined
  }
}

/** The first predicate that does not hold with its first reason, and how many more there are of both. */
export function sayPredicates(predicates: readonly Predicate[]): string {
  const [first] = predicates
  if (!first) return 'nothing'
  const others = predicates.flatMap(({reasons}) => reasons).length - 1
  const more = others > 0 ? ` (and ${others} more)` : ''
  return `${first.id} ${first.title}: ${first.reasons[0] ?? 'no'}${more}`
}

/** The same as long as the same is waited for: numbers that only count on do not make it another one. */
export function topicOf(predicates: readonly Predicate[]): string {
  return JSON.stringify(predicates.map(({id, title, reasons}) => [id, title, reasons[0]?.replaceAll(/\d+/g, '#')]))
}

/** `2 leaders moved: stream orders to c-node-1, _meta_ to c-node-3`. */
export function sayMoves(moved: readonly {readonly group: string; readonly to: string}[]): string {
  const each = moved.map(({group, to}) => `${group} to ${to}`)
  return `${counted(moved.length, 'leader')} moved: ${listed(each, 5)}`
}

/** `52.0 MiB/s, 15s left`; empty while nothing moves. */
export function sayPace(bytesPerSecond: number, secondsLeft: number | undefined): string {
  if (bytesPerSecond <= 0) return ''
  const left = secondsLeft === undefined || secondsLeft === 0 ? '' : `, ${humanDuration(secondsLeft * 1000)} left`
  return `${humanBytes(bytesPerSecond)}/s${left}`
}

/** `412.0 MiB of 1.2 GiB (34%)`. */
export function sayShare(bytes: number, bytesWanted: number): string {
  return `${humanBytes(bytes)} of ${humanBytes(bytesWanted)} (${percent(bytes, bytesWanted)}%)`
}

/** Cut and not rounded: 100 is all of it. */
export function percent(bytes: number, bytesWanted: number): number {
  return bytesWanted > 0 ? Math.min(100, Math.floor((bytes * 100) / bytesWanted)) : 100
}

function about(node: string | undefined, text: string): string {
  return node === undefined ? text : `${node} ${text}`
}
