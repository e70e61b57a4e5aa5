import {known} from '../answer.ts'
import {judgeMetaGroup, type MetaStanding} from '../meta-group.ts'
import type {ClusterObservation, PeerView} from '../observation.ts'
import {counted, humanCount, humanDuration, listed} from '../quantity.ts'
import {type Finding, finding} from './finding.ts'
import type {HealthInput} from './input.ts'
import {isLost, isNeverHeard, metaOfLeader, nodeOfPeer, silentNodes} from './look.ts'
import {logsOf} from './node-commands.ts'

/** Meta entries not yet applied in both looks: a busy cluster has some for a moment, never this many for a second. */
const PENDING_LIMIT = 100

interface Voice {
  readonly name: string
  /** Undefined: the node knows of no leader. */
  readonly leader: string | undefined
  readonly pending: number
}

/** The group that places every stream and consumer: nothing can be created or moved without its leader. */
export function judgeMeta(input: HealthInput): readonly Finding[] {
  const voices = voicesOf(input.later)
  if (input.later.nodes.length < 2 || voices.length === 0) return []
  const standing = judgeMetaGroup(input.later)
  if (standing.claimedLeaders.length === 0) return [leaderless(voices)]
  return [...disputed(input, voices, standing), ...size(input, standing), ...peers(input), ...pending(input, voices)]
}

function voicesOf({nodes}: ClusterObservation): readonly Voice[] {
  return nodes.flatMap(({target: {name}, jetStream}) => {
    const answer = known(jetStream)
    return answer?.enabled ? [{name, leader: answer.meta?.leader, pending: answer.meta?.pending ?? 0}] : []
  })
}

function leaderless(voices: readonly Voice[]): Finding {
  return finding({
    code: 'meta-leaderless',
    severity: 'critical',
    nodes: voices.map(({name}) => name),
    message: `the meta group has no leader: none of ${counted(voices.length, 'answering node')} knows one`,
    meaning: 'no stream or consumer can be created, changed or moved; an election takes up to 9s, then it is stuck',
    next: 'look again in 10s; if it stays, bring the silent nodes back: without a majority nobody is elected',
  })
}

function disputed(
  {earlier}: HealthInput,
  voices: readonly Voice[],
  {claimedLeaders: leaders}: MetaStanding,
): readonly Finding[] {
  const without = voices.filter(({leader}) => leader === undefined)
  if (leaders.length === 1 && without.length === 0) return []
  const lasting = leaders.length > 1 && judgeMetaGroup(earlier).claimedLeaders.length > 1
  const words = voices.map(({name, leader}) => `${name} says ${leader ?? 'none'}`)
  return [
    finding({
      code: 'meta-leader-disputed',
      severity: lasting ? 'critical' : 'warning',
      nodes: leaders.length > 1 ? voices.map(({name}) => name) : without.map(({name}) => name),
      message: `the nodes do not agree on the meta leader: ${listed(words, 5)}`,
      measured: leaders.length,
      limit: 1,
      meaning: 'a node without the leader is cut off from it or still joining; an election would pass in seconds',
      next: 'look again in 10s; if it stays, check the routes between these nodes',
    }),
  ]
}

/** A size that ghosts explain is their finding, not this one. */
function size(input: HealthInput, standing: MetaStanding): readonly Finding[] {
  const expected = input.later.nodes.length
  const {leader, size: members, absent, ghosts} = standing
  if (leader === undefined || members === undefined || members - ghosts.length === expected) return []
  return [
    finding({
      code: 'meta-size',
      severity: 'warning',
      nodes: absent,
      message: `the meta group has ${counted(members, 'member')}, ${humanCount(expected)} expected`,
      measured: members,
      limit: expected,
      meaning:
        absent.length > 0
          ? `${listed(absent)} never joined, or was removed: it stores nothing`
          : 'the majority is counted over other servers than the nodes that natsops knows',
      next: 'see the members: natsops report jetstream',
    }),
  ]
}

/** Only of nodes that answer us: a silent node is its own finding. */
function peers(input: HealthInput): readonly Finding[] {
  const [view, before] = [metaOfLeader(input), metaOfLeader({later: input.earlier})]
  const silent = new Set(silentNodes(input).map(({target}) => target.name))
  return (view?.meta.peers ?? []).flatMap((peer) => {
    const node = nodeOfPeer(input, peer)
    if (node === undefined || silent.has(node)) return []
    if (isLost(peer)) return [silentPeer(node, peer, view?.leader ?? '', input.settings.ports.cluster)]
    const earlier = before?.meta.peers?.find((each) => nodeOfPeer(input, each) === node)
    return !peer.current && earlier && !earlier.current ? [latePeer(node, peer)] : []
  })
}

function silentPeer(name: string, peer: PeerView, leader: string, port: number): Finding {
  const {activeMs, offline} = peer
  return finding({
    code: 'meta-peer-silent',
    severity: 'warning',
    nodes: [name],
    message: `answers here, but the meta leader ${leader} ${offline ? 'holds it for offline' : 'does not hear it'}: last heard ${isNeverHeard(peer) ? 'never' : `${humanDuration(activeMs)} ago`} (limit 10s)`,
    measured: Math.floor(activeMs / 1000),
    limit: 10,
    meaning: 'its vote does not count: the nodes cannot reach each other although this machine reaches both',
    next: `check port ${port} between ${name} and ${leader}`,
  })
}

function latePeer(name: string, {lag}: PeerView): Finding {
  return finding({
    code: 'meta-peer-behind',
    severity: 'warning',
    nodes: [name],
    message: `is behind in the meta group by ${humanCount(lag)} entries`,
    measured: lag,
    limit: 0,
    meaning: 'it does not know of all streams and consumers yet: it has just come back, or it is overloaded',
    next: `wait and look again; if it stays: ${logsOf(name)}`,
  })
}

function pending({earlier}: HealthInput, voices: readonly Voice[]): readonly Finding[] {
  const before = voicesOf(earlier)
  const stuck = voices.filter(
    ({name, pending: now}) => Math.min(now, before.find((voice) => voice.name === name)?.pending ?? 0) >= PENDING_LIMIT,
  )
  if (stuck.length === 0) return []
  const most = Math.max(...stuck.map((voice) => voice.pending))
  return [
    finding({
      code: 'meta-pending',
      severity: 'warning',
      nodes: stuck.map(({name}) => name),
      message: `${counted(most, 'meta entry').replace(/entrys$/, 'entries')} not applied (limit ${PENDING_LIMIT})`,
      measured: most,
      limit: PENDING_LIMIT,
      meaning: 'changes of streams and consumers take long: many are made at once, or the disk is slow',
      next: 'find a client that creates consumers in a loop: natsops exec -- nats events --js-advisory',
    }),
  ]
}
