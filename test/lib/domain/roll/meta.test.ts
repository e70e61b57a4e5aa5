import assert from 'node:assert/strict'
import {unanswered} from '../../../../src/lib/domain/answer.ts'
import type {MetaView, NodeObservation, RaftNode} from '../../../../src/lib/domain/observation.ts'
import {metaIsWhole} from '../../../../src/lib/domain/roll/meta.ts'
import type {Subject} from '../../../../src/lib/domain/roll/view.ts'
import {FakeCluster} from '../../../support/fake-cluster.ts'
import {bending, bent, subjectIn, viewOf} from '../../../support/roll-view.ts'

/** c-node-1 leads; all have committed and applied 100 entries. */
describe('I5, the meta group is whole', () => {
  const cluster = new FakeCluster()
  const subject = (changes: Partial<Subject> = {}): Subject => subjectIn(cluster, changes)
  const raft = (change: Partial<RaftNode>) => (node: NodeObservation) => ({
    raft: node.raft.ok ? {...node.raft, value: node.raft.value.map((group) => ({...group, ...change}))} : node.raft,
  })
  const meta = (change: Partial<MetaView>) => (node: NodeObservation) => {
    const before = node.jetStream.ok ? node.jetStream.value.meta : undefined
    return before ? {jetStream: bent(node.jetStream, {meta: {...before, ...change}})} : {}
  }
  const late = (name: string) => (node: NodeObservation) => {
    const peers = node.jetStream.ok ? node.jetStream.value.meta?.peers : undefined
    return meta({peers: peers?.map((peer) => (peer.name === name ? {...peer, current: false} : peer))})(node)
  }
  const reasons = (lenses: Parameters<typeof viewOf>[1], changes?: Partial<Subject>) =>
    metaIsWhole(viewOf(cluster, lenses), subject(changes)).reasons

  it('holds where every voter has applied what the leader had committed', () => {
    assert.deepEqual(reasons({}), [])
    assert.equal(metaIsWhole(viewOf(cluster), subject()).holds, true)
  })

  it('does not hold while a voter lags by its own word, whatever the leader says of it', () => {
    assert.deepEqual(reasons({later: bending('c-node-2', raft({applied: 12}))}), [
      'c-node-2 has applied 12 of the 100 entries of the meta group',
    ])
  })

  it('does not count what was committed after the earlier look', () => {
    assert.deepEqual(reasons({later: bending('c-node-1', raft({committed: 130, applied: 130}))}), [])
  })

  it('does not hold while the leader calls a voter not current, in both looks', () => {
    const both = {earlier: bending('c-node-1', late('c-node-2')), later: bending('c-node-1', late('c-node-2'))}
    assert.deepEqual(reasons(both), ['the meta leader c-node-1 calls c-node-2 not current'])
    assert.deepEqual(reasons({later: both.later}), [])
  })

  it('does not hold while the leader does not keep up with its requests', () => {
    const backlog = (pending: number) => bending('c-node-1', meta({pending}))
    assert.deepEqual(reasons({earlier: backlog(150), later: backlog(180)}), [
      'the meta leader c-node-1 does not keep up: 150 requests waited in the earlier look, 180 do now',
    ])
    assert.deepEqual(reasons({earlier: backlog(3), later: backlog(180)}), [])
  })

  it('does not hold where the leader changed between the looks, or a node does not tell how far it is', () => {
    const other = (node: NodeObservation) => meta({leader: 'c-node-2'})(node)
    const before = (seen: Parameters<ReturnType<typeof bending>>[0]) =>
      cluster.targets.reduce((bentSeen, {name}) => bending(name, other)(bentSeen), seen)
    const moved = reasons({
      earlier: (seen) =>
        bending('c-node-2', (node) => meta({peers: peersOf(seen)})(node))(
          before(bending('c-node-1', meta({peers: undefined}))(seen)),
        ),
    })
    assert.deepEqual(moved, ['the meta leader changed from c-node-2 to c-node-1 in between'])
    const mute = bending('c-node-2', (node) => ({raft: node.raft.ok ? {...node.raft, value: []} : node.raft}))
    assert.deepEqual(reasons({later: mute}), ['c-node-2 does not tell how far its meta group is'])
  })

  it('does not hold where the earlier look does not tell how far the leader was, or who led', () => {
    const late = bending('c-node-2', raft({applied: 12}))
    for (const earlier of [
      bending('c-node-1', () => ({raft: unanswered('timeout', 'no answer', 0)})),
      bending('c-node-1', (node) => ({raft: node.raft.ok ? {...node.raft, value: []} : node.raft})),
    ])
      assert.deepEqual(reasons({earlier, later: late}), [
        'the meta leader c-node-1 did not tell in the earlier look how far its group was',
      ])
    const divided = bending('c-node-3', meta({leader: 'c-node-2'}))
    assert.deepEqual(reasons({earlier: divided}), ['there was no meta leader all agreed on in the earlier look'])
  })

  it('asks nothing of a node that is away on purpose, nor of a server too old to tell', () => {
    const behind = {later: bending('c-node-3', raft({applied: 0}))}
    assert.deepEqual(reasons(behind), ['c-node-3 has applied 0 of the 100 entries of the meta group'])
    assert.deepEqual(reasons(behind, {targetIsDown: true}), [])
    const old = bending('c-node-2', () => ({raft: unanswered('unsupported', 'no /raftz', 0)}))
    assert.deepEqual(reasons({earlier: old, later: old}), [])
  })

  function peersOf(seen: Parameters<ReturnType<typeof bending>>[0]) {
    const [first] = seen.nodes
    const peers = first?.jetStream.ok ? first.jetStream.value.meta?.peers : undefined
    return peers?.map((peer) => (peer.name === 'c-node-2' ? {...peer, name: 'c-node-1', peerId: 'c-node-1'} : peer))
  }
})
