import assert from 'node:assert/strict'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import Monitor from '../../src/commands/monitor.ts'
import type {Wiring} from '../../src/lib/command.ts'
import type {NodeTarget} from '../../src/lib/domain/settings.ts'
import {testSettings} from '../support/observations.ts'
import {emptyConfiguration, type Outcome, type RunOptions, runCommand} from '../support/run.ts'

const JSON_TYPE = 'application/json'

/** What each node answers by path; a node without answers is a port nobody listens on. */
type Pages = Readonly<Record<string, readonly [status: number, body: string, type?: string]>>

describe('monitor', () => {
  const servers: Server[] = []
  let asked: string[] = []

  afterEach(async () => {
    asked = []
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  })

  async function listen(pages: Pages | undefined): Promise<number> {
    const server = createServer(({url = ''}, response) => {
      asked.push(url)
      const [status, body, type = JSON_TYPE] = pages?.[url] ?? [404, '404 page not found\n', 'text/plain']
      response.writeHead(status, {'content-type': type}).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as AddressInfo
    if (pages) servers.push(server)
    else await new Promise((resolve) => server.close(resolve))
    return port
  }

  async function run(
    argv: readonly string[],
    nodes: readonly (Pages | undefined)[],
    options: RunOptions = {},
  ): Promise<Outcome> {
    const ports = await Promise.all(nodes.map(listen))
    const nodesHere = ports.map((monitorPort, index): NodeTarget => {
      const name = `test-node-${index + 1}`
      return {name, host: '127.0.0.1', clientPort: 1, monitorPort, asg: `${name}-asg`, instanceName: name}
    })
    const settings = testSettings(nodes.length, {nodes: nodesHere})
    const wiring: Wiring = {
      configuration: {...emptyConfiguration(), cluster: async () => ({settings, sources: new Map()})},
    }
    const outcome = await runCommand(Monitor, [...argv, '--no-aws'], wiring, options)
    const masked = ports.reduce((text, port) => text.replaceAll(`:${port}`, ':PORT'), outcome.stderr)
    return {...outcome, stderr: masked}
  }

  it('prints one page byte for byte in a pipe', async () => {
    const body = '{\n\t"seq": 18446744073709551615,  "b": 1.0}'
    const {stdout, stderr, exitCode} = await run(['varz', '--node', '1'], [{'/varz': [200, body]}])
    assert.deepEqual([stdout, stderr, exitCode], [body, '', 0])
  })

  it('indents a page on a terminal, numbers untouched and control characters visible', async () => {
    const body = '{"seq":18446744073709551615,"name":"a\u202eb\u009b31m\\u001b[2J"}'
    const {stdout} = await run(['varz', '--node=1'], [{'/varz': [200, body]}], {columns: 80})
    const name = '"a\\u202eb\\u009b31m\\u001b[2J"'
    assert.equal(stdout, `{\n  "seq": 18446744073709551615,\n  "name": ${name}\n}\n`)
  })

  it('keys several pages by node, and a node that does not answer is a field, a line and exit 7', async () => {
    const page: Pages = {'/jsz?acc=A%26B': [200, '{"streams":18446744073709551615}']}
    const {stdout, stderr, exitCode} = await run(['jsz', '--param', 'acc=A&B'], [page, undefined])
    const refused = 'connection refused by 127.0.0.1:PORT'
    assert.match(stdout, /"streams": 18446744073709551615\n/)
    const {error} = JSON.parse(stdout)['test-node-2']
    assert.deepEqual([error.kind, stderr, exitCode], ['refused', `test-node-2: ${refused}\n`, 7])
  })

  it('asks the nodes that are named, short or whole, once each', async () => {
    const page: Pages = {'/varz': [200, '{"a":1}']}
    const {stdout, exitCode} = await run(
      ['varz', '--node', 'node-2', '--node', 'test-node-3', '--node', '2'],
      [page, page, page],
    )
    assert.deepEqual([JSON.parse(stdout), exitCode], [{'test-node-2': {a: 1}, 'test-node-3': {a: 1}}, 0])
    assert.equal(asked.length, 2)
  })

  it('is one document under --json, with the status and what went wrong', async () => {
    const well: Pages = {'/healthz': [200, '{"status":"ok","n":9007199254740993}']}
    const sick: Pages = {'/healthz': [503, '{"status":"unavailable"}']}
    const {stdout, exitCode} = await run(['healthz', '--json'], [well, sick])
    assert.match(stdout, /"n": 9007199254740993/)
    const {at, ...document} = JSON.parse(stdout)
    assert.ok(Date.parse(at) <= Date.now())
    assert.deepEqual(document, {
      cluster: 'test',
      endpoint: 'healthz',
      path: '/healthz',
      nodes: {
        'test-node-1': {status: 200, body: {status: 'ok', n: 9007199254740992}, error: null},
        'test-node-2': {
          status: 503,
          body: {status: 'unavailable'},
          error: {kind: 'http-status', message: 'HTTP 503: {"status":"unavailable"}'},
        },
      },
      exit: 20,
    })
    assert.equal(exitCode, 20)
  })

  it('exits 21 where no node is well, and shows what each says', async () => {
    const sick: Pages = {'/healthz': [503, '{"status":"unavailable"}']}
    const {stdout, exitCode} = await run(['healthz', '--node', '1'], [sick])
    assert.deepEqual([stdout, exitCode], ['{"status":"unavailable"}', 21])
  })

  it('says that a server has no such page, and which version that is', async () => {
    const varz = {server_id: 'A', server_name: 'test-node-1', version: '2.10.12', connections: 0}
    const times = {start: '2026-01-02T03:04:05Z', now: '2026-01-02T03:04:05Z'}
    const old: Pages = {'/varz': [200, JSON.stringify({...varz, ...times})]}
    const {stdout, stderr, exitCode} = await run(['expvarz', '--node', '1'], [old])
    const line = 'test-node-1: nats-server 2.10.12 has no /debug/vars (it came with 2.11.11)\n'
    assert.deepEqual([stdout, stderr, exitCode], ['', line, 9])
  })

  it('passes on what the server says of a parameter, and warns of one that no server reads', async () => {
    const page: Pages = {'/jsz?limit=x&account=A': [400, "Error decoding int for 'limit'", 'text/plain']}
    const {stdout, stderr, exitCode} = await run(['jsz', '--param', 'limit=x', '--param', 'account=A'], [page])
    assert.equal(JSON.parse(stdout)['test-node-1'].error.kind, 'http-status')
    assert.deepEqual(stderr.split('\n'), [
      'warning: no server natsops knows reads the parameter account of jsz: it will be ignored, did you mean accounts?',
      "test-node-1: HTTP 400: Error decoding int for 'limit'",
      '',
    ])
    assert.equal(exitCode, 2)
  })

  it('believes no page that is not JSON', async () => {
    const other: Pages = {'/varz': [200, '<html>\u001b[2J</html>', 'text/html']}
    const {stdout, stderr, exitCode} = await run(['varz', '--node', '1'], [other])
    const line = "test-node-1: the answer is not a NATS server's: text/html, not JSON\n"
    assert.deepEqual([stdout, stderr, exitCode], ['', line, 7])
  })

  const refusals: readonly [argv: readonly string[], exit: number, says: RegExp][] = [
    [['varrz'], 2, /no monitoring endpoint "varrz", did you mean varz\?\n {2}try: one of varz, connz,/],
    [['health'], 2, /did you mean healthz\?/],
    [[], 2, /missing argument ENDPOINT/],
    [['varz', '--node', '9'], 9, /test has no node "9": there are test-node-1/],
    [['varz', '--param', 'limit'], 2, /--param "limit" is no parameter: give NAME=VALUE/],
    [['varz', '--param', 'limit='], 2, /--param "limit=" is no parameter/],
    [['varz', '--param', 'a=\u001b[2J'], 2, /--param "a=\\u001b\[2J" is no parameter/],
    [['varz', '--param', 'a=1', '--param', 'a=2'], 2, /--param a is given twice/],
  ]
  it('says of nodes that nobody has told of by what they are taken for the only ones', async () => {
    const argv = ['varz', '--node', '7', '--no-aws', '--cluster', 'c']
    const {stderr} = await runCommand(Monitor, argv, {configuration: emptyConfiguration()})
    assert.match(stderr, /^error: c has no node "7": by convention there are c-node-1, c-node-2, c-node-3\n/)
  })

  for (const [argv, exit, says] of refusals) {
    it(`refuses ${JSON.stringify(argv)} before asking anybody`, async () => {
      const {stdout, stderr, exitCode} = await run(argv, [{}])
      assert.match(stderr, says)
      assert.deepEqual([stdout, exitCode, asked], ['', exit, []])
    })
  }
})
