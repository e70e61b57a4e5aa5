import assert from 'node:assert/strict'
import {judgeMetaGroup, majorityOf} from '../../../src/lib/domain/meta-group.ts'
import type {ClusterObservation, MetaView} from '../../../src/lib/domain/observation.ts'
import {bendAll, bendJetStream, bendMeta, bendPeer, silence} from '../../support/bends.ts'
import {healthyObservation, peer} from '../../support/observations.ts'

const healthy = {
  leader: 'n1',
  claimedLeaders: ['n1'],
  size: 3,
  dissenting: [],
  silent: [],
  absent: [],
  offline: [],
  lagging: [],
  ghosts: [],
  pending: 0,
  spare: 1,
}

function seeing(node: string, changes: Partial<MetaView>) {
  return bendJetStream(node, ({meta}) => ({meta: meta && {...meta, ...changes}}))
}

describe('the meta group', () => {
  const standings: [string, (observation: ClusterObservation) => ClusterObservation, object][] = [
    ['is well when all agree', (observation) => observation, {}],
    [
      'has no voter to spare with a node silent, which the leader calls offline',
      silence('n3'),
      {silent: ['n3'], offline: ['n3'], spare: 0},
    ],
    [
      'has no known leader when the leader is silent',
      silence('n1'),
      {leader: undefined, silent: ['n1'], dissenting: ['n2', 'n3'], spare: 0},
    ],
    [
      'has none when two are claimed',
      seeing('n3', {leader: 'n3'}),
      {leader: undefined, claimedLeaders: ['n1', 'n3'], dissenting: ['n1', 'n2', 'n3']},
    ],
    [
      'has no majority while nobody knows a leader',
      bendAll(...['n1', 'n2', 'n3'].map((node) => seeing(node, {leader: undefined, peers: undefined}))),
      {leader: undefined, claimedLeaders: [], dissenting: ['n1', 'n2', 'n3'], spare: -2},
    ],
    ['names peers that lag', bendPeer('n2', {current: false}), {lagging: ['n2']}],
    [
      'names ghosts and whom the leader does not count',
      bendMeta((peers) => [...peers.filter(({name}) => name !== 'n3'), peer('n3-old')]),
      {absent: ['n3'], ghosts: ['n3-old']},
    ],
    [
      'counts what the leader has yet to process',
      seeing('n1', {pending: 7, clusterSize: 5}),
      {pending: 7, size: 5, spare: 0},
    ],
  ]
  for (const [name, bend, changes] of standings) {
    it(name, () => assert.deepEqual(judgeMetaGroup(bend(healthyObservation())), {...healthy, ...changes}))
  }

  it('knows an unnamed peer by its id', () => {
    const bent = bendMeta((peers) =>
      peers.map((each) => (each.name === 'n3' ? peer('Server name unknown at this time', {peerId: 'P3'}) : each)),
    )(healthyObservation())
    const nodes = bent.nodes.map((node) => (node.target.name === 'n3' ? {...node, peerId: 'P3'} : node))
    assert.deepEqual(judgeMetaGroup({...bent, nodes}), healthy)
    assert.deepEqual(judgeMetaGroup(bent), {...healthy, absent: ['n3'], ghosts: ['Server name unknown at this time']})
  })

  it('decides by more than half', () => {
    assert.deepEqual([1, 2, 3, 4, 5].map(majorityOf), [1, 2, 2, 3, 3])
  })
})
