import {createHash} from 'node:crypto'
import type {Aws} from '../clients/ports.ts'
import type {ClusterContext} from '../context.ts'
import {type Answer, known, unanswered} from '../domain/answer.ts'
import type {
  AwsNodeObservation,
  ClusterObservation,
  HealthAnswer,
  Instance,
  JetStreamInfo,
  NodeObservation,
  ServerInfo,
} from '../domain/observation.ts'
import type {NodeTarget} from '../domain/settings.ts'

export type ObserveContext = Pick<ClusterContext, 'clock' | 'monitor' | 'settings'>

/**
 * One look at all nodes, every endpoint of every node at the same time. Never rejects because of a node: what did not
 * answer within the request's time limit is a problem in its place. Takes one time limit, and a second one for the
 * certificates of nodes that use TLS.
 */
export async function observeCluster(
  {clock, monitor: openMonitor, settings}: ObserveContext,
  nodes: readonly NodeTarget[],
): Promise<ClusterObservation> {
  const monitor = await openMonitor()
  const observeNode = async (target: NodeTarget): Promise<NodeObservation> => {
    const [server, health, jetStream, routes, raft] = await Promise.all([
      monitor.server(target),
      monitor.health(target),
      monitor.jetStream(target),
      monitor.routes(target),
      monitor.raft(target),
    ])
    const usesTls = settings.monitorScheme === 'https' || known(server)?.tlsRequired === true
    const certificateExpiresAt = usesTls ? await monitor.certificateExpiry(target) : undefined
    return asOneServer({
      target,
      peerId: peerIdOf(target.name),
      server: withLameDuck(server, known(health)),
      health,
      jetStream,
      routes,
      raft,
      ...(certificateExpiresAt !== undefined && {certificateExpiresAt}),
    })
  }
  return {cluster: settings.name, at: clock.now(), nodes: await Promise.all(nodes.map(observeNode))}
}

/** A server whose client port is closed says in /healthz that it is not ready for connections. */
function withLameDuck(server: Answer<ServerInfo>, health: HealthAnswer | undefined): Answer<ServerInfo> {
  const closed = health?.errors.some(({type}) => type === 'CONNECTION') ?? false
  return server.ok && closed ? {...server, value: {...server.value, lameDuck: true}} : server
}

/**
 * What a node said counts as its own only when one server process of the expected name said all of it. Where another
 * name answers (a wrong address, a forgotten rename), /varz stays for a finding and everything else is void; so it is
 * where the process changed while it was asked, for nobody knows which of the two said what.
 */
function asOneServer(node: NodeObservation): NodeObservation {
  const {target, server, jetStream, routes, raft} = node
  if (server.ok && server.value.name !== target.name) {
    return disown(node, `the server there calls itself ${server.value.name}`)
  }
  const ids = [server, jetStream, routes, raft].flatMap((answer) => (answer.ok ? (answer.serverId ?? []) : []))
  return new Set(ids).size > 1 ? disown(node, 'the server was restarted while it was asked') : node
}

function disown(node: NodeObservation, why: string): NodeObservation {
  const disowned = <T>(answer: Answer<T>): Answer<T> => (answer.ok ? unanswered('malformed', why, answer.at) : answer)
  return {
    ...node,
    health: disowned(node.health),
    jetStream: disowned<JetStreamInfo>(node.jetStream),
    routes: disowned(node.routes),
    raft: disowned(node.raft),
  }
}

/** RAFT peer id of a server: 8 characters from the hash of its name, so a renamed server is another peer. */
export function peerIdOf(serverName: string): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const hash = createHash('sha256').update(serverName).digest().subarray(0, 8)
  return [...hash].map((byte) => digits.charAt(byte % digits.length)).join('')
}

/** How many scaling activities of a group are read: the running ones and what led to them. */
const ACTIVITIES = 10

/**
 * AWS's view of the same nodes, in the same order. All groups and all instances are read in one call each; instances
 * are those of a group and those that bear the node's name tag. Rejects with the port's OpsError: half of AWS's view
 * is no view.
 */
export async function observeAws(
  {aws: openAws}: {readonly aws: () => Promise<Aws>},
  nodes: readonly NodeTarget[],
): Promise<readonly AwsNodeObservation[]> {
  if (nodes.length === 0) return []
  const aws = await openAws()
  const [autoScaling, ec2] = await Promise.all([aws.autoScaling(), aws.ec2()])
  const [groups, named] = await Promise.all([
    autoScaling.groups(nodes.map(({asg}) => asg)),
    ec2.instances({names: nodes.map(({instanceName}) => instanceName)}),
  ])
  const seen = new Set(named.map(({id}) => id))
  const unnamed = groups.flatMap(({instances}) => instances.map(({id}) => id)).filter((id) => !seen.has(id))
  const others: readonly Instance[] = unnamed.length > 0 ? await ec2.instances({ids: unnamed}) : []
  return Promise.all(
    nodes.map(async ({name, asg, instanceName}): Promise<AwsNodeObservation> => {
      const group = groups.find((one) => one.name === asg)
      const members = new Set(group?.instances.map(({id}) => id))
      // AWS refuses to tell the history of a group that does not exist.
      const [activities, refreshes] = group
        ? await Promise.all([autoScaling.activities(asg, ACTIVITIES), autoScaling.refreshes(asg)])
        : [[], []]
      const instances = [...named, ...others].filter(({id, name: tag}) => members.has(id) || tag === instanceName)
      return {node: name, group, activities, refreshes, instances}
    }),
  )
}
