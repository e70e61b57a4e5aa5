import {listsAll} from '../assemble.ts'
import type {Asset} from '../assets.ts'
import type {NodeObservation} from '../observation.ts'
import {nameOf, type ReplicaVerdict} from '../replication.ts'
import {assetsOf, earlierAssetsOf, keyOf, verdictsOf} from './facts.ts'
import {nodeOf} from './standing.ts'
import {type Predicate, type PredicateId, type RollView, type Subject, servingNodes} from './view.ts'

/** I1: one server a name, one name a server, and every one of them connected to every other. */
export function meshIsComplete(view: RollView, subject: Subject): Predicate {
  const serving = observed(view, subject)
  const reasons: string[] = []
  const ids = new Map<string, string>()
  for (const {target, server} of serving) {
    if (!server.ok) reasons.push(`${target.name} does not answer: ${server.problem.detail}`)
    else if (server.value.name !== target.name)
      reasons.push(`${target.host} is ${server.value.name}, not ${target.name}`)
    else if (ids.has(server.value.id)) reasons.push(`${target.name} and ${ids.get(server.value.id)} have one server id`)
    else ids.set(server.value.id, target.name)
  }
  // While the target is being replaced its old or its new server may still or already be there, but never both.
  const tolerated = subject.targetIsDown ? subject.target : undefined
  for (const {target, server, routes} of serving) {
    if (!server.ok) continue
    if (!routes.ok) {
      reasons.push(`routes of ${target.name} are not known: ${routes.problem.detail}`)
      continue
    }
    const remotes = new Map(routes.value.map((route) => [route.remoteId, route.remoteName]))
    for (const [id, name] of ids) {
      if (id !== server.value.id && !remotes.has(id)) reasons.push(`${target.name} has no route to ${name}`)
    }
    const strangers = [...remotes].filter(([id]) => !ids.has(id))
    const twins = strangers.filter(([, name]) => name !== undefined && name === tolerated)
    if (twins.length > 1) reasons.push(`${target.name} has routes to ${twins.length} servers named ${tolerated}`)
    for (const [id, name] of strangers) {
      if (name === undefined || name !== tolerated)
        reasons.push(`${target.name} has a route to ${name ?? 'a nameless server'} with the unexpected server id ${id}`)
    }
  }
  return judged('I1', 'one server a name, all connected', reasons, 'every server up, once, with a route to every other')
}

/**
 * I2: losing the target now costs nothing: every group with a replica on it has a leader, and every OTHER replica holds
 * what that leader held in the earlier look. A quorum is not enough: a wiped node votes.
 */
export function dataIsElsewhere(view: RollView, subject: Subject): Predicate {
  const {target} = subject
  const shared = replicatedAssets(view).filter(
    (asset) => (target === undefined || hasMember(asset, target)) && !isNewlyBorn(view, asset),
  )
  const verdicts = verdictsByAsset(view)
  const reasons = shared.flatMap((asset) => {
    const others = (verdicts.get(keyOf(nameOf(asset))) ?? []).filter((verdict) => verdict.node !== target)
    const lacking = others.filter((verdict) => verdict.verdict !== 'caught-up')
    const causes = lacking.map(
      (verdict) => `${labelOf(asset)} on ${verdict.node}: ${verdict.verdict}, ${verdict.reason}`,
    )
    // The leader may be the target itself, before its drain; then it is judged as leader but not as a copy to keep.
    if (asset.leader === undefined) causes.unshift(`${labelOf(asset)} has no leader its replicas agree on`)
    const wanted = target === undefined ? asset.replicas : asset.replicas - 1
    if (others.length < wanted) causes.push(`${labelOf(asset)} has ${others.length} of ${wanted} replicas to count on`)
    return causes
  })
  const unseen = observed(view, subject).filter(({jetStream}) => !listsAll(jetStream))
  reasons.unshift(
    ...unseen.map(({target: node, jetStream}) => `the streams of ${node.name} are not known: ${whyUnseen(jetStream)}`),
  )
  return judged('I2', 'every other replica holds the data', reasons, 'the replicas named catch up with their leaders')
}

function whyUnseen(jetStream: NodeObservation['jetStream']): string {
  if (!jetStream.ok) return jetStream.problem.detail
  return jetStream.value.enabled ? 'its answer is incomplete' : 'its JetStream is off'
}

/** The other half, for SYNC: every replica, the target's included, of every group holds what its leader held. */
export function dataIsEverywhere(view: RollView, subject: Subject): Predicate {
  return {
    ...dataIsElsewhere(view, {...subject, target: undefined, targetIsDown: false}),
    title: 'every replica holds the data',
  }
}

/** I3: every serving node's full health check passes, and none of its groups is recovering. */
export function nodesAreHealthy(view: RollView, subject: Subject): Predicate {
  const reasons = observed(view, subject).flatMap(({target: {name}, health, jetStream, raft, server}) => {
    const found: string[] = []
    if (!health.ok) found.push(`${name} does not answer its health check: ${health.problem.detail}`)
    else if (health.value.httpStatus !== 200) {
      const errors = health.value.errors.map(({error}) => error)
      found.push(
        `${name} says ${health.value.httpStatus} ${health.value.status}${errors.length > 0 ? `: ${errors.slice(0, 3).join('; ')}` : ''}`,
      )
    }
    if (jetStream.ok && !jetStream.value.enabled) found.push(`JetStream is off on ${name}`)
    if (server.ok && server.value.lameDuck) found.push(`${name} is in lame duck mode`)
    if (!raft.ok && raft.problem.kind !== 'unsupported')
      found.push(`the RAFT groups of ${name} are not known: ${raft.problem.detail}`)
    for (const group of raft.ok ? raft.value : []) {
      if (group.catchingUp) found.push(`${name} is catching up in ${group.group}`)
      if (group.writeError !== undefined) found.push(`${name} cannot write ${group.group}: ${group.writeError}`)
    }
    return found
  })
  return judged('I3', 'every health check passes', reasons, 'the nodes named become healthy')
}

/** I4: a message of our own was published, acknowledged and read back just now. */
export function writesWork({canary}: RollView): Predicate {
  const reasons = canary.ok ? [] : [`the canary failed: ${canary.problem.detail}`]
  return judged('I4', 'a published message is stored and read back', reasons, 'publishing to an R3 stream works again')
}

/** I6: nothing lives on the target alone, but for what the operator named. */
export function nothingIsSingle(view: RollView, subject: Subject): Predicate {
  const {target, acceptedLoss, acceptsUnseen, targetWasSearched} = subject
  if (target === undefined) return judged('I6', TITLE_I6, [], '')
  const singles = singleCopies(view, target)
    .filter((asset) => !isAccepted(asset, acceptedLoss) && !isEphemeral(asset))
    .map((asset) => `${labelOf(asset)} has its only replica on ${target}`)
  const isUnknown = !acceptsUnseen && !targetWasSearched && isHidden(view, target)
  const hidden = isUnknown
    ? [`what ${target} holds is not known: it does not tell, and --accept-unseen was not given`]
    : []
  const remedies = [
    ...(singles.length > 0 ? ['give it three replicas, move it, or name it with --accept-loss'] : []),
    ...(hidden.length > 0 ? ['start it, or accept with --accept-unseen that what lives on it alone is lost'] : []),
  ]
  return judged('I6', TITLE_I6, [...singles, ...hidden], remedies.join('; '))
}

/** Nobody can tell what a node alone holds: down, or with its JetStream off, its disk may have the only copy of something. */
export function isHidden(view: RollView, node: string): boolean {
  const jetStream = nodeOf(view, node)?.jetStream
  return jetStream === undefined || !listsAll(jetStream)
}

const TITLE_I6 = 'nothing lives on this node alone'

/** I8: the lock is ours and was renewed just now, and the credentials outlive the step. Times: milliseconds. */
export function authorityIsFresh(
  {credentialsExpireAt, now}: Pick<RollView, 'credentialsExpireAt' | 'now'>,
  {renewedAgoMs, freshMs, problem, stepMs}: Authority,
): Predicate {
  const reasons: string[] = []
  if (problem !== undefined) reasons.push(`the lock cannot be renewed: ${problem}`)
  else if (renewedAgoMs > freshMs) reasons.push(`the lock was renewed ${Math.round(renewedAgoMs / 1000)} s ago`)
  if (credentialsExpireAt !== undefined && credentialsExpireAt - now < stepMs) {
    const left = Math.max(0, Math.round((credentialsExpireAt - now) / 1000))
    reasons.push(`the AWS credentials expire in ${left} s, this step may take ${Math.round(stepMs / 1000)} s`)
  }
  return judged(
    'I8',
    'the lock and the credentials are fresh',
    reasons,
    'renew the credentials (aws sso login), then resume',
  )
}

/** Milliseconds; `problem`: why the last renewal failed, undefined when it did not. */
export interface Authority {
  readonly renewedAgoMs: number
  readonly freshMs: number
  readonly problem: string | undefined
  /** How long the credentials must outlive this moment. */
  readonly stepMs: number
}

/** I9: the target is still who it was in the plan. */
export function targetIsTheSame(view: RollView, {target, identity, targetIsDown}: Subject): Predicate {
  const reasons: string[] = []
  if (target === undefined || identity === undefined) reasons.push('no target was planned')
  else {
    const seen = view.aws.ok ? view.aws.value.find((entry) => entry.node === target) : undefined
    const ids = seen?.group?.instances.map(({id}) => id) ?? []
    if (!view.aws.ok) reasons.push(`the instance of ${target} is not known: ${view.aws.problem.detail}`)
    else if (ids.length !== 1 || ids[0] !== identity.instanceId) {
      reasons.push(`${target} was ${identity.instanceId}, its group now has ${ids.join(', ') || 'no instance'}`)
    }
    const instance = seen?.instances.find(({id}) => id === identity.instanceId)
    if (view.aws.ok && instance?.privateIp !== identity.privateIp) {
      reasons.push(
        `${identity.instanceId} had the address ${identity.privateIp ?? 'none'}, now ${instance?.privateIp ?? 'none'}`,
      )
    }
    const node = view.later.nodes.find((entry) => entry.target.name === target)
    if (!targetIsDown && node !== undefined) {
      if (!node.server.ok) reasons.push(`${target} does not answer: ${node.server.problem.detail}`)
      else if (node.server.value.id !== identity.serverId)
        reasons.push(`${target} was server ${identity.serverId ?? 'unknown'}, now ${node.server.value.id}`)
    }
  }
  return judged('I9', 'the node is the one in the plan', reasons, 'plan again: natsops roll')
}

/** Every asset of the cluster with one configured replica whose home is this node. */
export function singleCopies(view: RollView, node: string): readonly Asset[] {
  return assetsOf(view).filter((asset) => asset.replicas === 1 && hasMember(asset, node))
}

function replicatedAssets(view: RollView): readonly Asset[] {
  return assetsOf(view).filter((asset) => asset.replicas > 1)
}

/** A consumer without a durable name dies with its client by contract; whoever uses one makes another. */
export function isEphemeral(asset: Asset): boolean {
  return asset.kind === 'consumer' && asset.members.some((member) => member.state?.durable === false)
}

/**
 * A consumer without a durable name that was not there in the earlier look. Where clients make one for every request
 * there is such a one in every look, and it would never be anybody's turn.
 */
export function isNewlyBorn(view: RollView, asset: Asset): boolean {
  return isEphemeral(asset) && !earlierAssetsOf(view).has(keyOf(nameOf(asset)))
}

/**
 * Accepted as STREAM or STREAM/CONSUMER, each also with ACCOUNT/ in front, by the account's name or its id; a stream's
 * name covers its consumers.
 */
export function isAccepted(asset: Asset, accepted: readonly string[]): boolean {
  const names = bareNamesOf(asset)
  const owners = [asset.account, ...(asset.accountId === undefined ? [] : [asset.accountId])]
  return accepted.some(
    (name) => names.includes(name) || owners.some((owner) => names.some((bare) => name === `${owner}/${bare}`)),
  )
}

/** Names that mean the asset, or the stream it belongs to, within its account. */
export function bareNamesOf(asset: Asset): readonly string[] {
  return asset.kind === 'stream' ? [asset.stream] : [asset.stream, `${asset.stream}/${asset.consumer}`]
}

export function labelOf(asset: Asset): string {
  return asset.kind === 'stream' ? `stream ${asset.stream}` : `consumer ${asset.stream}/${asset.consumer}`
}

export function hasMember(asset: Asset, node: string): boolean {
  return asset.members.some((member) => member.node === node)
}

function observed(view: RollView, subject: Subject): readonly NodeObservation[] {
  const names = new Set(servingNodes(subject).map(({name}) => name))
  return view.later.nodes.filter(({target}) => names.has(target.name))
}

function verdictsByAsset(view: RollView): ReadonlyMap<string, readonly ReplicaVerdict[]> {
  return Map.groupBy(verdictsOf(view), ({asset}) => keyOf(asset))
}

function judged(id: PredicateId, title: string, reasons: readonly string[], remedy: string): Predicate {
  return {id, title, holds: reasons.length === 0, reasons, remedy}
}
