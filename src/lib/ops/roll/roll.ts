import {resumeCommand} from '../../domain/roll/consent.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import type {CurrentNode} from '../../domain/roll/lock.ts'
import {identityOf, rankNodes} from '../../domain/roll/plan.ts'
import {describe, Exit, exitOf, InterruptedError, messageOf, OpsError} from '../../errors.ts'
import {awaitReplacement} from './after.ts'
import {prepareNode, terminateNode} from './before.ts'
import {isGoing, isRefreshing} from './going.ts'
import {isLockLost} from './lock.ts'
import {RollMachine} from './machine.ts'
import {RollHeld} from './outcome.ts'
import type {RollDependencies} from './ports.ts'
import {soak} from './settle.ts'
import {undoStop, withWhatIsAway} from './stop.ts'

/**
 * Runs a roll from where its lock says it stands until DONE. The same function starts and resumes: a fresh lock simply
 * has no node in flight. Rejects with a RollHeld, a LOCK_LOST, an InterruptedError or another OpsError; the lock stays
 * in all of these, so that nobody starts over what is unfinished.
 */
export async function runRoll(deps: RollDependencies): Promise<void> {
  const machine = new RollMachine(deps)
  try {
    const {current} = machine.document
    if (current) await finishNode(machine, current)
    while (machine.document.remaining.length > 0) {
      const node = await selectNode(machine)
      await replaceNode(machine, node)
    }
    await machine.enter('DONE', undefined)
    await removeCanary(machine)
    await deps.lock.release()
    await machine.record(ended(deps, 0, 'DONE', sayDone(machine)), {durable: true})
  } catch (error) {
    throw await endEarly(machine, error)
  }
}

/** What a roll that was asked for some nodes has done is not more than these. */
function sayDone({deps, document: {done}}: RollMachine): string {
  const isAll = deps.nodes.every(({name}) => done.includes(name))
  return isAll ? 'every node was replaced' : `replaced ${done.join(', ')}`
}

/** Every node is done: a stream of natsops' own that stays behind is worth a word, not the lock. */
async function removeCanary(machine: RollMachine): Promise<void> {
  const {clock, world} = machine.deps
  await world.removeCanary().catch(async (error: unknown) => {
    const what = `the canary stream stays behind: ${messageOf(error)}`
    await machine.record({type: 'noticed', at: clock.now(), node: undefined, what})
  })
}

/** SELECT: who is next, from what is seen now. */
async function selectNode(machine: RollMachine): Promise<string> {
  await machine.enter('SELECT', undefined)
  const view = await machine.view()
  const [first] = rankNodes(view, machine.document.remaining)
  if (!first) throw new Error('there is no node left to select')
  const identity = identityOf(view, first.node)
  if (identity) await machine.record({type: 'selected', at: machine.deps.clock.now(), identity, reason: first.reason})
  return first.node
}

async function replaceNode(machine: RollMachine, node: string): Promise<void> {
  const {kind, identity} = await prepareNode(machine, node)
  if (kind === 'ready') await terminateNode(machine, identity)
  await complete(machine, identity.node, () => awaitReplacement(machine, identity))
}

/** Goes on with the node a roll was interrupted at, always that one first. */
async function finishNode(machine: RollMachine, current: CurrentNode): Promise<void> {
  const {identity, intended, stopped} = current
  const {node} = identity
  // Until AWS says what became of the instance there may be nothing to undo, and nothing that could be.
  machine.mayHaveTerminated = intended
  const view = await machine.view()
  const instances = view.aws.ok ? view.aws.value.find((entry) => entry.node === node)?.group?.instances : undefined
  if (instances === undefined) {
    const why = view.aws.ok ? `the Auto Scaling group of ${node} is gone` : view.aws.problem.detail
    throw machine.hold(
      {state: 'SELECT', node, limitMs: 0, goal: `what became of ${identity.instanceId} is not known: ${why}`},
      view,
      [],
      Exit.unreachable,
    )
  }
  const isTaken = isGoing(view, identity) || isRefreshing(machine, view, identity)
  const isStillThere = instances.some(({id}) => id === identity.instanceId) && !isTaken
  if (!isStillThere) {
    if (!intended)
      await machine.record({
        type: 'noticed',
        at: machine.deps.clock.now(),
        node,
        what: `${identity.instanceId} was replaced by somebody else`,
      })
    machine.mayHaveTerminated = true
    await complete(machine, node, () => awaitReplacement(machine, identity))
    return
  }
  // The instance lives: nothing irreversible happened. It is made whole again and takes its turn like any other.
  machine.mayHaveTerminated = false
  if (stopped && !(await undoStop(machine))) {
    throw machine.hold(
      {state: 'STOP', node, limitMs: 0, goal: `the server of ${node} was stopped and does not start again`},
      view,
      [],
      Exit.heldDegraded,
    )
  }
  await machine.declare({current: undefined})
  await replaceNode(machine, node)
}

/** What follows a termination, to the entry in the lock that the node is done, and the soak if others follow. */
async function complete(machine: RollMachine, node: string, finish: () => Promise<number>): Promise<void> {
  const {deps} = machine
  const syncedBytes = await finish()
  const {remaining, done} = machine.document
  const left = remaining.filter((name) => name !== node)
  await machine.record({type: 'replaced', at: deps.clock.now(), node, syncedBytes}, {durable: true})
  if (left.length > 0) await soak(machine, node)
  await machine.wait(
    {state: machine.state, node, limitMs: deps.limits.gate, goal: 'the lock can be renewed'},
    async (view) => {
      await machine.tryDeclare({
        remaining: left,
        done: [...done.filter((name) => name !== node), node],
        current: undefined,
      })
      const authority = machine.authority(view, 0)
      return authority.holds ? {done: true, value: undefined} : {done: false, waitingFor: [authority]}
    },
  )
  machine.mayHaveTerminated = false
}

/** Ends a roll that did not get to DONE: undoes what can be undone, says where the cluster stands. */
async function endEarly(machine: RollMachine, error: unknown): Promise<unknown> {
  const {deps} = machine
  const isLost = isLockLost(error)
  const {current} = machine.document
  const mayUndo = !isLost && current !== undefined && !machine.mayHaveTerminated
  let isUndone = true
  try {
    if (mayUndo) isUndone = await undoStop(machine)
  } catch (lost) {
    return endEarly(machine, lost)
  }
  const hold = isLost ? withWhatIsAway(machine, error) : asHold(machine, current, error)
  const shown = mayUndo && !isUndone ? withoutNode(current.identity.node, hold) : hold
  if (!isLost) await machine.tryRenew({...machine.document, handedOver: true}).catch(() => {})
  const {code, message} = describe(shown)
  // A journal that cannot be written must not hide why the roll ended.
  await machine.record(ended(deps, exitOf(shown), code, message), {durable: true}).catch(() => {})
  return shown
}

/**
 * An interruption says where the roll was; credentials refused or AWS out of reach in the middle of a roll are a hold
 * like any other, with the login hint kept.
 */
function asHold(machine: RollMachine, current: CurrentNode | undefined, error: unknown): unknown {
  if (error instanceof InterruptedError) return describeInterruption(machine, current, error)
  if (!(error instanceof OpsError) || error instanceof RollHeld) return error
  if (error.exit !== Exit.auth && error.exit !== Exit.unreachable && error.code !== 'JOURNAL_UNWRITABLE') return error
  const exit = machine.mayHaveTerminated ? Exit.heldDegraded : Exit.held
  const {cluster, state} = machine
  return new RollHeld({
    cluster,
    consent: machine.document.request,
    state,
    node: current?.identity.node,
    exit,
    why: messageOf(error),
    reasons: [],
    suggestions: error.suggestions,
    cause: error,
  })
}

/** Whatever the roll ended for, a server that stays stopped is said with it; a hold is one with a node down. */
function withoutNode(node: string, error: unknown): unknown {
  const lost = `the server of ${node} was stopped and is not known to serve again`
  if (error instanceof RollHeld) {
    const {exit, reasons} = error.details
    const standing = exit === Exit.held ? Exit.heldDegraded : exit
    return new RollHeld({...error.details, exit: standing, reasons: [...reasons, lost]})
  }
  if (!(error instanceof OpsError)) return error
  const {code, exit, suggestions} = error
  const standing = exit === Exit.interrupted ? exit : Exit.heldDegraded
  return new OpsError(`${messageOf(error)}; ${lost}`, {code, exit: standing, suggestions, cause: error})
}

function describeInterruption(
  machine: RollMachine,
  current: CurrentNode | undefined,
  error: InterruptedError,
): OpsError {
  const at = current ? `${current.identity.node} was in ${machine.state}` : `between two nodes, in ${machine.state}`
  const standing =
    machine.mayHaveTerminated && current
      ? `; ${current.identity.instanceId} may already be terminated: AWS replaces it whether or not this runs`
      : ''
  return new OpsError(`${error.message}: ${at}${standing}`, {
    code: error.code,
    exit: Exit.interrupted,
    suggestions: [resumeCommand(machine.cluster, machine.document.request)],
    cause: error,
  })
}

function ended({clock, world}: RollDependencies, exit: number, code: string, message: string): RollEvent {
  return {type: 'ended', at: clock.now(), exit, code, message, stallMs: world.canaryStallMs()}
}
