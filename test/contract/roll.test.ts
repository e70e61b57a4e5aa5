import assert from 'node:assert/strict'
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import {openAws} from '../../src/lib/clients/aws/aws.ts'
import {type Backend, cluster, startMotoBackend} from '../support/aws-backends.ts'

/** What a roll asks of AWS, against an implementation that is not ours. The lab's is asked by test/integration. */
describe('the calls of a roll, as moto plays AWS', function () {
  this.slow(2000)
  let backend: Backend

  before(async function () {
    const started = await startMotoBackend()
    if (!started) {
      if (process.env.CI) throw new Error('moto_server is not there: run script/bootstrap --test')
      return this.skip()
    }
    backend = started
  })
  after(() => backend?.stop())

  const open = () => openAws(backend.settings, {timeoutMs: 60_000})

  it('a command is sent, and its end is found', async () => {
    const aws = open()
    const [group] = await (await aws.autoScaling()).groups([`${cluster}-node-1-asg`])
    const id = group?.instances[0]?.id ?? ''
    const commands = await aws.runCommand()
    const result = await commands.run(id, ['systemctl', 'show', 'nats'], {timeoutMs: 60_000})
    assert.deepEqual({...result, stdout: typeof result.stdout}, {exitCode: 0, stdout: 'string', stderr: '', cut: false})
  })

  it('a line of the log is found by its text, its stream and its time', async () => {
    const logs = await client()
    const logGroupName = `/aws/ec2/nats-cluster/${cluster}/diagnostic`
    const now = Date.now()
    await logs.send(new CreateLogGroupCommand({logGroupName}))
    for (const [logStreamName, message, timestamp] of [
      [`${cluster}-node-1-bootstrap-a`, 'Axiom ingest check: old', now - 60_000],
      [`${cluster}-node-1-bootstrap-b`, 'Axiom ingest check: ok', now],
      [`${cluster}-node-1-bootstrap-c`, 'something else', now],
      [`${cluster}-node-10-bootstrap-a`, 'Axiom ingest check: ok', now],
    ] as const) {
      await logs.send(new CreateLogStreamCommand({logGroupName, logStreamName}))
      await logs.send(new PutLogEventsCommand({logGroupName, logStreamName, logEvents: [{message, timestamp}]}))
    }
    const found = await (await open().logs()).find(logGroupName, {
      streamPrefix: `${cluster}-node-1-bootstrap-`,
      text: 'Axiom ingest check',
      since: now - 1000,
    })
    assert.deepEqual(
      found.map(({stream, at, message}) => ({stream, at, message})),
      [{stream: `${cluster}-node-1-bootstrap-b`, at: now, message: 'Axiom ingest check: ok'}],
    )
  })

  it('a log group that is not there is named', async () => {
    const query = {streamPrefix: 'a', text: 'b', since: 0}
    await assert.rejects((async () => (await open().logs()).find('/no/such/group', query))(), {
      code: 'AWS_NOT_FOUND',
      exit: 9,
    })
  })

  async function client(): Promise<CloudWatchLogsClient> {
    const {endpoints, region} = backend.settings
    const credentials = {accessKeyId: 'AKIACONTRACT', secretAccessKey: 'contract'}
    return new CloudWatchLogsClient({endpoint: endpoints.all ?? '', region: region ?? '', credentials})
  }
})
