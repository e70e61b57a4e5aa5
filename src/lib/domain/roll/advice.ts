import {listed} from '../quantity.ts'
import type {NodeTarget} from '../settings.ts'
import {quoteForShell} from '../shell.ts'
import type {RollRequest} from './plan.ts'
import {judgePreflight} from './preflight.ts'
import {reachedFrom, standingOf} from './standing.ts'
import {broken, type Predicate, type RollView} from './view.ts'

/** What is behind the blockers of a plan where a node does not serve: most of them only say so once more. */
export interface Advice {
  /** Names come from the settings. */
  readonly what: string
  /** A command that would not be refused as things are; null where there is none. */
  readonly command: string | null
}

/**
 * The advice for a plan that is blocked; null where every chosen node serves. A command is offered only where it would
 * clear every invariant that does not hold.
 */
export function adviseBlocked(
  view: RollView,
  nodes: readonly NodeTarget[],
  chosen: readonly string[],
  request: RollRequest,
  blockers: readonly Predicate[],
): Advice | null {
  const [away, ...more] = nodes.map(({name}) => name).filter((name) => standingOf(view, name) !== 'serving')
  if (blockers.length === 0 || away === undefined || !chosen.includes(away)) return null
  // Where nobody answers, the network is what is away.
  if (more.length + 1 === nodes.length) return null
  if (more.length > 0) {
    const silent = listed([away, ...more], 5)
    return {what: `${silent} do not serve: replace none, bring one back first`, command: null}
  }
  if (standingOf(view, away) !== 'down') return {what: adviseUnsure(view, away), command: null}
  const alone: RollRequest = {...request, only: [away], onlyOutdated: false, acceptedLoss: [], acceptsUnseen: true}
  const left = broken(judgePreflight(view, nodes, [away], alone)).map(({id}) => id)
  if (left.length > 0) {
    return {
      what: `${away} is down, and that is not all: ${[...new Set(left)].join(', ')} ${left.length === 1 ? 'stays' : 'stay'} without it`,
      command: null,
    }
  }
  const old = request.acceptsOldServers ? ['--accept-old-servers'] : []
  const words = ['natsops', 'node', 'replace', away, '--cluster', view.later.cluster, '--accept-unseen', ...old]
  const command = quoteForShell(words)
  const fate = 'what lives on it alone is lost, the other nodes are checked as usual'
  return {what: `${away} is down: ${command} replaces it; ${fate}`, command}
}

/** A silent node is no broken node until the others agree, and each starts without JetStream. */
function adviseUnsure(view: RollView, node: string): string {
  if (standingOf(view, node) === 'impaired')
    return `${node} serves without JetStream, as each does in its first moments: look again, and at its log`
  const reached = reachedFrom(view, node)
  return reached.length > 0
    ? `${node} does not answer this machine, and is not known to be down: ${listed(reached, 5)} may still reach it`
    : `${node} does not answer, and is not called offline by the meta leader yet: after a crash that takes up to 150 s, look again then`
}
