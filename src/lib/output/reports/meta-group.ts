import {printable} from '../../domain/printable.ts'
import type {MetaGroup, MetaPeerRow} from '../../domain/reports/rows.ts'
import {type ListingColumn, renderListing} from '../listing.ts'
import type {TableStyle} from '../table.ts'

/** The meta group below the servers, on a terminal. */
export function renderMetaGroup(meta: MetaGroup | null, style: TableStyle, now: number): string {
  if (meta === null) return 'meta group: none (no cluster, or no node says)'
  const leader =
    meta.leader ?? (meta.claimedLeaders.length > 0 ? `disputed: ${meta.claimedLeaders.join(', ')}` : 'none')
  const head = `meta group: leader ${printable(leader)}, ${meta.size ?? '?'} voters, ${meta.pending ?? '?'} pending`
  return [head, renderListing(PEER_COLUMNS, meta.peers, style, now)].join('\n')
}

const PEER_COLUMNS: readonly ListingColumn<MetaPeerRow>[] = [
  {
    key: 'name',
    header: 'PEER',
    kind: 'text',
    value: ({name, isLeader}) => (isLeader ? `${name}*` : name),
    tone: ({ghost, offline}) => (ghost || offline ? 'bad' : undefined),
  },
  {
    key: 'state',
    header: 'STATE',
    kind: 'text',
    value: ({ghost, offline, current, isLeader}) => {
      if (isLeader) return 'leader'
      if (ghost) return offline ? 'ghost, offline' : 'ghost'
      if (offline) return 'offline'
      return current === null ? null : current ? 'current' : 'not current'
    },
    tone: ({ghost, offline, current}) => (ghost || offline ? 'bad' : current === false ? 'warning' : undefined),
  },
  {key: 'seen', header: 'SEEN', kind: 'duration', value: seenOf},
  {key: 'lag', header: 'LAG', kind: 'count', value: ({lag}) => lag},
  {key: 'peerId', header: 'ID', kind: 'text', value: ({peerId}) => peerId, rank: 1},
]

/** `never`: not since this leader leads. */
function seenOf({activeMs, current}: MetaPeerRow): number | string | null {
  if (activeMs !== null) return activeMs / 1000
  return current === null ? null : 'never'
}
