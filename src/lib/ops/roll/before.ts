import {takeBaseline} from '../../domain/roll/baseline.ts'
import {groupsAreAtRest} from '../../domain/roll/groups.ts'
import {metaIsWhole} from '../../domain/roll/meta.ts'
import {identityOf, unknownIdentity} from '../../domain/roll/plan.ts'
import {
  dataIsElsewhere,
  meshIsComplete,
  nodesAreHealthy,
  nothingIsSingle,
  targetIsTheSame,
  writesWork,
} from '../../domain/roll/predicates.ts'
import {isDown, standingOf} from '../../domain/roll/standing.ts'
import type {UnitProperties} from '../../domain/roll/stop.ts'
import {broken, type NodeIdentity, type Predicate, type RollView, type Subject} from '../../domain/roll/view.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {CANARY_STREAM} from './canary.ts'
import {drainNode} from './drain.ts'
import {goneFromRoutes, isGoing, isRefreshing, routesTo} from './going.ts'
import type {Judgement, Moment, RollMachine, Wait} from './machine.ts'
import type {StopResult} from './ports.ts'

/** Everything before an instance is terminated can be undone; this is all of it, in order. */
export async function prepareNode(machine: RollMachine, node: string): Promise<Prepared> {
  const passed = await passGate(machine, node)
  if (passed.kind === 'ready') await leaveInOrder(machine, passed.identity)
  return passed
}

/** `replaced`: somebody else has replaced the instance since the plan; this is who it was, as far as it is known. */
export interface Prepared {
  readonly kind: 'ready' | 'replaced'
  readonly identity: NodeIdentity
}

/** The invariants that must hold for a node to be taken away, but for I8. */
function invariantsFor(view: RollView, subject: Subject): readonly Predicate[] {
  return [
    meshIsComplete(view, subject),
    dataIsElsewhere(view, subject),
    nodesAreHealthy(view, subject),
    writesWork(view),
    metaIsWhole(view, subject),
    nothingIsSingle(view, subject),
    groupsAreAtRest(view, subject),
    targetIsTheSame(view, subject),
  ]
}

/** All of them, before a server is stopped: its instance is to be gone before the credentials are. */
function invariantsBeforeStop(machine: RollMachine, view: RollView, subject: Subject): readonly Predicate[] {
  const {stop, intent, terminate} = machine.deps.limits
  return [...invariantsFor(view, subject), machine.credentialsLast(view, stop + intent + terminate)]
}

/** The subject of a node's replacement, from what the lock's document says. */
export function subjectOf(
  {deps, document}: RollMachine,
  identity: NodeIdentity | undefined,
  targetIsDown: boolean,
  targetWasSearched = false,
): Subject {
  const {acceptedLoss, acceptsUnseen} = document.request
  const target = identity?.node
  return {nodes: deps.nodes, target, identity, targetIsDown, acceptedLoss, acceptsUnseen, targetWasSearched}
}

/**
 * GATE: waits until losing the node would cost nothing. The identity is taken anew: the world may have moved on. A node
 * that its group replaced since the plan has what the roll wanted for it, and is not replaced once more.
 */
async function passGate(machine: RollMachine, node: string): Promise<Prepared> {
  await machine.enter('GATE', node)
  const {deps} = machine
  const wait = {state: 'GATE', node, limitMs: deps.limits.gate, goal: 'every invariant holds'} as const
  const passed = await machine.wait(wait, (view): Judgement<Prepared & {readonly view: RollView}> => {
    const former = replacedSince(machine, view, node)
    if (former !== undefined) return {done: true, value: {kind: 'replaced', identity: former, view}}
    const identity = identityOf(view, node)
    const subject = {...subjectOf(machine, identity, isDown(view, node)), target: node}
    const predicates = invariantsBeforeStop(machine, view, subject)
    return identity && broken(predicates).length === 0
      ? {done: true, value: {kind: 'ready', identity, view}}
      : {done: false, waitingFor: predicates}
  })
  const {kind, identity, view} = passed
  if (kind === 'replaced') {
    // From here on it is as if the roll had done it: whoever resumes follows that replacement too.
    machine.mayHaveTerminated = true
    await machine.declare({current: {identity, intended: true, stopped: false}})
    await machine.record({type: 'noticed', at: deps.clock.now(), node, what: FOLLOWED}, {durable: true})
    return passed
  }
  await machine.declare({current: {identity, intended: false, stopped: false}})
  await machine.record(
    {type: 'baseline', at: deps.clock.now(), node, baseline: takeBaseline(view, [CANARY_STREAM])},
    {durable: true},
  )
  return passed
}

/** Noted of a node that no gate has seen whole: there is no state of the roll's own to hold its successor against. */
export const FOLLOWED = 'its group replaced it since the plan: that replacement is followed, nothing is terminated'

/** Who the node was in the plan, where its group runs none of the plan's instances any more; else undefined. */
function replacedSince({deps, document}: RollMachine, view: RollView, node: string): NodeIdentity | undefined {
  const planned = document.instances ?? []
  const group = view.aws.ok ? view.aws.value.find((entry) => entry.node === node)?.group : undefined
  const there = group?.instances.filter(({lifecycle}) => !lifecycle.startsWith('Terminat')) ?? []
  // None at all is no other: it was taken away, and another one is still to come.
  const isReplaced = planned.length > 0 && there.every(({id}) => !planned.includes(id))
  if (group === undefined || !isReplaced) return undefined
  const plan = deps.journal.events().find((event) => event.type === 'started')?.plan
  // The journal of another laptop is not here: then the group's name is all there is.
  return (
    plan?.nodes.find(({identity}) => identity.node === node)?.identity ?? {...unknownIdentity(node), asg: group.name}
  )
}

/** DRAIN and STOP. A node that does not serve has nothing to leave. */
async function leaveInOrder(machine: RollMachine, identity: NodeIdentity): Promise<void> {
  const {deps, document} = machine
  const {node} = identity
  const {drain} = document.request
  const standing = standingOf(await machine.view(), node)
  if (standing === 'down') {
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'DRAIN and STOP',
      why: 'its server is down',
    })
    return
  }
  await machine.enter('DRAIN', node)
  if (drain === 'none' || drain === 'ssm') {
    await machine.record({type: 'skipped', at: deps.clock.now(), node, what: 'DRAIN', why: `--drain ${drain}`})
  } else await drainNode(machine, identity)
  await machine.enter('STOP', node)
  if (drain === 'none' || drain === 'api') {
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'STOP',
      why: `--drain ${drain}: the instance's own shutdown stops the server`,
    })
    return
  }
  await stopServer(machine, identity)
}

/**
 * Stops the server and waits until no other server has a route to it. How it is to be stopped is asked first, for AWS may
 * take its time to answer; between the last look and the first command there is only a renewal of the lock.
 */
export async function stopServer(machine: RollMachine, identity: NodeIdentity): Promise<void> {
  const {deps} = machine
  const {node} = identity
  const asked = await machine.beating(deps.world.readUnit(identity))
  if (asked.kind === 'not-permitted') {
    await machine.record({
      type: 'skipped',
      at: deps.clock.now(),
      node,
      what: 'STOP',
      why: `${asked.why}: the instance's own shutdown stops the server`,
    })
    return
  }
  if (asked.kind === 'failed') throw holdNow(machine, node, `how to stop the server is not known: ${asked.why}`)
  const result = await sendStop(machine, identity, asked.unit)
  if (result.kind !== 'stopped') throw holdNow(machine, node, `the server could not be stopped: ${result.why}`)
  await machine.record({type: 'stopped', at: deps.clock.now(), node, how: result.how})
  await machine.wait(
    {state: 'STOP', node, limitMs: deps.limits.stop, goal: 'the server is gone from every route'},
    (view) => {
      const lingering = routesTo(view, identity)
      return lingering.length === 0
        ? {done: true, value: undefined}
        : {done: false, waitingFor: [goneFromRoutes(identity, lingering)]}
    },
  )
}

/** Looks and stops; where AWS surely did nothing, once more from the look on. Throws LOCK_LOST where that ends it. */
async function sendStop(machine: RollMachine, identity: NodeIdentity, unit: UnitProperties): Promise<StopResult> {
  const {deps} = machine
  const {node} = identity
  let lost: {readonly error: unknown} | undefined
  const stillOurs = async (): Promise<string | undefined> => {
    try {
      await machine.tryDeclare({})
      const {holds, reasons} = machine.authority({credentialsExpireAt: undefined, now: deps.clock.now()}, 0)
      return holds ? undefined : reasons[0]
    } catch (error) {
      lost = {error}
      return messageOf(error)
    }
  }
  const started = deps.clock.monotonic()
  for (let attempt = 0; ; attempt++) {
    await clearToStop(machine, identity)
    const result = await machine.beating(deps.world.stopServer(identity, unit, stillOurs))
    if (lost) throw lost.error
    if (result.kind !== 'again') return result
    await machine.declare({current: {identity, intended: false, stopped: false}})
    if (deps.clock.monotonic() - started > deps.limits.stop) return result
    await remark(machine, node, `stopping its server: ${result.why}`)
    await backOff(machine, attempt)
  }
}

/** Between two attempts at a call that AWS did not take. */
function backOff({deps: {clock, rhythm, signal}}: RollMachine, attempt: number): Promise<void> {
  return clock.sleep(Math.min(30_000, rhythm.poll * 2 ** attempt), signal)
}

/** A nap of the laptop makes what was seen too old to act on once; more often, AWS is too slow to do this safely. */
const TOO_LATE_LIMIT = 5

/**
 * All invariants, and last the lock: the last look at what lives on the node alone, for once it is stopped nobody can
 * tell. What is written says that the server may have been stopped by us, for whoever resumes if we die now.
 */
async function clearToStop(machine: RollMachine, identity: NodeIdentity): Promise<void> {
  const {deps} = machine
  const {node} = identity
  const wait: Wait = {state: 'STOP', node, limitMs: deps.limits.intent, goal: 'the invariants still hold'}
  for (let tooLate = 1; ; tooLate++) {
    const seen = await machine.wait(wait, (view): Judgement<Moment> => {
      const subject = subjectOf(machine, identity, isDown(view, node))
      const predicates = [...invariantsBeforeStop(machine, view, subject), machine.lookIsFresh()]
      const done = broken(predicates).length === 0
      return done ? {done, value: machine.moment()} : {done, waitingFor: predicates}
    })
    await machine.declare({current: {identity, intended: false, stopped: true}})
    if (machine.isRecent(seen)) return
    await machine.declare({current: {identity, intended: false, stopped: false}})
    if (tooLate >= TOO_LATE_LIMIT) throw holdNow(machine, node, tooSlow(machine, tooLate))
  }
}

function tooSlow({deps}: RollMachine, times: number): string {
  return `looking and renewing the lock took longer than ${deps.rhythm.freshLock / 1000} s, ${times} times`
}

/**
 * INTENT and TERMINATE. The invariants are read again after everything that was done to the node, and again before
 * every further attempt; between that reading and the call there is only the renewal of the lock.
 */
export async function terminateNode(machine: RollMachine, identity: NodeIdentity): Promise<void> {
  const {deps} = machine
  const {node} = identity
  await machine.enter('INTENT', node)
  await machine.record({type: 'intended', at: deps.clock.now(), identity}, {durable: true})
  const started = deps.clock.monotonic()
  let tooLate = 0
  for (let attempt = 0; ; attempt++) {
    const wait: Wait = {state: machine.state, node, limitMs: deps.limits.intent, goal: 'the invariants still hold'}
    const cleared = await machine.wait(wait, (view) => clearToTerminate(machine, view, identity))
    if (cleared === 'going') {
      await machine.record({
        type: 'noticed',
        at: deps.clock.now(),
        node,
        what: `AWS is already taking ${identity.instanceId} away`,
      })
      break
    }
    if (machine.state !== 'TERMINATE') await machine.enter('TERMINATE', node)
    if (!machine.isRecent(cleared)) {
      tooLate += 1
      if (tooLate < TOO_LATE_LIMIT) continue
      const exit = machine.mayHaveTerminated ? Exit.heldDegraded : Exit.held
      throw machine.hold({...wait, state: 'TERMINATE', goal: tooSlow(machine, tooLate)}, undefined, [], exit)
    }
    const mayHaveBefore = machine.mayHaveTerminated
    machine.mayHaveTerminated = true
    const result = await deps.world.terminate(identity, machine.document.request.strategy)
    if (result.kind === 'accepted') break
    machine.mayHaveTerminated = mayHaveBefore || result.kind === 'unknown'
    await machine.record({
      type: 'noticed',
      at: deps.clock.now(),
      node,
      what: `terminating ${identity.instanceId}: ${result.why}`,
    })
    const isOver = result.kind === 'refused' || deps.clock.monotonic() - started > deps.limits.terminate
    if (isOver)
      throw machine.hold(
        {...wait, state: 'TERMINATE', goal: `${identity.instanceId} was not terminated: ${result.why}`},
        undefined,
        [],
      )
    await backOff(machine, attempt)
  }
  machine.mayHaveTerminated = true
  await machine.record({type: 'terminated', at: deps.clock.now(), identity}, {durable: true})
}

/** All invariants, and last the lock: between this and the call there is nothing that takes time. */
async function clearToTerminate(
  machine: RollMachine,
  view: RollView,
  identity: NodeIdentity,
): Promise<Judgement<Moment | 'going'>> {
  if (isGoing(view, identity) || (machine.mayHaveTerminated && isRefreshing(machine, view, identity)))
    return {done: true, value: 'going'}
  const moment = machine.moment()
  const isStopped = machine.document.current?.stopped === true
  const subject = subjectOf(machine, identity, isStopped || isDown(view, identity.node), isStopped)
  const predicates = [...invariantsFor(view, subject), machine.lookIsFresh()]
  if (broken(predicates).length > 0) return {done: false, waitingFor: predicates}
  await machine.tryDeclare({current: {identity, intended: true, stopped: machine.document.current?.stopped ?? false}})
  const authority = machine.authority(view, machine.deps.limits.terminate)
  return authority.holds ? {done: true, value: moment} : {done: false, waitingFor: [authority]}
}

/** A hold before the knife leaves the cluster as it was: the server we stopped is started again. */
export async function undoStop(machine: RollMachine): Promise<boolean> {
  const {deps, document} = machine
  const current = document.current
  if (!current?.stopped) return true
  const {node} = current.identity
  try {
    await machine.beating(deps.world.startServer(current.identity))
    await remark(machine, node, 'its server was started again')
    const until = deps.clock.monotonic() + deps.limits.stop
    for (;;) {
      const look = await deps.world.look()
      const seen = look.observation.nodes.find(({target}) => target.name === node)
      if (seen?.health.ok && seen.health.value.httpStatus === 200) break
      if (deps.clock.monotonic() > until) return false
      await deps.clock.sleep(deps.rhythm.poll)
    }
    await machine.tryDeclare({current: undefined})
    return true
  } catch (error) {
    await remark(machine, node, error instanceof OpsError ? messageOf(error) : 'its server could not be started again')
    return false
  }
}

/** A journal that cannot be written must not keep a server stopped. */
async function remark(machine: RollMachine, node: string, what: string): Promise<void> {
  await machine.record({type: 'noticed', at: machine.deps.clock.now(), node, what}).catch(() => {})
}

function holdNow(machine: RollMachine, node: string, goal: string): OpsError {
  return machine.hold({state: machine.state, node, limitMs: 0, goal}, undefined, [], Exit.held)
}
