import {isDown} from '../../domain/roll/standing.ts'
import type {UnitProperties} from '../../domain/roll/stop.ts'
import {broken, type NodeIdentity} from '../../domain/roll/view.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {goneFromRoutes, routesTo} from './going.ts'
import {invariantsBeforeStop, subjectOf} from './invariants.ts'
import {isLockLost} from './lock.ts'
import type {Judgement, Moment, RollMachine, Wait} from './machine.ts'
import type {StopResult} from './ports.ts'

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
export function backOff({deps: {clock, rhythm, signal}}: RollMachine, attempt: number): Promise<void> {
  return clock.sleep(Math.min(30_000, rhythm.poll * 2 ** attempt), signal)
}

/** A nap of the laptop makes what was seen too old to act on once; more often, AWS is too slow to do this safely. */
export const TOO_LATE_LIMIT = 5

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

export function tooSlow({deps}: RollMachine, times: number): string {
  return `looking and renewing the lock took longer than ${deps.rhythm.freshLock / 1000} s, ${times} times`
}

/** Between two starts of a server that does not serve, milliseconds. */
const START_AGAIN_MS = 30_000

/**
 * A hold before the knife leaves the cluster as it was: the server we stopped is started again. False where it does not
 * serve, and tried once only: what ends the roll after that need not find it out again. Rejects with LOCK_LOST.
 */
export async function undoStop(machine: RollMachine): Promise<boolean> {
  const {current} = machine.document
  if (!current?.stopped) return true
  if (machine.undoFailed) return false
  machine.undoFailed = true
  try {
    if (!(await startUntilServing(machine, current.identity))) return false
    await machine.tryDeclare({current: undefined})
    machine.undoFailed = false
    return true
  } catch (error) {
    if (isLockLost(error)) throw error
    const what = error instanceof OpsError ? messageOf(error) : 'its server could not be started again'
    await remark(machine, current.identity.node, what)
    return false
  }
}

/**
 * Starts a server until its health check says 200; false where it does not in the time that stopping may take. For its
 * unit one in its lame duck still runs, and a start does nothing; a while later it is gone. AWS out of reach may be back
 * in a moment; what else stands in the way is thrown, and so is LOCK_LOST. Without `signal` nothing interrupts it.
 */
export async function startUntilServing(
  machine: RollMachine,
  identity: NodeIdentity,
  signal?: AbortSignal,
): Promise<boolean> {
  const {clock, limits, rhythm, world} = machine.deps
  const {node} = identity
  const until = clock.monotonic() + limits.stop
  let startedAt = Number.NEGATIVE_INFINITY
  let isTold = false
  for (;;) {
    if (clock.monotonic() - startedAt >= START_AGAIN_MS) {
      startedAt = clock.monotonic()
      const problem = await machine.beating(world.startServer(identity)).then(() => undefined, asUnreachable)
      if (problem !== undefined) await remark(machine, node, `starting its server: ${problem}`)
      else if (!isTold) await remark(machine, node, 'its server was started again')
      isTold ||= problem === undefined
    }
    await machine.keepLock()
    const look = await world.look()
    const seen = look.observation.nodes.find(({target}) => target.name === node)
    if (seen?.health.ok && seen.health.value.httpStatus === 200) return true
    if (clock.monotonic() > until) return false
    await clock.sleep(rhythm.poll, signal)
  }
}

/** What was out of reach, in words; anything else is thrown. */
function asUnreachable(error: unknown): string {
  if (error instanceof OpsError && error.exit === Exit.unreachable) return messageOf(error)
  throw error
}

/** A lock that is gone tells nobody any more what this roll had done to the node in flight; that stays as it is. */
export function withWhatIsAway({document: {current}, mayHaveTerminated}: RollMachine, error: OpsError): OpsError {
  if (current === undefined || !(current.stopped || mayHaveTerminated)) return error
  const {node, instanceId} = current.identity
  const away = mayHaveTerminated
    ? `${instanceId} of ${node} may be terminated`
    : `the server of ${node} may have been stopped`
  const {code, exit, suggestions} = error
  return new OpsError(`${messageOf(error)}; ${away}`, {code, exit, suggestions, cause: error})
}

/** A journal that cannot be written must not keep a server stopped. */
async function remark(machine: RollMachine, node: string, what: string): Promise<void> {
  await machine.record({type: 'noticed', at: machine.deps.clock.now(), node, what}).catch(() => {})
}

function holdNow(machine: RollMachine, node: string, goal: string): OpsError {
  return machine.hold({state: machine.state, node, limitMs: 0, goal}, undefined, [], Exit.held)
}
