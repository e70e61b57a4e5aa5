import type {ClusterContext} from '../../context.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import type {LockDocument} from '../../domain/roll/lock.ts'
import {metaBacklog, metaIsWhole} from '../../domain/roll/meta.ts'
import {dataIsEverywhere, meshIsComplete, nodesAreHealthy} from '../../domain/roll/predicates.ts'
import {broken, type RollView} from '../../domain/roll/view.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {discoverNodes} from '../nodes.ts'
import {assertAbandoned, thisHolder} from './claim.ts'
import {isGoing, isRefreshing} from './going.ts'
import {subjectOf} from './invariants.ts'
import {journalFolder, openJournal} from './journal.ts'
import {assertKnownNodes, assumeLock, type HeldLock} from './lock.ts'
import {RollMachine} from './machine.ts'
import {defaultPace, type OpenWorld, type RollPace} from './start.ts'
import {undoStop} from './stop.ts'

/** Where an abort leaves the cluster. */
export interface AbortResult {
  readonly cluster: string
  readonly roll: string
  /** The node that was in flight. */
  readonly node: string | null
  /** Its server had been stopped by the roll and was started again. */
  readonly startedAgain: boolean
  readonly standing: 'full-strength' | 'degraded'
  /** What is not as it should be, invariant by invariant. Untrusted text. */
  readonly reasons: readonly string[]
  /** What that means and what to do, one sentence each. */
  readonly meaning: readonly string[]
  readonly done: readonly string[]
  readonly remaining: readonly string[]
  readonly exit: number
}

/** Public under --json. */
export interface AbortDocument extends Omit<AbortResult, 'standing'> {
  readonly outcome: 'aborted' | 'planned'
  /** Null in a dry run, which does not look at the cluster. */
  readonly standing: AbortResult['standing'] | null
}

/** What a dry run tells: whom an abort would be about. */
export function planAbort({cluster, roll, current, done, remaining}: LockDocument): AbortDocument {
  const node = current?.identity.node ?? null
  const nothing = {startedAgain: false, standing: null, reasons: [], meaning: [], exit: 0}
  return {cluster, roll, outcome: 'planned', node, ...nothing, done, remaining}
}

/**
 * Gives a roll up: starts a server it had stopped, removes its canary, says how the cluster stands and releases the
 * lock. What AWS has begun is not stopped by that: a terminated instance is replaced whoever watches. `held` is the lock
 * that was shown. Rejects with LOCKED where that is renewed, LOCK_LOST where it is another by now, or CONTACT_LOST while
 * no node answers; then the lock stays, for nobody would know what it guards.
 */
export async function abortRoll(
  context: ClusterContext,
  held: HeldLock,
  openWorld: OpenWorld,
  report: (event: RollEvent) => void,
  pace: RollPace = defaultPace,
): Promise<AbortResult> {
  const {clock, configuration, settings, signal} = context
  const store = await (await context.aws()).parameters()
  await assertAbandoned(context, store, held, pace)
  const discovery = await discoverNodes(context, {aws: true})
  if (discovery.problem) throw discovery.problem
  const {nodes} = discovery
  const {document} = held
  assertKnownNodes(settings, {remaining: [], current: document.current}, nodes)
  const mine = {...document, holder: thisHolder(), handedOver: false, beat: document.beat + 1}
  const world = await openWorld(context, nodes)
  try {
    const lock = await assumeLock(store, settings, mine, held.version, clock)
    const journal = await openJournal(journalFolder(configuration.paths.state, settings.name), document.roll)
    const machine = new RollMachine({world, lock, journal, clock, signal, nodes, ...pace, report})
    try {
      const result = await settle(machine, document)
      await world.removeCanary().catch((error: unknown) => remark(machine, `the canary stays: ${messageOf(error)}`))
      await lock.release()
      const message = result.meaning[0] ?? 'given up'
      const stallMs = world.canaryStallMs()
      await machine.record({type: 'ended', at: clock.now(), exit: result.exit, code: 'ABORTED', message, stallMs})
      return result
    } catch (error) {
      await machine.tryRenew({...machine.document, handedOver: true}).catch(() => {})
      throw error
    } finally {
      await journal.close()
    }
  } finally {
    await world.close()
  }
}

/** Undoes what can be undone and finds out how the cluster stands then. */
async function settle(machine: RollMachine, document: LockDocument): Promise<AbortResult> {
  const {current} = document
  const first = await machine.view()
  if (first.later.nodes.every(({server}) => !server.ok)) {
    throw new OpsError(`no node of ${document.cluster} answers: the lock stays, nothing was changed`, {
      code: 'CONTACT_LOST',
      exit: Exit.unreachable,
      suggestions: [`natsops health --cluster ${document.cluster}`],
    })
  }
  const isGone =
    current !== undefined && (isGoing(first, current.identity) || isRefreshing(machine, first, current.identity))
  const startedAgain = current?.stopped === true && !isGone && (await undoStop(machine))
  const {reasons, backlog} = await lookForTrouble(machine)
  const {cluster, roll, done, remaining} = document
  const standing = reasons.length === 0 ? 'full-strength' : 'degraded'
  const exit = reasons.length === 0 ? 0 : Exit.heldDegraded
  const node = current?.identity.node ?? null
  const busy = backlog.map((words) => `${words}: that takes no node away; natsops health --cluster ${cluster}`)
  const meaning = [...explain(document, reasons.length > 0, isGone), ...busy]
  return {cluster, roll, node, startedAgain, standing, reasons, meaning, done, remaining, exit}
}

/** Gives a server that was just started the time to become whole, and no more: the rest is said, not waited for. */
async function lookForTrouble(
  machine: RollMachine,
): Promise<{readonly reasons: readonly string[]; readonly backlog: readonly string[]}> {
  const {clock, limits, rhythm, signal} = machine.deps
  const until = clock.monotonic() + limits.preflight
  for (;;) {
    const view = await machine.view()
    const reasons = troubleIn(machine, view)
    if (reasons.length === 0 || clock.monotonic() > until) return {reasons, backlog: metaBacklog(view)}
    await machine.keepLock()
    await clock.sleep(rhythm.poll, signal)
  }
}

function troubleIn(machine: RollMachine, view: RollView): readonly string[] {
  const subject = subjectOf(machine, undefined, false)
  const whole = [
    meshIsComplete(view, subject),
    dataIsEverywhere(view, subject),
    nodesAreHealthy(view, subject),
    // A leader that has much to do is whole: it is told, and is no lack of a node.
    metaIsWhole(view, subject, {countsBacklog: false}),
  ]
  return broken(whole).flatMap(({id, reasons}) => reasons.map((reason) => `${id}: ${reason}`))
}

function explain({cluster, current}: LockDocument, isDegraded: boolean, isGone: boolean): readonly string[] {
  if (!isDegraded) return ['every node is up and holds the data']
  const node = current?.identity.node
  return [
    node === undefined || current === undefined
      ? 'a node is down or does not hold the data yet'
      : isGone
        ? `${node} lost its instance ${current.identity.instanceId}: its group launches another, which comes back empty and is fed by the others`
        : `${node} is down or does not hold the data yet; its instance ${current.identity.instanceId} lives`,
    'until every node holds the data, losing another one can lose acknowledged messages: touch none of them',
    `nobody watches from here on: natsops health --cluster ${cluster} --watch`,
  ]
}

async function remark(machine: RollMachine, what: string): Promise<void> {
  await machine.record({type: 'noticed', at: machine.deps.clock.now(), node: undefined, what})
}
