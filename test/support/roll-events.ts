import type {State} from '../../src/lib/domain/roll/algorithm.ts'
import type {RollEvent} from '../../src/lib/domain/roll/events.ts'
import type {PlannedNode, RollPlan} from '../../src/lib/domain/roll/plan.ts'
import type {SyncProgress} from '../../src/lib/domain/roll/sync.ts'
import type {NodeIdentity, Predicate} from '../../src/lib/domain/roll/view.ts'

/** 2026-01-02T03:04:05Z: where every roll of these tests begins. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5)
export const ROLL = '20260102-030405-abc123'
export const HOLDER = {user: 'anna', host: 'laptop', pid: 4711}

/** A name as only an attacker would choose it: colour, a second line, an element, an attribute. */
export const HOSTILE = '\u001b[31mred\u001b[0m\nerror: fake <script>alert("x")</script>'

export function identity(node: string, n: number): NodeIdentity {
  return {
    node,
    asg: `${node}-asg`,
    instanceId: `i-0123456789abcde0${n}`,
    privateIp: `10.0.1.1${n}`,
    serverId: `N${String(n).repeat(55)}`,
    serverStartedAt: START - 86_400_000,
    version: '2.14.0',
  }
}

export function planned(node: string, n: number, changes: Partial<PlannedNode> = {}): PlannedNode {
  return {
    identity: identity(node, n),
    reason: 'follower',
    leads: [],
    streams: 3,
    bytes: 1_300_000_000,
    syncSeconds: 26,
    singles: [],
    inMemory: [],
    ...changes,
  }
}

export function plan(changes: Partial<RollPlan> = {}): RollPlan {
  return {
    cluster: 'nats-prod',
    account: '123456789012',
    region: 'us-east-2',
    strategy: 'terminate',
    nodes: [
      planned('nats-prod-node-2', 2),
      planned('nats-prod-node-3', 3, {
        reason: 'leads 2 groups',
        leads: ['stream pivot_main', 'consumer pivot_main/messenger'],
        singles: [
          {name: 'stream audit', accepted: true},
          {name: 'consumer pivot_main/tail (ephemeral)', accepted: true},
        ],
        inMemory: ['stream sessions'],
      }),
      planned('nats-prod-node-1', 1, {reason: 'meta leader: last', leads: ['_meta_']}),
    ],
    warnings: ['the cluster runs several server versions: 2.14.0, 2.15.1'],
    blockers: [],
    advice: null,
    ...changes,
  }
}

export const BLOCKERS: readonly Predicate[] = [
  {
    id: 'I2',
    title: 'every other replica holds the data',
    holds: false,
    reasons: [
      'stream pivot_main on nats-prod-node-1: behind, holds up to 1,650,000 of 1,700,000',
      'consumer pivot_main/messenger on nats-prod-node-1: behind, has the ack floor 12 of 900',
    ],
    remedy: 'the replicas named catch up with their leaders',
  },
  {
    id: 'I6',
    title: 'nothing lives on this node alone',
    holds: false,
    reasons: ['stream audit has its only replica on nats-prod-node-3'],
    remedy: 'give it three replicas, move it, or name it with --accept-loss',
  },
]

export function progress(node: string, at: number, bytes: number): RollEvent {
  const streams = [
    {account: 'APP', stream: 'pivot_main', messages: 0, messagesWanted: 0, bytes, bytesWanted: 1_000_000_000},
    {account: 'APP', stream: 'sessions', messages: 0, messagesWanted: 0, bytes: 5_000_000, bytesWanted: 5_000_000},
    {account: 'APP', stream: 'orders', messages: 0, messagesWanted: 0, bytes: bytes / 10, bytesWanted: 295_000_000},
  ]
  const sync: SyncProgress = {
    node,
    streams,
    bytes: streams.reduce((sum, each) => sum + each.bytes, 0),
    bytesWanted: streams.reduce((sum, each) => sum + each.bytesWanted, 0),
    missing: 1,
  }
  return {type: 'progress', at, node, sync}
}

export function waiting(state: State, node: string, at: number, reason: string, id: Predicate['id'] = 'I2'): RollEvent {
  const title = 'every replica holds the data'
  return {type: 'waiting', at, state, node, predicates: [{id, title, holds: false, reasons: [reason], remedy: 'wait'}]}
}

/** The states of one node's replacement, each with the seconds spent in it. */
const STAYS: readonly (readonly [State, number])[] = [
  ['GATE', 2],
  ['DRAIN', 1],
  ['STOP', 4],
  ['INTENT', 1],
  ['TERMINATE', 1],
  ['GONE', 40],
  ['LAUNCH', 35],
  ['JOIN', 12],
  ['BOOTSTRAP', 5],
  ['SYNC', 26],
  ['VERIFY', 2],
  ['SOAK', 120],
]

/** Events of one node's replacement from `from` on, up to and including the state `last`; and when they end. */
export function replacement(node: string, n: number, from: number, last: State = 'SOAK') {
  const events: RollEvent[] = [
    {type: 'state', at: from, state: 'SELECT', node: undefined},
    {type: 'selected', at: from, identity: identity(node, n), reason: 'follower'},
  ]
  let at = from
  for (const [state, seconds] of STAYS) {
    events.push({type: 'state', at, state, node})
    if (state === 'DRAIN') events.push({type: 'moved', at, node, group: 'stream pivot_main', to: 'nats-prod-node-1'})
    if (state === 'STOP') events.push({type: 'stopped', at, node, how: 'lame duck, then systemctl stop nats'})
    if (state === 'INTENT') events.push({type: 'intended', at, identity: identity(node, n)})
    if (state === 'TERMINATE') events.push({type: 'terminated', at, identity: identity(node, n)})
    at += seconds * 1000
    if (state === 'JOIN') {
      const joined = {...identity(node, n), instanceId: `i-0fedcba98765432${n}0`, version: '2.15.1'}
      events.push({type: 'joined', at, identity: joined})
    }
    if (state === 'VERIFY') events.push({type: 'replaced', at, node, syncedBytes: 1_300_000_000})
    if (state === last) break
  }
  return {events, end: at}
}

export function started(changes: Partial<RollPlan> = {}): RollEvent {
  const request = {
    strategy: 'terminate',
    drain: 'auto',
    settleMs: 120_000,
    acceptedLoss: ['audit'],
    acceptsUnseen: false,
    acceptsOldServers: false,
    checksBootstrap: true,
  } as const
  return {type: 'started', at: START, roll: ROLL, cluster: 'nats-prod', holder: HOLDER, request, plan: plan(changes)}
}

/** A roll of three nodes that went through. */
export function wholeRoll(): readonly RollEvent[] {
  const second = replacement('nats-prod-node-2', 2, START + 2000)
  const third = replacement('nats-prod-node-3', 3, second.end)
  const first = replacement('nats-prod-node-1', 1, third.end, 'VERIFY')
  return [
    started(),
    ...second.events,
    {type: 'skipped', at: second.end, node: 'nats-prod-node-2', what: 'fresh events', why: 'no token is configured'},
    ...third.events,
    {type: 'noticed', at: third.end, node: 'nats-prod-node-3', what: 'its server was restarted while it caught up'},
    ...first.events,
    {type: 'state', at: first.end, state: 'DONE', node: undefined},
    {type: 'ended', at: first.end, exit: 0, code: 'DONE', message: 'every node was replaced', stallMs: 17.2},
  ]
}

/** A roll that was killed in SYNC of its first node, resumed by somebody else, and held there. */
export function heldRoll(hostile = ''): readonly RollEvent[] {
  const node = `nats-prod-node-2${hostile}`
  const killed = replacement(node, 2, START, 'SYNC')
  const later = killed.end + 600_000
  return [
    started({nodes: [planned(node, 2)]}),
    ...killed.events,
    {type: 'resumed', at: later, holder: {user: `ben${hostile}`, host: 'desk', pid: 99}, tookOver: true},
    {type: 'state', at: later, state: 'GONE', node},
    {type: 'state', at: later + 1000, state: 'SYNC', node},
    {type: 'noticed', at: later + 2000, node, what: `its server was restarted${hostile}`},
    {type: 'skipped', at: later + 2000, node, what: `the check${hostile}`, why: `it is off${hostile}`},
    {type: 'moved', at: later + 2000, node, group: `stream s${hostile}`, to: `peer${hostile}`},
    {
      type: 'ended',
      at: later + 301_000,
      exit: 5,
      code: 'HELD_DEGRADED',
      message: `held in SYNC of ${node}: it holds what the others hold: not within 300 s\n  - I2: stream pivot_main: behind${hostile}`,
      stallMs: 2400,
    },
  ]
}
