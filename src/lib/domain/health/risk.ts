import {judgeMetaGroup, majorityOf} from '../meta-group.ts'
import {compareNames} from '../natural-order.ts'
import {counted, listed, smallest} from '../quantity.ts'
import type {AssetName, ReplicaStanding} from '../replication.ts'
import {compareAssets, type Finding, finding, groupBy, titleOf} from './finding.ts'
import {countAssets, type Evidence, isLeaderless, type JudgedAsset} from './judged.ts'
import {isLost, metaOfLeader, nodeOfPeer, silentNodes} from './look.ts'

interface WeakGroup {
  /** Undefined: the meta group. */
  readonly name: AssetName | undefined
  /** Members that nobody can count on, sorted. */
  readonly lost: readonly string[]
  readonly proven: number
  readonly members: number
}

/**
 * What one more loss would stop. A node that only catches up is its own finding, which says the same; here are the
 * groups with a member that is silent, a ghost or not there at all, put together by the nodes that are lost.
 */
export function judgeRisk(evidence: Evidence): readonly Finding[] {
  const groups = [...metaGroup(evidence), ...evidence.judged.flatMap(weakGroup)]
  const stopped = groups.filter(({proven, members}) => proven < majorityOf(members))
  const atRisk = groups.filter(({proven, members}) => proven === majorityOf(members))
  return [...byLoss(stopped).map(belowQuorum), ...byLoss(atRisk).map(oneLossAway)]
}

/** Whatever the leader says: members behind count as lost here, for a second loss would take what they lack. */
const LOST: ReadonlySet<ReplicaStanding> = new Set(['silent', 'missing', 'diverged', 'behind'])

function weakGroup(judged: JudgedAsset): readonly WeakGroup[] {
  const {asset, name, verdicts} = judged
  if (asset.replicas < 2 || isLeaderless(judged)) return []
  const ghosts = asset.members.filter(({presence}) => presence === 'ghost').map(({node}) => node)
  const silent = verdicts.filter(({verdict}) => verdict === 'silent').map(({node}) => node)
  if (ghosts.length + silent.length === 0) return []
  const lost = new Set([...ghosts, ...verdicts.filter(({verdict}) => LOST.has(verdict)).map(({node}) => node)])
  const members = Math.max(asset.members.length, asset.replicas)
  return [{name, lost: [...lost].sort(compareNames), proven: asset.members.length - lost.size, members}]
}

/** Without a leader the meta group has a finding that says more. */
function metaGroup(evidence: Evidence): readonly WeakGroup[] {
  const {claimedLeaders, size} = judgeMetaGroup(evidence.later)
  if (claimedLeaders.length === 0) return []
  const silent = silentNodes(evidence).filter((node) => node.lost)
  const lost = new Set(silent.map(({target}) => target.name))
  for (const peer of metaOfLeader(evidence)?.meta.peers ?? [])
    if (isLost(peer)) lost.add(nodeOfPeer(evidence, peer) ?? peer.name)
  if (lost.size === 0) return []
  const members = size ?? evidence.later.nodes.length
  return [{name: undefined, lost: [...lost].sort(compareNames), proven: members - lost.size, members}]
}

function byLoss(groups: readonly WeakGroup[]): readonly (readonly WeakGroup[])[] {
  return [...groupBy(groups, ({lost}) => JSON.stringify(lost)).values()]
}

function belowQuorum(groups: readonly WeakGroup[]): Finding {
  return finding({
    code: 'group-below-quorum',
    severity: 'critical',
    ...describe(groups, 'no majority proven for'),
    meaning: 'these groups accept no writes, or hold data on too few nodes to bear any loss',
    next: `bring ${listed(groups[0]?.lost ?? [])} back; stop, restart and replace nothing else`,
  })
}

function oneLossAway(groups: readonly WeakGroup[]): Finding {
  return finding({
    code: 'group-at-risk',
    severity: 'warning',
    ...describe(groups, 'one more loss stops'),
    meaning: 'they work, but every remaining replica is needed for the majority',
    next: `bring ${listed(groups[0]?.lost ?? [])} back; stop, restart and replace nothing else`,
  })
}

function describe(
  groups: readonly WeakGroup[],
  what: string,
): Pick<Finding, 'nodes' | 'assets' | 'message' | 'measured' | 'limit'> {
  const assets = groups.flatMap(({name}) => (name ? [name] : []))
  const titles = [...assets].sort(compareAssets).map(titleOf)
  const withMeta = assets.length < groups.length
  const count = [withMeta ? 'the meta group' : '', assets.length > 0 ? countAssets(assets) : ''].filter(
    (part) => part !== '',
  )
  const proven = smallest(groups.map((group) => group.proven))
  const members = groups.find((group) => group.proven === proven)?.members ?? 0
  const names = titles.length > 0 ? `: ${listed(titles)}` : ''
  return {
    nodes: groups[0]?.lost ?? [],
    assets,
    message: `${what} ${count.join(' and ')}${names} (${proven} of ${counted(members, 'member')} proven)`,
    measured: proven,
    limit: majorityOf(members),
  }
}
