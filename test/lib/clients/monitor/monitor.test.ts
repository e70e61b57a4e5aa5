import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {type AddressInfo, createServer as createTcpServer, type Server, type Socket} from 'node:net'
import {openMonitor} from '../../../../src/lib/clients/monitor/monitor.ts'
import type {Monitor} from '../../../../src/lib/clients/ports.ts'
import type {NodeTarget} from '../../../../src/lib/domain/settings.ts'
import {Exit} from '../../../../src/lib/errors.ts'

/** Where a time limit is what is tested; elsewhere a starved machine must not run into one. */
const SHORT = {timeoutMs: 400}
const settings = {monitorScheme: 'http', tls: {ca: undefined, cert: undefined, key: undefined}} as const

type Answering = (request: IncomingMessage, response: ServerResponse) => void

/** A recorded answer of a real server; `VERSION/NAME.json`. */
function recorded(version: string, name: string): string {
  return readFileSync(new URL(`../../../golden/monitor/${version}/${name}.json`, import.meta.url), 'utf8')
}

function recording(version: string): Answering {
  return (request, response) => {
    const {pathname, searchParams} = new URL(request.url ?? '', 'http://monitor')
    const account = searchParams.get('acc')
    const name = account === null ? pathname.slice(1) : `${pathname.slice(1)}-${account}`
    response.setHeader('content-type', 'application/json')
    // The recording holds one account with groups of its own; the others have none.
    response.end(name.startsWith('raftz-') && account !== 'APP' ? '{}' : recorded(version, name))
  }
}

describe('monitor', () => {
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  const monitors: Monitor[] = []

  afterEach(async () => {
    for (const monitor of monitors.splice(0)) await monitor.close()
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  })

  async function listen(server: Server): Promise<NodeTarget> {
    servers.push(server)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as AddressInfo
    return {name: 'test-node-1', host: '127.0.0.1', clientPort: port, monitorPort: port, asg: 'a', instanceName: 'i'}
  }

  const serve = (answering: Answering): Promise<NodeTarget> => listen(createServer(answering))
  const raw = (answering: (socket: Socket) => void): Promise<NodeTarget> => listen(createTcpServer(answering))

  async function open(options: {timeoutMs?: number; maxBytes?: number} = {}): Promise<Monitor> {
    const monitor = await openMonitor(settings, {timeoutMs: 30_000, ...options})
    monitors.push(monitor)
    return monitor
  }

  /** Kind and detail of the problem a question ends in, with the port left out. */
  async function problem(
    target: NodeTarget,
    question: 'server' | 'health' | 'jetStream' | 'raft' = 'server',
    options = {},
  ) {
    const answer = await (await open(options))[question](target)
    assert.equal(answer.ok, false, JSON.stringify(answer))
    return answer.ok ? undefined : `${answer.problem.kind}: ${answer.problem.detail.replaceAll(/:\d{4,5}\b/g, ':PORT')}`
  }

  for (const version of ['2.10.27', '2.15.1']) {
    it(`reads what a ${version} server said`, async () => {
      const target = {...(await serve(recording(version))), name: version === '2.10.27' ? 'test-node-2' : 'test-node-1'}
      const monitor = await open()
      const [server, health, jetStream, routes, raft] = await Promise.all([
        monitor.server(target),
        monitor.health(target),
        monitor.jetStream(target),
        monitor.routes(target),
        monitor.raft(target),
      ])
      assert.ok(server.ok && health.ok && jetStream.ok && routes.ok && raft.ok)
      const varz = JSON.parse(recorded(version, 'varz'))
      assert.deepEqual(server.value, {
        id: varz.server_id,
        name: varz.server_name,
        version,
        clusterName: 'test',
        startedAt: Date.parse(varz.start),
        now: Date.parse(varz.now),
        connections: varz.connections,
        totalConnections: varz.total_connections,
        subscriptions: varz.subscriptions,
        slowConsumers: 0,
        memoryBytes: varz.mem,
        cpuPercent: varz.cpu,
        cores: 2,
        maxConnections: 65_536,
        inMsgs: varz.in_msgs,
        outMsgs: varz.out_msgs,
        inBytes: varz.in_bytes,
        outBytes: varz.out_bytes,
        configDigest: varz.config_digest,
        tlsRequired: false,
        lameDuck: false,
      })
      assert.deepEqual(
        [server, jetStream, routes, raft].map((answer) => (answer.ok ? answer.serverId : '')),
        Array(4).fill(varz.server_id),
      )
      assert.deepEqual(health.value, {httpStatus: 200, status: 'ok', errors: []})
      assert.equal(routes.value.length, JSON.parse(recorded(version, 'routez')).routes.length)
      const {streams, meta, ...info} = jetStream.value
      const jsz = JSON.parse(recorded(version, 'jsz'))
      assert.deepEqual(info, {
        enabled: true,
        memoryBytes: 0,
        fileBytes: jsz.storage,
        maxMemoryBytes: 256_000_000,
        maxFileBytes: 2_000_000_000,
        reservedMemoryBytes: 0,
        reservedFileBytes: 0,
        apiRequests: jsz.api.total,
        apiErrors: 0,
        complete: true,
      })
      assert.equal(meta?.leader, target.name)
      assert.equal(meta?.peers?.length, 2)
      assert.deepEqual(
        streams.map(({account, stream, state}) => `${account}/${stream} ${state.messages} to ${state.lastSeq}`).sort(),
        ['APP/lim 50 to 50', 'APP/main 50 to 50', 'APP/mem 0 to 0', 'B1/main 0 to 0', 'B2/main 0 to 0'],
      )
      assert.deepEqual([...new Set(raft.value.map(({account}) => account))].sort(), ['APP', 'SYS'])
      assert.ok(raft.value.every(({leader}) => leader?.startsWith('test-node-')))
    })
  }

  it('reads the sentinels and oddities of Go: unlimited as uint64, nil lists, {} for an error', async () => {
    const jsz = JSON.parse(recorded('2.15.1', 'jsz'))
    const text = JSON.stringify({
      ...jsz,
      reserved_memory: 0,
      account_details: null,
      accounts: 0,
      total: 0,
      streams: 0,
    }).replace('"reserved_storage":0', '"reserved_storage":18446744073709551615')
    const target = await serve((request, response) => {
      if (request.url?.startsWith('/raftz')) {
        response.end('{"SYS":{"_meta_":{"id":"a","state":"LEADER","leader":"a","size":1,"wal_error":{},"peers":null}}}')
      } else response.end(text)
    })
    const monitor = await open()
    const jetStream = await monitor.jetStream(target)
    assert.ok(jetStream.ok)
    assert.deepEqual(
      [jetStream.value.reservedFileBytes, jetStream.value.complete, jetStream.value.streams],
      [0, true, []],
    )
    const raft = await monitor.raft(target)
    assert.deepEqual(raft.ok && raft.value, [
      {
        account: 'SYS',
        group: '_meta_',
        state: 'LEADER',
        leader: 'test-node-1',
        size: 1,
        term: 0,
        committed: 0,
        applied: 0,
        catchingUp: false,
        writeError: 'the server does not say which',
        paused: false,
        peers: [],
      },
    ])
  })

  it('keeps names as they are, escape sequences too: making them harmless is the terminal’s business', async () => {
    const target = await serve((_, response) =>
      response.end(recorded('2.15.1', 'varz').replaceAll('test-node-1', '\\u001b[2Jevil')),
    )
    const server = await (await open()).server(target)
    assert.equal(server.ok && server.value.name, '\u001b[2Jevil')
  })

  it('calls an answer incomplete that does not add up, after asking once more', async () => {
    let asked = 0
    const target = await serve((_, response) => {
      asked++
      response.end(recorded('2.15.1', 'jsz').replace('"streams": 5', '"streams": 6'))
    })
    const jetStream = await (await open()).jetStream(target)
    assert.deepEqual([jetStream.ok && jetStream.value.complete, asked], [false, 2])
  })

  it('reads the reasons of an unhealthy node, with details and without', async () => {
    const details = {type: 'STREAM', account: 'A', stream: 's', error: 'JetStream stream is not current'}
    const said: [number, object, object[]][] = [
      [503, {status: 'unavailable', errors: [{...details, consumer: ''}]}, [details]],
      [503, {status: 'unavailable', error: 'no leader'}, [{type: 'UNKNOWN', error: 'no leader'}]],
      [500, {status: 'error', errors: null}, []],
    ]
    for (const [status, body, errors] of said) {
      const target = await serve((_, response) => response.writeHead(status).end(JSON.stringify(body)))
      const health = await (await open()).health(target)
      assert.deepEqual(health.ok && health.value.errors, errors)
      assert.equal(health.ok && health.value.httpStatus, status)
    }
  })

  it('knows a server without /raftz from one without groups', async () => {
    const without = await serve((_, response) => response.writeHead(404).end('404 page not found\n'))
    assert.equal(await problem(without, 'raft'), 'unsupported: this server has no /raftz (it came with 2.10.17)')
    const single = await serve((request, response) => {
      if (request.url?.startsWith('/jsz')) response.end(recorded('2.15.1', 'jsz'))
      else response.writeHead(404).end('No Raft nodes registered')
    })
    const raft = await (await open()).raft(single)
    assert.deepEqual(raft.ok && raft.value, [])
  })

  const misbehaviours: [string, Answering, string][] = [
    [
      'HTML',
      (_, response) => response.setHeader('content-type', 'text/html').end('<html>'),
      "malformed: the answer is not a NATS server's: text/html, not JSON",
    ],
    ['nothing', (_, response) => response.end(), "malformed: the answer is not a NATS server's: no type, not JSON"],
    [
      'JSON cut short',
      (_, response) => response.end('{"server_id":"N'),
      "malformed: the answer is not a NATS server's: no type, not JSON",
    ],
    [
      'other JSON',
      (_, response) => response.end('[1]'),
      "malformed: the answer is not a NATS server's: the answer: Invalid input: expected object, received array",
    ],
    [
      'wrong types',
      (_, response) => response.end(recorded('2.15.1', 'varz').replace('"connections": 0', '"connections": "0"')),
      "malformed: the answer is not a NATS server's: connections: Invalid input: expected number, received string",
    ],
    [
      'a time that is none',
      (_, response) => response.end(recorded('2.15.1', 'varz').replace(/"now": "[^"]*"/, '"now": "soon"')),
      "malformed: the answer is not a NATS server's: now: soon is not a time",
    ],
    ['status 500', (_, response) => response.writeHead(500).end('boom\nat line 3'), 'http-status: HTTP 500: boom'],
    ['a redirect', (_, response) => response.writeHead(302, {location: '/login'}).end(), 'http-status: HTTP 302'],
    [
      'headers and then nothing',
      (_, response) => response.flushHeaders(),
      'timeout: no complete answer from 127.0.0.1:PORT within 400ms',
    ],
    ['nothing at all', () => {}, 'timeout: no complete answer from 127.0.0.1:PORT within 400ms'],
    [
      'less than it announced',
      (_, response) => {
        response.writeHead(200, {'content-length': '999'}).write('{"a":1')
        setImmediate(() => response.destroy())
      },
      'truncated: the connection closed after 6 bytes of an incomplete answer',
    ],
    ['a broken connection', (request) => request.socket.destroy(), 'truncated: connection closed by 127.0.0.1:PORT'],
  ]
  for (const [what, answering, expected] of misbehaviours) {
    it(`has a problem, not an exception, for ${what}`, async () => {
      const limits = expected.startsWith('timeout') ? SHORT : {}
      assert.equal(await problem(await serve(answering), 'server', limits), expected)
    })
  }

  it('stops a slow drip at the time limit', async () => {
    const target = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    assert.match((await problem(target, 'server', SHORT)) ?? '', /^timeout: /)
  })

  it('stops an endless answer at the size limit', async () => {
    let sent = 0
    const target = await serve((_, response) => {
      const chunk = Buffer.alloc(64 * 1024, 32)
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length
      }
      response.on('drain', pour)
      pour()
    })
    const limits = {maxBytes: 1024 * 1024, timeoutMs: 60_000}
    assert.equal(await problem(target, 'server', limits), 'too-large: the answer is longer than 1.0 MiB')
    assert.ok(sent < 100 * 1024 * 1024, `${sent} bytes were sent`)
  })

  it('says so when something other than HTTP answers', async () => {
    const target = await raw((socket) => socket.write('INFO {"server_id":"N"}\r\n'))
    assert.match((await problem(target)) ?? '', /^malformed: 127.0.0.1:PORT does not speak HTTP here: /)
  })

  it('refuses a sequence that cannot be held exactly', async () => {
    const target = await serve((_, response) =>
      response.end(recorded('2.15.1', 'jsz').replace('"last_seq": 50', '"last_seq": 9007199254740993')),
    )
    assert.match((await problem(target, 'jetStream')) ?? '', /last_seq: is not an exact sequence$/)
  })

  it('asks once more when a connection breaks, so that one left open by chance does no harm', async () => {
    let asked = 0
    const target = await serve((request, response) => {
      if (asked++ === 0) request.socket.destroy()
      else response.end(recorded('2.15.1', 'varz'))
    })
    assert.equal((await (await open()).server(target)).ok, true)
    assert.equal(asked, 2)
  })

  it('tells refused, unresolvable and impossible hosts apart', async () => {
    const target = await raw(() => {})
    await new Promise((resolve) => servers.pop()?.close(resolve))
    assert.equal(await problem(target), 'refused: connection refused by 127.0.0.1:PORT')
    assert.match(
      (await problem({...target, host: 'no-such-host.invalid'}, 'server', {timeoutMs: 30_000})) ?? '',
      /^name-not-found: /,
    )
    assert.match(
      (await problem({...target, host: 'two words'}, 'server', {timeoutMs: 30_000})) ?? '',
      /^(unreachable|name-not-found): /,
    )
  })

  it('names a TLS file that cannot be read', async () => {
    await assert.rejects(
      openMonitor({...settings, tls: {...settings.tls, ca: '/nowhere/ca.pem'}}, {timeoutMs: 1}),
      (error: {code?: string; exit?: number; message?: string}) =>
        error.code === 'TLS_FILE_NOT_READABLE' &&
        error.exit === Exit.usage &&
        /\/nowhere\/ca\.pem/.test(error.message ?? ''),
    )
  })

  it('has no certificate to date where the client port offers no TLS, or nothing listens', async () => {
    const target = await raw((socket) => socket.write('INFO {"tls_required":false}\r\n'))
    const monitor = await open()
    assert.equal(await monitor.certificateExpiry(target), undefined)
    await new Promise((resolve) => {
      for (const socket of sockets) socket.destroy()
      servers.pop()?.close(resolve)
    })
    assert.equal(await monitor.certificateExpiry(target), undefined)
  })
})
