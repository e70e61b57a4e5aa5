import type {ClusterContext} from '../context.ts'
import type {ConnectionsLook, TopLook} from '../domain/top/look.ts'
import {OpsError} from '../errors.ts'
import {rejectWhenAborted} from './interruption.ts'
import {discoverNodes} from './nodes.ts'
import {observeCluster} from './observe.ts'
import {openNodesSource} from './reports/nodes-source.ts'
import type {ReportSource} from './reports/report-source.ts'

export interface TopOptions {
  readonly intervalMs: number
  /** False: AWS is not asked which nodes there are. */
  readonly askAws: boolean
  /** What the operator looks at now, asked before each look. */
  readonly wants: () => TopWants
  readonly signal: AbortSignal
}

export interface TopWants {
  readonly connections: boolean
  /** Nothing is asked until it is over. */
  readonly paused: boolean
}

/** How soon the end of a pause is noticed, and that connections are wanted. */
const NOTICE_MS = 200

/**
 * Looks at the cluster again and again, over the monitoring ports of all nodes. A look begins `intervalMs` after the
 * one before it, but never sooner after it than that one took: servers with thousands of streams are not kept busy.
 * Rejects with the signal's reason; what does not answer is part of the look.
 */
export async function* watchTop(
  context: ClusterContext,
  {intervalMs, askAws, wants, signal}: TopOptions,
): AsyncGenerator<TopLook, undefined> {
  const {clock} = context
  const interrupted = rejectWhenAborted(signal)
  const {nodes, warning} = await Promise.race([discoverNodes(context, {aws: askAws}), interrupted])
  const source = openNodesSource(await context.nodeReports(nodes), {
    kind: 'monitor',
    clock,
    describe: (answered, all) => `monitor ports of ${answered} of ${all} nodes`,
    limits: [],
  })
  const warnings = warning === undefined ? [] : [warning]
  for (;;) {
    const {connections: wanted} = wants()
    const begun = clock.monotonic()
    const [observation, connections] = await Promise.race([
      Promise.all([observeCluster(context, nodes), wanted ? lookAtConnections(source, clock.now) : undefined]),
      interrupted,
    ])
    yield {observation, connections, warnings}
    const took = clock.monotonic() - begun
    const due = clock.monotonic() + Math.max(intervalMs - took, took)
    const isNews = (): boolean => wants().connections && !wanted
    while (wants().paused || (clock.monotonic() < due && !isNews())) {
      const left = due - clock.monotonic()
      await clock.sleep(wants().paused ? NOTICE_MS : Math.max(1, Math.min(NOTICE_MS, left)), signal)
    }
  }
}

async function lookAtConnections(source: ReportSource, now: () => number): Promise<ConnectionsLook> {
  try {
    const {at, rows, source: note} = await source.connections()
    return {at, rows, cannotSee: note.cannotSee}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    return {at: now(), rows: [], cannotSee: [error.message]}
  }
}
