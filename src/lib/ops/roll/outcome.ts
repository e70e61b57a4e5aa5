import type {Advice} from '../../domain/roll/advice.ts'
import type {State} from '../../domain/roll/algorithm.ts'
import {type Consent, resumeCommand} from '../../domain/roll/consent.ts'
import type {Predicate} from '../../domain/roll/view.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, OpsError} from '../../errors.ts'

/** The roll stands still, on purpose, in a state that is named. What to do next is in the suggestions. */
export class RollHeld extends OpsError {
  readonly state: State
  readonly node: string | undefined
  readonly reasons: readonly string[]

  readonly details: HoldDetails

  constructor(details: HoldDetails) {
    const {cluster, consent, state, node, exit, why, reasons, suggestions = [], cause} = details
    const where = node === undefined ? state : `${state} of ${node}`
    const standing =
      exit === Exit.held
        ? 'the roll keeps no node away'
        : exit === Exit.heldDegraded
          ? 'one node is down or not in sync yet'
          : undefined
    super(
      [
        `held in ${where}: ${why}`,
        ...reasons.map((reason) => `  - ${reason}`),
        ...(standing ? [`  ${standing}; nothing more was touched`] : []),
      ],
      {
        code: codes[exit] ?? 'HELD',
        exit,
        suggestions: [
          ...suggestions,
          `natsops health --cluster ${cluster}`,
          resumeCommand(cluster, consent),
          // What its owner deleted or made anew stays below the baseline for ever.
          ...(exit === Exit.breached ? [`natsops roll abort --cluster ${cluster}`] : []),
        ],
        cause,
      },
    )
    this.details = details
    this.state = state
    this.node = node
    this.reasons = reasons
  }
}

export interface HoldDetails {
  readonly cluster: string
  /** What whoever drives has accepted, and says again to go on. */
  readonly consent: Consent
  readonly state: State
  readonly node: string | undefined
  readonly exit: Exit
  readonly why: string
  readonly reasons: readonly string[]
  /** What to do before resuming, e.g. to log in again. */
  readonly suggestions?: readonly string[]
  readonly cause?: unknown
}

const codes: Partial<Record<Exit, string>> = {
  [Exit.held]: 'HELD',
  [Exit.heldDegraded]: 'HELD_DEGRADED',
  [Exit.unreachable]: 'CONTACT_LOST',
  [Exit.breached]: 'INVARIANT_BREACHED',
}

/** Preflight found what would stop a node later; nothing was changed. Exit 3. */
export class RollRefused extends OpsError {
  readonly blockers: readonly Predicate[]

  /**
   * `shown`: the operator has the plan with its blockers before him; then they are only counted. `again`: the command
   * that shows how things stand, undefined for whoever has just run it.
   */
  constructor(
    cluster: string,
    {blockers, advice}: {readonly blockers: readonly Predicate[]; readonly advice: Advice | null},
    {shown = false, again}: {readonly shown?: boolean; readonly again?: string | undefined} = {},
  ) {
    const ids = [...new Set(blockers.map(({id}) => id))].join(', ')
    super(
      shown
        ? `refused, nothing was changed: see the plan above (${ids})`
        : [
            'the roll is refused, nothing was changed',
            ...(advice ? [`  ${advice.what}`] : []),
            ...describePredicates(blockers).map((line) => `  ${line}`),
          ],
      {
        code: 'ROLL_REFUSED',
        exit: Exit.refused,
        suggestions: [advice?.command, quoteForShell(['natsops', 'health', '--cluster', cluster]), again].filter(
          (command) => command != null,
        ),
      },
    )
    this.blockers = blockers
  }
}

/** Every reason of every predicate that does not hold, under its name, and what would make it true. */
function describePredicates(predicates: readonly Predicate[]): readonly string[] {
  return predicates
    .filter(({holds}) => !holds)
    .flatMap(({id, title, reasons, remedy}) => [
      `${id} ${title}: no`,
      ...reasons.map((reason) => `  - ${reason}`),
      `  would be true when: ${remedy}`,
    ])
}
