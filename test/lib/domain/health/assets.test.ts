import assert from 'node:assert/strict'
import {answered, unanswered} from '../../../../src/lib/domain/answer.ts'
import type {
  JetStreamInfo,
  MetaView,
  NodeObservation,
  RaftNode,
  StreamReplica,
} from '../../../../src/lib/domain/observation.ts'
import {
  addStream,
  type Bend,
  bendAll,
  bendJetStream,
  bendNode,
  bendServer,
  bendStream,
  silence,
} from '../../../support/bends.ts'
import {NOW, peer, testSettings} from '../../../support/observations.ts'
import {assetsOf, findingsOf} from './lines.ts'

const nodes = ['n1', 'n2', 'n3']
const everyReplica = (name: string, change: (replica: StreamReplica) => StreamReplica | undefined): Bend =>
  bendAll(...nodes.map((node) => bendStream(name, node, change)))
const stored = (lastSeq: number): Bend =>
  bendStream('orders', 'n3', (replica) => ({...replica, state: {...replica.state, messages: lastSeq, lastSeq}}))
const leaderless: Bend = everyReplica('orders', (replica) => ({
  ...replica,
  group: {...replica.group, leader: undefined, peers: []},
}))

const withoutJetStream = (node: NodeObservation): NodeObservation => ({
  ...node,
  jetStream: unanswered('timeout', 'no complete answer', NOW),
})

describe('health of streams and consumers', () => {
  it('is critical for a stream without a leader, said once and not of every replica', () => {
    assert.deepEqual(findingsOf({bend: leaderless}), ['critical | asset-leaderless | - | no leader: 1 stream: orders'])
  })

  it('lets a stream that is only just being made have no leader yet', () => {
    const made = bendAll(
      addStream('fresh', {createdAt: NOW}),
      everyReplica('fresh', (replica) => ({...replica, group: {...replica.group, leader: undefined, peers: []}})),
    )
    assert.deepEqual(findingsOf({bendLater: made}), [])
  })

  it('lets the replicas of a stream that is only just being made come one after the other', () => {
    const made = bendAll(
      addStream('fresh', {createdAt: NOW, consumers: [{name: 'worker'}]}),
      bendStream('fresh', 'n3', () => undefined),
    )
    assert.deepEqual(findingsOf({bendLater: made}), [])
  })

  it('does not take for new what nobody told of in the earlier look', () => {
    const untold = bendAll(...nodes.map((name) => bendNode(name, withoutJetStream)))
    assert.deepEqual(findingsOf({bendEarlier: untold}), [
      'warning | replica-unproven | n1,n2,n3 | replicas cannot be compared: 1 stream and 1 consumer: orders, orders > worker (seen for the first time, there is no earlier state to judge by)',
    ])
    const [finding] = findingsOf({bendEarlier: untold, bend: bendStream('orders', 'n3', () => undefined)})
    assert.equal(
      finding,
      'warning | replica-missing | n3 | has no replica of 1 stream and 1 consumer: orders, orders > worker',
    )
  })

  it('does not take for new what a cluster that has just started had not loaded in the earlier look', () => {
    const empty = (changes: Partial<JetStreamInfo>): Bend =>
      bendAll(...nodes.map((name) => bendJetStream(name, () => ({streams: [], ...changes}))))
    const unled = (meta: MetaView | undefined) => meta && {...meta, leader: undefined, peers: undefined}
    const withoutLeader = bendAll(...nodes.map((name) => bendJetStream(name, ({meta}) => ({meta: unled(meta)}))))
    for (const bendEarlier of [
      empty({enabled: false, meta: undefined}),
      bendAll(empty({}), withoutLeader),
      empty({}),
    ]) {
      assert.deepEqual(findingsOf({bendEarlier, bendLater: bendAll(leaderless, stored(0))}), [
        'critical | asset-leaderless | - | no leader: 1 stream: orders',
        'warning | replica-unproven | n1,n2,n3 | replicas cannot be compared: 1 consumer: orders > worker (seen for the first time, there is no earlier state to judge by)',
      ])
      assert.deepEqual(findingsOf({bendEarlier, bendLater: stored(0)}), [
        'warning | replica-unproven | n1,n2,n3 | replicas cannot be compared: 1 stream and 1 consumer: orders, orders > worker (seen for the first time, there is no earlier state to judge by)',
      ])
    }
  })

  it('takes for new only what was told to be absent, whatever its own time says', () => {
    const made = addStream('fresh', {createdAt: NOW})
    for (const untold of [{enabled: false}, {complete: false}, {meta: undefined}]) {
      const [finding] = findingsOf({bendEarlier: bendJetStream('n3', () => untold), bendLater: made}).filter((line) =>
        line.includes('fresh'),
      )
      assert.match(finding ?? 'none', /^warning \| replica-unproven \| .*: fresh/, Object.keys(untold).join())
    }
  })

  it("knows by the servers' clocks what is new, not by its own", () => {
    const at = (now: number): Bend => bendAll(...nodes.map((name) => bendServer(name, {now})))
    const late = NOW - 3_600_000
    assert.deepEqual(findingsOf({bendEarlier: at(late), bendLater: addStream('fresh', {createdAt: late - 9000})}), [])
    const old = findingsOf({bendEarlier: at(late), bendLater: addStream('old', {createdAt: late - 11_000})})
    assert.ok(old[0]?.startsWith('warning | replica-unproven | n1,n2,n3 |'), old.join())
  })

  it('says of a lame duck, whose JetStream is off, neither that its replicas are missing nor that a stream is gone', () => {
    const bend = addStream('audit', {replicas: 1, leader: 'n3'})
    const duck = bendAll(
      bendServer('n3', {lameDuck: true}),
      bendJetStream('n3', () => ({enabled: false, streams: [], meta: undefined})),
    )
    assert.deepEqual(findingsOf({bend, bendLater: duck}), [
      'warning | group-at-risk | n3 | one more loss stops 1 stream and 1 consumer: orders, orders > worker (2 of 3 members proven)',
      'warning | lame-duck | n3 | runs with its client port and JetStream closed',
    ])
  })

  it('takes a leader that denies it in both looks for none, in one look for a change', () => {
    const denied = bendStream('orders', 'n2', (replica) => ({...replica, group: {...replica.group, leader: undefined}}))
    assert.deepEqual(findingsOf({bend: denied}), ['critical | asset-leaderless | - | no leader: 1 stream: orders'])
    assert.deepEqual(findingsOf({bendLater: denied}), [
      'warning | asset-leader-disputed | - | no agreement on the leader: 1 stream: orders',
    ])
  })

  it('reports a leader the members do not agree on', () => {
    const disputed = bendStream('orders', 'n3', (replica) => ({...replica, group: {...replica.group, leader: 'n1'}}))
    assert.deepEqual(findingsOf({bend: disputed}), [
      'warning | asset-leader-disputed | - | no agreement on the leader: 1 stream: orders',
    ])
  })

  it('does not believe a leader that calls an empty replica current', () => {
    assert.deepEqual(findingsOf({bend: stored(0)}), [
      'warning | replica-behind | n3 | is behind in 1 stream: orders; orders holds up to 0 of 1000',
    ])
  })

  it('says of a node in catch-up once how much it lacks, however many streams it holds', () => {
    const names = Array.from({length: 200}, (_, index) => `s${index + 1}`)
    const bend = bendAll(
      ...names.map((name) => addStream(name)),
      ...names.map((name) =>
        bendStream(name, 'n3', (replica) => ({...replica, state: {...replica.state, messages: 400, lastSeq: 400}})),
      ),
    )
    assert.deepEqual(findingsOf({bend}), [
      'warning | replica-behind | n3 | is behind in 200 streams: s1, s2, s3 and 197 more; s1 holds up to 400 of 1000',
    ])
    assert.equal(assetsOf('replica-behind', {bend}).length, 200, 'the whole list is in the finding')
  })

  it('reports a replica that is not there, though the leader counts it', () => {
    assert.deepEqual(findingsOf({bend: bendStream('orders', 'n3', () => undefined)}), [
      'warning | replica-missing | n3 | has no replica of 1 stream and 1 consumer: orders, orders > worker',
    ])
  })

  it('is critical when a replica holds what the leader does not', () => {
    const [finding, ...others] = findingsOf({bend: stored(1005)})
    assert.match(finding ?? '', /^critical \| replica-diverged \| n[23](,n3)? \| holds other data than the leader/)
    assert.deepEqual(
      others.filter((line) => !line.includes('replica-diverged')),
      [],
    )
  })

  it('does not call replicas proven when the leader changed between the looks', () => {
    const ledByN1 = everyReplica('orders', (replica) => ({
      ...replica,
      group: {...replica.group, leader: 'n1', peers: [peer('n2'), peer('n3')]},
    }))
    const [finding] = findingsOf({bendEarlier: ledByN1})
    assert.equal(
      finding,
      'warning | replica-unproven | n1,n2,n3 | replicas cannot be compared: 1 stream: orders (the leader changed from n1 to n2 in between)',
    )
  })

  it('says nothing of a consumer that came between the looks', () => {
    assert.deepEqual(
      findingsOf({bendLater: addStream('new', {createdAt: NOW, consumers: [{name: 'c', durable: false}]})}),
      [],
    )
  })

  it('reports a stream that went between the looks', () => {
    assert.deepEqual(findingsOf({bendEarlier: addStream('gone')}), [
      'warning | asset-vanished | - | gone between two looks: 1 stream: gone',
    ])
  })

  it('is critical when a group has lost one replica and another lacks data', () => {
    const findings = findingsOf({bend: bendAll(silence('n1'), stored(10))})
    assert.deepEqual(
      findings.filter((line) => line.includes('below-quorum')),
      ['critical | group-below-quorum | n1,n3 | no majority proven for 1 stream: orders (1 of 3 members proven)'],
    )
  })

  it('warns of a consumer with too much pending, once, by what its leader says', () => {
    const pending = (count: number): Bend =>
      everyReplica('orders', (replica) => ({
        ...replica,
        consumers: replica.consumers.map((each) => ({...each, numPending: count})),
      }))
    assert.deepEqual(findingsOf({bend: pending(10_000)}), [])
    assert.deepEqual(findingsOf({bend: pending(10_001)}), [
      'warning | consumer-pending | - | 1 consumer far behind: orders > worker has 10,001 pending (limit 10,000)',
    ])
  })

  it('is critical when a node cannot write', () => {
    const raft: RaftNode = {
      account: 'APP',
      group: 'S-orders',
      state: 'FOLLOWER',
      leader: 'n2',
      size: 3,
      term: 1,
      committed: 1,
      applied: 1,
      catchingUp: false,
      writeError: 'no space left on device',
      paused: false,
      peers: [],
    }
    assert.deepEqual(findingsOf({bend: bendNode('n3', (node) => ({...node, raft: answered([raft], NOW)}))}), [
      'critical | store-write-error | n3 | cannot write: no space left on device; 1 stream: orders',
    ])
  })
})

describe('health of placement', () => {
  it('tells of single replicas: streams, and durable consumers of replicated streams', () => {
    const bend = bendAll(
      addStream('cache', {replicas: 1, leader: 'n3', consumers: [{name: 'of-cache'}]}),
      addStream('events', {
        consumers: [
          {name: 'lonely', replicas: 1},
          {name: 'passing', replicas: 1, durable: false},
        ],
      }),
    )
    const given = {bend}
    assert.deepEqual(
      findingsOf(given).filter((line) => line.includes('single')),
      ['info | single-replica | n1,n2,n3 | one replica only: 1 stream and 1 consumer: cache, events > lonely'],
    )
    assert.deepEqual(assetsOf('single-replica', given), ['cache', 'events > lonely'])
  })

  it('tells of streams that are in memory only', () => {
    assert.deepEqual(findingsOf({bend: addStream('live', {storage: 'memory'})}), [
      'info | memory-stream | n1,n2,n3 | kept in memory only: 1 stream: live',
    ])
  })

  it('warns of more replicas than nodes', () => {
    const two = testSettings(2)
    const bend = addStream('wide', {replicas: 3, holders: ['n1', 'n2']})
    assert.deepEqual(
      findingsOf({settings: two, bend}).filter((line) => line.includes('wide')),
      [
        'warning | replica-unplaced | - | fewer members than replicas configured: 1 stream: wide',
        'warning | replicas-above-nodes | - | more replicas than the 2 nodes of the cluster: 1 stream: wide',
      ],
    )
  })

  it('warns of a group that lost a member for good', () => {
    const bend = addStream('short', {replicas: 3, holders: ['n1', 'n2']})
    assert.deepEqual(findingsOf({bend}), [
      'warning | replica-unplaced | - | fewer members than replicas configured: 1 stream: short',
    ])
  })

  it('names a ghost that a stream counts', () => {
    const bend = bendStream('orders', 'n2', (replica) => ({
      ...replica,
      group: {...replica.group, peers: [peer('n1'), peer('n9', {offline: true})]},
    }))
    assert.deepEqual(
      findingsOf({bend}).filter((line) => line.includes('n9')),
      [
        'warning | group-at-risk | n9 | one more loss stops 1 stream: orders (3 of 4 members proven)',
        'warning | ghost-peer | n9 | is counted by 1 stream, and is none of the nodes',
      ],
    )
  })
})
