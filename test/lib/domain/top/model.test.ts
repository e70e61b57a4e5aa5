import assert from 'node:assert/strict'
import {unanswered} from '../../../../src/lib/domain/answer.ts'
import type {ClusterObservation} from '../../../../src/lib/domain/observation.ts'
import type {ConnectionRow} from '../../../../src/lib/domain/reports/rows.ts'
import {rateOf, type TopLook} from '../../../../src/lib/domain/top/look.ts'
import {advance} from '../../../../src/lib/domain/top/model.ts'
import {extendTrend} from '../../../../src/lib/domain/top/rows.ts'
import {addStream, type Bend, bendAll, bendNode, bendServer, bendStream, silence} from '../../../support/bends.ts'
import {healthyObservation, NOW, testSettings} from '../../../support/observations.ts'

const same: Bend = (observation) => observation

function lookAt(seconds: number, bend: Bend = same, connections?: readonly ConnectionRow[]): TopLook {
  const at = NOW + seconds * 1000
  const observation: ClusterObservation = bend(healthyObservation(testSettings(), at))
  return {observation, connections: connections && {at, rows: connections, cannotSee: []}, warnings: []}
}

/** The model after these looks, two seconds apart. */
function modelAfter(...bends: readonly Bend[]) {
  const [first = same, ...rest] = bends
  return rest.reduce(
    (model, bend, index) => advance(model, lookAt(2 * (index + 1), bend)),
    advance(undefined, lookAt(0, first)),
  )
}

const lastSeq =
  (node: string, sequence: number): Bend =>
  (observation) =>
    bendStream('orders', node, (replica) => ({...replica, state: {...replica.state, lastSeq: sequence}}))(observation)

const everywhere = (sequence: number): Bend =>
  bendAll(lastSeq('n1', sequence), lastSeq('n2', sequence), lastSeq('n3', sequence))

describe('the model of the live view', () => {
  it('has no rates after one look', () => {
    const {nodes, streams, consumers, totals, metaLeader} = modelAfter(same)
    assert.deepEqual(
      nodes.map(({node, state, inMessages, trend}) => [node, state, inMessages, trend]),
      ['n1', 'n2', 'n3'].map((node) => [node, 'ok', null, [null]]),
    )
    assert.deepEqual([streams[0]?.row.stored, consumers[0]?.row.delivered], [null, null])
    assert.deepEqual([totals.inMessages, totals.slowConsumers, metaLeader], [null, 0, 'n1'])
  })

  it('takes rates by the clock of the server itself', () => {
    const {nodes, totals} = modelAfter(same, bendServer('n2', {inMsgs: 5300, inBytes: 500_900, now: NOW + 3000}))
    assert.deepEqual(
      nodes.map(({inMessages, inBytes}) => [inMessages, inBytes]),
      [
        [0, 0],
        [100, 300],
        [0, 0],
      ],
    )
    assert.equal(totals.inMessages, 100)
  })

  it('shows a restart as one, with no rate for that look and new ones after it', () => {
    const restarted = bendServer('n2', {id: 'OTHER', inMsgs: 10, outMsgs: 10})
    const later = bendServer('n2', {id: 'OTHER', inMsgs: 30, outMsgs: 10})
    const [, first] = modelAfter(same, restarted).nodes
    assert.deepEqual([first?.state, first?.inMessages, first?.trend], ['restarted', null, [null, null]])
    const [, second] = modelAfter(same, restarted, later).nodes
    assert.deepEqual([second?.state, second?.inMessages, second?.trend], ['ok', 10, [null, null, 10]])
  })

  it('shows a node that does not answer as down, and sums up the others', () => {
    const {nodes, totals} = modelAfter(same, bendAll(silence('n3'), bendServer('n1', {inMsgs: 5200})))
    assert.deepEqual(
      [nodes[2]?.state, nodes[2]?.why, nodes[2]?.connections, totals.inMessages, totals.connections],
      ['down', 'connection refused by n3.test:8222', null, 100, 8],
    )
  })

  it('calls a node whose /jsz did not come unwell, and says what the others take for the meta leader', () => {
    const mute = (name: string): Bend =>
      bendNode(name, (node) => ({...node, jetStream: unanswered('timeout', 'no complete answer within 5s', NOW)}))
    const {nodes, metaLeader, metaClaims} = modelAfter(same, mute('n1'))
    assert.deepEqual([nodes[0]?.state, nodes[0]?.why], ['unwell', 'jsz: no complete answer within 5s'])
    assert.deepEqual([metaLeader, metaClaims], [null, ['n1']])
    assert.equal(modelAfter(same, bendAll(mute('n1'), mute('n2'), mute('n3'))).metaClaims, null)
  })

  it('counts slow consumers that are new', () => {
    const {nodes, totals} = modelAfter(bendServer('n1', {slowConsumers: 2}), bendServer('n1', {slowConsumers: 5}))
    assert.deepEqual([nodes[0]?.slowConsumers, nodes[0]?.newSlowConsumers, totals.slowConsumers], [5, 3, 5])
  })

  it('says how fast a stream stores, across a change of its leader', () => {
    const moved = (leader: string): Bend =>
      bendAll(
        ...['n1', 'n2', 'n3'].map((node) =>
          bendStream('orders', node, (replica) => ({...replica, group: {...replica.group, leader}})),
        ),
      )
    const [stream] = modelAfter(same, bendAll(everywhere(1500), moved('n3'))).streams
    assert.deepEqual([stream?.row.leader, stream?.row.stored, stream?.row.trend], ['n3', 250, [null, 250]])
  })

  it('has no rate for a stream that was created anew', () => {
    const [stream] = modelAfter(everywhere(1000), everywhere(10)).streams
    assert.deepEqual([stream?.row.stored, stream?.row.trend], [null, [null, null]])
  })

  it('names the replica that is behind, and by how many messages', () => {
    const [stream] = modelAfter(everywhere(2000), bendAll(everywhere(2000), lastSeq('n3', 1200))).streams
    assert.deepEqual([stream?.row.state, stream?.row.bad, stream?.row.behind], ['n3 behind', true, 800])
  })

  it('keeps trends apart by account, stream and consumer', () => {
    const grown = bendAll(addStream('other', {messages: 10}), everywhere(1200))
    const {streams} = modelAfter(addStream('other', {messages: 10}), grown)
    assert.deepEqual(
      streams.map(({row}) => [row.stream, row.trend]),
      [
        ['orders', [null, 100]],
        ['other', [null, 0]],
      ],
    )
  })

  describe('connections', () => {
    const connection = (changes: Partial<ConnectionRow>): ConnectionRow => ({
      server: 'n1',
      id: 7,
      kind: 'Client',
      name: 'worker',
      account: 'APP',
      accountId: 'APP',
      user: null,
      ip: '10.0.0.9',
      port: 4000,
      language: 'go',
      version: '1',
      subscriptions: 1,
      pendingBytes: 0,
      inMessages: 100,
      outMessages: 50,
      inBytes: 1000,
      outBytes: 500,
      rttMs: 1,
      slow: false,
      stalls: null,
      uptimeSeconds: 60,
      idleSeconds: 0,
      ...changes,
    })
    const rates = (before: Partial<ConnectionRow>, now: Partial<ConnectionRow>) => {
      const model = advance(undefined, lookAt(0, same, [connection(before)]))
      const [row] = advance(model, lookAt(2, same, [connection(now)])).connections
      return [row?.row.toServer, row?.row.fromServer]
    }

    it('have rates between two looks', () => {
      assert.deepEqual(rates({}, {inMessages: 120, outMessages: 50, uptimeSeconds: 62}), [10, 0])
    })

    it('have none where the same number is another connection', () => {
      assert.deepEqual(rates({}, {inMessages: 5000, uptimeSeconds: 1}), [null, null])
      assert.deepEqual(rates({server: 'n2'}, {inMessages: 5000, uptimeSeconds: 62}), [null, null])
    })

    it('are none after a look that did not ask for them', () => {
      const model = advance(undefined, lookAt(0, same, [connection({})]))
      assert.deepEqual(advance(model, lookAt(2)).connections, [])
    })
  })
})

describe('rates and trends', () => {
  it('have no rate without a counter, without time, or where the counter fell', () => {
    assert.deepEqual(
      [
        rateOf(1, 5, 2),
        rateOf(5, 5, 2),
        rateOf(5, 1, 2),
        rateOf(1, 5, 0),
        rateOf(undefined, 5, 2),
        rateOf(1, 5, undefined),
      ],
      [2, 0, null, null, null, null],
    )
  })

  it('keep the last twenty', () => {
    let trend = extendTrend(undefined, null)
    for (let rate = 1; rate <= 30; rate += 1) trend = extendTrend(trend, rate)
    assert.deepEqual([trend.length, trend[0], trend.at(-1)], [20, 11, 30])
  })
})
