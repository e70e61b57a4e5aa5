import assert from 'node:assert/strict'
import type {StreamAsset} from '../../../../src/lib/domain/assets.ts'
import {type Copy, config, type Extent, onSecond, stream, verdicts} from '../../../support/judged-replicas.ts'
import {peer} from '../../../support/observations.ts'

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
    const interest = (owed: number | undefined, first: Extent, second: Extent, undelivered?: number): StreamAsset =>
      stream({n1: first, n2: second}, {...config({retention: 'interest'}), owed, undelivered})

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
      const lost = interest(200, [500, 1, 1010], [95, 800, 1010], 200)
      assert.match(onSecond(interest(90, [500, 1, 1000], [80, 800, 1000]), lost), /^n2 diverged 0: lacks 105 or more/)
    })

    it('in motion calls behind what lacks messages that were delivered: their acknowledgements may be lost', () => {
      const before = interest(90, [500, 1, 1000], [80, 800, 1000], 0)
      const unacknowledged = interest(200, [500, 1, 1010], [95, 800, 1010], 95)
      assert.match(onSecond(before, unacknowledged), /^n2 behind 105: lacks 105 or more unacknowledged messages$/)
      assert.match(onSecond(before, interest(200, [500, 1, 1010], [95, 800, 1010], 120)), /^n2 diverged 0: lacks 25 /)
    })
  })

  it('has nothing to compare the only replica with, but says when it is silent', () => {
    const alone = stream({n1: [7, 1, 7]}, {replicas: 1})
    assert.deepEqual(verdicts(undefined, alone), ['n1 single 0: the only replica'])
    const gone = stream({n1: {}}, {replicas: 1})
    assert.deepEqual(verdicts(alone, gone), ['n1 silent 0: the node did not answer in full'])
  })
})
