import {type Answer, answered, unanswered} from '../../src/lib/domain/answer.ts'
import type {ClusterObservation, NodeObservation, StreamReplica} from '../../src/lib/domain/observation.ts'
import type {RollView, Subject} from '../../src/lib/domain/roll/view.ts'
import type {FakeCluster} from './fake-cluster.ts'

type Lens = (observation: ClusterObservation) => ClusterObservation

/** Two looks at a cluster in memory, three seconds apart, each bent as it is told. */
export function viewOf(
  cluster: FakeCluster,
  {earlier = same, later = same}: {earlier?: Lens; later?: Lens} = {},
): RollView {
  const before = earlier(cluster.observe())
  cluster.advance(3000)
  return {
    earlier: before,
    later: later(cluster.observe()),
    aws: answered(cluster.observeAws(), cluster.now),
    canary: unanswered('unsupported', 'there is no canary', cluster.now),
    addresses: cluster.addresses(),
    credentialsExpireAt: undefined,
    now: cluster.now,
  }
}

/** The replacement of c-node-3, with nothing accepted. */
export function subjectIn({targets: nodes}: Pick<FakeCluster, 'targets'>, changes: Partial<Subject> = {}): Subject {
  return {
    nodes,
    target: 'c-node-3',
    identity: undefined,
    targetIsDown: false,
    acceptedLoss: [],
    acceptsUnseen: false,
    targetWasSearched: false,
    ...changes,
  }
}

/** Changes what one node says. */
export function bending(name: string, change: (node: NodeObservation) => Partial<NodeObservation>): Lens {
  return (seen) => ({
    ...seen,
    nodes: seen.nodes.map((node) => (node.target.name === name ? {...node, ...change(node)} : node)),
  })
}

/** Changes what every node says of its streams. */
export function bendingStreams(change: (streams: readonly StreamReplica[]) => readonly StreamReplica[]): Lens {
  return (seen) => ({
    ...seen,
    nodes: seen.nodes.map((node) =>
      node.jetStream.ok
        ? {...node, jetStream: bent(node.jetStream, {streams: change(node.jetStream.value.streams)})}
        : node,
    ),
  })
}

export function bent<T>(answer: Answer<T>, change: Partial<T>): Answer<T> {
  return answer.ok ? {...answer, value: {...answer.value, ...change}} : answer
}

function same(observation: ClusterObservation): ClusterObservation {
  return observation
}
