import type {NodeObservation} from '../observation.ts'
import type {RollView} from './view.ts'

/**
 * How a node stands. `down` needs more than our own silence: no sibling has a route to it and the meta leader calls it
 * offline; a node that only this laptop cannot see is `unseen`, which is not a reason to replace it. `impaired`: the
 * server answers, without JetStream.
 */
export type Standing = 'serving' | 'impaired' | 'down' | 'unseen'

export function standingOf(view: RollView, node: string): Standing {
  const seen = nodeOf(view, node)
  if (seen?.server.ok) {
    if (seen.server.value.name !== node || !seen.jetStream.ok) return 'unseen'
    return seen.jetStream.value.enabled ? 'serving' : 'impaired'
  }
  const siblings = view.later.nodes.filter(({target, server}) => target.name !== node && server.ok)
  const leader = nodeOf(view, metaLeader(view) ?? '')?.jetStream
  const peers = leader?.ok ? leader.value.meta?.peers : undefined
  const isOffline = peers?.find(({name}) => name === node)?.offline === true
  return siblings.length > 0 && reachedFrom(view, node).length === 0 && isOffline ? 'down' : 'unseen'
}

/** The other nodes that have a route to this one, or do not say whether they have. */
export function reachedFrom(view: RollView, node: string): readonly string[] {
  return view.later.nodes
    .filter(({target, server}) => target.name !== node && server.ok)
    .filter(({routes}) => !routes.ok || routes.value.some(({remoteName}) => remoteName === node))
    .map(({target}) => target.name)
}

/** Nobody counts on this node's own word: it is known to be down or without JetStream. */
export function isDown(view: RollView, node: string): boolean {
  const standing = standingOf(view, node)
  return standing === 'down' || standing === 'impaired'
}

/** The meta leader all serving nodes agree on. */
export function metaLeader(view: RollView): string | undefined {
  const leaders = new Set(
    view.later.nodes.flatMap(({jetStream}) => (jetStream.ok && jetStream.value.meta?.leader) || []),
  )
  return leaders.size === 1 ? [...leaders][0] : undefined
}

/** What is known of a node in the later look. */
export function nodeOf(view: RollView, node: string): NodeObservation | undefined {
  return view.later.nodes.find(({target}) => target.name === node)
}
