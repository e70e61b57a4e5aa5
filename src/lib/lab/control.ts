import {createHash, timingSafeEqual} from 'node:crypto'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {describe, type ErrorDescription, Exit, OpsError} from '../errors.ts'
import type {WorldSnapshot} from './aws/world.ts'
import type {FaultRequest} from './faults.ts'
import type {ActiveFault} from './faults-board.ts'
import type {MachineState} from './local-host.ts'
import {type NodeAction, nodeActions} from './machine-actions.ts'
import type {NatsServer} from './plan.ts'
import type {ControlAccess} from './record.ts'
import type {Termination} from './terminations.ts'

/** What the supervisor does when it is asked. */
export interface ControlHandler {
  state(): LabSnapshot
  /** False where there was nothing to do. */
  act(action: NodeAction, node: string): Promise<boolean>
  faults(): readonly ActiveFault[]
  switchOn(request: FaultRequest): ActiveFault
  /** Those that were on. */
  switchOff(which: {readonly name?: string; readonly node?: string}): readonly ActiveFault[]
  /** The server that launches get from now on; returns the launch template's new version. */
  release(server: NatsServer): number
  /** What was terminated so far, and what the nodes held at those moments. */
  terminations(): readonly Termination[]
  /** Begins to take the lab down; the answer is sent first. */
  down(): void
}

/** The lab as AWS sees it and as this machine sees it. */
export interface LabSnapshot {
  readonly world: WorldSnapshot
  readonly machines: readonly MachineState[]
}

/**
 * The supervisor's control API on 127.0.0.1: GET /state, /faults, /terminations, POST /nodes/NODE/ACTION, /faults/on,
 * /faults/off, /release, /down. The key is asked for
 * at every call, because the port is open to every user and every browser of this machine.
 */
export async function startControl(
  key: string,
  handler: ControlHandler,
): Promise<{readonly url: string; close(): Promise<void>}> {
  const server = createServer((request, response) => {
    answer(key, handler, request).then(
      (value) => send(response, 200, value),
      (error: unknown) => send(response, 400, {error: describe(error)}),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const {port} = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(key: string, handler: ControlHandler, request: IncomingMessage): Promise<unknown> {
  if (!isKey(request.headers.authorization, key)) throw refused('the key is missing or wrong')
  const {method, url = ''} = request
  const reading = method === 'GET' ? readings[url] : undefined
  if (reading) return reading(handler)
  const doing = method === 'POST' ? doings[url] : undefined
  if (doing) return doing(handler, await readBody(request))
  const [, node, text] = /^\/nodes\/([^/]+)\/([^/]+)$/.exec(url) ?? []
  const action = nodeActions.find((one) => one === text)
  if (method === 'POST' && node && action) return {changed: await handler.act(action, node)}
  throw refused('there is nothing of this name')
}

const readings: Readonly<Record<string, (handler: ControlHandler) => unknown>> = {
  '/state': (handler) => handler.state(),
  '/faults': (handler) => handler.faults(),
  '/terminations': (handler) => handler.terminations(),
}

/** The bodies are our own client's, checked by whoever is given them. */
const doings: Readonly<Record<string, (handler: ControlHandler, body: unknown) => unknown>> = {
  '/faults/on': (handler, body) => handler.switchOn(body as FaultRequest),
  '/faults/off': (handler, body) => handler.switchOff(body as {name?: string; node?: string}),
  '/release': (handler, body) => ({version: handler.release(body as NatsServer)}),
  '/down': (handler) => {
    handler.down()
    return {}
  },
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 64 * 1024) throw refused('the request is too large')
  }
  return text === '' ? {} : JSON.parse(text)
}

/** Compares digests, so that the time it takes says nothing about the key. */
function isKey(header: string | undefined, key: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${key}`))
}

function refused(message: string): OpsError {
  return new OpsError(message, {code: 'CONTROL_REFUSED', exit: Exit.refused})
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'content-type': 'application/json', connection: 'close'})
  response.end(JSON.stringify(body))
}

/** The other end of `startControl`. Rejects with LAB_SUPERVISOR_SILENT (exit 7) where nobody answers in time. */
export function openControl({url, key}: ControlAccess, timeoutMs: number) {
  const call = async <T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> => {
    const options = {method, headers: {authorization: `Bearer ${key}`}, signal: AbortSignal.timeout(timeoutMs)}
    const sent = body === undefined ? options : {...options, body: JSON.stringify(body)}
    const response = await fetch(`${url}${path}`, sent).catch(silent)
    const answered = (await response.json().catch(silent)) as T & {error?: ErrorDescription}
    if (response.ok) return answered
    const {message = `status ${response.status}`, code = 'CONTROL_REFUSED', suggestions = []} = answered.error ?? {}
    const exit = Object.values(Exit).find((value) => value === answered.error?.exit) ?? Exit.bug
    throw new OpsError(message, {code, exit, suggestions})
  }
  return {
    state: () => call<LabSnapshot>('GET', '/state'),
    act: async (action: NodeAction, node: string) =>
      (await call<{changed: boolean}>('POST', `/nodes/${encodeURIComponent(node)}/${action}`)).changed,
    faults: () => call<readonly ActiveFault[]>('GET', '/faults'),
    switchOn: (request: FaultRequest) => call<ActiveFault>('POST', '/faults/on', request),
    switchOff: (which: {readonly name?: string; readonly node?: string} = {}) =>
      call<readonly ActiveFault[]>('POST', '/faults/off', which),
    release: async (server: NatsServer) => (await call<{version: number}>('POST', '/release', server)).version,
    terminations: () => call<readonly Termination[]>('GET', '/terminations'),
    down: () => call<unknown>('POST', '/down'),
  }
}

function silent(cause: unknown): never {
  throw new OpsError("the lab's supervisor does not answer", {
    code: 'LAB_SUPERVISOR_SILENT',
    exit: Exit.unreachable,
    suggestions: ['natsops lab status', 'natsops lab down'],
    cause,
  })
}
