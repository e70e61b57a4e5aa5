import type {NodeTarget} from '../settings.ts'
import {groupsAreAtRest} from './groups.ts'
import {LOCK_LIMIT, largestLock} from './lock.ts'
import {metaIsWhole} from './meta.ts'
import {identityOf, PROTECTED_VERSION, type RollRequest, unknownIdentity, unprotectedNodes} from './plan.ts'
import {dataIsElsewhere, meshIsComplete, nodesAreHealthy, nothingIsSingle} from './predicates.ts'
import {isDown} from './standing.ts'
import {broken, type Predicate, type RollView, type Subject} from './view.ts'

/**
 * PREFLIGHT: everything that would stop any of the chosen nodes later, found before anything is touched. The canary is
 * not asked yet: it would be a change.
 */
export function judgePreflight(
  view: RollView,
  nodes: readonly NodeTarget[],
  chosen: readonly string[],
  request: RollRequest,
): readonly Predicate[] {
  const perNode = chosen.flatMap((target) => {
    const subject: Subject = {
      nodes,
      target,
      identity: identityOf(view, target),
      targetIsDown: isDown(view, target),
      acceptedLoss: request.acceptedLoss,
      acceptsUnseen: request.acceptsUnseen,
      targetWasSearched: false,
    }
    return [
      meshIsComplete(view, subject),
      dataIsElsewhere(view, subject),
      nodesAreHealthy(view, subject),
      metaIsWhole(view, subject),
      nothingIsSingle(view, subject),
      groupsAreAtRest(view, subject),
    ]
  })
  return mergeById(
    broken([
      sizeIsSafe(nodes),
      versionsAreProtected(view, request),
      roomIsEnough(view),
      lockFits(view, chosen, request),
      addressesAreRight(view, nodes, chosen),
      ...perNode,
    ]),
  )
}

function sizeIsSafe(nodes: readonly NodeTarget[]): Predicate {
  const reasons =
    nodes.length < 3
      ? [`the cluster has ${nodes.length} nodes: with one away there is no majority that holds the data`]
      : []
  return predicate('I5', 'the cluster has three nodes or more', reasons, 'grow the cluster to three nodes')
}

function versionsAreProtected(view: RollView, {acceptsOldServers}: RollRequest): Predicate {
  const reasons = acceptsOldServers ? [] : unprotectedNodes(view).map((node) => `${node} lets an empty node vote`)
  return predicate(
    'I2',
    `every server is ${PROTECTED_VERSION.join('.')} or newer`,
    reasons,
    'upgrade, or accept the risk with --accept-old-servers',
  )
}

/** A replacement starts empty with the room its configuration gives; what it must hold has to fit. Bytes. */
function roomIsEnough(view: RollView): Predicate {
  const known = view.later.nodes.flatMap(({target, jetStream}) =>
    jetStream.ok && jetStream.value.enabled ? {name: target.name, ...jetStream.value} : [],
  )
  const reasons = known
    .filter(({fileBytes, maxFileBytes}) => maxFileBytes > 0 && fileBytes > maxFileBytes * 0.95)
    .map(
      ({name, fileBytes, maxFileBytes}) =>
        `${name} holds ${fileBytes} of ${maxFileBytes} bytes: a catch-up could fill it`,
    )
  return predicate('I3', 'there is room to catch up', reasons, 'free space, or raise max_file_store')
}

/** A lock that could not be written any more in the middle of a roll would hold it there. */
function lockFits(view: RollView, chosen: readonly string[], request: RollRequest): Predicate {
  const {only: _only, onlyOutdated: _outdated, ...locked} = request
  const identities = chosen.map((node) => identityOf(view, node) ?? unknownIdentity(node))
  const size = largestLock(view.later.cluster, locked, identities)
  const reasons = size > LOCK_LIMIT ? [`it can come to ${size} characters, an SSM parameter takes ${LOCK_LIMIT}`] : []
  return predicate(
    'I8',
    'the lock fits into its parameter',
    reasons,
    'roll fewer nodes at a time (--node), or give fewer --accept-loss: the name of a stream covers its consumers',
  )
}

/** A name that points elsewhere than the instance behind it would make every later check look at the wrong machine. */
function addressesAreRight(view: RollView, nodes: readonly NodeTarget[], chosen: readonly string[]): Predicate {
  const reasons = nodes.flatMap(({name, host}) => {
    if (!chosen.includes(name) || isDown(view, name)) return []
    const ip = identityOf(view, name)?.privateIp
    const addresses = view.addresses.get(name) ?? []
    return ip === undefined || addresses.includes(ip)
      ? []
      : [`${host} resolves to ${addresses.join(', ') || 'nothing'}, the instance of ${name} has ${ip}`]
  })
  return predicate('I9', 'each name resolves to its instance', reasons, 'mend the DNS record')
}

/** The same invariant asked for several nodes gives the same reasons: each is said once. */
function mergeById(predicates: readonly Predicate[]): readonly Predicate[] {
  const merged = new Map<string, Predicate>()
  for (const entry of predicates) {
    const known = merged.get(entry.title)
    const reasons = [...new Set([...(known?.reasons ?? []), ...entry.reasons])]
    const remedy = [...new Set([...(known ? [known.remedy] : []), entry.remedy])].join('; ')
    merged.set(entry.title, {...entry, reasons, remedy})
  }
  return [...merged.values()]
}

function predicate(id: Predicate['id'], title: string, reasons: readonly string[], remedy: string): Predicate {
  return {id, title, holds: reasons.length === 0, reasons, remedy}
}
