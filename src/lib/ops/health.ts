import {isDeepStrictEqual} from 'node:util'
import type {ClusterContext} from '../context.ts'
import {assembleAssets} from '../domain/assemble.ts'
import type {AwsProblem} from '../domain/health/input.ts'
import {hasAnswered} from '../domain/health/look.ts'
import {type HealthReport, judgeHealth} from '../domain/health.ts'
import type {AwsNodeObservation, ClusterObservation} from '../domain/observation.ts'
import {judgeReplication} from '../domain/replication.ts'
import {configuredNodes, type NodeTarget} from '../domain/settings.ts'
import {OpsError} from '../errors.ts'
import {orInterrupted} from './interruption.ts'
import {type Discovery, discoverNodes} from './nodes.ts'
import {observeAws, observeCluster} from './observe.ts'

export interface HealthOptions {
  /** Time between two looks, milliseconds. */
  readonly intervalMs: number
  /** False: AWS is left out, also for finding the nodes. */
  readonly askAws: boolean
}

/** AWS changes slowly and limits its calls: under --watch it is asked this often. */
const AWS_EVERY_MS = 15_000

/**
 * Looks twice and judges. A cluster that gave no answer at all is not asked again. Rejects with the signal's reason
 * when interrupted, with nothing else: what does not answer, AWS included, is part of the report.
 *
 * The first look is at the nodes that are known without AWS, which is asked while time has to pass anyway: loading its
 * clients would hold up the nodes' answers. Where AWS then knows of other nodes, the looks begin anew, at those.
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
  const {clock, settings, signal} = context
  const look = (at: readonly NodeTarget[]): Promise<ClusterObservation> =>
    orInterrupted(signal, observeCluster(context, at))
  const pauseAfter = async ({nodes}: ClusterObservation): Promise<void> => {
    if (nodes.some(hasAnswered)) await clock.sleep(intervalMs, signal)
  }
  let nodes = configuredNodes(settings)
  let earlier = await look(nodes)
  let askedAt = clock.monotonic()
  const discovering = discoverNodes(context, {aws: askAws})
  let aws = askAws ? lookAtAws(context, discovering) : SKIPPED
  await pauseAfter(earlier)
  const discovery = await orInterrupted(signal, discovering)
  if (!isDeepStrictEqual(nodes, discovery.nodes)) {
    nodes = discovery.nodes
    earlier = await look(nodes)
    await pauseAfter(earlier)
  }
  let isPointless = !earlier.nodes.some(hasAnswered)
  for (;;) {
    if (askAws && clock.monotonic() - askedAt >= AWS_EVERY_MS) {
      askedAt = clock.monotonic()
      aws = lookAtAws(context, {nodes})
    }
    const [later, awsAnswer] = await orInterrupted(
      signal,
      Promise.all([isPointless ? earlier : look(nodes), aws]),
    )
    yield judgeHealth({
      settings,
      earlier,
      later,
      assets: assembleAssets(later),
      replication: judgeReplication(earlier, later),
      ...awsAnswer,
      nodesWarning: discovery.problem ? undefined : discovery.warning,
      now: clock.now(),
    })
    isPointless = false
    earlier = later
    await clock.sleep(intervalMs, signal)
  }
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
