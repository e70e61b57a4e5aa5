import {known} from '../answer.ts'
import type {ClusterObservation, NodeObservation, ServerInfo} from '../observation.ts'
import type {ConnectionRow} from '../reports/rows.ts'

/** One look at a cluster for the live view. */
export interface TopLook {
  readonly observation: ClusterObservation
  /** Undefined where nobody asked: they are asked for only while they are shown. */
  readonly connections: ConnectionsLook | undefined
  /** What is not sure about the list of nodes. Untrusted text. */
  readonly warnings: readonly string[]
}

export interface ConnectionsLook {
  /** When the answers were complete, milliseconds since the epoch. */
  readonly at: number
  readonly rows: readonly ConnectionRow[]
  /** What is missing in it, one short sentence each. Untrusted text. */
  readonly cannotSee: readonly string[]
}

/** One node in two looks. `before` is undefined unless it is the same server process. */
export interface NodePair {
  readonly node: string
  readonly seen: NodeObservation
  readonly now: ServerInfo | undefined
  readonly before: ServerInfo | undefined
  readonly earlier: NodeObservation | undefined
  /** Another process answers than in the earlier look. */
  readonly restarted: boolean
  /** By the server's own clock; undefined without two answers of one process. */
  readonly seconds: number | undefined
}

export function pairNodes(earlier: ClusterObservation | undefined, later: ClusterObservation): readonly NodePair[] {
  return later.nodes.map((seen): NodePair => {
    const node = seen.target.name
    const first = earlier?.nodes.find(({target}) => target.name === node)
    const now = known(seen.server)
    const old = known(first?.server)
    const same = old !== undefined && now !== undefined && old.id === now.id
    return {
      node,
      seen,
      now,
      before: same ? old : undefined,
      earlier: same ? first : undefined,
      restarted: old !== undefined && now !== undefined && old.id !== now.id,
      seconds: same ? (now.now - old.now) / 1000 : undefined,
    }
  })
}

/**
 * A second's worth of what a counter grew. Null where there is nothing to compare with, where no time passed, and where
 * it fell: a counter begins anew with its server, and what was lost in between nobody knows.
 */
export function rateOf(
  before: number | undefined,
  now: number | undefined,
  seconds: number | undefined,
): number | null {
  if (before === undefined || now === undefined || seconds === undefined) return null
  return seconds > 0 && now >= before ? (now - before) / seconds : null
}
