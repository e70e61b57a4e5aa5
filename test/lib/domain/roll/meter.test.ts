import assert from 'node:assert/strict'
import {addSample, paceOf, streamPace} from '../../../../src/lib/domain/roll/meter.ts'
import type {SyncProgress} from '../../../../src/lib/domain/roll/sync.ts'

const sync = (bytes: number, node = 'n1'): SyncProgress => ({
  node,
  streams: [{account: 'APP', stream: 'orders', messages: 0, messagesWanted: 0, bytes, bytesWanted: 1000}],
  bytes,
  bytesWanted: 1000,
  missing: 0,
})
const sampled = (...pairs: readonly (readonly [at: number, bytes: number])[]) =>
  pairs.reduce<ReturnType<typeof addSample>>((all, [at, bytes]) => addSample(all, {at, sync: sync(bytes)}), [])

describe('the pace of a catch-up', () => {
  it('is what came in over the last seconds, and says how long the rest takes', () => {
    const samples = sampled([0, 0], [1000, 100], [2000, 400])
    assert.deepEqual(paceOf(samples), {bytesPerSecond: 200, secondsLeft: 3})
    assert.deepEqual(streamPace(samples, 'APP', 'orders'), {bytesPerSecond: 200, secondsLeft: 3})
  })

  it('forgets what is older than fifteen seconds', () => {
    const samples = sampled([0, 0], [16_000, 500], [17_000, 510])
    assert.deepEqual(paceOf(samples), {bytesPerSecond: 10, secondsLeft: 49})
  })

  it('knows no end while nothing moves, and none is left when all is there', () => {
    assert.deepEqual(paceOf(sampled([0, 100], [1000, 100])), {bytesPerSecond: 0, secondsLeft: undefined})
    assert.deepEqual(paceOf(sampled([0, 900], [1000, 1000])), {bytesPerSecond: 100, secondsLeft: 0})
    assert.deepEqual(paceOf(sampled([0, 100])), {bytesPerSecond: 0, secondsLeft: undefined})
    assert.deepEqual(paceOf([]), {bytesPerSecond: 0, secondsLeft: undefined})
  })

  it('is never negative: a store that was emptied starts again', () => {
    assert.equal(paceOf(sampled([0, 500], [1000, 0])).bytesPerSecond, 0)
  })

  it('begins anew with another node, and knows nothing of a stream that is not there', () => {
    const samples = addSample(sampled([0, 0], [1000, 100]), {at: 2000, sync: sync(7, 'n2')})
    assert.equal(samples.length, 1)
    assert.equal(streamPace(samples, 'APP', 'other').bytesPerSecond, 0)
  })
})
