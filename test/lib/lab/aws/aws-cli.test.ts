import assert from 'node:assert/strict'
import {execFile, spawnSync} from 'node:child_process'
import {promisify} from 'node:util'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {credentials, eventually, region, startLab, startWorld} from './support/lab.ts'

/** The runbook's own commands, by the tool they were written for. */
describe('the aws CLI against the lab', () => {
  let world: AwsWorld
  let lab: Awaited<ReturnType<typeof startLab>>

  before(async function () {
    if (spawnSync('aws', ['--version']).error) this.skip()
    ;({world} = await startWorld({timing: {bootDelayMs: 20}}))
    world.putParameter('/nats-cluster/c/admin/nats_admin_jwt', 'eyJhbGciOi', {type: 'SecureString'})
    for (let number = 1; number <= 12; number++)
      world.putParameter(`/nats-cluster/c/services/s${number}/nats_host`, 'h')
    lab = await startLab(world)
  })
  after(async () => {
    await lab?.close()
    await world?.close()
  })

  const aws = async (...args: string[]) => {
    const env = {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: lab.url,
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const {stdout} = await promisify(execFile)('aws', args, {env})
    return stdout.trim()
  }

  it('fetches a parameter and lists a path through its pages', async () => {
    const name = '/nats-cluster/c/admin/nats_admin_jwt'
    const [value, listed] = await Promise.all([
      aws(
        'ssm',
        'get-parameter',
        '--name',
        name,
        '--with-decryption',
        '--query',
        'Parameter.Value',
        '--output',
        'text',
      ),
      aws('ssm', 'get-parameters-by-path', '--path', '/nats-cluster', '--recursive', '--query', 'length(Parameters)'),
    ])
    assert.deepEqual([value, listed], ['eyJhbGciOi', '13'])
  })

  it('replaces a node as the runbook does', async () => {
    const group = 'c-node-2-asg'
    const query = 'Reservations[0].Instances[0].InstanceId'
    const filter = 'Name=tag:Name,Values=c-node-2'
    const old = await aws('ec2', 'describe-instances', '--filters', filter, '--query', query, '--output', 'text')
    assert.equal(old, world.group(group)?.members[0]?.id)
    const terminate = ['autoscaling', 'terminate-instance-in-auto-scaling-group', '--instance-id', old]
    const answer = await aws(...terminate, '--no-should-decrement-desired-capacity', '--output', 'json')
    assert.equal(JSON.parse(answer).Activity.Description, `Terminating EC2 instance: ${old}`)
    await eventually(() => world.group(group)?.members[0]?.lifecycle === 'InService', 'the replacement in service')
    const describeActivities = ['autoscaling', 'describe-scaling-activities', '--auto-scaling-group-name', group]
    const text = await aws(...describeActivities, '--query', 'Activities[].StatusCode', '--output', 'text')
    assert.equal(text, 'Successful\tSuccessful\tSuccessful')
  })

  it('reports what AWS reports', async () => {
    const stderrOf = (...args: string[]) => aws(...args).then(String, ({stderr}) => String(stderr).trim())
    const missing = await stderrOf('ssm', 'get-parameter', '--name', '/none')
    assert.match(missing, /An error occurred \(ParameterNotFound\) when calling the GetParameter operation:/)
  })
})
