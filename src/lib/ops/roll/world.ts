import type {ClusterContext} from '../../context.ts'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import type {AwsNodeObservation, ClusterObservation} from '../../domain/observation.ts'
import type {NodeTarget} from '../../domain/settings.ts'
import {observeAws, observeCluster} from '../observe.ts'
import {findAddresses} from './addresses.ts'
import {bootstrapSays, freshEvents} from './arrivals.ts'
import {openCanary} from './canary.ts'
import {openNatsLink} from './nats-link.ts'
import type {Look, RollWorld} from './ports.ts'
import {problemOf} from './problems.ts'
import {askForUnit, startServer, stopServer} from './server-control.ts'
import {stepDown} from './step-down.ts'
import {terminate} from './terminate.ts'

export interface WorldOptions {
  /** Between two publishes of the canary, milliseconds. */
  readonly canaryEveryMs?: number
  /** For a name to resolve, milliseconds. */
  readonly lookupLimitMs?: number
  /** Of an instance refresh; the runbook's where absent. */
  readonly warmupSeconds?: number
}

/** A bigger canary would prove no more. */
const CANARY_REPLICAS = 3

/**
 * The real world of a roll, over the context's clients. Opening it connects to nothing; it rejects only where the
 * configuration is wrong (files of TLS, say). `close` ends the canary's publishing and leaves its stream to whoever
 * resumes.
 */
export async function openRollWorld(
  context: ClusterContext,
  nodes: readonly NodeTarget[],
  {canaryEveryMs = 100, lookupLimitMs = 2000, warmupSeconds}: WorldOptions = {},
): Promise<RollWorld & {close(): Promise<void>}> {
  const {clock, settings} = context
  const [aws] = await Promise.all([context.aws(), context.monitor()])
  const admin = openNatsLink(context, nodes, {kind: 'admin'})
  const system = openNatsLink(context, nodes, {kind: 'system'})
  const replicas = Math.min(CANARY_REPLICAS, nodes.length)
  const canary = openCanary({link: admin, clock, replicas, everyMs: canaryEveryMs})
  let seen: ClusterObservation | undefined

  let lastOfAws: {readonly answer: Answer<readonly AwsNodeObservation[]>; readonly at: number} | undefined

  const lookAtAws = async (maxAgeMs: number): Promise<Answer<readonly AwsNodeObservation[]>> => {
    const at = clock.monotonic()
    if (lastOfAws?.answer.ok && at - lastOfAws.at < maxAgeMs) return lastOfAws.answer
    const answer = await observeAws({aws: async () => aws}, nodes).then(
      (seenOfAws) => answered(seenOfAws, clock.now()),
      (error: unknown) => unanswered(...problemOf(error), clock.now()),
    )
    lastOfAws = {answer, at}
    return answer
  }

  /** The node goes: our own connection leaves it first, as that of any well-behaved client would. */
  const leave = (node: string): void => {
    admin.leave(node)
    system.leave(node)
  }

  return {
    async look({awsMaxAgeMs = 0} = {}): Promise<Look> {
      const [observation, awsAnswer, echo, addresses, credentialsExpireAt] = await Promise.all([
        observeCluster(context, nodes),
        lookAtAws(awsMaxAgeMs),
        canary.echo(),
        findAddresses(nodes, lookupLimitMs, context.addresses),
        aws.credentialsExpireAt(),
      ])
      seen = observation
      return {observation, aws: awsAnswer, canary: echo, addresses, credentialsExpireAt}
    },
    stepDown: (group, preferred) => stepDown({admin, system}, seen, group, preferred),
    readUnit: async ({instanceId}) => askForUnit(await aws.runCommand(), instanceId),
    async stopServer({node, instanceId}, unit, stillOurs) {
      leave(node)
      return stopServer(await aws.runCommand(), instanceId, unit, stillOurs)
    },
    startServer: async ({instanceId}) => startServer(await aws.runCommand(), instanceId),
    terminate(identity, strategy) {
      leave(identity.node)
      return terminate(aws, identity, strategy, warmupSeconds)
    },
    bootstrapSays: (node, instanceId) => bootstrapSays({aws, clock, logs: settings.logs}, node, instanceId),
    async freshEvents(node, instanceId) {
      try {
        const service = await context.logService()
        if (service === undefined) return {skipped: 'no Axiom token is configured (AXIOM_TOKEN)'}
        return await freshEvents({aws, clock, service}, node, instanceId)
      } catch (error) {
        return unanswered(...problemOf(error), clock.now())
      }
    },
    startCanary: (roll) => canary.start(roll),
    canaryStallMs: () => canary.stallMs(),
    removeCanary: () => canary.remove(),
    async close() {
      await canary.stop()
      await Promise.all([admin.close(), system.close()])
    },
  }
}
