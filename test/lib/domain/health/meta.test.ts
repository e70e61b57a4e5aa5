import assert from 'node:assert/strict'
import type {MetaView} from '../../../../src/lib/domain/observation.ts'
import {type Bend, bendAll, bendJetStream, bendMeta, bendNode, bendPeer, silence} from '../../../support/bends.ts'
import {peer} from '../../../support/observations.ts'
import {findingsOf} from './lines.ts'

const meta = (name: string, changes: Partial<MetaView>): Bend =>
  bendJetStream(name, (info) => ({meta: info.meta ? {...info.meta, ...changes} : undefined}))
const everywhere = (changes: Partial<MetaView>): Bend =>
  bendAll(...['n1', 'n2', 'n3'].map((name) => meta(name, changes)))

describe('health of the meta group', () => {
  it('is critical without a leader', () => {
    assert.deepEqual(findingsOf({bend: everywhere({leader: undefined, peers: undefined})}), [
      'critical | meta-leaderless | n1,n2,n3 | the meta group has no leader: none of 3 answering nodes knows one',
    ])
  })

  it('says who does not agree on the leader; for long is worse than for a moment', () => {
    const disputed = meta('n3', {leader: 'n2'})
    const message = 'the nodes do not agree on the meta leader: n1 says n1, n2 says n1, n3 says n2'
    assert.deepEqual(findingsOf({bendLater: disputed}), [`warning | meta-leader-disputed | n1,n2,n3 | ${message}`])
    assert.deepEqual(findingsOf({bend: disputed}), [`critical | meta-leader-disputed | n1,n2,n3 | ${message}`])
    assert.deepEqual(findingsOf({bend: meta('n3', {leader: undefined})}), [
      'warning | meta-leader-disputed | n3 | the nodes do not agree on the meta leader: n1 says n1, n2 says n1, n3 says none',
    ])
  })

  it('names an expected node that never joined', () => {
    const absent = bendAll(
      everywhere({clusterSize: 2}),
      bendMeta((peers) => peers.filter(({name}) => name !== 'n3')),
    )
    assert.deepEqual(findingsOf({bend: absent}), [
      'warning | meta-size | n3 | the meta group has 2 members, 3 expected',
    ])
  })

  it('names a ghost, which explains the size, once for the meta group and the streams that count it', () => {
    const ghost = bendAll(
      everywhere({clusterSize: 4}),
      bendMeta((peers) => [...peers, peer('n9', {current: false, offline: true, activeMs: 3_600_000})]),
    )
    assert.deepEqual(findingsOf({bend: ghost}), [
      'warning | group-at-risk | n9 | one more loss stops the meta group (3 of 4 members proven)',
      'warning | ghost-peer | n9 | is counted by the meta group, and is none of the nodes',
    ])
  })

  it('knows a node by its peer id that was never seen by name', () => {
    const unnamed = bendAll(
      bendNode('n3', (node) => ({...node, peerId: 'abc'})),
      bendMeta((peers) =>
        peers.map((each) =>
          each.name === 'n3' ? {...each, name: 'Server name unknown at this time (peerID: abc)', peerId: 'abc'} : each,
        ),
      ),
    )
    assert.deepEqual(findingsOf({bend: unnamed}), [])
  })

  it('sees that the leader has lost a node that answers here, and leaves silent nodes alone', () => {
    const lost = bendPeer('n3', {activeMs: 12_000})
    assert.deepEqual(findingsOf({bend: lost}), [
      'warning | group-at-risk | n3 | one more loss stops the meta group (2 of 3 members proven)',
      'warning | meta-peer-silent | n3 | answers here, but the meta leader n1 does not hear it: last heard 12s ago (limit 10s)',
    ])
    assert.deepEqual(
      findingsOf({bend: silence('n3')}).filter((line) => line.includes('meta-peer')),
      [],
    )
  })

  it('reports a node that is not current in both looks', () => {
    const late = bendPeer('n3', {current: false, lag: 40})
    assert.deepEqual(findingsOf({bend: late}), [
      'warning | meta-peer-behind | n3 | is behind in the meta group by 40 entries',
    ])
    assert.deepEqual(findingsOf({bendLater: late}), [])
  })

  it('reports pending entries that stay', () => {
    assert.deepEqual(findingsOf({bend: meta('n1', {pending: 150})}), [
      'warning | meta-pending | n1 | 150 meta entries not applied (limit 100)',
    ])
    assert.deepEqual(findingsOf({bendLater: meta('n1', {pending: 150})}), [])
    assert.deepEqual(findingsOf({bend: meta('n1', {pending: 99})}), [])
  })

  it('counts the meta group as at risk also when its leader is the silent node', () => {
    assert.deepEqual(findingsOf({bend: silence('n1')}), [
      'warning | node-unreachable | n1 | does not answer: connection refused by n1.test:8222',
      'warning | group-at-risk | n1 | one more loss stops the meta group and 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
    ])
  })
})
