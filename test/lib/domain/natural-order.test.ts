import assert from 'node:assert/strict'
import {compareNames} from '../../../src/lib/domain/natural-order.ts'

describe('the order of names', () => {
  it('is by number where there is one, and else by code units', () => {
    const expected = [
      '',
      '-',
      '2.9.1',
      '2.10',
      '2.10.0',
      '2.10.27',
      'Node-3',
      'node',
      'node-2',
      'node-2a',
      'node-2b',
      'node-10',
      'node-9007199254740993',
      'node-9007199254740994',
      'node-a',
      'ümlaut',
    ]
    assert.deepEqual([...expected].reverse().sort(compareNames), expected)
    assert.deepEqual(['node-2', 'node-02'].sort(compareNames), ['node-02', 'node-2'])
  })

  it('is one: whichever way round two names are compared', () => {
    const names = ['a', 'a1', 'a01', 'a1b', 'a1b2', '1', '01', '1a', '', 'B', 'b', 'a-1', 'a--1', '٣', 'a٣']
    for (const a of names) {
      for (const b of names) {
        assert.equal(Math.sign(compareNames(a, b)), -Math.sign(compareNames(b, a)) || 0, `${a} ${b}`)
        assert.equal(compareNames(a, b) === 0, a === b, `${a} ${b}`)
        for (const c of names) {
          const isAscending = compareNames(a, b) < 0 && compareNames(b, c) < 0
          assert.ok(!isAscending || compareNames(a, c) < 0, `${a} ${b} ${c}`)
        }
      }
    }
  })
})
