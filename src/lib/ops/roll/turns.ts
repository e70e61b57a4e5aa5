import type {NodeObservation} from '../../domain/observation.ts'
import type {Predicate, PredicateId, RollView} from '../../domain/roll/view.ts'
import type {Wait} from './machine.ts'

/** Called in every turn of every wait after TERMINATE: throws a hold when the rest of the cluster stays broken. */
export type Siblings = (wait: Wait, view: RollView) => void

export function nodeOf(view: RollView, node: string): NodeObservation | undefined {
  return view.later.nodes.find(({target}) => target.name === node)
}

/** A condition of one state, in the form of the invariants so that a wait and a hold say it the same way. */
export function predicate(id: PredicateId, title: string, reasons: readonly string[]): Predicate {
  return {id, title, holds: reasons.length === 0, reasons, remedy: 'wait, or look at the node'}
}
