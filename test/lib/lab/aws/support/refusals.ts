import {AutoScalingClient, DescribeAutoScalingGroupsCommand} from '@aws-sdk/client-auto-scaling'
import {DescribeInstancesCommand, EC2Client} from '@aws-sdk/client-ec2'
import {GetParameterCommand, SSMClient} from '@aws-sdk/client-ssm'
import {GetCallerIdentityCommand, STSClient} from '@aws-sdk/client-sts'
import type {Lab} from './lab.ts'

/** One call of every service, as name of the error, HTTP status and message. */
export async function refusals(settings: Lab['settings']): Promise<Record<string, string>> {
  const calls = {
    ssm: () => new SSMClient(settings).send(new GetParameterCommand({Name: '/a'})),
    autoscaling: () => new AutoScalingClient(settings).send(new DescribeAutoScalingGroupsCommand({})),
    ec2: () => new EC2Client(settings).send(new DescribeInstancesCommand({})),
    sts: () => new STSClient(settings).send(new GetCallerIdentityCommand({})),
  }
  const answers = Object.entries(calls).map(async ([name, call]) => {
    const error = await call().then(
      () => undefined,
      (thrown) => thrown,
    )
    return [name, error ? `${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}` : 'answered'] as const
  })
  return Object.fromEntries(await Promise.all(answers))
}
