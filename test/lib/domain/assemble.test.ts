import assert from 'node:assert/strict'
import {assembleAssets} from '../../../src/lib/domain/assemble.ts'
import type {ClusterObservation, PeerView, StreamReplica} from '../../../src/lib/domain/observation.ts'
import {healthyObservation, peer} from '../../support/observations.ts'

type Edit = (replica: StreamReplica, node: string) => StreamReplica | undefined

/** The healthy cluster with the stream `orders` of every node edited, or removed. */
function edited(edit: Edit, complete: (node: string) => boolean | 'silent' = () => true): ClusterObservation {
  const observation = healthyObservation()
  return {
    ...observation,
    nodes: observation.nodes.map((node) => {
      const {jetStream, target} = node
      const whole = complete(target.name)
      if (!jetStream.ok || whole === 'silent') {
        return {...node, jetStream: {ok: false, problem: {kind: 'timeout', detail: ''}, at: 0}}
      }
      const streams = jetStream.value.streams.flatMap((replica) => edit(replica, target.name) ?? [])
      return {...node, jetStream: {...jetStream, value: {...jetStream.value, streams, complete: whole}}}
    }),
  }
}

function members(observation: ClusterObservation): readonly string[] {
  return (assembleAssets(observation)[0]?.members ?? []).map(({node, presence}) => `${node} ${presence}`)
}

function withPeers(replica: StreamReplica, peers: readonly PeerView[]): StreamReplica {
  return {...replica, group: {...replica.group, peers}}
}

describe('assembling assets', () => {
  it('makes one asset of three replicas, its consumer another', () => {
    const assets = assembleAssets(healthyObservation())
    assert.deepEqual(
      assets.map(({kind, account, stream, leader, claimedLeaders, replicas, storage, members: all}) => ({
        kind,
        account,
        stream,
        leader,
        claimedLeaders,
        replicas,
        storage,
        members: all.map(({node, presence, leaderView}) => [node, presence, leaderView?.name]),
      })),
      (['stream', 'consumer'] as const).map((kind) => ({
        kind,
        account: 'APP',
        stream: 'orders',
        leader: 'n2',
        claimedLeaders: ['n2'],
        replicas: 3,
        storage: 'file' as const,
        members: [
          ['n1', 'holds', 'n1'],
          ['n2', 'holds', undefined],
          ['n3', 'holds', 'n3'],
        ],
      })),
    )
  })

  it('misses a replica only on a node that answered in full', () => {
    const without: Edit = (replica, node) => (node === 'n3' ? undefined : replica)
    assert.deepEqual(members(edited(without)), ['n1 holds', 'n2 holds', 'n3 missing'])
    assert.deepEqual(members(edited(without, (node) => node !== 'n3')), ['n1 holds', 'n2 holds', 'n3 silent'])
    assert.deepEqual(members(edited(without, (node) => node !== 'n3' || 'silent')), [
      'n1 holds',
      'n2 holds',
      'n3 silent',
    ])
  })

  it('takes the members from any holder while the leader is silent, but nobody for what they are like', () => {
    const counted = edited(
      (replica, node) =>
        withPeers(
          replica,
          ['n1', 'n2', 'n3'].filter((name) => name !== node).map((name) => peer(name)),
        ),
      (node) => node !== 'n2' || 'silent',
    )
    const [asset] = assembleAssets(counted)
    assert.equal(asset?.leader, 'n2')
    assert.deepEqual(members(counted), ['n1 holds', 'n2 silent', 'n3 holds'])
    assert.deepEqual(
      asset?.members.map(({leaderView}) => leaderView),
      [undefined, undefined, undefined],
    )
  })

  it('knows a peer nobody can name by its id, and calls one that is none of ours a ghost', () => {
    const unnamed = (peerId: string) => peer(`Server name unknown at this time (peerID: ${peerId})`, {peerId})
    const observation = edited((replica, node) => {
      if (node === 'n3') return undefined
      return node === 'n2' ? withPeers(replica, [peer('n1'), unnamed('ID3'), unnamed('OLD'), peer('n9')]) : replica
    })
    const nodes = observation.nodes.map((node, index) => ({...node, peerId: `ID${index + 1}`}))
    assert.deepEqual(members({...observation, nodes}), [
      'Server name unknown at this time (peerID: OLD) ghost',
      'n1 holds',
      'n2 holds',
      'n3 missing',
      'n9 ghost',
    ])
  })

  it('has no leader where two are claimed, or where the claimed one says otherwise', () => {
    const claim = (node: string, leader: string | undefined): ClusterObservation =>
      edited((replica, at) => (at === node ? {...replica, group: {...replica.group, leader}} : replica))
    const summary = (observation: ClusterObservation) => {
      const [asset] = assembleAssets(observation)
      return [asset?.leader, asset?.claimedLeaders]
    }
    assert.deepEqual(summary(claim('n1', 'n3')), [undefined, ['n2', 'n3']])
    assert.deepEqual(summary(claim('n2', undefined)), [undefined, ['n2']])
    assert.deepEqual(summary(claim('n1', undefined)), ['n2', ['n2']])
    assert.deepEqual(summary(edited((replica) => ({...replica, group: {...replica.group, leader: undefined}}))), [
      undefined,
      [],
    ])
  })

  it('tells accounts of one name apart by id, and streams of one name by account', () => {
    const observation = edited((replica, node) => ({...replica, accountId: node === 'n3' ? 'B' : 'A'}))
    assert.deepEqual(
      assembleAssets(observation).map(({kind, accountId, members: all}) => [
        kind,
        accountId,
        all.map(({node}) => node),
      ]),
      [
        ['stream', 'A', ['n1', 'n2', 'n3']],
        ['consumer', 'A', ['n1', 'n2', 'n3']],
        ['stream', 'B', ['n2', 'n3']],
        ['consumer', 'B', ['n2', 'n3']],
      ],
    )
  })

  it('says how much an interest stream owes its consumers and never delivered, by their leaders', () => {
    const owing = (numPending: number, leader: string | undefined) =>
      edited((replica) => ({
        ...replica,
        consumers: replica.consumers.flatMap((consumer) => [
          {...consumer, numPending, numAckPending: 3, group: {...consumer.group, leader}},
          {...consumer, name: 'other', numPending: 1},
        ]),
      }))
    const owed = (observation: ClusterObservation) => {
      const [asset] = assembleAssets(observation)
      return asset?.kind === 'stream' ? [asset.owed, asset.undelivered] : 'no stream'
    }
    const limits = edited((replica) => ({...replica, config: {...replica.config, retention: 'limits'}}))
    assert.deepEqual(owed(owing(40, 'n2')), [43, 40])
    assert.deepEqual(owed(owing(40, undefined)), [undefined, undefined])
    assert.deepEqual(owed(edited((replica) => ({...replica, consumers: []}))), [0, 0])
    assert.deepEqual(owed(limits), [undefined, undefined])
  })

  it('finds each node’s own RAFT state of the group', () => {
    const observation = healthyObservation()
    const raft = {
      account: 'APP',
      group: 'S-orders',
      state: 'FOLLOWER',
      leader: 'n2',
      size: 3,
      term: 1,
      committed: 9,
      applied: 9,
      catchingUp: true,
      writeError: undefined,
      paused: false,
      peers: [],
    }
    const nodes = observation.nodes.map((node) =>
      node.target.name === 'n3' ? {...node, raft: {ok: true, value: [raft], at: 0} as const} : node,
    )
    const [asset] = assembleAssets({...observation, nodes})
    assert.deepEqual(
      asset?.members.map((member) => member.raft?.catchingUp),
      [undefined, undefined, true],
    )
  })
})
