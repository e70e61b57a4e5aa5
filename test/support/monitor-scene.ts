import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import {type AddressInfo, createServer as createTcpServer, type Server, type Socket} from 'node:net'
import {openMonitor} from '../../src/lib/clients/monitor/monitor.ts'
import type {Monitor} from '../../src/lib/clients/ports.ts'
import type {NodeTarget} from '../../src/lib/domain/settings.ts'

export const plainSettings = {monitorScheme: 'http', tls: {ca: undefined, cert: undefined, key: undefined}} as const

export type Answering = (request: IncomingMessage, response: ServerResponse) => void

/** A recorded answer of a real server; `VERSION/NAME.json`. */
export function recorded(version: string, name: string): string {
  return readFileSync(new URL(`../golden/monitor/${version}/${name}.json`, import.meta.url), 'utf8')
}

export function recording(version: string): Answering {
  return (request, response) => {
    const {pathname, searchParams} = new URL(request.url ?? '', 'http://monitor')
    const account = searchParams.get('acc')
    const name = account === null ? pathname.slice(1) : `${pathname.slice(1)}-${account}`
    response.setHeader('content-type', 'application/json')
    // The recording holds one account with groups of its own; the others have none.
    response.end(name.startsWith('raftz-') && account !== 'APP' ? '{}' : recorded(version, name))
  }
}

/** Monitoring ports on real sockets that answer as they are told, and monitors that ask them. */
export class MonitorScene {
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #monitors: Monitor[] = []

  serve = (answering: Answering): Promise<NodeTarget> => this.#listen(createServer(answering))
  /** One that need not speak HTTP. */
  raw = (answering: (socket: Socket) => void): Promise<NodeTarget> => this.#listen(createTcpServer(answering))

  open = async (options: {timeoutMs?: number; maxBytes?: number} = {}): Promise<Monitor> => {
    const monitor = await openMonitor(plainSettings, {timeoutMs: 30_000, ...options})
    this.#monitors.push(monitor)
    return monitor
  }

  /** Kind and detail of the problem a question ends in, with the port left out. */
  problem = async (
    target: NodeTarget,
    question: 'server' | 'health' | 'jetStream' | 'raft' = 'server',
    options = {},
  ) => {
    const answer = await (await this.open(options))[question](target)
    assert.equal(answer.ok, false, JSON.stringify(answer))
    return answer.ok ? undefined : `${answer.problem.kind}: ${answer.problem.detail.replaceAll(/:\d{4,5}\b/g, ':PORT')}`
  }

  /** Nothing listens any more where the last one did. */
  async stopLast(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#servers.pop()?.close(resolve))
  }

  async close(): Promise<void> {
    for (const monitor of this.#monitors.splice(0)) await monitor.close()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
  }

  async #listen(server: Server): Promise<NodeTarget> {
    this.#servers.push(server)
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as AddressInfo
    return {name: 'test-node-1', host: '127.0.0.1', clientPort: port, monitorPort: port, asg: 'a', instanceName: 'i'}
  }
}
