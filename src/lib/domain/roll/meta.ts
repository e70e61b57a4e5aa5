import {judgeMetaGroup} from '../meta-group.ts'
import type {NodeObservation, RaftNode} from '../observation.ts'
import {type Predicate, type RollView, type Subject, servingNodes} from './view.ts'

/** The meta group in /raftz. */
const META_GROUP = '_meta_'

/** A busy cluster has some requests waiting at any moment, never this many in two looks (as natsops health has it). */
const PENDING_LIMIT = 100

/**
 * I5: the meta group has one voter a node, none of them unknown, and a leader all agree on; every voter has applied, in
 * the later look, what that leader had committed in the earlier one; and the leader keeps up with what it is asked. The
 * group knows of every stream and consumer: with a voter that lags, a wiped node could vote for what it lacks.
 * `countsBacklog`: false where a busy leader is no reason for anything.
 */
export function metaIsWhole(view: RollView, subject: Subject, {countsBacklog = true} = {}): Predicate {
  const {leader, claimedLeaders, size, dissenting, silent, absent, offline, ghosts} = judgeMetaGroup(view.later)
  const counts = (node: string): boolean => !(subject.targetIsDown && node === subject.target)
  const wanted = subject.nodes.length
  const reasons: string[] = []
  if (leader === undefined)
    reasons.push(
      claimedLeaders.length > 1
        ? `the nodes disagree about the meta leader: ${claimedLeaders.join(', ')}`
        : 'there is no meta leader',
    )
  else reasons.push(...dissenting.filter(counts).map((node) => `${node} does not see ${leader} as the meta leader`))
  reasons.push(...silent.filter(counts).map((node) => `${node} says nothing of the meta group`))
  reasons.push(...absent.map((node) => `${node} is no peer of the meta group`))
  reasons.push(...offline.filter(counts).map((node) => `the meta peer ${node} is offline`))
  reasons.push(...ghosts.map((peer) => `the meta group has the unknown peer ${peer}`))
  if (size !== wanted)
    reasons.push(`the meta group has ${size ?? 'an unknown number of'} peers, ${wanted} are expected`)
  if (leader !== undefined) reasons.push(...lagOf(view, leader, subject, counts))
  if (countsBacklog) reasons.push(...metaBacklog(view))
  const holds = reasons.length === 0
  const remedy = 'one voter a node, all of them up to date, and one meta leader, known to all'
  return {id: 'I5', title: 'the meta group is whole', holds, reasons, remedy}
}

/** Each voter's own word against the leader's earlier one; the leader's word only where it speaks against a voter. */
function lagOf(view: RollView, leader: string, subject: Subject, counts: (node: string) => boolean): readonly string[] {
  const before = judgeMetaGroup(view.earlier)
  if (before.leader === undefined) return ['there was no meta leader all agreed on in the earlier look']
  if (before.leader !== leader) return [`the meta leader changed from ${before.leader} to ${leader} in between`]
  const names = new Set(servingNodes(subject).map(({name}) => name))
  const led = view.earlier.nodes.find(({target}) => target.name === leader)
  const watermark = metaCopy(led)?.committed
  // Only a server too old to tell is excused; any other silence proves nothing of the voters.
  if (watermark === undefined && (led?.raft.ok !== false || led.raft.problem.kind !== 'unsupported'))
    return [`the meta leader ${leader} did not tell in the earlier look how far its group was`]
  const own = view.later.nodes.flatMap((node): readonly string[] => {
    const {name} = node.target
    // A silent node is said above and in I1; before 2.10.17 there is no such page to ask.
    if (!names.has(name) || !node.raft.ok || !node.jetStream.ok || !node.jetStream.value.enabled) return []
    const copy = metaCopy(node)
    if (copy === undefined) return [`${name} does not tell how far its meta group is`]
    if (watermark === undefined || copy.applied >= watermark) return []
    return [`${name} has applied ${copy.applied} of the ${watermark} entries of the meta group`]
  })
  const lagging = judgeMetaGroup(view.later).lagging.filter((node) => before.lagging.includes(node) && counts(node))
  return [...own, ...lagging.map((node) => `the meta leader ${leader} calls ${node} not current`)]
}

/** Requests that the meta leader leaves waiting, in words; none where it keeps up. No node is missing for it. */
export function metaBacklog(view: RollView): readonly string[] {
  const {leader} = judgeMetaGroup(view.later)
  if (leader === undefined) return []
  const [before, now] = [judgeMetaGroup(view.earlier).pending, judgeMetaGroup(view.later).pending]
  return Math.min(before, now) < PENDING_LIMIT
    ? []
    : [`the meta leader ${leader} does not keep up: ${before} requests waited in the earlier look, ${now} do now`]
}

function metaCopy(node: NodeObservation | undefined): RaftNode | undefined {
  return node?.raft.ok ? node.raft.value.find(({group}) => group === META_GROUP) : undefined
}
