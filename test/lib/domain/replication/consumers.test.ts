import assert from 'node:assert/strict'
import type {ConsumerAsset, ConsumerMember} from '../../../../src/lib/domain/assets.ts'
import {onSecond} from '../../../support/judged-replicas.ts'
import {peer} from '../../../support/observations.ts'

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
    createdAt: undefined,
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
          createdAt: 0,
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
