import type {ClusterContext} from '../../context.ts'
import {judgeLock, judgeSkew, type Outcome} from '../../domain/doctor.ts'
import {listed} from '../../domain/quantity.ts'
import {judgeExpiry} from '../../domain/service.ts'
import {credentialParameters, type NodeTarget} from '../../domain/settings.ts'
import {OpsError} from '../../errors.ts'
import {fetchCredentials} from '../credentials.ts'
import {readLock} from '../roll/lock.ts'
import {blocked, type Check, shared} from './check.ts'

export type AwsContext = Pick<
  ClusterContext,
  'aws' | 'clock' | 'configuration' | 'credentialInspector' | 'nats' | 'settings'
>

const LIMITS = {warningDays: 30, criticalDays: 7}
const NOBODY = 'AWS does not know who asks'

/** Who asks AWS, what he is allowed, and what SSM holds; then whether NATS takes the admin's credentials. */
export function awsChecks(ctx: AwsContext, nodes: readonly NodeTarget[], limitMs: number): readonly Check[] {
  const {settings, clock} = ctx
  const caller = shared(async () => {
    const aws = await ctx.aws()
    const began = clock.now()
    const [who, region] = await Promise.all([aws.identity().then((identity) => identity.caller()), aws.region()])
    return {...who, region, at: (began + clock.now()) / 2}
  })
  const admin = shared(() => fetchCredentials(ctx, {kind: 'admin'}))
  const names = nodes.map(({asg}) => asg)

  /** Where nobody can ask AWS anything, one finding says so. */
  const known = (look: () => Promise<Outcome>) => async (): Promise<Outcome> => {
    const who = await caller().catch((error: unknown) => error)
    if (who instanceof OpsError) return blocked(NOBODY)
    if (who instanceof Error) throw who
    return look()
  }

  return [
    {
      name: 'aws-identity',
      look: async () => {
        const {arn, account, region} = await caller()
        return {status: 'ok', message: `${arn} of account ${account} in ${region}`}
      },
    },
    {
      name: 'aws-clock',
      look: known(async () => {
        const {serverTime, at} = await caller()
        // AWS tells whole seconds.
        return judgeSkew(serverTime === undefined ? [] : [{whose: 'AWS', ms: serverTime + 500 - at}])
      }),
    },
    {
      name: 'admin-credentials',
      look: known(async () => {
        const {claims} = (await admin()).credentials
        const expiry = judgeExpiry(claims, clock.now(), LIMITS)
        if (!expiry) return {status: 'ok', message: `user ${claims.name} of account ${claims.account}`}
        const status = expiry.verdict === 'critical' ? 'failed' : 'warning'
        const {jwt} = credentialParameters(settings, {kind: 'admin'})
        return {status, message: expiry.problem, fix: `issue the user again and store it in ${jwt}`}
      }),
    },
    {
      name: 'system-credentials',
      look: known(async () => {
        const {jwt, seed} = credentialParameters(settings, {kind: 'system'})
        const found = await (await (await ctx.aws()).parameters()).get([jwt, seed])
        if (found.has(jwt) && found.has(seed)) return {status: 'ok', message: 'stored'}
        const message = 'not stored: a roll does not move the meta leader beforehand, reports see one account'
        return {status: 'info', message, fix: `store them in ${jwt} and ${seed}`}
      }),
    },
    {
      name: 'nats-login',
      look: known(async () => {
        const fetched = await admin().catch((error: unknown) => error)
        if (fetched instanceof OpsError) return blocked("there are no admin's credentials")
        if (fetched instanceof Error) throw fetched
        const {credentials, inspect, servers} = await admin()
        // All at once: one that is silent must not keep the others from being asked.
        const client = await Promise.any(
          servers.map((server) => ctx.nats({servers: [server], credentials, inspect, timeoutMs: limitMs * 0.6})),
        ).catch((error: AggregateError) => Promise.reject(error.errors[0]))
        return {status: 'ok', message: `${client.server().name} takes the admin's credentials`}
      }),
    },
    {name: 'permissions-read', look: known(() => tryReading(ctx, names, nodes))},
    {
      name: 'permissions-roll',
      look: async () => ({
        status: 'not-checked',
        message:
          'no harmless call tells: autoscaling:TerminateInstanceInAutoScalingGroup, ssm:PutParameter, ssm:DeleteParameter, ssm:SendCommand',
        fix: 'compare with docs/iam.md',
      }),
    },
    {name: 'permissions-logs', look: known(() => tryLogs(ctx))},
    {
      name: 'permissions-session',
      look: async () => ({
        status: 'not-checked',
        message: 'no harmless call tells: ssm:StartSession, ssm:SendCommand',
        fix: 'compare with docs/iam.md',
      }),
    },
    {
      name: 'roll-lock',
      look: known(async () => {
        const held = await readLock(await (await ctx.aws()).parameters(), settings)
        return judgeLock(settings.name, held?.document, clock.now())
      }),
    },
  ]
}

/** What health and every other look at the cluster asks. */
async function tryReading(ctx: AwsContext, names: readonly string[], nodes: readonly NodeTarget[]): Promise<Outcome> {
  const aws = await ctx.aws()
  const [scaling, ec2] = await Promise.all([aws.autoScaling(), aws.ec2()])
  const groups = scaling.groups(names)
  const history = async (ask: (group: string) => Promise<unknown>): Promise<void> => {
    const [group] = await groups.catch(() => [])
    if (group) await ask(group.name)
  }
  const calls = await Promise.allSettled([
    groups,
    history((group) => scaling.activities(group, 1)),
    history((group) => scaling.refreshes(group)),
    ec2.instances({names: nodes.map(({instanceName}) => instanceName)}),
  ])
  const failures = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason as unknown] : []))
  const bug = failures.find((failure) => !(failure instanceof OpsError))
  if (bug) throw bug
  const errors = failures.filter((failure) => failure instanceof OpsError)
  const [first] = errors
  if (first) return {status: 'failed', message: listed(errors.map(({message}) => message)), fix: first.suggestions[0]}
  const found = new Set((await groups).map(({name}) => name))
  const missing = names.filter((name) => !found.has(name))
  if (missing.length === 0) return {status: 'ok', message: 'groups, activities, refreshes, instances'}
  const message = `no Auto Scaling group ${listed(missing)} in ${await aws.region()}`
  return {status: 'warning', message, fix: `natsops cluster show --cluster ${ctx.settings.name}`}
}

/** Events from this moment on: none, or a few. */
async function tryLogs({aws, settings, clock}: AwsContext): Promise<Outcome> {
  const {bootstrapGroup, bootstrapPattern} = settings.logs
  const since = clock.now()
  try {
    const logs = await (await aws()).logs()
    await logs.find(bootstrapGroup, {streamPrefix: settings.name, text: bootstrapPattern, since})
    return {status: 'ok', message: `reads ${bootstrapGroup}`}
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'AWS_NOT_FOUND') throw error
    const fix = `natsops cluster show --cluster ${settings.name}`
    return {status: 'warning', message: `there is no log group ${bootstrapGroup}`, fix}
  }
}
