import type {ClusterContext} from '../context.ts'
import {type RemoteOutcome, withoutAgentNote} from '../domain/remote-command.ts'
import {describe, OpsError} from '../errors.ts'
import {findInstance, findInstances, type PlacedNode, type UnplacedNode} from './node-instances.ts'

/** Whose command it would be: shown before anybody agrees to it. */
export interface Standing {
  readonly account: string
  readonly caller: string
  readonly region: string
}

export async function readStanding(ctx: Pick<ClusterContext, 'aws'>): Promise<Standing> {
  const aws = await ctx.aws()
  const [{account, arn}, region] = await Promise.all([aws.identity().then((each) => each.caller()), aws.region()])
  return {account, caller: arn, region}
}

/** One node, which must have an instance, or all of them, of which some may not. Rejects like `findInstance`. */
export async function chooseTargets(
  ctx: Pick<ClusterContext, 'settings' | 'aws' | 'signal'>,
  given: string | undefined,
): Promise<readonly (PlacedNode | UnplacedNode)[]> {
  return given === undefined ? findInstances(ctx) : [await findInstance(ctx, given)]
}

/**
 * Runs one command on all targets at once, as root and without a shell; `onEnd` gets each outcome as it comes. What goes
 * wrong on one of several nodes is its outcome. Rejects with what goes wrong on the only one, and with the signal's
 * reason once AWS has been asked to cancel the command everywhere.
 */
export async function runOnNodes(
  ctx: Pick<ClusterContext, 'aws' | 'signal'>,
  targets: readonly (PlacedNode | UnplacedNode)[],
  argv: readonly string[],
  {limitMs, onEnd}: {readonly limitMs: number; readonly onEnd: (outcome: RemoteOutcome) => void},
): Promise<readonly RemoteOutcome[]> {
  const commands = await (await ctx.aws()).runCommand()
  const runs = targets.map(async (target): Promise<RemoteOutcome> => {
    const outcome = 'problem' in target ? broken(target, target.problem) : await runOn(target)
    if (!ctx.signal.aborted) onEnd(outcome)
    return outcome
  })
  const ended = await Promise.allSettled(runs)
  ctx.signal.throwIfAborted()
  return ended.map((each) => {
    if (each.status === 'rejected') throw each.reason
    return each.value
  })

  async function runOn(target: PlacedNode): Promise<RemoteOutcome> {
    const {instanceId} = target
    try {
      const {exitCode, stdout, stderr, cut} = await commands.run(instanceId, argv, {
        timeoutMs: limitMs,
        signal: ctx.signal,
      })
      const own = exitCode === 0 ? stderr : withoutAgentNote(stderr)
      return {node: target.node.name, instanceId, exitCode, stdout, stderr: own, cut, error: null}
    } catch (error) {
      if (!(error instanceof OpsError) || ctx.signal.aborted || targets.length === 1) throw error
      return broken(target, error)
    }
  }
}

function broken(target: PlacedNode | UnplacedNode, error: OpsError): RemoteOutcome {
  const instanceId = 'instanceId' in target ? target.instanceId : null
  const nothing = {exitCode: null, stdout: '', stderr: '', cut: false}
  return {node: target.node.name, instanceId, ...nothing, error: describe(error)}
}
