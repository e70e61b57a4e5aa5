import {isDown} from '../../domain/roll/standing.ts'
import type {UnitProperties} from '../../domain/roll/stop.ts'
import {broken, type NodeIdentity} from '../../domain/roll/view.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {goneFromRoutes, routesTo} from './going.ts'
import {invariantsBeforeStop, subjectOf} from './invariants.ts'
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
 * A hold before the knife leaves the cluster as it was: the server we stopped is started again. For its unit one that is
 * in its lame duck still runs, and a start does nothing; a while later it is gone. So it is started until it serves.
 */
export async function undoStop(machine: RollMachine): Promise<boolean> {
  const {deps, document} = machine
  const current = document.current
  if (!current?.stopped) return true
  const {node} = current.identity
  try {
    const {clock, rhythm, world} = deps
    const until = clock.monotonic() + deps.limits.stop
    for (let startedAt = Number.NEGATIVE_INFINITY; ; ) {
      if (clock.monotonic() - startedAt >= START_AGAIN_MS) {
        const isFirst = startedAt < 0
        startedAt = clock.monotonic()
        await machine.beating(world.startServer(current.identity)).then(
          () => (isFirst ? remark(machine, node, 'its server was started again') : undefined),
          (error: unknown) => remarkUnreachable(machine, node, error),
        )
      }
      await machine.keepLock()
      const look = await world.look()
      const seen = look.observation.nodes.find(({target}) => target.name === node)
      if (seen?.health.ok && seen.health.value.httpStatus === 200) break
      if (clock.monotonic() > until) return false
      await clock.sleep(rhythm.poll)
    }
    await machine.tryDeclare({current: undefined})
    return true
  } catch (error) {
    await remark(machine, node, error instanceof OpsError ? messageOf(error) : 'its server could not be started again')
    return false
  }
}

/** AWS out of reach may be back in a moment; whatever else stands in the way does so the next time too, and is thrown. */
async function remarkUnreachable(machine: RollMachine, node: string, error: unknown): Promise<void> {
  if (!(error instanceof OpsError) || error.exit !== Exit.unreachable) throw error
  await remark(machine, node, `starting its server: ${messageOf(error)}`)
}

/** A lock that is gone tells nobody any more what this roll had done to the node in flight; that stays as it is. */
export function withWhatIsAway({document: {current}, mayHaveTerminated}: RollMachine, error: OpsError): OpsError {
  if (current === undefined || !(current.stopped || mayHaveTerminated)) return error
  const {node, instanceId} = current.identity
  const away = mayHaveTerminated ? `${instanceId} of ${node} may be terminated` : `the server of ${node} was stopped`
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
