import {known} from '../answer.ts'
import {compareText} from '../assemble.ts'
import {judgeMetaGroup} from '../meta-group.ts'
import type {RaftNode} from '../observation.ts'
import {consumerRows, streamRows} from './assets.ts'
import {heardOf, type Look, type LookNode} from './look.ts'
import type {MetaGroup, MetaPeerRow, RaftMemberRow, RaftRow} from './rows.ts'

const META = '_meta_'

/**
 * Every RAFT group that a stream, a consumer or a node's /raftz names: the meta group first, then by account, stream and
 * consumer, then groups nobody can name an asset of. Streams and consumers of one replica have none.
 */
export function raftRows(look: Look): readonly RaftRow[] {
  const raft = indexRaft(look.nodes)
  const named: RaftRow[] = []
  const rows = [
    ...streamRows(look).map((row) => ({...row, kind: 'stream' as const, consumer: null})),
    ...consumerRows(look).map((row) => ({...row, kind: 'consumer' as const})),
  ]
  for (const {
    kind,
    account,
    accountId,
    stream,
    consumer,
    group,
    leader,
    leaderSince,
    behind,
    members,
    replicas,
  } of rows) {
    if (group === null) continue
    const nodes = raft.get(keyOf(accountId, group))
    raft.delete(keyOf(accountId, group))
    const shown = members.map((member): RaftMemberRow => {
      const own = nodes?.find(({node}) => node === member.node)?.raft
      const {node, isLeader, presence, current, offline, lag} = member
      return {...ownState(own), node, isLeader, presence, current, offline, lag, behind: member.behind}
    })
    const base = {kind, account, accountId, stream, consumer, group, leader, leaderSince, replicas, behind}
    named.push({...base, term: termOf(nodes), lag: mostLag(shown), members: shown})
  }
  const others = [...raft.values()].map((nodes) => otherGroup(nodes, look))
  const order = (row: RaftRow): string =>
    [row.account, row.accountId, row.stream ?? '', row.consumer ?? '', row.group].join('\0')
  const sorted = (rows: readonly RaftRow[]): readonly RaftRow[] =>
    rows.toSorted((a, b) => compareText(order(a), order(b)))
  return [
    ...others.filter(({kind}) => kind === 'meta'),
    ...sorted(named),
    ...sorted(others.filter(({kind}) => kind !== 'meta')),
  ]
}

/** The meta group as all nodes see it; null where no node is in one. */
export function metaGroupOf(look: Pick<Look, 'nodes'>): MetaGroup | null {
  const views = look.nodes.flatMap(({target, jetStream}) => {
    const meta = known(jetStream)?.meta
    return meta ? [{node: target.name, meta}] : []
  })
  if (views.length === 0) return null
  const standing = judgeMetaGroup(look)
  const leading = views.find(({node}) => node === standing.leader)
  const ghosts = new Set(standing.ghosts)
  const counted = (leading?.meta.peers ?? []).map(
    (peer): MetaPeerRow => ({
      name: peer.name,
      peerId: peer.peerId ?? null,
      isLeader: false,
      current: peer.current,
      offline: peer.offline,
      activeMs: heardOf(peer),
      lag: peer.lag,
      ghost: ghosts.has(peer.name),
    }),
  )
  const nobodySays = {isLeader: false, current: null, offline: null, activeMs: null, lag: null, ghost: false}
  const alone = (leading ? [leading] : views).map(
    ({node}): MetaPeerRow => ({
      ...nobodySays,
      name: node,
      peerId: look.nodes.find(({target}) => target.name === node)?.peerId ?? null,
      isLeader: node === standing.leader,
    }),
  )
  return {
    leader: standing.leader ?? null,
    claimedLeaders: standing.claimedLeaders,
    size: standing.size ?? null,
    pending: leading?.meta.pending ?? null,
    peers: [...alone, ...counted].sort((a, b) => compareText(a.name, b.name)),
  }
}

interface NodeInGroup {
  readonly node: string
  readonly raft: RaftNode
}

function indexRaft(nodes: readonly LookNode[]): Map<string, NodeInGroup[]> {
  const groups = new Map<string, NodeInGroup[]>()
  for (const {target, raft} of nodes) {
    for (const each of known(raft) ?? []) {
      const key = keyOf(each.account, each.group)
      groups.set(key, [...(groups.get(key) ?? []), {node: target.name, raft: each}])
    }
  }
  return groups
}

/** A group that no listed asset has: the meta group, or one that is left over. */
function otherGroup(nodes: readonly NodeInGroup[], look: Look): RaftRow {
  const {account = '', group = '', size = 0} = nodes[0]?.raft ?? {}
  const meta = group === META ? metaGroupOf(look) : null
  const leaders = new Set(nodes.flatMap(({raft}) => raft.leader ?? []))
  const leader = meta ? meta.leader : leaders.size === 1 ? ([...leaders][0] ?? null) : null
  const names = new Set([...nodes.map(({node}) => node), ...(meta?.peers ?? []).map(({name}) => name)])
  const expected = new Set(look.nodes.map(({target}) => target.name))
  const members = [...names].sort(compareText).map((node): RaftMemberRow => {
    const own = nodes.find((each) => each.node === node)?.raft
    const peer = meta?.peers.find(({name}) => name === node)
    const presence = own ? 'holds' : expected.has(node) ? 'silent' : 'ghost'
    const {current = null, offline = null, lag = null} = peer ?? {}
    return {...ownState(own), node, isLeader: node === leader, presence, current, offline, lag, behind: null}
  })
  return {
    account,
    accountId: account,
    kind: group === META ? 'meta' : 'unknown',
    stream: null,
    consumer: null,
    group,
    leader,
    leaderSince: null,
    term: termOf(nodes),
    replicas: meta?.size ?? size,
    lag: mostLag(members),
    behind: null,
    members,
  }
}

function ownState(raft: RaftNode | undefined): Pick<RaftMemberRow, 'state' | 'applied' | 'committed' | 'catchingUp'> {
  return {
    state: raft?.state ?? null,
    applied: raft?.applied ?? null,
    committed: raft?.committed ?? null,
    catchingUp: raft?.catchingUp ?? null,
  }
}

function termOf(nodes: readonly NodeInGroup[] | undefined): number | null {
  return nodes && nodes.length > 0 ? Math.max(...nodes.map(({raft}) => raft.term)) : null
}

function mostLag(members: readonly RaftMemberRow[]): number | null {
  const lags = members.flatMap(({lag}) => lag ?? [])
  return lags.length > 0 ? Math.max(...lags) : null
}

function keyOf(account: string, group: string): string {
  return JSON.stringify([account, group])
}
