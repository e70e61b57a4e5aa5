/** A server's /jsz, as far as it says who holds what. */
export interface JetStreamView {
  readonly meta_cluster?: {readonly leader?: string}
  readonly account_details?: readonly {
    readonly name: string
    readonly stream_detail?: readonly StreamView[]
  }[]
}

interface StreamView {
  readonly name: string
  readonly config?: {readonly retention?: string}
  readonly cluster?: ClusterView
  readonly state: {readonly last_seq: number; readonly messages: number}
  readonly consumer_detail?: readonly ConsumerView[]
}

interface ConsumerView {
  readonly name: string
  readonly cluster?: ClusterView
  /** True of the consumer's own leader only. */
  readonly num_pending?: number
  readonly num_ack_pending?: number
}

interface ClusterView {
  readonly leader?: string
  readonly replicas?: readonly {readonly name: string}[]
}

export interface NodeView {
  readonly node: string
  readonly jetStream: JetStreamView | undefined
}

/** `single`: the only copy goes; `behind`: another replica lacks what the leader had; `leaderless`, `silent`: unknown. */
export interface Violation {
  readonly kind: 'single' | 'behind' | 'leaderless' | 'silent'
  readonly what: string
}

/**
 * What would be at stake if a node lost its store now: every stream and consumer it holds must have all its other
 * replicas, each holding by its own account at least what the leader held when it was asked before: up to the same
 * sequence, and as many messages as matter (an old server may feed a replica only in part). On purpose not the
 * roll's own code, and simpler: it is what the roll is measured against.
 */
export function judgeTermination(
  target: string,
  before: readonly NodeView[],
  now: readonly NodeView[],
): readonly Violation[] {
  const others = now.filter(({node}) => node !== target)
  const violations: Violation[] = others
    .filter(({jetStream}) => jetStream === undefined)
    .map(({node}) => ({kind: 'silent', what: `${node} does not say what it holds`}))
  if (now.length > 1 && !others.some(({jetStream}) => jetStream?.meta_cluster?.leader)) {
    violations.push({kind: 'leaderless', what: 'nobody knows a meta leader'})
  }
  const earlier = copiesOf(before)
  const present = copiesOf(now)
  for (const [name, copies] of present) {
    const leader = copies.map(({leader}) => leader).find((one) => one !== undefined && one !== '')
    const led = copies.find(({node}) => node === leader) ?? copies[0]
    const members = new Set([...copies.map(({node}) => node), ...(led?.members ?? [])])
    if (!members.has(target)) continue
    if (members.size === 1) violations.push({kind: 'single', what: `${name} is on ${target} alone`})
    else if (leader === undefined) violations.push({kind: 'leaderless', what: `${name} has no leader`})
    const watermark = watermarkOf(earlier.get(name) ?? [], leader)
    // What was acknowledged meanwhile may have gone from all of them. A consumer whose lead has changed may wait for
    // acknowledgements that were lost, of messages that nobody holds any more.
    const held = Math.min(watermark.messages, led?.messages ?? 0)
    const fewest = Math.min(mattering(earlier.get(name) ?? []), mattering(copies), held) - IN_FLIGHT
    for (const member of members) {
      if (member === target) continue
      const own = copies.find(({node}) => node === member)
      const has = own === undefined ? 'nothing' : `${own.messages} messages up to ${own.lastSequence}`
      const isBehind = own === undefined || own.lastSequence < watermark.lastSequence || own.messages < fewest
      if (!isBehind) continue
      const had = `${watermark.messages} up to ${watermark.lastSequence}`
      violations.push({kind: 'behind', what: `${member} has ${has} of ${name}, the leader had ${had}`})
    }
  }
  return violations
}

interface Copy {
  readonly node: string
  readonly leader: string | undefined
  readonly members: readonly string[]
  /** 0 for a consumer: only that it is there is asked. */
  readonly lastSequence: number
  readonly messages: number
  /**
   * How many messages every replica must have, as far as this node can tell: what its leader holds; where
   * acknowledged messages go, which some replicas keep for longer than others, what consumers still wait for.
   */
  readonly mattering: number
}

/** Messages that come and go between two questions, a few milliseconds apart. */
const IN_FLIGHT = 5

/** Every copy each node holds by its own account, by asset. */
function copiesOf(views: readonly NodeView[]): ReadonlyMap<string, readonly Copy[]> {
  const assets = new Map<string, Copy[]>()
  for (const {node, jetStream} of views) {
    const add = (name: string, cluster: ClusterView | undefined, held: Omit<Copy, 'node' | 'leader' | 'members'>) => {
      const members = cluster ? [cluster.leader ?? '', ...(cluster.replicas ?? []).map((one) => one.name)] : [node]
      const leader = cluster ? cluster.leader : node
      const copy = {...held, node, leader, members: members.filter((member) => member !== '')}
      assets.set(name, [...(assets.get(name) ?? []), copy])
    }
    for (const {name: account, stream_detail: streams = []} of jetStream?.account_details ?? []) {
      for (const stream of streams) {
        const {name, cluster, state, consumer_detail: consumers = []} = stream
        const held = {lastSequence: state.last_seq, messages: state.messages}
        add(`${account}/${name}`, cluster, {...held, mattering: matteringOf(node, stream)})
        const nothing = {lastSequence: 0, messages: 0, mattering: 0}
        for (const consumer of consumers) add(`${account}/${name}/${consumer.name}`, consumer.cluster, nothing)
      }
    }
  }
  return assets
}

function matteringOf(node: string, {config, cluster, state, consumer_detail: consumers = []}: StreamView): number {
  const isLeader = cluster === undefined || cluster.leader === node
  if ((config?.retention ?? 'limits') === 'limits') return isLeader ? state.messages : 0
  const led = consumers.filter((consumer) => consumer.cluster === undefined || consumer.cluster.leader === node)
  return Math.max(0, ...led.map(({num_pending = 0, num_ack_pending = 0}) => num_pending + num_ack_pending))
}

function mattering(copies: readonly Copy[]): number {
  return Math.max(0, ...copies.map((copy) => copy.mattering))
}

/** The leader's own; where it does not answer, the most that anybody has. */
function watermarkOf(
  copies: readonly Copy[],
  leader: string | undefined,
): {readonly lastSequence: number; readonly messages: number} {
  const own = copies.find(({node}) => node === leader)
  if (own) return own
  return {
    lastSequence: Math.max(0, ...copies.map(({lastSequence}) => lastSequence)),
    messages: Math.max(0, ...copies.map(({messages}) => messages)),
  }
}
