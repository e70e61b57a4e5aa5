import assert from 'node:assert/strict'
import {openMonitor} from '../../../../src/lib/clients/monitor/monitor.ts'
import {Exit} from '../../../../src/lib/errors.ts'
import {type Answering, MonitorScene, plainSettings, recorded} from '../../../support/monitor-scene.ts'

/** Where a time limit is what is tested; elsewhere a starved machine must not run into one. */
const SHORT = {timeoutMs: 400}

describe('monitor', () => {
  const scene = new MonitorScene()
  const {serve, raw, open, problem} = scene

  afterEach(() => scene.close())

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
    await scene.stopLast()
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
      openMonitor({...plainSettings, tls: {...plainSettings.tls, ca: '/nowhere/ca.pem'}}, {timeoutMs: 1}),
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
    await scene.stopLast()
    assert.equal(await monitor.certificateExpiry(target), undefined)
  })
})
