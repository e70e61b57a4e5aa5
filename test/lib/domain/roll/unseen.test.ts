import assert from 'node:assert/strict'
import {fallenBelow, takeBaseline} from '../../../../src/lib/domain/roll/baseline.ts'
import {readLosses} from '../../../../src/lib/domain/roll/losses.ts'
import {dataIsElsewhere} from '../../../../src/lib/domain/roll/predicates.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {bending, bent, subjectIn, viewOf} from '../../../support/roll-view.ts'

/** `audit` has its only replica on c-node-2, whose JetStream is off: it lists nothing, in full. */
const streams = [
  {name: 'orders', perSecond: 0, stored: 10},
  {name: 'audit', perSecond: 0, stored: 10, on: [2]},
]
const off = bending('c-node-2', ({jetStream}) => ({
  jetStream: bent(jetStream, {enabled: false, streams: [], meta: undefined}),
}))

describe('what a node holds whose JetStream is off', () => {
  it('is not known to a consent to its loss: the name is no slip', () => {
    const {names, unmatched} = readLosses(viewOf(new FakeCluster({streams}), {later: off}), ['audit'])
    assert.deepEqual({names, unmatched}, {names: ['audit'], unmatched: []})
  })

  it('is not said to be gone since the gate', () => {
    const cluster = new FakeCluster({streams: [{name: 'orders', perSecond: 0, stored: 10}]})
    const baseline = takeBaseline(viewOf(cluster))
    const none = (name: string) => bending(name, ({jetStream}) => ({jetStream: bent(jetStream, {streams: []})}))
    const emptied = (observation: Parameters<typeof off>[0]) => none('c-node-1')(none('c-node-3')(observation))
    assert.deepEqual(fallenBelow(baseline, viewOf(cluster, {later: (seen) => emptied(off(seen))})), [])
    assert.equal(fallenBelow(baseline, viewOf(cluster, {later: (seen) => emptied(none('c-node-2')(seen))})).length, 2)
  })

  it('is not counted on: the data is not elsewhere', () => {
    const cluster = new FakeCluster({streams})
    const {reasons} = dataIsElsewhere(viewOf(cluster, {later: off}), subjectIn(cluster))
    assert.equal(reasons[0], 'the streams of c-node-2 are not known: its JetStream is off')
    assert.equal(reasons[1], 'stream orders on c-node-2: silent, the node did not answer in full')
  })
})
