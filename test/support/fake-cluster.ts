import type {AwsNodeObservation, ClusterObservation} from '../../src/lib/domain/observation.ts'
import type {NodeTarget} from '../../src/lib/domain/settings.ts'
import {awsViewOf} from './fake-cluster/aws-view.ts'
import {nodeViewOf} from './fake-cluster/server-view.ts'
import {
  ELECTION_MS,
  type FakeClusterOptions,
  type FakeNode,
  type FakeState,
  type FakeStream,
  isBehind,
  isMajorityUp,
  lacks,
  lacksAny,
  nodeOf,
  serves,
} from './fake-cluster/state.ts'
import {liveStream} from './fake-cluster/stream-life.ts'

/**
 * A small working cluster in memory: servers with stores that follow their leaders, elections, wiped nodes that catch
 * up, Auto Scaling groups that replace what is terminated. Time is virtual; everything happens in `advance`.
 */
export class FakeCluster implements FakeState {
  readonly nodes: FakeNode[]
  readonly streams: FakeStream[]
  readonly targets: readonly NodeTarget[]
  metaLeader: string | undefined
  /** Requests that the meta leader leaves waiting. */
  metaPending = 0
  now = 1_700_000_000_000
  /** AWS does not answer natsops (credentials, network). */
  awsAnswers = true
  /** Launches are held back. */
  launches = true
  readonly terminated: string[] = []
  /** What must never be: filled by the oracles. */
  readonly violations: string[] = []
  readonly #syncPerSecond: number
  readonly #bootMs: number
  readonly #lastGone = new Map<string, string>()
  #ids = 0
  #metaSince: number | undefined

  constructor({
    nodes = 3,
    streams = [{name: 'orders', perSecond: 50, stored: 5000}],
    syncPerSecond = 2000,
    bootMs = 8000,
  }: FakeClusterOptions = {}) {
    this.#syncPerSecond = syncPerSecond
    this.#bootMs = bootMs
    const names = Array.from({length: nodes}, (_, index) => `c-node-${index + 1}`)
    this.targets = names.map((name) => ({
      name,
      host: `${name}.c.internal`,
      clientPort: 4222,
      monitorPort: 8222,
      asg: `${name}-asg`,
      instanceName: name,
    }))
    this.streams = streams.map(({name, perSecond, stored, on = [1, 2, 3]}, index) => {
      const replicas = on.map((n) => names[n - 1]!)
      return {
        name,
        replicas,
        leader: replicas[index % replicas.length],
        acknowledged: stored,
        perSecond,
        leaderless: undefined,
      }
    })
    this.nodes = names.map((name) => ({
      name,
      serverId: `S${++this.#ids}`,
      startedAt: this.now - 3_600_000,
      version: '2.15.1',
      server: 'up' as const,
      instance: {id: `i-${++this.#ids}`, ip: `10.0.0.${this.#ids}`, lifecycle: 'InService' as const, dueAt: 0},
      visible: true,
      store: new Map(
        this.streams
          .filter(({replicas}) => replicas.includes(name))
          .map((stream) => [stream.name, stream.acknowledged]),
      ),
      frozen: false,
      silentSince: undefined,
    }))
    this.metaLeader = names[0]
  }

  node(name: string): FakeNode {
    return nodeOf(this, name)
  }

  /** Nodes that do not serve, or lack something that was acknowledged. */
  unsound(): readonly string[] {
    return this.nodes.filter((node) => node.server !== 'up' || lacksAny(this, node)).map(({name}) => name)
  }

  /** Nodes that are down or on their way out, or lack anything at all: the cluster may not be able to spare another. */
  weakened(): readonly string[] {
    const isWhole = (node: FakeNode): boolean =>
      node.server === 'up' &&
      node.instance.lifecycle === 'InService' &&
      this.streams.every((stream) => !stream.replicas.includes(node.name) || !isBehind(node, stream))
    return this.nodes.filter((node) => !isWhole(node)).map(({name}) => name)
  }

  advance(ms: number): void {
    const end = this.now + ms
    while (this.now < end) {
      const step = Math.min(500, end - this.now)
      this.now += step
      this.#tick(step)
    }
  }

  terminate(id: string): boolean {
    const node = this.nodes.find(({instance}) => instance.id === id && instance.lifecycle === 'InService')
    if (!node) return false
    for (const other of this.nodes) {
      if (other.name === node.name) continue
      if (other.server !== 'up') this.violations.push(`${id} was terminated while ${other.name} was ${other.server}`)
      for (const stream of this.streams) {
        if (!stream.replicas.includes(other.name) || !stream.replicas.includes(node.name)) continue
        if (lacks(other, stream)) this.violations.push(`${id} was terminated while ${other.name} lacked ${stream.name}`)
      }
    }
    this.terminated.push(id)
    this.#take(node)
    return true
  }

  /** The group does it by itself, as after a failed status check. */
  replaceByItself(name: string): void {
    const node = this.node(name)
    if (node.instance.lifecycle === 'InService') this.#take(node)
  }

  stop(name: string): void {
    const node = this.node(name)
    for (const other of this.unsound())
      if (other !== name) this.violations.push(`${name} was stopped while ${other} was not sound`)
    node.server = 'stopped'
    node.silentSince = this.now
  }

  start(name: string): boolean {
    const node = this.node(name)
    if (node.instance.lifecycle !== 'InService') return false
    if (node.server !== 'up') this.#boot(node)
    return true
  }

  stepDown(name: string, preferred: string | undefined): void {
    const stream = this.streams.find((entry) => entry.name === name)
    if (!stream) {
      this.metaLeader =
        this.#followers(this.metaLeader).find((node) => node === preferred) ??
        this.#followers(this.metaLeader)[0] ??
        this.metaLeader
      return
    }
    const ready = stream.replicas.filter(
      (replica) => replica !== stream.leader && serves(this, replica) && !lacksAny(this, this.node(replica)),
    )
    stream.leader = ready.find((replica) => replica === preferred) ?? ready[0] ?? stream.leader
  }

  observe(): ClusterObservation {
    return {cluster: 'c', at: this.now, nodes: this.targets.map((target) => nodeViewOf(this, target))}
  }

  observeAws(): readonly AwsNodeObservation[] {
    return awsViewOf(this, this.#lastGone)
  }

  addresses(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.nodes.map(({name, instance}) => [name, [instance.ip]]))
  }

  canWrite(): boolean {
    return (
      this.streams.every((stream) => stream.leader !== undefined && serves(this, stream.leader)) && isMajorityUp(this)
    )
  }

  #take(node: FakeNode): void {
    node.instance.lifecycle = 'Terminating'
    node.instance.dueAt = this.now + 3000
  }

  #tick(step: number): void {
    for (const node of this.nodes) this.#liveInstance(node)
    for (const node of this.nodes) node.silentSince = node.server === 'up' ? undefined : (node.silentSince ?? this.now)
    this.#electMeta()
    for (const stream of this.streams)
      this.violations.push(...liveStream(this, stream, {ms: step, syncPerSecond: this.#syncPerSecond}))
  }

  #liveInstance(node: FakeNode): void {
    const {instance} = node
    if (instance.lifecycle === 'InService' || this.now < instance.dueAt) return
    if (instance.lifecycle === 'Terminating') {
      node.server = 'stopped'
      node.store = new Map()
      instance.lifecycle = 'Terminated'
      instance.dueAt = this.now + 2000
    } else if (instance.lifecycle === 'Terminated') {
      if (!this.launches) return
      this.#lastGone.set(node.name, instance.id)
      node.instance = {
        id: `i-${++this.#ids}`,
        ip: `10.0.0.${this.#ids}`,
        lifecycle: 'Pending',
        dueAt: this.now + this.#bootMs,
      }
    } else {
      instance.lifecycle = 'InService'
      this.#boot(node)
    }
  }

  #boot(node: FakeNode): void {
    node.server = 'up'
    node.serverId = `S${++this.#ids}`
    node.startedAt = this.now
  }

  #electMeta(): void {
    if (this.metaLeader !== undefined && serves(this, this.metaLeader)) return
    this.metaLeader = undefined
    this.#metaSince ??= this.now
    if (!isMajorityUp(this) || this.now - this.#metaSince < ELECTION_MS) return
    this.metaLeader = this.nodes.find((node) => serves(this, node.name))?.name
    this.#metaSince = undefined
  }

  #followers(leader: string | undefined): readonly string[] {
    return this.nodes.map(({name}) => name).filter((name) => name !== leader && serves(this, name))
  }
}
