import {answered, unanswered} from '../../src/lib/domain/answer.ts'
import type {
  AwsNodeObservation,
  ClusterObservation,
  ConsumerReplica,
  NodeObservation,
  RaftNode,
  StreamReplica,
} from '../../src/lib/domain/observation.ts'
import type {NodeTarget} from '../../src/lib/domain/settings.ts'

/**
 * A small working cluster in memory: servers with stores that follow their leaders, elections, wiped nodes that catch
 * up, Auto Scaling groups that replace what is terminated. Time is virtual; everything happens in `advance`.
 */
export interface FakeNode {
  readonly name: string
  serverId: string
  startedAt: number
  version: string
  /** `paused`: the process is there and does nothing, as under SIGSTOP. */
  server: 'up' | 'stopped' | 'paused'
  instance: FakeInstance
  /** False: this laptop cannot reach it, though the cluster can. */
  visible: boolean
  /** Last sequence stored, by asset; absent: the replica does not exist here yet. */
  store: Map<string, number>
  /** Stops following its leaders. */
  frozen: boolean
  /** Virtual time since when the siblings noticed that it does not answer. */
  silentSince: number | undefined
}

export interface FakeInstance {
  id: string
  ip: string
  lifecycle: 'Pending' | 'InService' | 'Terminating' | 'Terminated'
  /** Next change of the life cycle. */
  dueAt: number
}

export interface FakeStream {
  readonly name: string
  readonly replicas: readonly string[]
  leader: string | undefined
  /** Sequence acknowledged to publishers: what must never be lost. */
  acknowledged: number
  readonly perSecond: number
  leaderless: number | undefined
}

export interface FakeClusterOptions {
  readonly nodes?: number
  readonly streams?: readonly {
    readonly name: string
    readonly perSecond: number
    readonly stored: number
    readonly on?: readonly number[]
  }[]
  readonly syncPerSecond?: number
  readonly bootMs?: number
}

/**
 * What was published this recently cannot count: a replica is judged by what its leader held in the earlier of two
 * looks, so that one which stops following right after it is found out by the next judgement only.
 */
const LIVE_SECONDS = 5

const ELECTION_MS = 3000
const NOTICED_MS = 4000

export class FakeCluster {
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
    return this.nodes.find((node) => node.name === name)!
  }

  /** Nodes that do not serve, or lack something that was acknowledged. */
  unsound(): readonly string[] {
    return this.nodes.filter((node) => node.server !== 'up' || this.#lacks(node)).map(({name}) => name)
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
        const slack = stream.perSecond * LIVE_SECONDS
        if ((other.store.get(stream.name) ?? -1) < stream.acknowledged - slack)
          this.violations.push(`${id} was terminated while ${other.name} lacked ${stream.name}`)
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
      (replica) => replica !== stream.leader && this.#serves(replica) && !this.#lacks(this.node(replica)),
    )
    stream.leader = ready.find((replica) => replica === preferred) ?? ready[0] ?? stream.leader
  }

  observe(): ClusterObservation {
    return {cluster: 'c', at: this.now, nodes: this.targets.map((target) => this.#observeNode(target))}
  }

  observeAws(): readonly AwsNodeObservation[] {
    return this.nodes.map(({name, instance}) => ({
      node: name,
      group: {
        name: `${name}-asg`,
        desired: 1,
        minimum: 1,
        maximum: 1,
        suspended: [],
        instances:
          instance.lifecycle === 'Terminated'
            ? []
            : [
                {
                  id: instance.id,
                  lifecycle: instance.lifecycle,
                  health: 'Healthy',
                  zone: 'us-east-2a',
                  protectedFromScaleIn: false,
                  type: 'm8gd.medium',
                  launchTemplateVersion: undefined,
                },
              ],
        launchTemplateVersion: undefined,
      },
      activities:
        instance.lifecycle === 'InService'
          ? []
          : [
              {
                id: 'a',
                group: `${name}-asg`,
                description: 'Replacing',
                cause: '',
                status: 'InProgress',
                statusMessage: undefined,
                startedAt: this.now,
                endedAt: undefined,
                progressPercent: 50,
              },
            ],
      refreshes: [],
      instances: [
        {
          id: instance.id,
          name,
          state: EC2_STATE[instance.lifecycle],
          type: 'm8gd.medium',
          zone: 'us-east-2a',
          privateIp: instance.ip,
          launchedAt: this.now,
          systemStatus: 'ok',
          instanceStatus: 'ok',
        },
        ...(this.#lastGone.has(name)
          ? [
              {
                id: this.#lastGone.get(name)!,
                name,
                state: 'terminated',
                type: 'm8gd.medium',
                zone: 'us-east-2a',
                privateIp: undefined,
                launchedAt: 0,
                systemStatus: undefined,
                instanceStatus: undefined,
              },
            ]
          : []),
      ],
    }))
  }

  addresses(): ReadonlyMap<string, readonly string[]> {
    return new Map(this.nodes.map(({name, instance}) => [name, [instance.ip]]))
  }

  canWrite(): boolean {
    return (
      this.streams.every((stream) => stream.leader !== undefined && this.#serves(stream.leader)) && this.#majority()
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
    for (const stream of this.streams) this.#liveStream(stream, step)
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

  #liveStream(stream: FakeStream, step: number): void {
    const leader = stream.leader === undefined ? undefined : this.node(stream.leader)
    if (leader?.server !== 'up' || leader.instance.lifecycle === 'Terminated') {
      stream.leader = undefined
      stream.leaderless ??= this.now
      const able = stream.replicas.filter((replica) => this.#serves(replica))
      if (able.length * 2 <= stream.replicas.length || this.now - stream.leaderless < ELECTION_MS) return
      const best = able.sort(
        (a, b) => (this.node(b).store.get(stream.name) ?? -1) - (this.node(a).store.get(stream.name) ?? -1),
      )[0]!
      stream.leader = best
      stream.leaderless = undefined
      if ((this.node(best).store.get(stream.name) ?? 0) < stream.acknowledged)
        this.violations.push(`${stream.name} lost acknowledged messages`)
      return
    }
    const able = stream.replicas.filter((replica) => this.#serves(replica))
    const isMajority = able.length * 2 > stream.replicas.length
    const upToDate = able.filter(
      (replica) => !this.#behind(this.node(replica), stream) && !this.#isFrozen(replica, stream),
    )
    if (isMajority && upToDate.length * 2 > stream.replicas.length) {
      stream.acknowledged += Math.round((stream.perSecond * step) / 1000)
      for (const replica of upToDate) this.node(replica).store.set(stream.name, stream.acknowledged)
    }
    for (const replica of able) {
      const node = this.node(replica)
      if (this.#isFrozen(replica, stream) || upToDate.includes(replica)) continue
      const have = node.store.get(stream.name) ?? 0
      node.store.set(stream.name, Math.min(stream.acknowledged, have + Math.round((this.#syncPerSecond * step) / 1000)))
    }
  }

  #electMeta(): void {
    if (this.metaLeader !== undefined && this.#serves(this.metaLeader)) return
    this.metaLeader = undefined
    this.#metaSince ??= this.now
    if (!this.#majority() || this.now - this.#metaSince < ELECTION_MS) return
    this.metaLeader = this.nodes.find((node) => this.#serves(node.name))?.name
    this.#metaSince = undefined
  }

  #majority(): boolean {
    return this.nodes.filter(({name}) => this.#serves(name)).length * 2 > this.nodes.length
  }

  #followers(leader: string | undefined): readonly string[] {
    return this.nodes.map(({name}) => name).filter((name) => name !== leader && this.#serves(name))
  }

  #serves(name: string): boolean {
    return this.node(name).server === 'up'
  }

  /** Following can stop; a leader stores what it acknowledges or does not acknowledge it. */
  #isFrozen(replica: string, stream: FakeStream): boolean {
    return this.node(replica).frozen && replica !== stream.leader
  }

  #behind(node: FakeNode, stream: FakeStream): boolean {
    return (node.store.get(stream.name) ?? -1) < stream.acknowledged
  }

  #lacks(node: FakeNode): boolean {
    return this.streams.some(
      (stream) =>
        stream.replicas.includes(node.name) &&
        (node.store.get(stream.name) ?? -1) < stream.acknowledged - stream.perSecond * LIVE_SECONDS,
    )
  }

  #observeNode(target: NodeTarget): NodeObservation {
    const node = this.node(target.name)
    if (!node.visible || node.server !== 'up') {
      const silence = unanswered(
        node.visible && node.server === 'stopped' ? 'refused' : 'timeout',
        `no answer from ${target.host}`,
        this.now,
      )
      return {target, server: silence, health: silence, jetStream: silence, routes: silence, raft: silence}
    }
    const others = this.nodes.filter(({name}) => name !== node.name)
    const noticed = (other: FakeNode): boolean =>
      other.silentSince !== undefined && this.now - other.silentSince > NOTICED_MS
    const isLeader = this.metaLeader === node.name
    return {
      target,
      server: answered(
        {
          id: node.serverId,
          name: node.name,
          version: node.version,
          clusterName: 'c',
          startedAt: node.startedAt,
          now: this.now,
          connections: 1,
          totalConnections: 1,
          subscriptions: 1,
          slowConsumers: 0,
          memoryBytes: 1,
          cpuPercent: 1,
          cores: 1,
          maxConnections: 65536,
          inMsgs: 0,
          outMsgs: 0,
          inBytes: 0,
          outBytes: 0,
          configDigest: undefined,
          tlsRequired: false,
          lameDuck: false,
        },
        this.now,
      ),
      // The worst that was measured: 200 while the data is not there.
      health: answered({httpStatus: 200, status: 'ok', errors: []}, this.now),
      jetStream: answered(
        {
          enabled: true,
          memoryBytes: 0,
          fileBytes: 1000,
          maxMemoryBytes: 1e9,
          maxFileBytes: 1e9,
          reservedMemoryBytes: 0,
          reservedFileBytes: 0,
          apiRequests: 0,
          apiErrors: 0,
          meta: {
            leader: this.metaLeader,
            clusterSize: this.nodes.length,
            pending: this.metaPending,
            peers: isLeader
              ? others.map((other) => ({
                  name: other.name,
                  peerId: other.name,
                  current: !noticed(other),
                  offline: noticed(other),
                  activeMs: 1,
                  lag: 0,
                }))
              : undefined,
          },
          streams: this.streams.flatMap((stream) => this.#observeStream(stream, node) ?? []),
          complete: true,
        },
        this.now,
      ),
      routes: answered(
        others
          .filter((other) => !(other.server === 'stopped' || noticed(other)))
          .map((other) => ({remoteId: other.serverId, remoteName: other.name})),
        this.now,
      ),
      raft: answered([this.#observeMeta(node)], this.now),
    }
  }

  #observeMeta(node: FakeNode): RaftNode {
    return {
      account: 'SYS',
      group: '_meta_',
      state: this.metaLeader === node.name ? 'LEADER' : 'FOLLOWER',
      leader: this.metaLeader,
      size: this.nodes.length,
      term: 1,
      committed: 100,
      applied: 100,
      catchingUp: false,
      writeError: undefined,
      paused: false,
      peers: [],
    }
  }

  #observeStream(stream: FakeStream, node: FakeNode): StreamReplica | undefined {
    const lastSeq = node.store.get(stream.name)
    if (lastSeq === undefined) return undefined
    const group = (name: string) => ({
      name,
      leader: stream.leader,
      leaderSince: undefined,
      peers:
        stream.leader === node.name
          ? stream.replicas
              .filter((replica) => replica !== node.name)
              .map((replica) => ({name: replica, peerId: replica, current: true, offline: false, activeMs: 1, lag: 0}))
          : [],
    })
    const consumer: ConsumerReplica = {
      name: 'worker',
      durable: true,
      replicas: stream.replicas.length,
      storage: 'file',
      deliveredStreamSeq: lastSeq,
      deliveredConsumerSeq: lastSeq,
      ackFloorStreamSeq: lastSeq,
      numPending: 0,
      numAckPending: 0,
      numRedelivered: 0,
      numWaiting: 0,
      ackPolicy: 'explicit',
      paused: false,
      group: group(`C-R3F-${stream.name}`),
    }
    return {
      account: 'APP',
      stream: stream.name,
      config: {
        subjects: [`${stream.name}.>`],
        retention: 'limits',
        storage: 'file',
        replicas: stream.replicas.length,
        maxBytes: -1,
        maxMsgs: -1,
        isMirror: false,
        hasSources: false,
      },
      state: {messages: lastSeq, bytes: lastSeq * 100, firstSeq: 1, lastSeq, consumerCount: 1, numDeleted: 0},
      group: group(`S-R3F-${stream.name}`),
      consumers: [consumer],
      createdAt: 0,
    }
  }
}

const EC2_STATE = {
  Pending: 'pending',
  InService: 'running',
  Terminating: 'shutting-down',
  Terminated: 'terminated',
} as const
