import {assembleAssets, listsAll} from './assemble.ts'
import type {Asset, ConsumerAsset, Member, StreamAsset, StreamMember} from './assets.ts'
import {inWords, isSameProgress, type Progress, progressOf} from './consumer-progress.ts'
import type {ClusterObservation, ConsumerReplica, StreamState} from './observation.ts'

/**
 * What each replica is worth, from what the replicas themselves have stored.
 *
 * A leader's word about a replica is no proof: it calls a node current that came back with an empty disk, because it
 * remembers how far the node was before (for about two seconds; see docs/observing.md). So the judgement takes two
 * observations, some seconds apart, and asks one question: does the replica, in the LATER one, hold all that the
 * leader held in the EARLIER one? That earlier last sequence is the watermark. It stands still while writes go on, so
 * a replica that keeps up passes however busy the stream is, and an empty or slow one never does.
 *
 * For every member of every asset, the first that applies:
 *  1. a peer that is no expected node: unknown. The node is silent: silent. It has no such replica: missing.
 *  2. no ground to judge on: unknown. There has to be one leader, the same one in both observations, that answered
 *     both times, in the same RAFT group (a stream created anew under an old name is another stream).
 *  3. its last sequence is below the watermark: behind. Sequences are stored in order, also in a catch-up from a
 *     snapshot, so no higher sequence is there before the lower ones.
 *  4. it held more in the earlier observation than the leader holds in the later one: diverged, and so is the
 *     leader; so is a leader whose own last sequence fell.
 *  5. neither it nor the leader moved between the observations, and yet they differ in first sequence, last sequence
 *     or count: diverged.
 *  6. things moved, and still there is a hole: diverged. The proof needs no simultaneous samples: what the leader
 *     holds LATER at or below the sequence the member had reached EARLIER, the member must have held then, since
 *     deletes only take away. It is broken when the member began after the first message the leader still has, or
 *     had too few: messages + (leader's later last - member's earlier last) < leader's later messages. The same must
 *     still be true of its later state. Where it is true of the later one only, a delete may just have come in
 *     between; while the leader shows none the member has lost something since: behind, and diverged by the next look.
 *     Not where acknowledgements delete: one that comes in between the answers of one look is nothing unusual there.
 *  7. its RAFT log is catching up: behind. The leader does not count it or says it is offline: unknown.
 *  8. otherwise it is caught up. Counts and first sequences that merely differ in motion say nothing: acknowledgements
 *     delete on each replica in its own time.
 *
 * Streams whose messages expire are compared by first sequence and count only where they begin at the same message:
 * every replica drops old messages by its own clock.
 *
 * An interest stream deletes what all its consumers have acknowledged, and 2.10 with consumers of ack policy `all`
 * leaves some of it behind, on each replica differently and for good. So there it is not the leader's messages that
 * count in 5 and 6 but those that a consumer still waits for; where replicas differ at rest and it cannot be told
 * whether in such messages, the member is called behind. In motion only what was never delivered proves a hole: a
 * leader that lost acknowledgements in an election keeps what others rightly deleted, until it has delivered it again.
 *
 * A consumer's data are its deliveries and its ack floor (consumer-progress.ts); the watermark is the lower of the
 * leader's two values, since a consumer can be reset. A replica that has seen a later delivery than the leader's earlier
 * one lags in nothing, whatever its ack floor says: servers lose single acknowledgements on a follower when the lead
 * changes under load, and its floor then stands still while everything else moves on.
 *
 * What it cannot see: a hole in a stream under writes that is smaller than what is written between the observations
 * and does not reach the first message; the first idle moment shows it.
 */
export function judgeReplication(earlier: ClusterObservation, later: ClusterObservation): readonly ReplicaVerdict[] {
  const before = new Map(assembleAssets(earlier).map((asset) => [keyOf(asset), asset]))
  const after = assembleAssets(later)
  const seen = new Set(after.map(keyOf))
  const vanished = [...before].filter(([key]) => !seen.has(key)).map(([, asset]) => asset)
  return [
    ...after.flatMap((asset) => judgeAsset(before.get(keyOf(asset)), asset)),
    ...vanished.flatMap((asset) => judgeVanished(asset, later)),
  ]
}

/** As judgeReplication, for one asset in both observations; `earlier` is undefined where it was not there yet. */
export function judgeAsset(earlier: Asset | undefined, later: Asset): readonly ReplicaVerdict[] {
  const single = later.replicas <= 1 && later.members.length <= 1
  return later.members.map((member) => {
    const judgement = judgePresence(earlier, member) ?? (single ? SINGLE : judgeMember(earlier, later, member.node))
    return {asset: nameOf(later), node: member.node, ...judgement}
  })
}

/** Which asset a verdict is about; a stream's has no consumer. */
export interface AssetName {
  readonly kind: 'stream' | 'consumer'
  readonly account: string
  /** What tells two accounts of one name apart; `account` where it is absent. */
  readonly accountId?: string
  readonly stream: string
  readonly consumer: string | undefined
}

/**
 * What one replica of one asset is worth, judged from stored state in two observations. Only `caught-up` is good (and
 * `single`, where there is nothing to compare with); every other word means: do not count on this copy.
 */
export interface ReplicaVerdict {
  readonly asset: AssetName
  /** Server name, or the peer's `unknown` name for a ghost. */
  readonly node: string
  readonly verdict: ReplicaStanding
  /** Messages (for a consumer: sequences) below the watermark; 0 unless `behind` or `missing`. */
  readonly behindBy: number
  /** Why, in words, without asset or node: `holds up to 1200 of 51200`. Untrusted text. */
  readonly reason: string
}

export type ReplicaStanding =
  /** Holds, in the later observation, all that the leader held in the earlier one. */
  | 'caught-up'
  /** Lacks messages, deletes or acknowledgements that the leader had in the earlier observation. */
  | 'behind'
  /** The node answered in full, JetStream is on, and it has no such replica. */
  | 'missing'
  /** The node did not answer, or not in full, or its JetStream is off. */
  | 'silent'
  /** Holds other data than the leader, and not for want of time: one of them has lost something. */
  | 'diverged'
  /** Nothing to judge by: leaderless, leader disagreed about, silent or changed in between, or a ghost peer. */
  | 'unknown'
  /** The asset has one replica by configuration. */
  | 'single'

export function nameOf(asset: Asset): AssetName {
  const {kind, account, accountId, stream} = asset
  const consumer = asset.kind === 'consumer' ? asset.consumer : undefined
  return {kind, account, ...(accountId === undefined ? {} : {accountId}), stream, consumer}
}

type Judgement = Pick<ReplicaVerdict, 'verdict' | 'behindBy' | 'reason'>

const SINGLE: Judgement = {verdict: 'single', behindBy: 0, reason: 'the only replica'}

function judge(verdict: ReplicaStanding, reason: string, behindBy = 0): Judgement {
  return {verdict, behindBy, reason}
}

function judgePresence(earlier: Asset | undefined, {presence, node}: Member): Judgement | undefined {
  switch (presence) {
    case 'ghost':
      return judge('unknown', 'the group counts a peer that is none of the expected nodes')
    case 'silent':
      return judge('silent', 'the node did not answer in full')
    case 'missing':
      return judge('missing', 'the node has no such replica', heldBy(earlier, earlier?.leader ?? node))
    case 'holds':
      return undefined
  }
}

function heldBy(asset: Asset | undefined, node: string): number {
  if (asset?.kind === 'stream') return stateOf(asset, node)?.lastSeq ?? 0
  return asset ? (stateOf(asset, node)?.deliveredStreamSeq ?? 0) : 0
}

function judgeMember(earlier: Asset | undefined, later: Asset, node: string): Judgement {
  if (earlier === undefined) return judge('unknown', 'seen for the first time, there is no earlier state to judge by')
  const {leader} = later
  if (leader === undefined) {
    const claims = later.claimedLeaders.join(', ')
    return judge('unknown', claims ? `the replicas disagree about the leader: ${claims}` : 'there is no leader')
  }
  if (earlier.leader !== leader) {
    return judge('unknown', `the leader changed from ${earlier.leader ?? 'none'} to ${leader} in between`)
  }
  if (earlier.group !== later.group) return judge('unknown', 'it was created anew in between')
  if (later.kind === 'stream' && earlier.kind === 'stream') return judgeStream(earlier, later, leader, node)
  if (later.kind === 'consumer' && earlier.kind === 'consumer') return judgeConsumer(earlier, later, leader, node)
  return judge('unknown', 'there is no earlier state to judge by')
}

/** What remains to be said of a follower whose stored state is in order. */
function judgeFollower({members}: Asset, node: string, reason: string): Judgement {
  const {raft, leaderView} = members.find((member) => member.node === node) ?? {}
  if (raft?.catchingUp) return judge('behind', `${reason}, but its RAFT log is catching up`)
  if (!leaderView) return judge('unknown', `${reason}, but the leader does not count it`)
  if (leaderView.offline) return judge('unknown', `${reason}, but the leader says it is offline`)
  return judge('caught-up', reason)
}

function judgeStream(earlier: StreamAsset, later: StreamAsset, leader: string, node: string): Judgement {
  const from = stateOf(earlier, leader)
  const to = stateOf(later, leader)
  const now = stateOf(later, node)
  if (!from || !to || !now) return judge('unknown', `the leader ${leader} did not answer in full`)
  if (node === leader) return judgeStreamLeader(earlier, from, to, leader)
  if (now.lastSeq < from.lastSeq) {
    return judge('behind', `holds up to ${now.lastSeq} of ${from.lastSeq}`, from.lastSeq - now.lastSeq)
  }
  const then = stateOf(earlier, node)
  if (then && then.lastSeq > to.lastSeq) {
    return judge('diverged', `holds up to ${then.lastSeq}, the leader only up to ${to.lastSeq}`)
  }
  const difference = then && compareStreams(later, {from, to, then, now})
  if (difference) return difference
  return judgeFollower(later, node, `holds all up to ${from.lastSeq}`)
}

/** `from` and `to` are the leader's states, earlier and later; `then` and `now` the member's. */
interface Samples {
  readonly from: StreamState
  readonly to: StreamState
  readonly then: StreamState
  readonly now: StreamState
}

function compareStreams(asset: StreamAsset, {from, to, then, now}: Samples): Judgement | undefined {
  const {config, owed, undelivered} = asset
  const interest = config.retention === 'interest'
  if (!isSame(from, to) || !isSame(then, now)) {
    if (config.expires) return undefined
    const holes = (due: number) => [holeIn(then, to, due, interest), holeIn(now, to, due, interest)] as const
    const [before, since] = holes(interest ? (undelivered ?? 0) : to.messages)
    const hole = Math.min(before, since)
    if (hole > 0) return judge('diverged', `lacks ${hole} or more of the messages up to ${to.lastSeq}`)
    const doubtful = interest ? Math.min(...holes(owed ?? 0)) : 0
    if (doubtful > 0) return judge('behind', `lacks ${doubtful} or more unacknowledged messages`, doubtful)
    const isDeleting = to.messages - from.messages !== to.lastSeq - from.lastSeq
    if (since === 0 || isDeleting || config.retention !== 'limits') return undefined
    const lack = `lacks ${since} of the messages up to ${to.lastSeq}, which it held in the earlier look`
    return judge('behind', lack, since)
  }
  if (isSame(now, to)) return undefined
  const comparable = now.lastSeq !== to.lastSeq || !config.expires || now.firstSeq === to.firstSeq
  if (!comparable) return undefined
  const difference = `holds ${extent(now)}, the leader ${extent(to)}, and neither moves`
  if (!interest || now.lastSeq !== to.lastSeq) return judge('diverged', difference)
  if (owed === 0) return undefined
  if (owed !== undefined && now.messages < owed) return judge('diverged', `${difference}; consumers wait for ${owed}`)
  return judge('behind', `${difference}; not all of it is acknowledged`)
}

/**
 * How many messages a replica in this state certainly lacked of the `most` ones that are on the leader later on.
 * Where acknowledged messages may have stayed behind on the leader, where it begins proves nothing.
 */
function holeIn(member: StreamState, leaderLater: StreamState, most: number, interest: boolean): number {
  const due = Math.min(most, leaderLater.messages)
  const written = Math.max(0, leaderLater.lastSeq - member.lastSeq)
  const beheaded =
    !interest && due > 0 && leaderLater.firstSeq <= member.lastSeq && member.firstSeq > leaderLater.firstSeq
  return Math.max(due - member.messages - written, beheaded ? 1 : 0)
}

function judgeStreamLeader(earlier: StreamAsset, from: StreamState, to: StreamState, leader: string): Judgement {
  if (to.lastSeq < from.lastSeq) {
    return judge('diverged', `the leader's last sequence fell from ${from.lastSeq} to ${to.lastSeq}`)
  }
  const ahead = earlier.members.find(({node, state}) => node !== leader && (state?.lastSeq ?? 0) > to.lastSeq)
  if (ahead) return judge('diverged', `leads with ${to.lastSeq}, but ${ahead.node} holds up to ${ahead.state?.lastSeq}`)
  return judge('caught-up', `leads, holds up to ${to.lastSeq}`)
}

function judgeConsumer(earlier: ConsumerAsset, later: ConsumerAsset, leader: string, node: string): Judgement {
  const from = progressOf(earlier, leader)
  const to = progressOf(later, leader)
  const now = progressOf(later, node)
  if (!from || !to || !now) return judge('unknown', `the leader ${leader} did not answer in full`)
  if (node === leader) return judge('caught-up', `leads, ${inWords(to)}`)
  const lack = (of: keyof Progress): number => Math.min(from[of], to[of]) - now[of]
  // Deliveries and acknowledgements come in one order. Whoever has applied a delivery made after the leader's earlier
  // word has applied every acknowledgement before it: a floor that lags all the same is one that the server lost, and
  // costs a redelivery should that replica ever lead.
  const isPast = now.deliveries > from.deliveries
  const missing = Math.max(isPast ? 0 : lack('ackFloor'), lack('delivered'), lack('deliveries'))
  if (missing > 0) return judge('behind', `${inWords(now)}, the leader had ${inWords(from)}`, missing)
  const then = progressOf(earlier, node)
  if (then && isSameProgress(then, now) && isSameProgress(from, to) && !isSameProgress(now, to)) {
    return judge('diverged', `${inWords(now)}, the leader ${inWords(to)}, and neither moves`)
  }
  return judgeFollower(later, node, inWords(now))
}

/**
 * An asset of the earlier observation that no node lists in the later one. Where a node that held it is silent now,
 * that is all that is known; where all answered, a stream or a durable consumer was deleted, or lost.
 */
function judgeVanished(asset: Asset, later: ClusterObservation): readonly ReplicaVerdict[] {
  const complete = new Set(later.nodes.flatMap(({target, jetStream}) => (listsAll(jetStream) ? [target.name] : [])))
  const holders = asset.members.filter(({presence}) => presence === 'holds')
  const fleeting = asset.kind === 'consumer' && asset.members.some(({state}) => state?.durable === false)
  if (fleeting && holders.every(({node}) => complete.has(node))) return []
  return holders.map(({node}) => ({
    asset: nameOf(asset),
    node,
    ...(complete.has(node)
      ? judge('missing', 'was there in the earlier observation, no node has it now', heldBy(asset, node))
      : judge('silent', 'the node did not answer in full')),
  }))
}

function stateOf(asset: StreamAsset, node: string): StreamState | undefined
function stateOf(asset: ConsumerAsset, node: string): ConsumerReplica | undefined
function stateOf({members}: Asset, node: string): StreamMember['state'] | ConsumerReplica | undefined {
  return members.find((member) => member.node === node)?.state
}

function isSame(a: StreamState, b: StreamState): boolean {
  return a.firstSeq === b.firstSeq && a.lastSeq === b.lastSeq && a.messages === b.messages
}

function extent({firstSeq, lastSeq, messages}: StreamState): string {
  return `${messages} messages from ${firstSeq} to ${lastSeq}`
}

function keyOf({account, accountId, kind, stream, ...rest}: Asset): string {
  return JSON.stringify([accountId ?? account, stream, kind, 'consumer' in rest ? rest.consumer : ''])
}
