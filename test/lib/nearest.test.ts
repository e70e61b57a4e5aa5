import assert from 'node:assert/strict'
import {nearestName} from '../../src/lib/nearest.ts'

describe('nearestName', () => {
  for (const [typed, known, expected] of [
    ['helth', ['health', 'creds'], 'health'],
    ['HEALTH', ['health'], 'health'],
    ['fecth', ['fetch', 'show'], 'fetch'],
    ['shwo', ['list', 'show'], 'show'],
    ['port', ['host', 'name'], undefined],
    ['abc', ['cab'], 'cab'],
    ['x', ['health'], undefined],
    ['ls', ['list', 'lt'], 'lt'],
    ['', ['a'], 'a'],
    ['anything', [], undefined],
  ] as const) {
    it(`${typed || 'nothing'} among ${known.join(', ') || 'nothing'} is ${expected}`, () => {
      assert.equal(nearestName(typed, known), expected)
    })
  }

  it('keeps to the limit it is given', () => {
    assert.equal(nearestName('nats-prd', ['nats-prod'], 1), 'nats-prod')
    assert.equal(nearestName('nats-pr', ['nats-prod'], 1), undefined)
  })
})
