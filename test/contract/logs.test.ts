import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import {openAws} from '../../src/lib/clients/aws/aws.ts'
import type {Logs} from '../../src/lib/clients/ports.ts'
import {systemClock} from '../../src/lib/clock.ts'
import {conventionalSettings} from '../../src/lib/domain/settings.ts'
import type {OpsError} from '../../src/lib/errors.ts'
import {eventually} from '../support/eventually.ts'
import {temporaryFolder} from '../support/folder.ts'
import {startInstances} from '../support/instances.ts'
import {findMoto, startMoto} from '../support/moto.ts'

/** The same promises about logs kept against two implementations of AWS that know nothing of each other. */
const group = '/aws/ec2/nats-cluster/c/diagnostic'
const region = 'us-east-2'
const keys = {accessKeyId: 'AKIAINSTANCES', secretAccessKey: 'instancesinstancesinstancesinstances1234'}
const now = Date.now()
const events = [
  {stream: 'c-node-1-bootstrap-a', at: now - 3000, message: 'one'},
  {stream: 'c-node-1-bootstrap-a', at: now - 2000, message: 'Axiom ingest check: ok'},
  {stream: 'c-node-2-bootstrap-b', at: now - 1000, message: 'two'},
]

interface Backend {
  readonly url: string
  /** From now on no time passes there: what has been started goes on. */
  stopTime?(): void
  stop(): Promise<void>
}

async function startLab(): Promise<Backend> {
  let still: number | undefined
  const instances = await startInstances({clock: {...systemClock, now: () => still ?? systemClock.now()}})
  for (const {stream, at, message} of events) instances.world.logs.put(group, stream, at, message)
  return {
    url: instances.url,
    stopTime: () => {
      still = systemClock.now()
    },
    stop: async () => instances[Symbol.asyncDispose](),
  }
}

async function startMotoWithLogs(): Promise<Backend | undefined> {
  const binary = findMoto()
  if (binary === undefined) return undefined
  const moto = await startMoto(binary)
  const client = new CloudWatchLogsClient({region, endpoint: moto.url, credentials: keys})
  const logGroupName = group
  await client.send(new CreateLogGroupCommand({logGroupName}))
  for (const logStreamName of new Set(events.map(({stream}) => stream))) {
    await client.send(new CreateLogStreamCommand({logGroupName, logStreamName}))
    const logEvents = events
      .filter(({stream}) => stream === logStreamName)
      .map(({at, message}) => ({timestamp: at, message}))
    await client.send(new PutLogEventsCommand({logGroupName, logStreamName, logEvents}))
  }
  return moto
}

for (const {name, start} of [
  {name: "the lab's endpoint", start: startLab},
  {name: 'moto', start: startMotoWithLogs},
]) {
  describe(`CloudWatch Logs as ${name} plays it`, function () {
    this.slow(2000)
    let backend: Backend
    let logs: Logs
    const folder = temporaryFolder()

    before(async function () {
      const started = await start()
      if (!started) {
        if (process.env.CI) throw new Error('moto_server is not there: run script/bootstrap --test')
        return this.skip()
      }
      backend = started
      const credentialsFile = `${folder.path}/credentials`
      const lines = [`aws_access_key_id = ${keys.accessKeyId}`, `aws_secret_access_key = ${keys.secretAccessKey}`]
      writeFileSync(credentialsFile, `[default]\n${lines.join('\n')}\n`)
      const settings = {...conventionalSettings('c'), region, endpoints: {all: backend.url}, credentialsFile}
      logs = await openAws(settings, {timeoutMs: 60_000}).logs()
    })

    after(async () => {
      await backend?.stop()
      folder[Symbol.dispose]()
    })

    const found = async (query: Parameters<Logs['find']>[1]) => {
      const all = await logs.find(group, query)
      assert.equal(new Set(all.map(({id}) => id)).size, all.length, 'every event has an id of its own')
      return all.map(({id: _id, ...event}) => event)
    }

    it('finds events of streams with a prefix, with and without a text, oldest first', async () => {
      assert.deepEqual(await found({streamPrefix: 'c-node-', since: 0}), events)
      assert.deepEqual(await found({streamPrefix: 'c-node-2-', since: 0}), events.slice(2))
      assert.deepEqual(await found({streamPrefix: 'c-node-', since: now - 2500}), events.slice(1))
      const text = 'Axiom ingest check'
      assert.deepEqual(await found({streamPrefix: 'c-node-', text, since: 0}), events.slice(1, 2))
      assert.deepEqual(await found({streamPrefix: 'none', since: 0}), [])
    })

    it('names the group that is not there', async () => {
      await assert.rejects(logs.find('/none', {streamPrefix: 'c', since: 0}), {code: 'AWS_NOT_FOUND', exit: 9})
      await assert.rejects(logs.startQuery('/none', {text: 'fields @message', since: 0, until: now}), {
        code: 'AWS_NOT_FOUND',
      })
    })

    it('runs a query to its end', async () => {
      const text = 'fields @timestamp, @message | sort @timestamp desc | limit 2'
      const id = await logs.startQuery(group, {text, since: now - 60_000, until: now + 60_000})
      const progress = await eventually('the end of the query', async () => {
        const seen = await logs.query(id)
        return seen.state !== 'running' && seen
      })
      assert.equal(progress.state, 'complete')
      assert.deepEqual(
        progress.rows.map((row) => new Map(row).get('@message')),
        ['two', 'Axiom ingest check: ok'],
      )
    })

    // moto runs any query, and has none to be stopped.
    if (name === 'moto') return

    it('refuses a query that cannot be read, and stops one once', async () => {
      const range = {since: now - 60_000, until: now}
      await assert.rejects(logs.startQuery(group, {text: 'nonsense', ...range}), ({code, exit}: OpsError) => {
        assert.deepEqual([code, exit], ['AWS_INVALID_REQUEST', 2])
        return true
      })
      backend.stopTime?.()
      const id = await logs.startQuery(group, {text: 'fields @message', ...range})
      await logs.stopQuery(id)
      await logs.stopQuery(id)
      assert.equal((await logs.query(id)).state, 'cancelled')
    })
  })
}
