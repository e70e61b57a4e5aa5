import {isRunning} from '../../domain/roll/groups.ts'
import type {NodeIdentity, Predicate, RollView} from '../../domain/roll/view.ts'
import type {RollMachine} from './machine.ts'

/** AWS is taking the instance away or has done so, by our call or somebody's: its group does not count on it any more. */
export function isGoing(view: RollView, identity: NodeIdentity): boolean {
  const seen = view.aws.ok ? view.aws.value.find((entry) => entry.node === identity.node) : undefined
  if (!seen?.group) return false
  const inGroup = seen.group.instances.find(({id}) => id === identity.instanceId)
  const instance = seen.instances.find(({id}) => id === identity.instanceId)
  return (
    inGroup === undefined ||
    inGroup.lifecycle.startsWith('Terminat') ||
    ['shutting-down', 'terminated'].includes(instance?.state ?? '')
  )
}

/**
 * The group is refreshing itself, as this roll asked or may have asked it to: the instance lives until the group gets
 * to it. Only where a refresh was asked for; anybody's would be in the way of the first request.
 */
export function isRefreshing({document}: Pick<RollMachine, 'document'>, view: RollView, {node}: NodeIdentity): boolean {
  const seen = view.aws.ok ? view.aws.value.find((entry) => entry.node === node) : undefined
  const wanted = document.request.strategy === 'instance-refresh' && document.current?.intended === true
  return wanted && seen?.refreshes.some(({status}) => isRunning(status)) === true
}

/** Serving nodes that still have a route to this very server. */
export function routesTo(view: RollView, identity: NodeIdentity): readonly string[] {
  return view.later.nodes.flatMap(({target, routes}) => {
    if (target.name === identity.node) return []
    if (!routes.ok) return [`${target.name} (its routes are not known: ${routes.problem.detail})`]
    return routes.value.some(({remoteId}) => remoteId === identity.serverId) ? [target.name] : []
  })
}

export function goneFromRoutes(identity: NodeIdentity, lingering: readonly string[]): Predicate {
  return {
    id: 'I1',
    title: 'the old server is gone from every route',
    holds: lingering.length === 0,
    reasons: lingering.map((name) => `${name} still has a route to ${identity.serverId ?? identity.node}`),
    remedy: 'the old server stops',
  }
}
