import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import LogsQuery from '../../../src/commands/logs/query.ts'
import {type LabAxiom, startAxiom} from '../../../src/lib/lab/axiom.ts'
import {type Instances, startInstances} from '../../support/instances.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

const token = 'xaat-SECRET-TOKEN'

describe('logs query', function () {
  this.slow(2000)
  let instances: Instances
  let axiom: LabAxiom
  const now = Date.now()
  const moment = (ago: number): string => new Date(now - ago).toISOString()
  before(async () => {
    instances = await startInstances()
    axiom = await startAxiom('nats-logs', token)
    axiom.ingest({_time: moment(7_200_000), node: 'c-node-1', message: 'long ago'})
    axiom.ingest({_time: moment(2000), node: 'c-node-1', message: 'one', code: 7})
    axiom.ingest({_time: moment(1000), node: 'c-node-2', message: 'two \u001b[2J\u202e', 'odd field': {a: [1]}})
  })
  after(async () => {
    await axiom.close()
    await instances[Symbol.asyncDispose]()
  })
  const query = (
    argv: readonly string[],
    variables: Readonly<Record<string, string>> = {AXIOM_TOKEN: token, AXIOM_URL: axiom.url},
    options: RunOptions = {},
  ) => runCommand(LogsQuery, argv, instances.wiring({variables}), options)

  it('is the newest of the data set unless told otherwise', async () => {
    const {stdout, exitCode} = await query(['--json'])
    assert.equal(exitCode, 0)
    const {at, ...document} = JSON.parse(stdout)
    assert.ok(Date.parse(at) >= now)
    assert.deepEqual(document, {
      cluster: 'c',
      query: '["nats-logs"] | sort by _time desc | limit 100',
      rows: [
        {_time: moment(1000), node: 'c-node-2', message: 'two \u001b[2J\u202e', 'odd field': {a: [1]}, code: null},
        {_time: moment(2000), node: 'c-node-1', message: 'one', 'odd field': null, code: 7},
      ],
    })
  })

  it('runs APL over a time range, as records, a table or CSV', async () => {
    const apl = "['nats-logs'] | where node == 'c-node-1' | project _time, message"
    assert.equal((await query([apl])).stdout, `${moment(2000)}\tone\n`)
    assert.equal((await query([apl, '--since', '3h'])).stdout, `${moment(7_200_000)}\tlong ago\n${moment(2000)}\tone\n`)
    assert.equal((await query([apl, '--csv'])).stdout, `_time,message\r\n${moment(2000)},one\r\n`)
    const shown = await query([apl, '--no-color'], undefined, {columns: 80})
    assert.equal(shown.stdout, `_time                 message\n${moment(2000).slice(0, 19)}Z  one\n`)
  })

  it('shows no control character', async () => {
    const {stdout} = await query(["['nats-logs'] | where node == 'c-node-2' | project message"])
    assert.equal(stdout, 'two \\x1b[2J\\u202e\n')
  })

  it('says where a token could come from', async () => {
    const {stderr, exitCode} = await query([], {})
    assert.equal(exitCode, 10)
    assert.match(
      stderr,
      /error: there is no token for Axiom\n {2}try: export AXIOM_TOKEN=.*\n {2}try: .*axiomTokenParameter/,
    )
  })

  it('takes the token from the SSM parameter that the settings name', async () => {
    instances.world.putParameter('/nats-cluster/c/axiom_token', `${token}\n`, {type: 'SecureString'})
    const file = `${instances.environment.HOME}/natsops.yaml`
    writeFileSync(file, 'defaults: {logs: {axiomTokenParameter: "/nats-cluster/{cluster}/axiom_token"}}\n')
    const {exitCode} = await query([], {AXIOM_URL: axiom.url})
    assert.equal(exitCode, 0)
    instances.world.parameters.delete('/nats-cluster/c/axiom_token')
    assert.equal((await query([], {AXIOM_URL: axiom.url})).exitCode, 10)
    writeFileSync(file, '')
  })

  for (const [what, argv, variables, exit, message] of [
    ['a query that cannot be read', ["['nats-logs'] | whre x"], {}, 2, /does not understand the query: .*whre\n/],
    ['another data set', ["['x'] | limit 1"], {}, 9, /Axiom has no such dataset: entity not found: x\n/],
    ['a token that is refused', [], {AXIOM_TOKEN: 'xaat-OTHER-SECRET'}, 10, /Axiom refuses the token for the dataset/],
    ['a URL that is none', [], {AXIOM_URL: 'http://api.axiom.co'}, 2, /AXIOM_URL is not an https URL/],
    ['nothing that listens', [], {AXIOM_URL: 'http://127.0.0.1:1'}, 7, /Axiom at 127\.0\.0\.1:1 could not be asked/],
  ] as const) {
    it(`names ${what}, and no secret`, async () => {
      const {stdout, stderr, exitCode} = await query([...argv, '--debug'], {
        AXIOM_TOKEN: token,
        AXIOM_URL: axiom.url,
        ...variables,
      })
      assert.equal(exitCode, exit)
      assert.match(stderr, message)
      assert.doesNotMatch(`${stdout}${stderr}`, /SECRET/)
    })
  }

  describe('a service that does not answer', () => {
    let url: string
    let asked: () => void
    const server = createServer(() => asked())
    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    })
    after(() => {
      server.closeAllConnections()
      server.close()
    })

    it('takes no --limit, which could be one of rows', async () => {
      const {stderr, exitCode} = await query(['--limit', '10'], {AXIOM_TOKEN: token, AXIOM_URL: url})
      assert.match(stderr, /^error: unknown flag --limit\n/)
      assert.equal(exitCode, 2)
    })

    it('is given up after the limit', async () => {
      asked = () => {}
      const {stderr, exitCode} = await query(['--time-limit', '100ms'], {AXIOM_TOKEN: token, AXIOM_URL: url})
      assert.equal(exitCode, 7)
      assert.match(stderr, /no answer within 100 ms/)
    })

    it('is given up at Ctrl-C', async () => {
      asked = () => instances.interrupt()
      const {stderr, exitCode} = await query([], {AXIOM_TOKEN: token, AXIOM_URL: url})
      assert.equal(exitCode, 130)
      assert.match(stderr, /error: interrupted by SIGINT\n$/)
    })
  })
})
