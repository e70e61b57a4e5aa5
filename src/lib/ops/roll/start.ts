import {randomBytes} from 'node:crypto'
import type {ClusterContext} from '../../context.ts'
import {adviseBlocked} from '../../domain/roll/advice.ts'
import {defaultLimits, defaultRhythm, type Limits, type Rhythm} from '../../domain/roll/algorithm.ts'
import type {RollEvent} from '../../domain/roll/events.ts'
import type {LockDocument} from '../../domain/roll/lock.ts'
import {readLosses} from '../../domain/roll/losses.ts'
import {chooseNodes, planRoll, type RollPlan, type RollRequest} from '../../domain/roll/plan.ts'
import {judgePreflight} from '../../domain/roll/preflight.ts'
import type {Predicate, PredicateId, RollView} from '../../domain/roll/view.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {UsageError} from '../../errors.ts'
import {discoverNodes, findNode} from '../nodes.ts'
import {thisHolder} from './claim.ts'
import {journalFolder, openJournal} from './journal.ts'
import {acquireLock, lockedBy, readLock} from './lock.ts'
import {toView} from './looks.ts'
import {RollRefused} from './outcome.ts'
import type {RollJournal, RollLock, RollWorld} from './ports.ts'
import {runRoll} from './roll.ts'

/** A world that was opened for this process and is closed by it. */
export type OpenedWorld = RollWorld & {close(): Promise<void>}
export type OpenWorld = (context: ClusterContext, nodes: readonly NodeTarget[]) => Promise<OpenedWorld>

/** How a roll is driven; a lab or a test may go faster. */
export interface RollPace {
  readonly limits: Limits
  readonly rhythm: Rhythm
}

export const defaultPace: RollPace = {limits: defaultLimits, rhythm: defaultRhythm}

export interface PreparedRoll {
  readonly plan: RollPlan
  readonly nodes: readonly NodeTarget[]
  readonly request: RollRequest
  readonly world: OpenedWorld
}

/** Invariants that may come true by waiting a little; the others refuse at once. */
const PASSING: ReadonlySet<PredicateId> = new Set<PredicateId>(['I1', 'I2', 'I3', 'I5'])

/**
 * PREFLIGHT and PLAN: looks at everything and changes nothing. The plan carries its blockers; whoever goes on with one
 * that has any is refused by `startRoll`. Rejects with LOCKED where a roll is under way, NODE_NOT_FOUND for a name that
 * is none of the cluster's, and with AWS's own refusals.
 */
export async function prepareRoll(
  context: ClusterContext,
  request: RollRequest,
  openWorld: OpenWorld,
  pace = defaultPace,
): Promise<PreparedRoll> {
  const discovery = await discoverNodes(context, {aws: true})
  if (discovery.problem) throw discovery.problem
  const {nodes} = discovery
  const only = request.only.map((name) => findNode(context, nodes, name))
  const aws = await context.aws()
  const store = await aws.parameters()
  const [caller, region, held] = await Promise.all([
    aws.identity().then((identity) => identity.caller()),
    aws.region(),
    readLock(store, context.settings),
  ])
  if (held) throw lockedBy(context.settings, held.document)
  const world = await openWorld(context, nodes)
  try {
    const asked = {...request, only}
    const judge = (seen: RollView, request = asked): readonly Predicate[] =>
      judgePreflight(seen, nodes, chooseNodes(seen, nodes, request), request)
    const view = await lookUntilReady(
      context,
      world,
      pace,
      (seen) => judge(seen).some(({id}) => !PASSING.has(id)),
      (seen) => judge(seen).length === 0,
    )
    const agreed = {...asked, acceptedLoss: whatIsAccepted(view, asked)}
    const blockers = judge(view, agreed)
    const advice = adviseBlocked(view, nodes, chooseNodes(view, nodes, agreed), agreed, blockers)
    const plan = planRoll(view, nodes, agreed, {account: caller.account, region}, blockers, advice)
    const warnings = discovery.warning === undefined ? plan.warnings : [discovery.warning, ...plan.warnings]
    return {plan: {...plan, warnings}, nodes, request: agreed, world}
  } catch (error) {
    await world.close()
    throw error
  }
}

/** LOCK and everything after it. The plan must have been shown and agreed to. Resolves when every node is replaced. */
export async function startRoll(
  context: ClusterContext,
  prepared: PreparedRoll,
  report: (event: RollEvent) => void,
  pace = defaultPace,
): Promise<string> {
  const {plan, request} = prepared
  const {clock, settings} = context
  if (plan.blockers.length > 0) throw new RollRefused(settings.name, plan)
  const {only: _only, onlyOutdated: _outdated, ...locked} = request
  const startedAt = clock.now()
  const document: LockDocument = {
    format: 1,
    roll: newRollId(startedAt),
    cluster: settings.name,
    holder: thisHolder(),
    startedAt,
    heartbeatAt: startedAt,
    request: locked,
    remaining: plan.nodes.map(({identity}) => identity.node),
    instances: plan.nodes.map(({identity}) => identity.instanceId),
    done: [],
    current: undefined,
    handedOver: false,
    beat: 0,
  }
  const store = await (await context.aws()).parameters()
  const lock = await acquireLock(store, settings, document, clock)
  const started: RollEvent = {
    type: 'started',
    at: startedAt,
    roll: document.roll,
    cluster: settings.name,
    holder: document.holder,
    request: locked,
    plan,
  }
  await drive(context, lock, prepared, started, report, pace)
  return document.roll
}

/** Everything between the lock, which is held, and its release. The first event says how it came to be held. */
export async function drive(
  context: ClusterContext,
  lock: RollLock,
  {nodes, world}: Pick<PreparedRoll, 'nodes' | 'world'>,
  first: RollEvent,
  report: (event: RollEvent) => void,
  pace: RollPace,
): Promise<void> {
  const {clock, signal, configuration, settings} = context
  const {roll} = lock.document
  // Before runRoll nothing has happened, and it cannot say so: whoever comes next must not be told that we still drive.
  const handOver = async (error: unknown): Promise<never> => {
    await lock.renew({...lock.document, handedOver: true}).catch(() => {})
    throw error
  }
  const journal = await openJournal(journalFolder(configuration.paths.state, settings.name), roll).catch(handOver)
  try {
    await begin(journal, first, world, report, roll).catch(handOver)
    await runRoll({world, lock, journal, clock, signal, nodes, ...pace, report})
  } finally {
    await world.close()
    await journal.close()
  }
}

async function begin(
  journal: RollJournal,
  first: RollEvent,
  world: RollWorld,
  report: (event: RollEvent) => void,
  roll: string,
): Promise<void> {
  await journal.append(first, {durable: true})
  report(first)
  await world.startCanary(roll)
}

/** Each name with its account. Rejects with a UsageError where one means nothing, or more than one account's asset. */
function whatIsAccepted(view: RollView, {acceptedLoss}: RollRequest): readonly string[] {
  const {names, unmatched, ambiguous, known} = readLosses(view, acceptedLoss)
  if (unmatched.length > 0) {
    const there =
      known.length > 0 ? `those there are: ${known.join(', ')}` : 'every stream and consumer has more than one'
    throw new UsageError(`--accept-loss ${unmatched.join(', ')} is no asset with a single replica: ${there}`)
  }
  const [first] = ambiguous
  if (first === undefined) return names
  throw new UsageError(
    `--accept-loss ${first.name} could mean ${first.candidates.join(' or ')}: name the account as well`,
    ambiguous.flatMap(({candidates}) => candidates.map((name) => quoteForShell(['--accept-loss', name]))),
  )
}

/** Looks until the judgement is good, hopeless, or the preflight's limit has passed. */
async function lookUntilReady(
  {clock, signal}: ClusterContext,
  world: RollWorld,
  {limits, rhythm}: RollPace,
  isHopeless: (view: RollView) => boolean,
  isReady: (view: RollView) => boolean,
): Promise<RollView> {
  const until = clock.monotonic() + limits.preflight
  let earlier = await world.look()
  for (;;) {
    await clock.sleep(rhythm.sampleGap, signal)
    const later = await world.look()
    const view = toView(earlier, later, clock.now())
    if (isReady(view) || isHopeless(view) || clock.monotonic() > until) return view
    earlier = later
  }
}

/** `20261120-184512-3fa9c1`: sorts by time. */
export function newRollId(now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(3).toString('hex')}`
}
