import assert from 'node:assert/strict'
import {tell} from '../../../src/lib/domain/told.ts'

describe('what --json tells', () => {
  it('has moments in RFC 3339 and null for what nobody knows, at every depth', () => {
    const moment = Date.UTC(2026, 0, 2, 3, 4, 5)
    const rows = [{startedAt: moment, endedAt: undefined, tookMs: 7, at: null}]
    assert.deepEqual(tell({at: moment, rows, beat: moment, format: 'at'}), {
      at: '2026-01-02T03:04:05.000Z',
      rows: [{startedAt: '2026-01-02T03:04:05.000Z', endedAt: null, tookMs: 7, at: null}],
      beat: moment,
      format: 'at',
    })
  })
})
