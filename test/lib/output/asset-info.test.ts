import assert from 'node:assert/strict'
import type {MemberRow} from '../../../src/lib/domain/reports/rows.ts'
import {behindInWords} from '../../../src/lib/output/asset-info.ts'
import {valueFormat} from '../../../src/lib/output/format.ts'

const SCREEN = valueFormat({decorated: true}, 0)

describe('what replicas lack, in words', () => {
  it('is the most, where every replica says', () => {
    assert.equal(say(1200, [member('n2', 'holds', 1200), member('n3', 'holds', 0)]), '1,200 messages at the most')
  })

  it('is unknown while one does not say, with who and what the others lack', () => {
    assert.equal(
      say(null, [member('n2', 'silent', null), member('n3', 'holds', 4)]),
      'unknown: n2 is silent (others 4)',
    )
    assert.equal(
      say(null, [member('n2', 'silent', null), member('n3', 'ghost', null)]),
      'unknown: n2 is silent, n3 is a ghost',
    )
    assert.equal(say(null, [member('n2', 'holds', null)]), 'unknown: n2 does not say')
  })

  it("is not told where there is one replica, or only the leader's word", () => {
    assert.deepEqual(say(null, []), [])
    assert.deepEqual(say(null, [member('n2', 'counted', null)]), [])
  })
})

function say(behind: number | null, others: readonly MemberRow[]): string | readonly string[] {
  return behindInWords(
    {behind, members: [{...member('n1', 'holds', 0), isLeader: true}, ...others]},
    'messages',
    SCREEN,
  )
}

function member(node: string, presence: MemberRow['presence'], behind: number | null): MemberRow {
  const unsaid = {messages: null, lastSeq: null, current: null, offline: null, activeMs: null, lag: null}
  return {...unsaid, node, isLeader: false, presence, behind}
}
