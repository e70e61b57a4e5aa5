import assert from 'node:assert/strict'
import {answered, unanswered} from '../../../../src/lib/domain/answer.ts'
import {consumerRows, streamRows} from '../../../../src/lib/domain/reports/assets.ts'
import type {Look} from '../../../../src/lib/domain/reports/look.ts'
import {serverRow} from '../../../../src/lib/domain/reports/nodes.ts'
import {metaGroupOf, raftRows} from '../../../../src/lib/domain/reports/raft.ts'
import {type ListingColumn, renderCsv, renderListing} from '../../../../src/lib/output/listing.ts'
import {
  RAFT_COLUMNS,
  REPORT_CONSUMER_COLUMNS,
  REPORT_STREAM_COLUMNS,
  SERVER_COLUMNS,
} from '../../../../src/lib/output/reports/columns.ts'
import {membersInShort, membersInWords, memberTone} from '../../../../src/lib/output/reports/members.ts'
import {renderMetaGroup} from '../../../../src/lib/output/reports/meta-group.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import {assertGolden} from '../../../support/golden.ts'
import {NOW, peer} from '../../../support/observations.ts'
import {asked, consumerSighting, jetStreamOf, look, node, raftNode, sighting} from '../../../support/report-looks.ts'

const SCREEN = {decorated: true, width: 80}
const PIPE = {decorated: false, width: Number.POSITIVE_INFINITY}

describe('reports as they are shown', () => {
  for (const [name, form] of [
    ['screen', SCREEN],
    ['records', PIPE],
  ] as const) {
    it(`on a ${name}`, () => {
      const world = aWorld()
      const rows = world.nodes.map(({target, jetStream}) =>
        serverRow(asked(target.name, jetStream), {metaLeader: 'n1', led: undefined}),
      )
      const parts = [
        renderListing(SERVER_COLUMNS, rows, form, NOW),
        renderMetaGroup(metaGroupOf(world), form, NOW),
        renderListing(REPORT_STREAM_COLUMNS, streamRows(world), form, NOW),
        renderListing(REPORT_CONSUMER_COLUMNS, consumerRows(world), form, NOW),
        renderListing(RAFT_COLUMNS, raftRows(world), form, NOW),
      ]
      const text = `${parts.join('\n\n')}\n`
      if (form.decorated) for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 80, line)
      assertGolden(`reports/${name}.txt`, text)
    })
  }

  it('have a column for every field of a CSV, once', () => {
    for (const columns of [SERVER_COLUMNS, REPORT_STREAM_COLUMNS, REPORT_CONSUMER_COLUMNS, RAFT_COLUMNS]) {
      const [header = ''] = renderCsv(columns as readonly ListingColumn<never>[], [])
      const keys = header.trim().split(',')
      assert.deepEqual(keys, [...new Set(keys)])
    }
  })

  it('say of members what is wrong with them, and nothing else', () => {
    const well = {node: 'n1', isLeader: true, presence: 'holds', behind: 0, current: null, offline: null} as const
    const members = [
      well,
      {...well, node: 'n2', isLeader: false, behind: 1200, current: true},
      {...well, node: 'n3', isLeader: false, presence: 'counted', behind: null, current: false, offline: true},
    ] as const
    assert.equal(membersInWords(members), 'n1*, n2 behind 1,200, n3 offline not current')
    assert.deepEqual(
      [memberTone(members), memberTone(members.slice(0, 2)), memberTone([well])],
      ['bad', 'warning', undefined],
    )
  })

  for (const width of [60, 70, 80, 100, 120]) {
    it(`show the member in trouble in ${width} columns, whatever the nodes are called`, () => {
      const names = ['nats-prod-node-1', 'nats-prod-node-2', 'nats-prod-node-3'] as const
      const [first, second, third] = names
      const replica = (holder: string) =>
        sighting('pivot_main', holder, {leader: first, others: holder === first ? [second, third] : []})
      const world = look([
        node(first, {streams: [replica(first), sighting('cache', first, {leader: first})]}),
        node(second, {streams: [replica(second)]}),
        node(third, {jetStream: unanswered('timeout', 'no answer within 5s', NOW)}),
      ])
      const style = {decorated: true, width}
      const streams = renderListing(REPORT_STREAM_COLUMNS, streamRows(world), style, NOW)
      const groups = renderListing(RAFT_COLUMNS, raftRows(world), style, NOW)
      for (const text of [streams, groups]) {
        assert.match(text, /pivot_main.* 1\*, 2, 3 silent\b/)
        for (const line of text.split('\n')) assert.ok(displayWidth(line) <= width, line)
      }
      assert.match(streams, /cache.* 1\*$/m)
      const records = renderListing(REPORT_STREAM_COLUMNS, streamRows(world), PIPE, NOW)
      assert.match(records, /\tnats-prod-node-1\*, nats-prod-node-2, nats-prod-node-3 silent$/m)
    })
  }

  it('shorten names up to a dash or dot that all nodes share, and no ghost', () => {
    const member = (name: string) =>
      ({node: name, isLeader: false, presence: 'holds', behind: 0, current: null, offline: null}) as const
    const short = (...names: string[]): string => {
      const row = {members: names.map(member)}
      return membersInShort([row])(row)
    }
    assert.equal(short('a-node-1', 'a-node-10', 'a-node-1b'), '1, 10, 1b')
    assert.equal(short('n1', 'n2'), 'n1, n2')
    assert.equal(short('a-node-1'), 'a-node-1')
    const row = {members: [member('a.1'), member('a.2'), {...member('other'), presence: 'ghost' as const}]}
    assert.equal(membersInShort([row])(row), '1, 2, other ghost')
  })

  it('say never of a peer that the meta leader has not heard since it leads', () => {
    const peers = [peer('n3', {activeMs: 0, current: false, offline: true})]
    const meta = {leader: 'n1', clusterSize: 2, pending: 0, peers}
    const world = look([node('n1', {changes: {meta}}), node('n3', {jetStream: unanswered('timeout', 'no', NOW)})])
    assert.match(renderMetaGroup(metaGroupOf(world), SCREEN, NOW), /^n3 +offline +never +0 /m)
  })

  it('say who is claimed where the meta group has no leader, and that there is none', () => {
    const disputed = look([node('n1', {meta: {leader: 'n1'}}), node('n2', {meta: {leader: 'n2'}})])
    assert.match(renderMetaGroup(metaGroupOf(disputed), SCREEN, NOW), /^meta group: leader disputed: n1, n2, /)
    assert.equal(renderMetaGroup(null, SCREEN, NOW), 'meta group: none (no cluster, or no node says)')
  })
})

/** n1 leads, n2 is behind, n3 is silent, a ghost is counted; one stream's name wants to harm the terminal. */
function aWorld(): Look {
  const meta = {leader: 'n1', others: ['n2', 'n3', 'renamed\u001b[2J']}
  const worker = (holder: string) =>
    consumerSighting('worker', 'n1', {
      numPending: 12_345,
      numAckPending: 7,
      replicas: 3,
      deliveredConsumerSeq: holder === 'n1' ? 50 : 40,
      others: holder === 'n1' ? ['n2', 'n3'] : [],
    })
  const orders = (holder: string, messages: number) =>
    sighting('orders', holder, {
      leader: 'n1',
      group: 'S-R3F-1',
      messages,
      others: holder === 'n1' ? ['n2', 'n3'] : [],
      consumers: [worker(holder)],
    })
  const raft = (state: string) => [raftNode('APP', 'S-R3F-1', {state}), raftNode('SYS', '_meta_', {state, term: 9})]
  const hostile = sighting('\u202eevil\u001b[31m流', 'n2', {leader: 'n2', messages: 1_234_567})
  const totals = {...jetStreamOf('n1').totals, streamsLed: 1, consumersLed: 1}
  return look([
    node('n1', {streams: [orders('n1', 100)], meta, raft: raft('LEADER'), changes: {totals}}),
    node('n2', {streams: [orders('n2', 88), hostile], meta, raft: raft('FOLLOWER')}),
    {...node('n3'), jetStream: unanswered('timeout', 'no answer within 5s', NOW), raft: answered([], NOW)},
  ])
}
