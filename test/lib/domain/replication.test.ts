import assert from 'node:assert/strict'
import type {ConsumerAsset, ConsumerMember, StreamAsset, StreamMember} from '../../../src/lib/domain/assets.ts'
import type {RaftNode, StreamState} from '../../../src/lib/domain/observation.ts'
import {judgeAsset, judgeReplication} from '../../../src/lib/domain/replication.ts'
import {healthyObservation, peer} from '../../support/observations.ts'

type Extent = readonly [messages: number, firstSeq: number, lastSeq: number]
interface Copy {
  readonly holds?: Extent
  readonly presence?: StreamMember['presence']
  readonly view?: StreamMember['leaderView'] | 'none'
  readonly catchingUp?: boolean
}

/** A stream with the copies given, led by n1 and in motion unless said otherwise. */
function stream(copies: Readonly<Record<string, Copy | Extent>>, changes: Partial<StreamAsset> = {}): StreamAsset {
  return {
    kind: 'stream',
    account: 'APP',
    stream: 'orders',
    replicas: Object.keys(copies).length,
    storage: 'file',
    group: 'S-R3F-1',
    leader: 'n1',
    claimedLeaders: ['n1'],
    config: {
      subjects: ['orders'],
      retention: 'limits',
      storage: 'file',
      replicas: 3,
      maxBytes: -1,
      maxMsgs: -1,
      isMirror: false,
      hasSources: false,
    },
    members: Object.entries(copies).map(([node, given]): StreamMember => {
      const copy: Copy = isExtent(given) ? {holds: given} : given
      const {holds, presence = holds ? 'holds' : 'silent', view, catchingUp} = copy
      return {
        node,
        presence,
        leaderView: node === 'n1' || view === 'none' ? undefined : (view ?? peer(node)),
        raft: catchingUp === undefined ? undefined : ({catchingUp} as RaftNode),
        state: holds && state(holds),
      }
    }),
    ...changes,
  }
}

function isExtent(value: Copy | Extent): value is Extent {
  return Array.isArray(value)
}

function state([messages, firstSeq, lastSeq]: Extent): StreamState {
  return {messages, firstSeq, lastSeq, bytes: messages, consumerCount: 0, numDeleted: 0}
}

const config = (changes: Partial<StreamAsset['config']>): Partial<StreamAsset> => ({
  config: {...stream({}).config, ...changes},
})

/** `node verdict behindBy: reason` of every member. */
function verdicts(...[earlier, later]: Parameters<typeof judgeAsset>): readonly string[] {
  return judgeAsset(earlier, later).map(
    ({node, verdict, behindBy, reason}) => `${node} ${verdict} ${behindBy}: ${reason}`,
  )
}

/** The verdict on n2 only, with its reason. */
function onSecond(...[earlier, later]: Parameters<typeof judgeAsset>): string {
  return verdicts(earlier, later)[1] ?? 'none'
}

describe('judging the replicas of a stream', () => {
  it('calls caught up whoever holds later all that the leader held earlier, however much was written since', () => {
    const earlier = stream({n1: [100, 1, 100], n2: [90, 1, 90], n3: [100, 1, 100]})
    const later = stream({n1: [500, 1, 500], n2: [100, 1, 100], n3: [480, 1, 480]})
    assert.deepEqual(verdicts(earlier, later), [
      'n1 caught-up 0: leads, holds up to 500',
      'n2 caught-up 0: holds all up to 100',
      'n3 caught-up 0: holds all up to 100',
    ])
  })

  it('calls behind whoever does not, though the leader calls it current without lag', () => {
    const earlier = stream({n1: [100, 1, 100], n2: [0, 0, 0], n3: [100, 1, 100]})
    const later = stream({n1: [100, 1, 100], n2: [99, 1, 99], n3: [100, 1, 100]})
    assert.deepEqual(onSecond(earlier, later), 'n2 behind 1: holds up to 99 of 100')
    assert.deepEqual(onSecond(earlier, earlier), 'n2 behind 100: holds up to 0 of 100')
  })

  it('tells missing, silent and ghost copies apart', () => {
    const copies = {
      n1: [7, 1, 7],
      n2: {presence: 'missing'},
      n3: {presence: 'silent'},
      n4: {presence: 'ghost'},
    } as const
    assert.deepEqual(verdicts(stream(copies), stream(copies)), [
      'n1 caught-up 0: leads, holds up to 7',
      'n2 missing 7: the node has no such replica',
      'n3 silent 0: the node did not answer in full',
      'n4 unknown 0: the group counts a peer that is none of the expected nodes',
    ])
  })

  it('knows nothing without one leader that answered both times and led the same group', () => {
    const good = stream({n1: [7, 1, 7], n2: [7, 1, 7]})
    const cases: [StreamAsset | undefined, StreamAsset, string][] = [
      [undefined, good, 'seen for the first time, there is no earlier state to judge by'],
      [good, {...good, leader: undefined, claimedLeaders: []}, 'there is no leader'],
      [
        good,
        {...good, leader: undefined, claimedLeaders: ['n1', 'n2']},
        'the replicas disagree about the leader: n1, n2',
      ],
      [{...good, leader: 'n3'}, good, 'the leader changed from n3 to n1 in between'],
      [{...good, leader: undefined}, good, 'the leader changed from none to n1 in between'],
      [{...good, group: 'S-R3F-0'}, good, 'it was created anew in between'],
      [good, stream({n1: {}, n2: [7, 1, 7]}), 'the leader n1 did not answer in full'],
      [stream({n1: {}, n2: [7, 1, 7]}), good, 'the leader n1 did not answer in full'],
    ]
    for (const [earlier, later, reason] of cases) assert.equal(onSecond(earlier, later), `n2 unknown 0: ${reason}`)
  })

  it('calls diverged what differs from the leader while neither moves', () => {
    for (const holds of [
      [6, 1, 7],
      [6, 2, 7],
      [8, 1, 8],
    ] as const) {
      const still = stream({n1: [7, 1, 7], n2: holds})
      assert.match(onSecond(still, still), /^n2 diverged 0: /)
    }
    const still = stream({n1: [7, 1, 7], n2: [6, 2, 7]})
    assert.equal(
      onSecond(still, still),
      'n2 diverged 0: holds 6 messages from 2 to 7, the leader 7 messages from 1 to 7, and neither moves',
    )
  })

  it('leaves replicas be that delete at different moments', () => {
    const earlier = stream({n1: [50, 51, 100], n2: [60, 41, 100]})
    const later = stream({n1: [50, 71, 120], n2: [55, 61, 115]})
    assert.equal(onSecond(earlier, later), 'n2 caught-up 0: holds all up to 100')
  })

  it('proves a hole in motion by the first message the leader still has', () => {
    const earlier = stream({n1: [100, 1, 100], n2: [50, 51, 100]})
    const later = stream({n1: [1100, 1, 1100], n2: [1050, 51, 1100]})
    assert.equal(onSecond(earlier, later), 'n2 diverged 0: lacks 50 or more of the messages up to 1100')
    const many = stream({n1: [99_100, 1, 99_100], n2: [99_099, 2, 99_100]})
    assert.equal(
      onSecond(stream({n1: [100, 1, 100], n2: [99, 2, 100]}), many),
      'n2 diverged 0: lacks 1 or more of the messages up to 99100',
    )
  })

  it('proves a hole in motion by the number of messages', () => {
    const earlier = stream({n1: [1000, 1, 1000], n2: [900, 1, 1000]})
    const later = stream({n1: [1010, 1, 1010], n2: [910, 1, 1010]})
    assert.equal(onSecond(earlier, later), 'n2 diverged 0: lacks 100 or more of the messages up to 1010')
  })

  it('does not count on what lost messages between the two looks, and proves it with the next', () => {
    const whole = stream({n1: [1000, 1, 1000], n2: [1000, 1, 1000]})
    const holed = stream({n1: [1010, 1, 1010], n2: [710, 1, 1010]})
    const lacks = 'lacks 300 of the messages up to 1010, which it held in the earlier look'
    assert.equal(onSecond(whole, holed), `n2 behind 300: ${lacks}`)
    assert.match(onSecond(holed, holed), /^n2 diverged/)
    const deleting = stream({n1: [990, 21, 1010], n2: [985, 26, 1010]})
    assert.match(onSecond(whole, deleting), /^n2 caught-up/)
  })

  it('takes no acknowledgement for a loss: its delete may come in between the answers of one look', () => {
    const published = stream({n1: [0, 10, 9], n2: [0, 10, 9]}, config({retention: 'workqueue'}))
    const acknowledged = stream({n1: [1, 10, 10], n2: [0, 11, 10]}, config({retention: 'workqueue'}))
    assert.match(onSecond(published, acknowledged), /^n2 caught-up/)
    const whole = stream({n1: [1000, 1, 1000], n2: [1000, 1, 1000]}, config({retention: 'workqueue'}))
    const holed = stream({n1: [1010, 1, 1010], n2: [710, 1, 1010]}, config({retention: 'workqueue'}))
    assert.match(onSecond(holed, holed), /^n2 diverged/)
    assert.match(onSecond(whole, holed), /^n2 caught-up/, 'the next look proves it')
  })

  it('calls no hole what has healed since, nor what deletes explain', () => {
    const healed = stream({n1: [1010, 1, 1010], n2: [1010, 1, 1010]})
    assert.match(onSecond(stream({n1: [1000, 1, 1000], n2: [900, 1, 1000]}), healed), /^n2 caught-up/)
    const purged = stream({n1: [5, 1006, 1010], n2: [0, 1006, 1005]})
    assert.match(onSecond(stream({n1: [1000, 1, 1000], n2: [1000, 1, 1000]}), purged), /^n2 caught-up/)
  })

  it('distrusts a leader that holds less than it did, or than another did', () => {
    const fell = verdicts(stream({n1: [100, 1, 100], n2: [100, 1, 100]}), stream({n1: [0, 0, 0], n2: [100, 1, 100]}))
    assert.deepEqual(fell, [
      "n1 diverged 0: the leader's last sequence fell from 100 to 0",
      'n2 diverged 0: holds up to 100, the leader only up to 0',
    ])
    const empty = stream({n1: [0, 0, 0], n2: [100, 1, 100]})
    assert.deepEqual(verdicts(empty, empty), [
      'n1 diverged 0: leads with 0, but n2 holds up to 100',
      'n2 diverged 0: holds up to 100, the leader only up to 0',
    ])
  })

  it('takes the word of RAFT and of the leader against a replica, never for it', () => {
    const copy = {holds: [7, 1, 7] as const}
    const judged = (second: Copy): string => {
      const asset = stream({n1: [7, 1, 7], n2: second})
      return onSecond(asset, asset)
    }
    assert.equal(judged({...copy, catchingUp: true}), 'n2 behind 0: holds all up to 7, but its RAFT log is catching up')
    assert.equal(judged({...copy, view: 'none'}), 'n2 unknown 0: holds all up to 7, but the leader does not count it')
    assert.equal(
      judged({...copy, view: peer('n2', {offline: true})}),
      'n2 unknown 0: holds all up to 7, but the leader says it is offline',
    )
    assert.equal(judged({...copy, view: peer('n2', {current: false, lag: 9})}), 'n2 caught-up 0: holds all up to 7')
  })

  it('compares expiring streams by their end only, unless they begin alike', () => {
    const judged = (second: Extent): string => {
      const asset = stream({n1: [50, 51, 100], n2: second}, config({expires: true}))
      return onSecond(asset, asset)
    }
    assert.match(judged([60, 41, 100]), /^n2 caught-up/)
    assert.match(judged([40, 61, 100]), /^n2 caught-up/)
    assert.match(judged([49, 51, 100]), /^n2 diverged/)
    const moved = stream({n1: [60, 51, 110], n2: [10, 101, 110]}, config({expires: true}))
    assert.match(onSecond(stream({n1: [50, 51, 100], n2: [0, 101, 100]}), moved), /^n2 caught-up/)
  })

  describe('of interest retention', () => {
    const interest = (owed: number | undefined, first: Extent, second: Extent): StreamAsset =>
      stream({n1: first, n2: second}, {...config({retention: 'interest'}), owed})

    it('at rest calls them equal where nothing is owed to a consumer, whatever has stayed behind', () => {
      const asset = interest(0, [12, 5, 100], [40, 2, 100])
      assert.match(onSecond(asset, asset), /^n2 caught-up/)
    })

    it('at rest calls diverged what has fewer than is owed, behind what cannot be told', () => {
      const lost = interest(12, [12, 5, 100], [11, 6, 100])
      assert.match(onSecond(lost, lost), /^n2 diverged 0: .*consumers wait for 12$/)
      const doubtful = interest(12, [12, 5, 100], [14, 3, 100])
      assert.match(onSecond(doubtful, doubtful), /^n2 behind 0: .*not all of it is acknowledged$/)
      const untold = interest(undefined, [12, 5, 100], [14, 3, 100])
      assert.match(onSecond(untold, untold), /^n2 behind 0: /)
    })

    it('in motion asks for what is owed only', () => {
      const moved = interest(90, [500, 1, 1010], [95, 800, 1010])
      assert.match(onSecond(interest(90, [500, 1, 1000], [80, 800, 1000]), moved), /^n2 caught-up/)
      const lost = interest(200, [500, 1, 1010], [95, 800, 1010])
      assert.match(onSecond(interest(90, [500, 1, 1000], [80, 800, 1000]), lost), /^n2 diverged 0: lacks 105 or more/)
    })
  })

  it('has nothing to compare the only replica with, but says when it is silent', () => {
    const alone = stream({n1: [7, 1, 7]}, {replicas: 1})
    assert.deepEqual(verdicts(undefined, alone), ['n1 single 0: the only replica'])
    const gone = stream({n1: {}}, {replicas: 1})
    assert.deepEqual(verdicts(alone, gone), ['n1 silent 0: the node did not answer in full'])
  })
})

describe('judging the replicas of a consumer', () => {
  interface Position {
    readonly ack: number
    readonly delivered: number
    readonly deliveries?: number
    readonly streamFirst?: number
  }
  const consumer = (copies: Readonly<Record<string, Position>>): ConsumerAsset => ({
    kind: 'consumer',
    account: 'APP',
    stream: 'orders',
    consumer: 'worker',
    replicas: 3,
    storage: 'file',
    group: 'C-R3F-1',
    leader: 'n1',
    claimedLeaders: ['n1'],
    members: Object.entries(copies).map(
      ([node, {ack, delivered, deliveries = delivered, streamFirst}]): ConsumerMember => ({
        node,
        presence: 'holds',
        leaderView: node === 'n1' ? undefined : peer(node),
        raft: undefined,
        streamFirstSeq: streamFirst,
        state: {
          name: 'worker',
          durable: true,
          replicas: 3,
          storage: 'file',
          deliveredConsumerSeq: deliveries,
          deliveredStreamSeq: delivered,
          ackFloorStreamSeq: ack,
          numPending: 0,
          numAckPending: 0,
          numRedelivered: 0,
          numWaiting: 0,
          ackPolicy: 'explicit',
          paused: false,
          group: {name: 'C-R3F-1', leader: 'n1', leaderSince: undefined, peers: []},
        },
      }),
    ),
  })

  it('asks for the acks and deliveries the leader had earlier', () => {
    const earlier = consumer({n1: {ack: 80, delivered: 100}, n2: {ack: 0, delivered: 0}})
    const judged = (second: Position): string =>
      onSecond(earlier, consumer({n1: {ack: 180, delivered: 200}, n2: second}))
    assert.equal(judged({ack: 80, delivered: 100}), 'n2 caught-up 0: ack floor 80, delivered 100 in 100 deliveries')
    assert.equal(
      judged({ack: 79, delivered: 100}),
      'n2 behind 1: ack floor 79, delivered 100 in 100 deliveries, the leader had ack floor 80, delivered 100 in 100 deliveries',
    )
    assert.equal(
      judged({ack: 80, delivered: 90}),
      'n2 behind 10: ack floor 80, delivered 90 in 90 deliveries, the leader had ack floor 80, delivered 100 in 100 deliveries',
    )
  })

  it('does not wait for an acknowledgement that a server lost, once later deliveries have arrived', () => {
    const earlier = consumer({n1: {ack: 80, delivered: 100}, n2: {ack: 20, delivered: 100}})
    const later = consumer({n1: {ack: 180, delivered: 200}, n2: {ack: 20, delivered: 101}})
    assert.equal(onSecond(earlier, later), 'n2 caught-up 0: ack floor 20, delivered 101 in 101 deliveries')
    assert.match(onSecond(earlier, earlier), /^n2 behind 60/)
  })

  it('calls diverged what differs while neither moves, and knows a reset from a loss', () => {
    const still = consumer({n1: {ack: 80, delivered: 100}, n2: {ack: 90, delivered: 100}})
    assert.match(onSecond(still, still), /^n2 diverged 0: ack floor 90/)
    const reset = consumer({n1: {ack: 10, delivered: 10}, n2: {ack: 10, delivered: 10}})
    assert.match(onSecond(still, reset), /^n2 caught-up/)
  })

  it('overlooks what a leader moves without telling the others', () => {
    const purged = consumer({
      n1: {ack: 100, delivered: 100, streamFirst: 101},
      n2: {ack: 3, delivered: 50, deliveries: 100, streamFirst: 101},
    })
    assert.match(onSecond(purged, purged), /^n2 caught-up/)
    const overshot = consumer({n1: {ack: 120, delivered: 100}, n2: {ack: 100, delivered: 100}})
    assert.match(onSecond(overshot, overshot), /^n2 caught-up/)
    const fresh = consumer({n1: {ack: 0, delivered: 50, deliveries: 0}, n2: {ack: 0, delivered: 0}})
    assert.match(onSecond(fresh, fresh), /^n2 caught-up/)
  })
})

describe('judging two observations', () => {
  it('has one verdict for every replica of a healthy cluster', () => {
    const verdictsOf = judgeReplication(healthyObservation(), healthyObservation())
    assert.deepEqual(
      verdictsOf.map(
        ({asset, node, verdict}) => `${asset.kind} ${asset.stream} ${asset.consumer ?? '-'} ${node} ${verdict}`,
      ),
      ['stream orders -', 'consumer orders worker'].flatMap((asset) =>
        ['n1', 'n2', 'n3'].map((node) => `${asset} ${node} caught-up`),
      ),
    )
  })

  it('misses what no node lists any more, and says silent where its holders do not answer', () => {
    const earlier = healthyObservation()
    const emptied = {
      ...earlier,
      nodes: earlier.nodes.map((node) => ({
        ...node,
        jetStream: node.jetStream.ok
          ? {...node.jetStream, value: {...node.jetStream.value, streams: []}}
          : node.jetStream,
      })),
    }
    assert.deepEqual(
      judgeReplication(earlier, emptied).map(({asset, node, verdict, behindBy}) => [
        asset.kind,
        node,
        verdict,
        behindBy,
      ]),
      (['stream', 'consumer'] as const).flatMap((kind) =>
        ['n1', 'n2', 'n3'].map((node) => [kind, node, 'missing', 1000]),
      ),
    )
    const silent = {
      ...earlier,
      nodes: earlier.nodes.map((node) => ({
        ...node,
        jetStream: {ok: false, problem: {kind: 'timeout', detail: ''}, at: 0} as const,
      })),
    }
    assert.deepEqual([...new Set(judgeReplication(earlier, silent).map(({verdict}) => verdict))], ['silent'])
  })
})
