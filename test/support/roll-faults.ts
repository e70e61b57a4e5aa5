import type {ClusterObservation, JetStreamInfo, NodeObservation} from '../../src/lib/domain/observation.ts'
import type {State} from '../../src/lib/domain/roll/algorithm.ts'
import type {FakeClusterOptions} from './fake-cluster/state.ts'
import {FakeCluster} from './fake-cluster.ts'
import {type RigOptions, RollRig} from './fake-roll.ts'

/**
 * Faults by the numbers of the table in docs/roll-safety.md, on a cluster in memory. Those that depend on how real
 * servers behave are in test/integration as well.
 */

export function makeRig(options: RigOptions = {}, cluster: FakeClusterOptions = {}): RollRig {
  return new RollRig(new FakeCluster(cluster), options)
}

/** Calls once, as the roll enters the state for the first time. */
export function atState(rig: RollRig, state: State, strike: (node: string | undefined) => void): void {
  rig.onEvent = (event) => {
    if (event.type !== 'state' || event.state !== state) return
    rig.onEvent = undefined
    strike(event.node)
  }
}

/** A launch that waits for its hook. */
export function stuck(node: Bent): Bent {
  const {group} = node
  const instances = group?.instances.map((instance) => ({...instance, lifecycle: 'Pending:Wait'}))
  return group && instances ? {...node, group: {...group, instances}} : node
}

/** The last message is there, many before it are not. */
export function withHole(node: NodeObservation): NodeObservation {
  if (!node.jetStream.ok) return node
  const streams = node.jetStream.value.streams.map((each) => ({
    ...each,
    state: {...each.state, messages: each.state.messages - 1000, numDeleted: 1000},
  }))
  return {...node, jetStream: {...node.jetStream, value: {...node.jetStream.value, streams}}}
}

/** A server that was never told of the meta group: it is in it, and knows of no stream. */
export function withoutMeta(node: NodeObservation): NodeObservation {
  const {jetStream, raft} = node
  if (!jetStream.ok || !raft.ok) return node
  return {
    ...node,
    jetStream: {...jetStream, value: {...jetStream.value, streams: []}},
    raft: {...raft, value: raft.value.map((group) => ({...group, applied: 0, committed: 0, catchingUp: true}))},
  }
}

type Bent = ReturnType<FakeCluster['observeAws']>[number]

export function bendGroup(rig: RollRig, change: Partial<NonNullable<Bent['group']>>): void {
  rig.awsLens = (nodes) => nodes.map((node) => (node.group ? {...node, group: {...node.group, ...change}} : node))
}

/** Of every group, or of one node's. */
export function bendInstance(
  rig: RollRig,
  change: Partial<NonNullable<Bent['group']>['instances'][number]>,
  name?: string,
): void {
  rig.awsLens = (nodes) =>
    nodes.map((node) =>
      node.group && (name === undefined || node.node === name)
        ? {
            ...node,
            group: {...node.group, instances: node.group.instances.map((instance) => ({...instance, ...change}))},
          }
        : node,
    )
}

/** Changes what one node says of its JetStream. */
export function bendJetStream(
  seen: ClusterObservation,
  name: string,
  change: Partial<JetStreamInfo>,
): ClusterObservation {
  return {
    ...seen,
    nodes: seen.nodes.map((node) =>
      node.target.name === name && node.jetStream.ok
        ? {...node, jetStream: {...node.jetStream, value: {...node.jetStream.value, ...change}}}
        : node,
    ),
  }
}
