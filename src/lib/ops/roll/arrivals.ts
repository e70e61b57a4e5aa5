import type {Aws, Clock, LogService} from '../../clients/ports.ts'
import {type Answer, answered, unanswered} from '../../domain/answer.ts'
import {judgeBootstrap} from '../../domain/roll/bootstrap.ts'
import type {ClusterSettings} from '../../domain/settings.ts'
import {problemOf} from './problems.ts'

interface Asking {
  readonly aws: Aws
  readonly clock: Clock
}

/** Whether the instance's bootstrap log says that its logs arrive. Never rejects. */
export function bootstrapSays(
  {aws, clock, logs: {bootstrapGroup, bootstrapPattern: pattern}}: Asking & Pick<ClusterSettings, 'logs'>,
  node: string,
  instanceId: string,
): Promise<Answer<boolean>> {
  return sinceLaunch({aws, clock}, instanceId, async (since) => {
    const logs = await aws.logs()
    const lines = await logs.find(bootstrapGroup, {streamPrefix: `${node}-bootstrap-`, text: pattern, since})
    const word = judgeBootstrap(lines, {pattern, instanceId, since})
    if (word.kind === 'failed') return unanswered('refused', `the bootstrap log says: ${word.line}`, clock.now())
    return answered(word.kind === 'yes', clock.now())
  })
}

/** Whether events of the node that are this instance's reached the log service. Never rejects. */
export function freshEvents(
  {aws, clock, service}: Asking & {readonly service: LogService},
  node: string,
  instanceId: string,
): Promise<Answer<boolean>> {
  return sinceLaunch({aws, clock}, instanceId, async (since) =>
    answered(await service.hasEvents(node, since), clock.now()),
  )
}

/**
 * Asks with the launch of the instance, by AWS's clock: what is said of the node from then on is said by this instance,
 * for the one before it is gone. The laptop's clock may be ahead or behind, and whoever resumes later knows no better
 * time than this one.
 */
async function sinceLaunch(
  {aws, clock}: Asking,
  instanceId: string,
  ask: (since: number) => Promise<Answer<boolean>>,
): Promise<Answer<boolean>> {
  try {
    const [instance] = await (await aws.ec2()).instances({ids: [instanceId]})
    if (instance === undefined) return unanswered('refused', `EC2 does not know ${instanceId}`, clock.now())
    return await ask(instance.launchedAt)
  } catch (error) {
    return unanswered(...problemOf(error), clock.now())
  }
}
