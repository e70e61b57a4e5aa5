import {smallest} from '../../domain/quantity.ts'
import {fallenBelow} from '../../domain/roll/baseline.ts'
import {keyOf, verdictsOf} from '../../domain/roll/facts.ts'
import {metaIsWhole} from '../../domain/roll/meta.ts'
import {dataIsEverywhere, meshIsComplete, nodesAreHealthy, writesWork} from '../../domain/roll/predicates.ts'
import {laggingOn, measureSync} from '../../domain/roll/sync.ts'
import {broken, type NodeIdentity, type Predicate, type RollView} from '../../domain/roll/view.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit} from '../../errors.ts'
import {FOLLOWED} from './before.ts'
import {subjectOf} from './invariants.ts'
import type {RollMachine, Wait} from './machine.ts'
import {nodeOf, predicate, type Siblings} from './turns.ts'

/** From here on AWS has no say; it is asked now and then so that the journal of a long catch-up shows it. */
const AWS_MAX_AGE_MS = 15_000

/** SYNC: no total limit; each asset that lacks something is given the stall limit to come one step further. Bytes held. */
export async function awaitSync(machine: RollMachine, joined: NodeIdentity, siblings: Siblings): Promise<number> {
  const {deps} = machine
  const {node} = joined
  await machine.enter('SYNC', node)
  const wait: Wait = {
    state: 'SYNC',
    node,
    awsMaxAgeMs: AWS_MAX_AGE_MS,
    limitMs: deps.limits.syncStall,
    goal: `${node} holds what the others hold`,
    suggestions: (view) =>
      waitsForMeta(view, node)
        ? [
            quoteForShell([
              'natsops',
              'node',
              'run',
              node,
              '--cluster',
              machine.cluster,
              '--',
              'systemctl',
              'restart',
              'nats',
            ]),
          ]
        : [],
  }
  const positions = new Map<string, {readonly position: number; readonly since: number}>()
  let startedAt = joined.serverStartedAt
  const divergence = watchDivergence(machine)
  return machine.wait(wait, async (view) => {
    siblings(wait, view)
    divergence(wait, view)
    const server = nodeOf(view, node)?.server
    if (server?.ok && startedAt !== undefined && server.value.startedAt !== startedAt) {
      await machine.record({
        type: 'noticed',
        at: deps.clock.now(),
        node,
        what: 'its server was restarted while it caught up',
      })
      startedAt = server.value.startedAt
    }
    const now = deps.clock.monotonic()
    const sync = measureSync(view, node)
    await machine.record({type: 'progress', at: deps.clock.now(), node, sync})
    const everywhere = dataIsEverywhere(view, subjectOf(machine, joined, false))
    const healthy = nodesAreHealthy(view, subjectOf(machine, joined, false))
    if (everywhere.holds && healthy.holds) return {done: true, value: sync.bytes}
    const lagging = server?.ok ? laggingOn(view, node) : []
    // A server that is away has not caught up: else one that is restarted for ever would always begin anew.
    const caughtUp = server?.ok
      ? [...positions.keys()].filter((key) => lagging.every((asset) => asset.key !== key))
      : []
    for (const key of caughtUp) positions.delete(key)
    for (const {key, position} of lagging) {
      if ((positions.get(key)?.position ?? Number.NEGATIVE_INFINITY) < position)
        positions.set(key, {position, since: now})
    }
    const waitingFor = [everywhere, healthy]
    // The wait's own limit is for a server that is away; each asset has its own time, however long the others take.
    const oldest = smallest([...positions.values()].map(({since}) => since))
    if (positions.size > 0 && now - oldest > wait.limitMs) throw machine.hold(wait, view, waitingFor)
    return {done: false, waitingFor, moved: positions.size > 0}
  })
}

/**
 * The server asked the meta leader for what it missed and was never answered: without the meta group it knows of no
 * stream. Seen on 2.10.27, rarely: the request is lost and not sent again, until the server starts anew.
 */
function waitsForMeta(view: RollView, node: string): boolean {
  const raft = nodeOf(view, node)?.raft
  return raft?.ok === true && raft.value.some(({group, catchingUp}) => group === '_meta_' && catchingUp)
}

/** VERIFY: the world as it was at the gate, with the node back in it. What went back, or differs for good, is a breach. */
export async function verify(machine: RollMachine, joined: NodeIdentity): Promise<void> {
  const {deps} = machine
  const {node} = joined
  await machine.enter('VERIFY', node)
  const baseline = deps.journal.events().findLast((event) => event.type === 'baseline' && event.node === node)
  if (baseline?.type !== 'baseline') {
    const events = deps.journal.events()
    const wasFollowed = events.some(
      (event) => event.type === 'noticed' && event.node === node && event.what === FOLLOWED,
    )
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'comparison with the state before',
      why: wasFollowed
        ? 'its group replaced it before it had passed a gate'
        : 'this machine has no journal of its gate',
    })
  }
  const wait: Wait = {
    state: 'VERIFY',
    node,
    awsMaxAgeMs: AWS_MAX_AGE_MS,
    limitMs: deps.limits.verify,
    goal: 'every invariant holds again',
  }
  const divergence = watchDivergence(machine)
  await machine.wait(wait, (view) => {
    const lost = baseline?.type === 'baseline' ? fallenBelow(baseline.baseline, view) : []
    if (lost.length > 0)
      throw machine.hold(
        {...wait, goal: 'data is not where it was'},
        view,
        [predicate('I2', 'nothing went back', lost)],
        Exit.breached,
      )
    divergence(wait, view)
    const predicates = wholeAgain(machine, view)
    return broken(predicates).length === 0 ? {done: true, value: undefined} : {done: false, waitingFor: predicates}
  })
}

/** Looks in a row in which the same replica has to differ before that is for good. */
const DIVERGED_LOOKS = 5

/**
 * Throws a breach when a replica differs from its leader for good: no time to catch up mends that. Called in every turn
 * of a wait; one look alone may have met a leader that was just changing.
 */
function watchDivergence(machine: RollMachine): (wait: Wait, view: RollView) => void {
  let counts: ReadonlyMap<string, number> = new Map()
  return (wait, view) => {
    const differing = verdictsOf(view).filter(({verdict}) => verdict === 'diverged')
    const keyed = differing.map((verdict) => ({...verdict, key: `${keyOf(verdict.asset)} ${verdict.node}`}))
    counts = new Map(keyed.map(({key}) => [key, (counts.get(key) ?? 0) + 1]))
    const forGood = keyed.filter(({key}) => (counts.get(key) ?? 0) >= DIVERGED_LOOKS)
    if (forGood.length === 0) return
    const reasons = forGood.map(
      ({asset, node, reason}) =>
        `${asset.consumer === undefined ? asset.stream : `${asset.stream}/${asset.consumer}`} on ${node}: ${reason}`,
    )
    const predicates = [predicate('I2', 'replicas agree', reasons)]
    throw machine.hold({...wait, goal: 'replicas differ and nothing moves'}, view, predicates, Exit.breached)
  }
}

/** SOAK: settle of continuously true invariants. Asleep counts for nothing. */
export async function soak(machine: RollMachine, node: string): Promise<void> {
  const {deps} = machine
  const {settleMs} = machine.document.request
  await machine.enter('SOAK', node)
  let since: number | undefined
  let epoch = machine.epoch
  const wait: Wait = {
    state: 'SOAK',
    node,
    awsMaxAgeMs: AWS_MAX_AGE_MS,
    limitMs: Math.max(deps.limits.soak, settleMs * 3),
    goal: `${Math.round(settleMs / 1000)} s without a break`,
  }
  await machine.wait(wait, async (view) => {
    const predicates = wholeAgain(machine, view)
    const now = deps.clock.monotonic()
    const slept = machine.epoch !== epoch
    if (broken(predicates).length > 0 || slept) since = undefined
    else since ??= now
    epoch = machine.epoch
    const soakedMs = since === undefined ? 0 : now - since
    if (since !== undefined && soakedMs >= settleMs) return {done: true, value: undefined}
    if (since !== undefined) await machine.record({type: 'soaking', at: deps.clock.now(), node, soakedMs, settleMs})
    return {done: false, waitingFor: predicates, moved: slept}
  })
}

/** I1 to I5 over the whole cluster, with nobody away. */
function wholeAgain(machine: RollMachine, view: RollView): readonly Predicate[] {
  const subject = subjectOf(machine, undefined, false)
  return [
    meshIsComplete(view, subject),
    dataIsEverywhere(view, subject),
    nodesAreHealthy(view, subject),
    writesWork(view),
    metaIsWhole(view, subject),
  ]
}
