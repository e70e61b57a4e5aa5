import type {ClusterContext} from '../../context.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import {type LockDocument, undoDrainCommand} from '../../domain/roll/lock.ts'
import type {RollRequest} from '../../domain/roll/plan.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {describe, Exit, exitOf, OpsError} from '../../errors.ts'
import {discoverNodes, findNode} from '../nodes.ts'
import {prepareNode} from './before.ts'
import {assertAbandoned, assertMayAsk, thisHolder} from './claim.ts'
import {isGoing} from './going.ts'
import {acquireLock, assumeLock, type HeldLock, isLockLost, lockedBy, readLock} from './lock.ts'
import {RollMachine} from './machine.ts'
import {memoryJournal} from './memory-journal.ts'
import {RollRefused} from './outcome.ts'
import {awaitSync, verify} from './settle.ts'
import {defaultPace, newRollId, type OpenWorld, type PreparedRoll, prepareRoll, type RollPace} from './start.ts'
import {startUntilServing, undoStop, withWhatIsAway} from './stop.ts'

/*
 * A drained node is down on purpose, for as long as somebody works on its machine. All that time the cluster can lose no
 * other node, so the lock stays, marked as a drain and driven by nobody: `roll`, `node replace` and another drain are
 * refused with the command that ends it, `roll status` shows it, and anybody may undo it from anywhere.
 */

/** What the operator accepts of a drain; the rest of a roll's request has no meaning for one. */
export type DrainRequest = Pick<RollRequest, 'acceptedLoss' | 'acceptsUnseen'>

export interface DrainResult {
  readonly cluster: string
  readonly node: string
  readonly instanceId: string
  /** How the server was stopped. */
  readonly how: string
  readonly moved: readonly {readonly group: string; readonly to: string}[]
}

/** PREFLIGHT and PLAN for one node: the same gate as for its replacement, but for what only an empty node endangers. */
export async function prepareDrain(
  context: ClusterContext,
  node: string,
  request: DrainRequest,
  openWorld: OpenWorld,
  pace: RollPace = defaultPace,
): Promise<PreparedRoll> {
  const whole: RollRequest = {
    ...request,
    only: [node],
    onlyOutdated: false,
    strategy: 'terminate',
    drain: 'auto',
    settleMs: 0,
    acceptsOldServers: true,
    checksBootstrap: true,
  }
  const prepared = await prepareRoll(context, whole, openWorld, pace)
  const [planned] = prepared.plan.nodes
  // That nobody knows what a server holds that is down already is no reason of its own.
  const isBlocked = prepared.plan.blockers.some(({id}) => id !== 'I6')
  if (isBlocked || planned?.identity.serverId !== undefined) return prepared
  await prepared.world.close()
  throw new OpsError(`${planned?.identity.node ?? node} does not serve: there is nothing to drain`, {
    code: 'NOT_SERVING',
    exit: Exit.refused,
    suggestions: [`natsops health --cluster ${context.settings.name}`],
  })
}

/** Moves the node's leaders away and stops its server; the lock stays. Whatever goes wrong is undone. */
export async function drainAndStop(
  context: ClusterContext,
  {plan, nodes, request, world}: PreparedRoll,
  report: (event: RollEvent) => void,
  pace: RollPace = defaultPace,
): Promise<DrainResult> {
  const {clock, settings, signal} = context
  const [planned] = plan.nodes
  if (plan.blockers.length > 0 || !planned) throw new RollRefused(settings.name, plan)
  const {node} = planned.identity
  const {only: _only, onlyOutdated: _outdated, ...locked} = request
  const startedAt = clock.now()
  const document: LockDocument = {
    format: 1,
    purpose: 'drain',
    roll: newRollId(startedAt),
    cluster: settings.name,
    holder: thisHolder(),
    startedAt,
    heartbeatAt: startedAt,
    request: locked,
    remaining: [],
    done: [],
    current: undefined,
    handedOver: false,
    beat: 0,
  }
  const store = await (await context.aws()).parameters()
  const lock = await acquireLock(store, settings, document, clock)
  const journal = memoryJournal()
  const machine = new RollMachine({world, lock, journal, clock, signal, nodes, ...pace, report})
  try {
    await world.startCanary(document.roll)
    const {identity} = await prepareNode(machine, node)
    signal.throwIfAborted()
    const events = journal.events()
    const stopped = events.find((event) => event.type === 'stopped')
    if (stopped?.type !== 'stopped') throw notStopped(settings.name, node, events)
    await removeCanary(machine)
    await lock.renew({...machine.document, heartbeatAt: clock.now(), handedOver: true})
    const moved = events.flatMap((event) => (event.type === 'moved' ? {group: event.group, to: event.to} : []))
    return {cluster: settings.name, node, instanceId: identity.instanceId, how: stopped.how, moved}
  } catch (error) {
    throw await takeBack(machine, node, error)
  }
}

/** Undoes the drain's own doing and its lock; a server that does not start again keeps the lock, and is named. */
async function takeBack(machine: RollMachine, node: string, error: unknown): Promise<unknown> {
  const {cluster, deps} = machine
  const retry = quoteForShell(['natsops', 'node', 'drain', node, '--cluster', cluster])
  if (isLockLost(error)) return withWhatIsAway(machine, error)
  const wasStopped = machine.document.current?.stopped === true
  let isWhole: boolean
  try {
    isWhole = await undoStop(machine)
  } catch (lost) {
    return takeBack(machine, node, lost)
  }
  await removeCanary(machine)
  if (isWhole) {
    await deps.lock.release().catch(() => {})
    const standing = wasStopped ? `${node} serves again` : `the server of ${node} is as it was`
    return forDrain(error, `; ${standing}`, exitOf(error), [retry])
  }
  await machine.tryRenew({...machine.document, handedOver: true}).catch(() => {})
  const lost = `; the server of ${node} was stopped and could not be started again`
  return forDrain(error, lost, Exit.heldDegraded, [undoDrainCommand(cluster, node)])
}

/** A hold of the shared states speaks of resuming a roll: here something else comes next. `end` goes after its words. */
function forDrain(error: unknown, end: string, exit: number, suggestions: readonly string[]): unknown {
  if (!(error instanceof OpsError)) return error
  const lines = error.lines.map((line, index, all) => (index === all.length - 1 ? `${line}${end}` : line))
  return new OpsError(lines, {code: describe(error).code, exit: exit as Exit, suggestions, cause: error})
}

function notStopped(cluster: string, node: string, events: readonly RollEvent[]): OpsError {
  const skipped = events.findLast((event) => event.type === 'skipped' && event.what.includes('STOP'))
  const why = skipped?.type === 'skipped' ? skipped.why : 'nobody says why'
  return new OpsError(`the server of ${node} was not stopped: ${why}`, {
    code: 'NOT_STOPPED',
    exit: Exit.refused,
    suggestions: [`natsops health --cluster ${cluster}`],
  })
}

/**
 * The lock of a drain of this node. Rejects with NOT_DRAINED (exit 3) where there is none, with LOCKED where a roll or
 * another node's drain holds it, or somebody who may be in the middle of this one. Changes nothing.
 */
export async function readDrain(
  context: ClusterContext,
  given: string,
  {takeOver}: {readonly takeOver: boolean},
): Promise<HeldLock> {
  const {settings} = context
  const held = await readLock(await (await context.aws()).parameters(), settings)
  const drained = held?.document.current?.identity.node
  if (held && held.document.purpose !== 'drain') throw lockedBy(settings, held.document)
  const isMeant = drained !== undefined && (drained === given || drained.endsWith(`-${given}`))
  if (held && isMeant) {
    assertMayAsk(settings, held, takeOver)
    return held
  }
  if (held && drained !== undefined) throw lockedBy(settings, held.document)
  throw new OpsError(`${given} of ${settings.name} was not drained by natsops: there is no lock that says so`, {
    code: 'NOT_DRAINED',
    exit: Exit.refused,
    suggestions: [`natsops node list --cluster ${settings.name}`],
  })
}

/**
 * Starts the server of a drained node again, waits until every replica on it is whole, and releases the lock. `held` is
 * the lock that was shown. Rejects with LOCKED where that is renewed, with LOCK_LOST where it is another by now.
 */
export async function undoDrain(
  context: ClusterContext,
  given: string,
  held: HeldLock,
  openWorld: OpenWorld,
  report: (event: RollEvent) => void,
  pace: RollPace = defaultPace,
): Promise<{readonly cluster: string; readonly node: string; readonly syncedBytes: number}> {
  const {clock, settings, signal} = context
  const store = await (await context.aws()).parameters()
  await assertAbandoned(context, store, held, pace)
  const {current} = held.document
  const discovery = await discoverNodes(context, {aws: true})
  if (discovery.problem) throw discovery.problem
  const {nodes} = discovery
  const node = findNode(context, nodes, current?.identity.node ?? given)
  const world = await openWorld(context, nodes)
  try {
    const mine = {...held.document, holder: thisHolder(), handedOver: false, beat: held.document.beat + 1}
    const lock = await assumeLock(store, settings, mine, held.version, clock)
    // There is no state before to compare with, and nobody expects one.
    const tell = (event: RollEvent): void => (event.type === 'skipped' ? undefined : report(event))
    const journal = memoryJournal()
    const machine = new RollMachine({world, lock, journal, clock, signal, nodes, ...pace, report: tell})
    // Until it is whole again the node counts as down: that is what every hold from here on has to say.
    machine.mayHaveTerminated = true
    try {
      await startAgain(machine, held.document)
      await world.startCanary(held.document.roll)
      const identity = current?.identity
      if (identity === undefined) throw new Error('a drain without a node')
      const joined = {...identity, serverStartedAt: undefined}
      const syncedBytes = await awaitSync(machine, joined, () => {})
      await verify(machine, joined)
      await removeCanary(machine)
      await lock.release()
      return {cluster: settings.name, node, syncedBytes}
    } catch (error) {
      await removeCanary(machine)
      await machine.tryRenew({...machine.document, handedOver: true}).catch(() => {})
      throw forDrain(error, '', exitOf(error), [undoDrainCommand(settings.name, node)])
    }
  } finally {
    await world.close()
  }
}

/** An instance that is gone was replaced by its group: there is no server to start, the new one starts by itself. */
async function startAgain(machine: RollMachine, {current}: LockDocument): Promise<void> {
  const {clock, signal} = machine.deps
  if (current === undefined) return
  const {identity} = current
  if (!isGoing(await machine.view(), identity)) {
    await startUntilServing(machine, identity, signal)
    return
  }
  const what = `${identity.instanceId} was replaced meanwhile: its successor starts by itself`
  await machine.record({type: 'noticed', at: clock.now(), node: identity.node, what})
}

/** A canary that stays behind is a small stream and no reason to fail. */
async function removeCanary({deps}: RollMachine): Promise<void> {
  await deps.world.removeCanary().catch(() => {})
}
