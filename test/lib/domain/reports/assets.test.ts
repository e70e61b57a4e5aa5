import assert from 'node:assert/strict'
import {answered, unanswered} from '../../../../src/lib/domain/answer.ts'
import {consumerRows, streamRows} from '../../../../src/lib/domain/reports/assets.ts'
import {blindSpots} from '../../../../src/lib/domain/reports/look.ts'
import {metaGroupOf, raftRows} from '../../../../src/lib/domain/reports/raft.ts'
import {peer} from '../../../support/observations.ts'
import {consumerSighting, look, node, raftNode, sighting} from '../../../support/report-looks.ts'

describe('rows of streams', () => {
  it('are empty where there are no streams', () => {
    assert.deepEqual(streamRows(look([node('n1'), node('n2'), node('n3')])), [])
  })

  it("have the leader's totals, and beside them what each replica holds", () => {
    const [row] = streamRows(
      look([
        node('n1', {streams: [sighting('orders', 'n1', {leader: 'n2', lastSeq: 90, messages: 90})]}),
        node('n2', {
          streams: [sighting('orders', 'n2', {leader: 'n2', lastSeq: 100, messages: 100, others: ['n1', 'n3']})],
        }),
        node('n3'),
      ]),
    )
    assert.deepEqual(
      [row?.leader, row?.messages, row?.lastSeq, row?.behind],
      ['n2', 100, 100, 100],
      'a node that was asked and holds nothing lacks it all',
    )
    assert.deepEqual(
      row?.members.map(({node, presence, messages, behind, isLeader}) => [node, presence, messages, behind, isLeader]),
      [
        ['n1', 'holds', 90, 10, false],
        ['n2', 'holds', 100, 0, true],
        ['n3', 'missing', null, 100, false],
      ],
    )
  })

  it('are those of whoever holds most where no leader answers', () => {
    const [row] = streamRows(
      look([
        node('n1', {streams: [sighting('orders', 'n1', {leader: undefined, lastSeq: 90, messages: 90})]}),
        node('n2', {streams: [sighting('orders', 'n2', {leader: undefined, lastSeq: 100, messages: 60})]}),
        node('n3', {jetStream: unanswered('timeout', 'no answer', 0)}),
      ]),
    )
    assert.deepEqual([row?.leader, row?.messages, row?.behind], [null, 60, 10])
  })

  it('say nothing of a replica whose node is silent', () => {
    const [row] = streamRows(
      look([
        node('n1', {streams: [sighting('orders', 'n1', {leader: 'n1', others: ['n2', 'n3']})]}),
        node('n2', {jetStream: unanswered('timeout', 'no answer', 0)}),
        node('n3', {jetStream: unanswered('timeout', 'no answer', 0)}),
      ]),
    )
    assert.deepEqual(
      row?.members.map(({node, presence, behind}) => [node, presence, behind]),
      [
        ['n1', 'holds', 0],
        ['n2', 'silent', null],
        ['n3', 'silent', null],
      ],
    )
    assert.equal(row?.behind, null)
  })

  it('do not know how much is behind while one replica is silent, however current the others are', () => {
    const world = look([
      node('n1', {streams: [sighting('orders', 'n1', {leader: 'n1', others: ['n2', 'n3']})]}),
      node('n2', {jetStream: unanswered('timeout', 'no answer', 0)}),
      node('n3', {streams: [sighting('orders', 'n3', {leader: 'n1'})]}),
    ])
    assert.deepEqual(
      streamRows(world).map(({behind, members}) => [behind, members.map((member) => member.behind)]),
      [[null, [0, null, 0]]],
    )
  })

  it('call a peer that is none of the nodes a ghost', () => {
    const [row] = streamRows(
      look([node('n1', {streams: [sighting('orders', 'n1', {leader: 'n1', others: ['old-name']})]}), node('n2')]),
    )
    assert.deepEqual(
      row?.members.map(({node, presence}) => [node, presence]),
      [
        ['n1', 'holds'],
        ['old-name', 'ghost'],
      ],
    )
  })

  it('add up what their consumers have not acknowledged, when asked', () => {
    const consumers = [consumerSighting('a', 'n1', {numAckPending: 3}), consumerSighting('b', 'n1', {numAckPending: 4})]
    const world = look([node('n1', {streams: [sighting('orders', 'n1', {leader: 'n1', consumers})]})])
    assert.deepEqual(
      [streamRows(world)[0]?.unacknowledged, streamRows(world, {unacknowledged: true})[0]?.unacknowledged],
      [null, 7],
    )
  })
})

describe('rows of consumers', () => {
  it('count what a replica lacks in deliveries', () => {
    const held = (name: string, deliveries: number) =>
      node(name, {
        streams: [
          sighting('orders', name, {
            leader: 'n1',
            others: ['n2'],
            consumers: [
              consumerSighting('worker', 'n1', {
                replicas: 2,
                deliveredConsumerSeq: deliveries,
                deliveredStreamSeq: deliveries,
                others: name === 'n1' ? ['n2'] : [],
              }),
            ],
          }),
        ],
      })
    const [row] = consumerRows(look([held('n1', 8), held('n2', 5)]))
    assert.deepEqual([row?.consumer, row?.leader, row?.deliveredSeq, row?.behind], ['worker', 'n1', 8, 3])
  })
})

describe('rows of RAFT groups', () => {
  it('join what the nodes say of a group with the asset it is of, the meta group first', () => {
    const streams = (name: string) => [
      sighting('orders', name, {leader: 'n1', group: 'S-1', others: name === 'n1' ? ['n2'] : []}),
    ]
    const raft = (state: string) => [
      raftNode('APP', 'S-1', {state, term: 3}),
      raftNode('SYS', '_meta_', {state, term: 7}),
      raftNode('APP', 'S-gone', {state: 'OBSERVER'}),
    ]
    const rows = raftRows(
      look([
        node('n1', {streams: streams('n1'), raft: raft('LEADER'), meta: {leader: 'n1', others: ['n2']}}),
        node('n2', {streams: streams('n2'), raft: raft('FOLLOWER'), meta: {leader: 'n1'}}),
      ]),
    )
    assert.deepEqual(
      rows.map(({kind, group, stream, leader, term, members}) => [
        kind,
        group,
        stream,
        leader,
        term,
        members.map(({node, state}) => `${node} ${state}`),
      ]),
      [
        ['meta', '_meta_', null, 'n1', 7, ['n1 LEADER', 'n2 FOLLOWER']],
        ['stream', 'S-1', 'orders', 'n1', 3, ['n1 LEADER', 'n2 FOLLOWER']],
        ['unknown', 'S-gone', null, null, 1, ['n1 OBSERVER', 'n2 OBSERVER']],
      ],
    )
  })
})

describe('the meta group', () => {
  it('names its ghosts and its silent leader', () => {
    const meta = metaGroupOf(
      look([
        node('n1', {meta: {leader: 'n1', others: ['n2', 'renamed']}}),
        node('n2', {jetStream: unanswered('timeout', 'no answer', 0)}),
      ]),
    )
    assert.deepEqual(
      [meta?.leader, meta?.peers.map(({name, isLeader, ghost}) => [name, isLeader, ghost])],
      [
        'n1',
        [
          ['n1', true, false],
          ['n2', false, false],
          ['renamed', false, true],
        ],
      ],
    )
  })

  it('has no age for a peer that its leader never heard, nor have the members of a stream', () => {
    const gone = {activeMs: 0, current: false, offline: true}
    const peers = [peer('n2'), peer('n3', gone)]
    const led = sighting('orders', 'n1', {leader: 'n1'})
    const world = look([
      node('n1', {
        streams: [{...led, group: {...led.group, peers}}],
        changes: {meta: {leader: 'n1', clusterSize: 3, pending: 0, peers}},
      }),
      node('n2', {streams: [sighting('orders', 'n2', {leader: 'n1'})], meta: {leader: 'n1'}}),
      node('n3', {jetStream: unanswered('timeout', 'no answer', 0)}),
    ])
    const heard = [null, 200, null]
    assert.deepEqual(
      metaGroupOf(world)?.peers.map(({activeMs}) => activeMs),
      heard,
    )
    assert.deepEqual(
      streamRows(world)[0]?.members.map(({activeMs}) => activeMs),
      heard,
    )
  })

  it('has no leader while nodes disagree, and says who is claimed', () => {
    const meta = metaGroupOf(look([node('n1', {meta: {leader: 'n1'}}), node('n2', {meta: {leader: 'n2'}})]))
    assert.deepEqual([meta?.leader, meta?.claimedLeaders], [null, ['n1', 'n2']])
  })

  it('is none where no node is in one', () => {
    assert.equal(metaGroupOf(look([node('n1')])), null)
  })
})

describe('what a look could not see', () => {
  it('is every silent node with its reason, once, and every answer that does not add up', () => {
    const {nodes} = look([node('n1'), node('n2', {complete: false}), node('n3')])
    const sightings = nodes.map(({target, jetStream}) => ({node: target, answer: jetStream}))
    const silent = {node: sightings[2]!.node, answer: unanswered('timeout', 'no answer within 5s', 0)}
    const later = {...silent, answer: unanswered('timeout', 'no answer within 1s', 0)}
    const refused = {...silent, answer: unanswered('unsupported', 'the server refused', 0)}
    const more = [silent, later, refused, {node: silent.node, answer: answered([], 0)}]
    assert.deepEqual(blindSpots([...sightings.slice(0, 2), ...more]), [
      'n3: no answer within 5s',
      'n3: the server refused',
      'an incomplete answer of n2: what it does not list may be there',
    ])
  })
})
