import assert from 'node:assert/strict'
import LogsInsights from '../../../src/commands/logs/insights.ts'
import {group, type Instances, startInstances} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

describe('logs insights', function () {
  this.slow(2000)
  let instances: Instances
  let at: number
  before(async () => {
    instances = await startInstances()
    at = Date.now() - 60_000
    const say = (n: number, ms: number, message: string): void =>
      instances.world.logs.put(group, `c-node-${n}-bootstrap-i-1`, ms, message)
    say(1, at - 86_400_000 * 3, 'Axiom ingest check: ok, days ago')
    say(1, at, 'Axiom ingest check: ok')
    say(2, at + 1000, 'Axiom ingest check: "failed", with HTTP 403')
    say(2, at + 2000, '\u001b[2J\u202e=1+1')
  })
  after(() => instances[Symbol.asyncDispose]())
  beforeEach(() => {
    instances.authorize = undefined
  })
  const insights = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(LogsInsights, argv, instances.wiring(), options)
  const stamp = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')

  it("asks the runbook's question unless told otherwise", async () => {
    const {stdout, exitCode} = await insights(['--json'])
    assert.equal(exitCode, 0)
    const result = JSON.parse(stdout)
    assert.equal(
      result.query,
      'fields @timestamp, @message | filter @message like /Axiom ingest check/ | sort @timestamp desc | limit 200',
    )
    assert.deepEqual(result.rows, [
      {'@timestamp': stamp(at + 1000), '@message': 'Axiom ingest check: "failed", with HTTP 403'},
      {'@timestamp': stamp(at), '@message': 'Axiom ingest check: ok'},
    ])
    assert.deepEqual([result.recordsMatched, result.recordsScanned], [2, 3])
  })

  it('is a table on a terminal, records in a pipe, CSV on request', async () => {
    const query = 'fields @logStream, @message | sort @timestamp asc | limit 2'
    const shown = await insights([query, '--no-color'], {columns: 80})
    assert.deepEqual(shown.stdout.split('\n'), [
      '@logStream              @message',
      'c-node-1-bootstrap-i-1  Axiom ingest check: ok',
      'c-node-2-bootstrap-i-1  Axiom ingest check: "failed", with HTTP 403',
      '',
    ])
    assert.equal((await insights([query])).stdout.split('\n')[0], 'c-node-1-bootstrap-i-1\tAxiom ingest check: ok')
    assert.equal(
      (await insights([query, '--csv'])).stdout,
      '@logStream,@message\r\nc-node-1-bootstrap-i-1,Axiom ingest check: ok\r\n' +
        'c-node-2-bootstrap-i-1,"Axiom ingest check: ""failed"", with HTTP 403"\r\n',
    )
  })

  it('shows no control character', async () => {
    const query = 'fields @message | sort @timestamp desc | limit 1'
    assert.match((await insights([query, '--no-color'], {columns: 80})).stdout, /^@message\n\\x1b\[2J\\u202e=1\+1\n$/)
    assert.equal((await insights([query, '--csv'])).stdout, '@message\r\n\\x1b[2J\\u202e=1+1\r\n')
  })

  it('says how far it is', async () => {
    const {stderr} = await insights([])
    assert.match(stderr, /^querying\nquerying: 3 records, \d+ B scanned, 2 hits\n2 rows; \d+ B scanned\n$/)
  })

  it('prints nothing where nothing is found', async () => {
    const {stdout, stderr, exitCode} = await insights(['filter @message = "none"'])
    assert.deepEqual([stdout, exitCode], ['', 0])
    assert.match(stderr, /^0 rows; /m)
  })

  it('names a query that AWS cannot read', async () => {
    const {stderr, exitCode} = await insights(['fields @message | filter ((('])
    assert.equal(exitCode, 2)
    assert.match(
      stderr,
      /error: logs:StartQuery on \S+ in us-east-2: not valid: unexpected symbol found filter \(\(\(\n/,
    )
  })

  it('names the log group that is not there, and the action that is not allowed', async () => {
    const missing = await insights(['--cluster', 'other'])
    assert.equal(missing.exitCode, 9)
    assert.match(missing.stderr, /logs:StartQuery on \/aws\/ec2\/nats-cluster\/other\/diagnostic/)
    instances.authorize = ({action}) => (action === 'logs:StartQuery' ? 'denied' : undefined)
    const denied = await insights([])
    assert.equal(denied.exitCode, 10)
    assert.match(denied.stderr, /is not allowed logs:StartQuery/)
  })

  it('stops the query at Ctrl-C', async () => {
    instances.authorize = ({action}) => {
      if (action === 'logs:GetQueryResults') instances.interrupt()
      return undefined
    }
    const {stderr, exitCode} = await insights([])
    assert.equal(exitCode, 130)
    assert.match(stderr, /error: interrupted by SIGINT\n$/)
    assert.equal(instances.world.insights.running, 0)
  })

  it('stops the query that takes longer than its limit', async () => {
    const {stderr, exitCode} = await insights(['--time-limit', '50ms'])
    assert.equal(exitCode, 7)
    assert.match(stderr, /error: the query did not end within 50ms and was stopped\n/)
    assert.equal(instances.world.insights.running, 0)
  })

  it('says that somebody else has stopped it', async () => {
    let started = ''
    const {look} = instances.world.insights
    instances.world.insights.look = (id) => {
      if (started === '') instances.world.insights.stop(id)
      started = id
      return look.call(instances.world.insights, id)
    }
    try {
      const {stderr, exitCode} = await insights([])
      assert.equal(exitCode, 3)
      assert.match(stderr, /error: the query was stopped by somebody\n/)
    } finally {
      Reflect.deleteProperty(instances.world.insights, 'look')
    }
  })
})
