import {groupsAreAtRest} from '../../domain/roll/groups.ts'
import {metaIsWhole} from '../../domain/roll/meta.ts'
import {
  dataIsElsewhere,
  meshIsComplete,
  nodesAreHealthy,
  nothingIsSingle,
  targetIsTheSame,
  writesWork,
} from '../../domain/roll/predicates.ts'
import type {NodeIdentity, Predicate, RollView, Subject} from '../../domain/roll/view.ts'
import type {RollMachine} from './machine.ts'

/** The invariants that must hold for a node to be taken away, but for I8. */
export function invariantsFor(view: RollView, subject: Subject): readonly Predicate[] {
  return [
    meshIsComplete(view, subject),
    dataIsElsewhere(view, subject),
    nodesAreHealthy(view, subject),
    writesWork(view),
    metaIsWhole(view, subject),
    nothingIsSingle(view, subject),
    groupsAreAtRest(view, subject),
    targetIsTheSame(view, subject),
  ]
}

/** All of them, before a server is stopped: its instance is to be gone before the credentials are. */
export function invariantsBeforeStop(machine: RollMachine, view: RollView, subject: Subject): readonly Predicate[] {
  const {stop, intent, terminate} = machine.deps.limits
  return [...invariantsFor(view, subject), machine.credentialsLast(view, stop + intent + terminate)]
}

/** The subject of a node's replacement, from what the lock's document says. */
export function subjectOf(
  {deps, document}: RollMachine,
  identity: NodeIdentity | undefined,
  targetIsDown: boolean,
  targetWasSearched = false,
): Subject {
  const {acceptedLoss, acceptsUnseen} = document.request
  const target = identity?.node
  return {nodes: deps.nodes, target, identity, targetIsDown, acceptedLoss, acceptsUnseen, targetWasSearched}
}
