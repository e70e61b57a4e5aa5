import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {createServer as createHttpsServer} from 'node:https'
import {type AddressInfo, createServer as createTcpServer, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createServer as createTlsServer, TLSSocket} from 'node:tls'
import {openMonitor} from '../../../../src/lib/clients/monitor/monitor.ts'
import type {Monitor} from '../../../../src/lib/clients/ports.ts'
import type {NodeTarget} from '../../../../src/lib/domain/settings.ts'

const DAY_MS = 86_400_000
const VARZ = readFileSync(new URL('../../../golden/monitor/2.15.1/varz.json', import.meta.url))

describe('monitor with TLS', () => {
  let folder: string
  let material: {readonly cert: Buffer; readonly key: Buffer}
  const closing: (() => void)[] = []

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'natsops-tls-'))
    const name = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]
    execFileSync('openssl', ['req', '-x509', ...key, ...files, '-days', '10', ...name], {stdio: 'ignore'})
    material = {cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'key.pem'))}
  })
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })
  after(() => rmSync(folder, {recursive: true, force: true}))

  async function listen(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.on('connection', (socket) => closing.push(() => socket.destroy()))
    closing.push(() => server.close())
    return (server.address() as AddressInfo).port
  }

  async function open(monitorScheme: 'http' | 'https', ca?: string): Promise<Monitor> {
    const tls = {ca, cert: undefined, key: undefined}
    const monitor = await openMonitor({monitorScheme, tls}, {timeoutMs: 30_000})
    closing.push(() => void monitor.close())
    return monitor
  }

  const target = (monitorPort: number, clientPort = 1): NodeTarget => ({
    name: 'n1',
    host: '127.0.0.1',
    clientPort,
    monitorPort,
    asg: 'a',
    instanceName: 'i',
  })

  function assertExpiry(expiry: number | undefined): void {
    assert.ok(expiry !== undefined && Math.abs(expiry - (Date.now() + 10 * DAY_MS)) < DAY_MS, `expiry ${expiry}`)
  }

  it('trusts the configured CA, nothing else, and dates the certificate either way', async () => {
    const port = await listen(createHttpsServer(material, (_, response) => response.end(VARZ)))
    const trusting = await open('https', join(folder, 'cert.pem'))
    assert.equal((await trusting.server(target(port))).ok, true)
    assertExpiry(await trusting.certificateExpiry(target(port)))
    const wary = await open('https')
    const refused = await wary.server(target(port))
    assert.equal(refused.ok || refused.problem.kind, 'tls')
    assertExpiry(await wary.certificateExpiry(target(port)))
  })

  it('calls a plain port that is asked over https a TLS problem', async () => {
    const port = await listen(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    const answer = await (await open('https')).server(target(port))
    assert.equal(answer.ok || answer.problem.kind, 'tls')
  })

  it('dates the certificate of a client port that starts TLS after its INFO', async () => {
    const port = await listen(
      createTcpServer((socket) => {
        socket.write('INFO {"server_id":"N","tls_required":true} \r\n')
        new TLSSocket(socket, {isServer: true, ...material}).on('error', () => {})
      }),
    )
    assertExpiry(await (await open('http')).certificateExpiry(target(1, port)))
  })

  it('dates the certificate of a client port that wants TLS before its INFO', async () => {
    const server = createTlsServer(material)
    server.on('tlsClientError', () => {})
    const port = await listen(server)
    assertExpiry(await (await open('http')).certificateExpiry(target(1, port)))
  })
})
