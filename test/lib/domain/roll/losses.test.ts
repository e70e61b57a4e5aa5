import assert from 'node:assert/strict'
import {unanswered} from '../../../../src/lib/domain/answer.ts'
import type {StreamReplica} from '../../../../src/lib/domain/observation.ts'
import {assetsOf} from '../../../../src/lib/domain/roll/facts.ts'
import {readLosses} from '../../../../src/lib/domain/roll/losses.ts'
import {isAccepted} from '../../../../src/lib/domain/roll/predicates.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {bending, bendingStreams, viewOf} from '../../../support/roll-view.ts'

/** `audit` has its only replica on c-node-2, with a consumer `worker`, in the account APP. */
const streams = [
  {name: 'orders', perSecond: 0, stored: 10},
  {name: 'audit', perSecond: 0, stored: 10, on: [2]},
]

/** The same streams in another account as well. */
const twice = (changes: Partial<StreamReplica>) =>
  bendingStreams((held) => [...held, ...held.map((each) => ({...each, ...changes}))])

describe('losses accepted by name', () => {
  it('are of one account: each name gets it in front', () => {
    const view = viewOf(new FakeCluster({streams}))
    assert.deepEqual(readLosses(view, ['audit', 'audit/worker', 'APP/audit']), {
      names: ['APP/audit', 'APP/audit/worker', 'APP/audit'],
      unmatched: [],
      ambiguous: [],
      known: ['audit', 'audit/worker'],
    })
  })

  it('are refused where single copies of two accounts answer to a name, unless it says which', () => {
    const view = viewOf(new FakeCluster({streams}), {later: twice({account: 'BILLING'})})
    const {ambiguous, names} = readLosses(view, ['audit', 'audit/worker', 'BILLING/audit'])
    assert.deepEqual(ambiguous, [
      {name: 'audit', candidates: ['APP/audit', 'BILLING/audit']},
      {name: 'audit/worker', candidates: ['APP/audit/worker', 'BILLING/audit/worker']},
    ])
    assert.equal(names[2], 'BILLING/audit')
  })

  it('are told apart by the id where two accounts bear one name', () => {
    const later = twice({accountId: 'AB2'})
    const {ambiguous} = readLosses(viewOf(new FakeCluster({streams}), {later}), ['audit'])
    assert.deepEqual(ambiguous, [{name: 'audit', candidates: ['APP/audit', 'AB2/audit']}])
    const view = viewOf(new FakeCluster({streams}), {later})
    const byId = assetsOf(view).filter((asset) => isAccepted(asset, ['AB2/audit']))
    assert.deepEqual(
      byId.map((asset) => [asset.kind, asset.accountId]),
      [
        ['stream', 'AB2'],
        ['consumer', 'AB2'],
      ],
    )
  })

  it('are of one stream: an account that is named like a stream lends its name to nothing else', () => {
    const named = [...streams, {name: 'APP', perSecond: 0, stored: 10, on: [2]}]
    const renamed = (accountId: string) =>
      bendingStreams((held) =>
        held.map((each) => {
          const consumers =
            each.stream === 'APP' ? each.consumers.map((one) => ({...one, name: 'audit'})) : each.consumers
          return {...each, accountId, consumers}
        }),
      )
    const view = viewOf(new FakeCluster({streams: named}), {later: renamed('AB1')})
    const covered = (names: readonly string[]) =>
      assetsOf(view).flatMap((asset) => (isAccepted(asset, names) ? [`${asset.kind} of ${asset.stream}`] : []))
    const {names, ambiguous} = readLosses(view, ['audit'])
    assert.deepEqual([names, ambiguous], [['AB1/audit'], []])
    assert.deepEqual(covered(names), ['stream of audit', 'consumer of audit'])
    assert.deepEqual(readLosses(view, ['APP/audit']).ambiguous, [
      {name: 'APP/audit', candidates: ['APP/APP/audit', 'AB1/audit']},
    ])
    // Without operator mode the id is the name: nothing tells the two apart, so it is no consent.
    const plain = viewOf(new FakeCluster({streams: named}), {later: renamed('APP')})
    assert.equal(readLosses(plain, ['audit']).ambiguous.length, 1)
  })

  it('of a consumer do not grow to its stream, though both bear one name', () => {
    const view = viewOf(new FakeCluster({streams: [{name: 'worker', perSecond: 0, stored: 10, on: [2]}]}))
    for (const name of ['worker/worker', 'APP/worker/worker'])
      assert.deepEqual(readLosses(view, [name]).names, ['APP/worker/worker'])
  })

  it('with a slip in them are no consent, unless a node hides what it holds', () => {
    assert.deepEqual(readLosses(viewOf(new FakeCluster({streams})), ['Audit']).unmatched, ['Audit'])
    const silent = bending('c-node-3', () => ({jetStream: unanswered('timeout', 'no answer', 0)}))
    const {unmatched, names} = readLosses(viewOf(new FakeCluster({streams}), {later: silent}), ['Audit'])
    assert.deepEqual([unmatched, names], [[], ['Audit']])
  })

  it('mean nothing that has several replicas', () => {
    assert.deepEqual(readLosses(viewOf(new FakeCluster({streams})), ['orders']).unmatched, ['orders'])
  })
})
