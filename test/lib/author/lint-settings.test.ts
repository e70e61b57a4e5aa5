import assert from 'node:assert/strict'
import {parseGoDuration} from '../../../src/lib/author/lint-settings.ts'

describe('parseGoDuration', () => {
  it('reads what nats-server reads and nothing else', () => {
    const texts = ['2m', '1h30m', '1.5s', '250ms', '', '2', 'm', '2m ', '-2m', '2d']
    assert.deepEqual(texts.map(parseGoDuration), [120, 5400, 1.5, 0.25, ...Array.from({length: 6}, () => undefined)])
  })
})
