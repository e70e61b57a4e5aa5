import assert from 'node:assert/strict'
import {
  filterConsumers,
  filterStreams,
  lacksSomething,
  matcherOf,
  missingName,
} from '../../../../src/lib/domain/reports/filters.ts'
import type {ConsumerRow, MemberRow, StreamRow} from '../../../../src/lib/domain/reports/rows.ts'

const MEMBER: MemberRow = {
  node: 'n1',
  isLeader: true,
  presence: 'holds',
  messages: 10,
  lastSeq: 10,
  behind: 0,
  current: null,
  offline: null,
  activeMs: null,
  lag: null,
}
const FOLLOWER: MemberRow = {...MEMBER, node: 'n2', isLeader: false, current: true, offline: false}
const STREAM = {
  stream: 'ORDERS',
  replicas: 2,
  leader: 'n1',
  members: [MEMBER, FOLLOWER],
  unacknowledged: null,
} as unknown as StreamRow
const CONSUMER = {...STREAM, consumer: 'worker', ackPending: 5, pending: 7} as unknown as ConsumerRow

describe('matcherOf', () => {
  it('takes * for any characters, ? for one, and everything else for itself', () => {
    const matching = (...patterns: readonly string[]) =>
      ['ORDERS', 'ORDERS-1', 'ORDERS-22', 'a.b', 'axb', 'größe', '[x]'].filter(matcherOf(patterns))
    assert.deepEqual(
      [
        matching(),
        matching('ORDERS'),
        matching('ORDERS*'),
        matching('ORDERS-?'),
        matching('a.b', '[x]'),
        matching('gr??e'),
        matching('**S*'),
        matching('x'),
      ],
      [
        ['ORDERS', 'ORDERS-1', 'ORDERS-22', 'a.b', 'axb', 'größe', '[x]'],
        ['ORDERS'],
        ['ORDERS', 'ORDERS-1', 'ORDERS-22'],
        ['ORDERS-1'],
        ['a.b', '[x]'],
        ['größe'],
        ['ORDERS', 'ORDERS-1', 'ORDERS-22'],
        [],
      ],
    )
  })
})

describe('missingName', () => {
  it('is the first name without a wildcard that is not there', () => {
    const names = new Set(['ORDERS'])
    assert.equal(missingName(['ORDERS', 'X*', '?'], names), undefined)
    assert.equal(missingName(['ORDERS', 'ORDER'], names), 'ORDER')
  })
})

describe('lacksSomething', () => {
  it('goes by what the replica holds, and by its leader where it does not say', () => {
    const cases: readonly [Partial<MemberRow>, boolean][] = [
      [{}, false],
      [{behind: 1}, true],
      [{behind: 0, current: false}, false],
      [{behind: null}, false],
      [{behind: null, presence: 'counted', current: false}, true],
      [{behind: null, presence: 'counted', offline: true}, true],
      [{presence: 'missing'}, true],
      [{presence: 'silent'}, true],
      [{presence: 'ghost'}, true],
    ]
    assert.deepEqual(
      cases.map(([change]) => lacksSomething({...FOLLOWER, ...change})),
      cases.map(([, lacks]) => lacks),
    )
  })
})

describe('filterStreams', () => {
  it('wants every condition that is given', () => {
    const isKept = (filter: Partial<Parameters<typeof filterStreams>[1]>, change: Partial<StreamRow> = {}): boolean =>
      filterStreams([{...STREAM, ...change}], {patterns: [], ...filter}).length === 1
    assert.deepEqual(
      [
        isKept({}),
        isKept({patterns: ['X*', 'ORD*']}),
        isKept({patterns: ['X*']}),
        isKept({leader: 'n1', replicas: 2}),
        isKept({leader: 'n2'}),
        isKept({leader: 'n1', replicas: 3}),
        isKept({behind: true}),
        isKept({behind: true}, {members: [MEMBER, {...FOLLOWER, behind: 3}]}),
        isKept({behind: true}, {leader: null}),
        isKept({unackedOver: 4}),
        isKept({unackedOver: 4}, {unacknowledged: 4}),
        isKept({unackedOver: 4}, {unacknowledged: 5}),
      ],
      [true, true, false, true, false, false, false, true, true, false, false, true],
    )
  })
})

describe('filterConsumers', () => {
  it('goes by its own name, unacknowledged and pending messages', () => {
    const isKept = (filter: Partial<Parameters<typeof filterConsumers>[1]>): boolean =>
      filterConsumers([CONSUMER], {patterns: [], ...filter}).length === 1
    assert.deepEqual(
      [
        {patterns: ['work*']},
        {patterns: ['ORDERS']},
        {unackedOver: 4},
        {unackedOver: 5},
        {pendingOver: 6},
        {pendingOver: 7},
      ].map(isKept),
      [true, false, true, false, true, false],
    )
  })
})
