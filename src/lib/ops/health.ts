import {isDeepStrictEqual} from 'node:util'
import type {ClusterContext} from '../context.ts'
import {assembleAssets} from '../domain/assemble.ts'
import type {AwsProblem} from '../domain/health/input.ts'
import {hasAnswered} from '../domain/health/look.ts'
import {type HealthReport, judgeHealth} from '../domain/health.ts'
import type {AwsNodeObservation, ClusterObservation} from '../domain/observation.ts'
import {judgeReplication} from '../domain/replication.ts'
import {configuredNodes, type NodeTarget} from '../domain/settings.ts'
import {Exit, OpsError} from '../errors.ts'
import {orInterrupted} from './interruption.ts'
import {type Discovery, discoverNodes} from './nodes.ts'
import {observeAws, observeCluster} from './observe.ts'

export interface HealthOptions {
  /** Time between two looks, milliseconds. */
  readonly intervalMs: number
  /** False: AWS is left out, also for finding the nodes. */
  readonly askAws: boolean
}

/**
 * How old, at least, a look may be when the next one begins, beyond the time that it took itself and two intervals: a
 * busy machine is late by itself.
 */
const FRESH_MS = 3000

/** By how much a look may overrun its two time limits, with large answers to read; more, and the machine was asleep. */
const OVERRUN_MS = 30_000

/** Looks in a row that are too old when they have ended, before nothing can be said. */
const LATE_LOOKS = 5

/** AWS changes slowly and limits its calls: under --watch it is asked this often. */
const AWS_EVERY_MS = 15_000

/**
 * Looks twice and judges. A cluster that gave no answer at all is not asked again. Rejects with the signal's reason
 * when interrupted, with LOOKS_TOO_SLOW (exit 7) where no look ends while it can still be judged, and with nothing else:
 * what does not answer, AWS included, is part of the report.
 *
 * The first look is at the nodes that are known without AWS, which is asked while time has to pass anyway: loading its
 * clients would hold up the nodes' answers. Where AWS then knows of other nodes, the looks begin anew, at those.
 *
 * A look is held against the one before it, and what was stored then is asked of each replica now: were that long ago, a
 * replica that lags for good would pass. So the earlier look has to have begun no longer ago than it took, plus two
 * intervals (or FRESH_MS); else, when AWS kept us waiting or the machine was asleep, the cluster is looked at anew first.
 * Nor is a look believed in which the machine was asleep: it takes far longer than its time limits.
 */
export async function checkHealth(context: ClusterContext, options: HealthOptions): Promise<HealthReport> {
  for await (const report of watchHealth(context, options)) return report
  throw new Error('a watch does not end by itself')
}

/** As checkHealth, over and over: each look is judged together with the one before it. */
export async function* watchHealth(
  context: ClusterContext,
  {intervalMs, askAws}: HealthOptions,
): AsyncGenerator<HealthReport, undefined> {
  const {clock, settings, signal, requestTimeoutMs} = context
  const look = async (at: readonly NodeTarget[]): Promise<Look> => {
    const [began, wall] = [clock.monotonic(), clock.now()]
    const observation = await orInterrupted(signal, observeCluster(context, at))
    return {observation, began, wall, tookMs: clock.monotonic() - began}
  }
  const pauseAfter = async ({observation}: Look): Promise<void> => {
    if (observation.nodes.some(hasAnswered)) await clock.sleep(intervalMs, signal)
  }
  // The monotonic clock may stand still while the machine sleeps, the other may be set back.
  const isFresh = ({began, wall, tookMs}: Look): boolean =>
    Math.max(clock.monotonic() - began, clock.now() - wall) <=
    Math.min(tookMs, 2 * requestTimeoutMs + OVERRUN_MS) + Math.max(2 * intervalMs, FRESH_MS)
  let nodes = configuredNodes(settings)
  let earlier = await look(nodes)
  let askedAt = clock.monotonic()
  const discovering = discoverNodes(context, {aws: askAws})
  let aws = askAws ? lookAtAws(context, discovering) : SKIPPED
  await pauseAfter(earlier)
  const discovery = await orInterrupted(signal, discovering)
  let isAnew = !isDeepStrictEqual(nodes, discovery.nodes)
  nodes = discovery.nodes
  let isFirst = true
  let late = 0
  for (;;) {
    while (isAnew || !isFresh(earlier)) {
      if (!isAnew && ++late >= LATE_LOOKS) throw tooSlow(settings.name)
      isAnew = false
      earlier = await look(nodes)
      await pauseAfter(earlier)
    }
    const isPointless = isFirst && !earlier.observation.nodes.some(hasAnswered)
    isFirst = false
    if (askAws && clock.monotonic() - askedAt >= AWS_EVERY_MS) {
      askedAt = clock.monotonic()
      aws = lookAtAws(context, {nodes})
    }
    const later = isPointless ? earlier : await look(nodes)
    if (!isFresh(later)) {
      earlier = later
      continue
    }
    const awsAnswer = await orInterrupted(signal, aws)
    yield judgeHealth({
      settings,
      earlier: earlier.observation,
      later: later.observation,
      assets: assembleAssets(later.observation),
      replication: judgeReplication(earlier.observation, later.observation),
      ...awsAnswer,
      nodesWarning: discovery.problem ? undefined : discovery.warning,
      now: clock.now(),
    })
    earlier = later
    late = 0
    await clock.sleep(intervalMs, signal)
  }
}

function tooSlow(cluster: string): OpsError {
  return new OpsError(`looking at ${cluster} took too long to be judged, ${LATE_LOOKS} times in a row`, {
    code: 'LOOKS_TOO_SLOW',
    exit: Exit.unreachable,
    suggestions: ['natsops health --timeout 30s'],
  })
}

interface Look {
  readonly observation: ClusterObservation
  /** Monotonic. */
  readonly began: number
  /** The same moment by the wall clock. */
  readonly wall: number
  readonly tookMs: number
}

type AwsQuestion = Pick<Discovery, 'nodes' | 'problem'>

interface AwsAnswer {
  readonly aws: readonly AwsNodeObservation[] | undefined
  readonly awsProblem: AwsProblem | undefined
}

const SKIPPED: Promise<AwsAnswer> = Promise.resolve({
  aws: undefined,
  awsProblem: {kind: 'skipped', message: 'AWS was not asked: --no-aws', suggestions: []},
})

/** Runs while the nodes are looked at: a failure is reported when it is waited for, not before. */
function lookAtAws(context: ClusterContext, about: AwsQuestion | Promise<AwsQuestion>): Promise<AwsAnswer> {
  const answer = Promise.resolve(about).then((discovery) => askAwsAbout(context, discovery))
  answer.catch(() => {})
  return answer
}

/** AWS that cannot be asked is an answer too. What discovery has run into is not run into again. */
async function askAwsAbout(context: ClusterContext, {nodes, problem}: AwsQuestion): Promise<AwsAnswer> {
  if (problem) return {aws: undefined, awsProblem: problemOf(problem)}
  try {
    return {aws: await observeAws(context, nodes), awsProblem: undefined}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    return {aws: undefined, awsProblem: problemOf(error)}
  }
}

function problemOf({code, message, suggestions}: OpsError): AwsProblem {
  return {kind: code === 'AWS_CREDENTIALS_MISSING' ? 'no-credentials' : 'failed', message, suggestions}
}
