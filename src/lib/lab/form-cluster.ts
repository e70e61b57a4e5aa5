import {Exit, OpsError} from '../errors.ts'
import {openControl} from './control.ts'
import type {LabPlan} from './plan.ts'
import {type ReadinessOptions, waitUntilReady} from './readiness.ts'
import type {LabRecord} from './record.ts'

export interface FormationOptions extends ReadinessOptions {
  /** Makes what the cluster begins with. Rejects with an OpsError where the servers refuse it. */
  readonly populate: () => Promise<void>
}

/** How long an attempt may take; where one needs longer, the next gets twice as long: it may be a slow machine. */
const FIRST_ATTEMPT_MS = 15_000
const STOP_LIMIT_MS = 20_000

/**
 * Waits until the servers are a cluster and have their stream; where they do not become one, lets them begin again from
 * nothing, until the time is over. Rejects with the last attempt's error.
 *
 * New servers that start together do not always form one group. Measured: in one of eight starts of 2.10.27 a server
 * stays outside the meta group for good, while all of them say that they are healthy, or all are inside and no stream
 * is ever placed. Starting them one after the other does not help, and nothing is lost yet.
 */
export async function formCluster(plan: LabPlan, record: LabRecord, options: FormationOptions): Promise<void> {
  const {timeoutMs, report, populate} = options
  const deadline = performance.now() + timeoutMs
  for (let limit = FIRST_ATTEMPT_MS; ; ) {
    const begun = performance.now()
    try {
      await waitUntilReady(plan.nodes, {...options, timeoutMs: Math.min(limit, deadline - begun)})
      return await populate()
    } catch (error) {
      if (!isWorthAnother(error) || performance.now() >= deadline) throw error
      if (performance.now() - begun >= limit) limit *= 2
      report('the servers did not become a cluster: once more, from nothing')
      await beginAgain(plan, record)
    }
  }
}

/** Everything that says: the servers run, and do not work together. */
function isWorthAnother(error: unknown): boolean {
  return error instanceof OpsError && (error.exit === Exit.unreachable || error.code === 'LAB_ASSET_REFUSED')
}

/** All are down before the first starts again: none may bring back what another has forgotten. */
async function beginAgain({nodes}: LabPlan, {control}: LabRecord): Promise<void> {
  const {act} = openControl(control, STOP_LIMIT_MS)
  await Promise.all(nodes.map(({name}) => act('stop', name)))
  await Promise.all(nodes.map(({name}) => act('wipe', name)))
}
