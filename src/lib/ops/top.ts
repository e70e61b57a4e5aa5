import type {ClusterContext} from '../context.ts'
import type {ClusterObservation} from '../domain/observation.ts'
import type {NodeTarget} from '../domain/settings.ts'
import type {ConnectionsLook, TopLook} from '../domain/top/look.ts'
import {messageOf, OpsError} from '../errors.ts'
import {orInterrupted} from './interruption.ts'
import {discoverNodes} from './nodes.ts'
import {observeCluster} from './observe.ts'
import {openNodesSource} from './reports/nodes-source.ts'
import type {ReportSource} from './reports/report-source.ts'
import {connectSystem} from './reports/source.ts'

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

/** How long after a system account that was not to be had it is tried again. */
const RETRY_MS = 30_000

/**
 * Looks at the cluster again and again, over the monitoring ports of all nodes; where none of them answers, through the
 * system account, as reports do, until nobody answers there. A look begins `intervalMs` after the one before it, but
 * never sooner after it than that one took: servers with thousands of streams are not kept busy. Rejects with the
 * signal's reason; what does not answer is part of the look.
 */
export async function* watchTop(
  context: ClusterContext,
  {intervalMs, askAws, wants, signal}: TopOptions,
): AsyncGenerator<TopLook, undefined> {
  const {clock} = context
  const {nodes, warning} = await orInterrupted(signal, discoverNodes(context, {aws: askAws}))
  const about = warning === undefined ? [] : [warning]
  const ports = await openPorts(context, nodes)
  let way = ports
  let retryAt = Number.NEGATIVE_INFINITY
  let refusal: readonly string[] = []
  let trouble: unknown
  let isLookingElsewhere = false
  /** Beside the looks: a connection that nobody takes costs its time limit for each server. */
  const lookElsewhere = async (): Promise<void> => {
    isLookingElsewhere = true
    retryAt = clock.monotonic() + RETRY_MS
    try {
      way = await openSystem(context, nodes)
      refusal = []
    } catch (error) {
      if (error instanceof OpsError) refusal = [`the system account was not to be had: ${error.lines[0]}`]
      else trouble = error
    }
    isLookingElsewhere = false
  }
  const look = async (wanted: boolean): Promise<TopLook> => {
    if (trouble !== undefined) throw trouble
    const asked = way
    const [observation, connections] = await Promise.all([
      asked.observe(),
      wanted ? lookAtConnections(asked.source, clock.now) : undefined,
    ])
    const answers = observation.nodes.some(({server}) => server.ok)
    if (answers && asked === ports) refusal = []
    if (!answers && asked !== ports) {
      await asked.close()
      way = ports
    } else if (!answers && askAws && !isLookingElsewhere && way === ports && clock.monotonic() >= retryAt) {
      void lookElsewhere()
    }
    return {observation, connections, warnings: [...about, ...asked.notes, ...refusal]}
  }
  for (;;) {
    const {connections: wanted} = wants()
    const begun = clock.monotonic()
    yield await orInterrupted(signal, look(wanted))
    const took = clock.monotonic() - begun
    const due = clock.monotonic() + Math.max(intervalMs - took, took)
    const isNews = (): boolean => wants().connections && !wanted
    while (wants().paused || (clock.monotonic() < due && !isNews())) {
      const left = due - clock.monotonic()
      await clock.sleep(wants().paused ? NOTICE_MS : Math.max(1, Math.min(NOTICE_MS, left)), signal)
    }
  }
}

/** A way to ask all nodes. */
interface Way {
  readonly source: ReportSource
  /** What is to be said of it. Untrusted text. */
  readonly notes: readonly string[]
  observe(): Promise<ClusterObservation>
  close(): Promise<void>
}

async function openPorts(context: ClusterContext, nodes: readonly NodeTarget[]): Promise<Way> {
  const source = openNodesSource(await context.nodeReports(nodes), {
    kind: 'monitor',
    clock: context.clock,
    describe: (answered, all) => `monitor ports of ${answered} of ${all} nodes`,
    limits: [],
  })
  return {source, notes: [], observe: () => observeCluster(context, nodes), close: async () => {}}
}

async function openSystem(context: ClusterContext, nodes: readonly NodeTarget[]): Promise<Way> {
  const client = await connectSystem(context)
  const [reports, monitorOfLook] = await Promise.all([
    context.nodeReports(nodes, client),
    context.systemMonitor(nodes, client),
  ])
  const {name} = client.server()
  const source = openNodesSource(reports, {
    kind: 'system',
    clock: context.clock,
    describe: (answered, all) => `system account through ${name}: ${answered} of ${all} nodes`,
    limits: [],
  })
  return {
    source,
    notes: [`no monitoring port answers: asked through the system account, by ${name}`],
    observe: () => observeCluster({...context, monitor: async () => monitorOfLook()}, nodes),
    close: () => client.close(),
  }
}

async function lookAtConnections(source: ReportSource, now: () => number): Promise<ConnectionsLook> {
  try {
    const {at, rows, source: note} = await source.connections()
    return {at, rows, cannotSee: note.cannotSee}
  } catch (error) {
    if (!(error instanceof OpsError)) throw error
    return {at: now(), rows: [], cannotSee: [messageOf(error)]}
  }
}
