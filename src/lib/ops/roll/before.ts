import {takeBaseline} from '../../domain/roll/baseline.ts'
import {identityOf, unknownIdentity} from '../../domain/roll/plan.ts'
import {isDown, standingOf} from '../../domain/roll/standing.ts'
import {broken, type NodeIdentity, type RollView} from '../../domain/roll/view.ts'
import {Exit} from '../../errors.ts'
import {CANARY_STREAM} from './canary.ts'
import {drainNode} from './drain.ts'
import {isGoing, isRefreshing} from './going.ts'
import {invariantsBeforeStop, invariantsFor, subjectOf} from './invariants.ts'
import type {Judgement, Moment, RollMachine, Wait} from './machine.ts'
import {backOff, stopServer, TOO_LATE_LIMIT, tooSlow} from './stop.ts'

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
