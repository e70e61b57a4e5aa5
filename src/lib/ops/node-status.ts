import type {ClusterContext} from '../context.ts'
import {CPU_INTERVAL_SECONDS, type NodeMeasures, readStatus, statusScript} from '../domain/node-status.ts'
import {
  judgeNode,
  type LimitedMeasure,
  limitedMeasures,
  type NodeFinding,
  type NodeVerdict,
  verdictOf,
} from '../domain/node-verdict.ts'
import {findInstance} from './node-instances.ts'

/** Public, under --json. */
export interface NodeStatus extends NodeMeasures {
  readonly cluster: string
  readonly node: string
  readonly instanceId: string
  readonly at: string
  readonly verdict: NodeVerdict
  readonly findings: readonly NodeFinding[]
  readonly measures: readonly LimitedMeasure[]
}

/** Longer than AWS takes to find out that no agent takes a command, milliseconds. */
const LIMIT_MS = 45_000 + CPU_INTERVAL_SECONDS * 1000

/** One look at an instance, with one command. Rejects like `findInstance` and RunCommand.run. */
export async function lookAtNode(ctx: ClusterContext, given: string): Promise<NodeStatus> {
  const {settings, signal} = ctx
  const {node, instanceId} = await findInstance(ctx, given)
  const commands = await (await ctx.aws()).runCommand()
  const {stdout} = await commands.run(instanceId, ['sh', '-c', statusScript()], {timeoutMs: LIMIT_MS, signal})
  const measures = readStatus(stdout)
  const findings = judgeNode(measures, settings.thresholds)
  return {
    cluster: settings.name,
    node: node.name,
    instanceId,
    at: new Date(ctx.clock.now()).toISOString(),
    verdict: verdictOf(findings),
    findings,
    measures: limitedMeasures(measures, settings.thresholds),
    ...measures,
  }
}
