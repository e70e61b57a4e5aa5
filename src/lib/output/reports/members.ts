import type {MemberRow} from '../../domain/reports/rows.ts'
import {humanCount} from '../format.ts'

type Shown = Pick<MemberRow, 'node' | 'isLeader' | 'presence' | 'behind' | 'current' | 'offline'>

interface Group {
  readonly members: readonly Shown[]
}

/**
 * The members of a group in one cell, the leader marked with a star, and whatever is wrong with one in words:
 * `node-1*, node-2, node-3 behind 12`.
 */
export function membersInWords(members: readonly Shown[]): string {
  return members.map(memberInWords).join(', ')
}

/**
 * The same for a terminal, without what the names of all nodes in these rows begin with: `1*, 2, 3 behind 12`. Commands
 * take a node by its short name too. Ghosts are called as they are.
 */
export function membersInShort(rows: readonly Group[]): (row: Group) => string {
  const start = sharedStart(rows)
  return ({members}) =>
    membersInWords(
      members.map((member) => (member.presence === 'ghost' ? member : {...member, node: member.node.slice(start)})),
    )
}

/** How many characters of all nodes' names are the same, up to the last dash or dot; 0 for a single node. */
function sharedStart(rows: readonly Group[]): number {
  const names = new Set<string>()
  for (const {members} of rows) for (const {node, presence} of members) if (presence !== 'ghost') names.add(node)
  const [first = '', ...others] = names
  if (others.length === 0) return 0
  let start = 0
  while (start < first.length && others.every((name) => name.length > start + 1 && name[start] === first[start]))
    start += 1
  return first.slice(0, start).search(/[^-.]*$/)
}

/** Groups whose members are all well need no colour. */
export function memberTone(members: readonly Shown[]): 'bad' | 'warning' | undefined {
  if (members.some(({presence, offline}) => presence === 'missing' || presence === 'ghost' || offline)) return 'bad'
  return members.some(({behind, presence}) => presence === 'silent' || (behind ?? 0) > 0) ? 'warning' : undefined
}

function memberInWords({node, isLeader, presence, behind, current, offline}: Shown): string {
  const troubles = [
    presence === 'missing' || presence === 'silent' || presence === 'ghost' ? presence : '',
    offline ? 'offline' : '',
    behind !== null && behind > 0 && presence === 'holds' ? `behind ${humanCount(behind)}` : '',
    // The leader's word, where the replica does not speak for itself.
    presence === 'counted' && current === false ? 'not current' : '',
  ].filter((word) => word !== '')
  return [`${node}${isLeader ? '*' : ''}`, ...troubles].join(' ')
}
