import type {MemberRow} from '../../domain/reports/rows.ts'
import {humanCount} from '../format.ts'

type Shown = Pick<MemberRow, 'node' | 'isLeader' | 'presence' | 'behind' | 'current' | 'offline'>

/**
 * The members of a group in one cell, the leader marked with a star, and whatever is wrong with one in words:
 * `node-1*, node-2, node-3 behind 12`.
 */
export function membersInWords(members: readonly Shown[]): string {
  return members.map(memberInWords).join(', ')
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
