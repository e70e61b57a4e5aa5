import {type Agent, type ClientRequest, type IncomingMessage, request as requestHttp} from 'node:http'
import {request as requestHttps} from 'node:https'
import {type Answer, answered, type Problem, type ProblemKind, unanswered} from '../../domain/answer.ts'
import {humanBytes} from '../../domain/quantity.ts'

/** How the monitoring ports of a cluster are reached. */
export interface Transport {
  readonly scheme: 'http' | 'https'
  readonly agent: Agent
  /** Longest answer that is read, bytes. */
  readonly maxBytes: number
}

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly path: string
}

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

/**
 * One GET, whatever the status of the answer; never rejects. `signal` is the time limit for the whole of it, the last
 * byte included; its reason says how long that was. Asked once more when the connection broke, since a kept-alive one may have been closed just then; not
 * when it was refused, since whatever would listen a moment later is another server.
 */
export async function get(transport: Transport, endpoint: Endpoint, signal: AbortSignal): Promise<Answer<Reply>> {
  const first = await getOnce(transport, endpoint, signal)
  if (first.ok || first.problem.kind !== 'truncated' || signal.aborted) return first
  return getOnce(transport, endpoint, signal)
}

function getOnce(
  {scheme, agent, maxBytes}: Transport,
  {host, port, path}: Endpoint,
  signal: AbortSignal,
): Promise<Answer<Reply>> {
  const {promise, resolve} = Promise.withResolvers<Answer<Reply>>()
  const fail = ({kind, detail}: Problem): void => resolve(unanswered(kind, detail, Date.now()))
  if (signal.aborted) {
    fail(timedOut(host, port, signal))
    return promise
  }
  let request: ClientRequest | undefined
  const onAbort = (): void => {
    fail(timedOut(host, port, signal))
    request?.destroy()
  }
  try {
    const open = scheme === 'https' ? requestHttps : requestHttp
    const headers = {accept: 'application/json', host: hostHeader(host, port)}
    request = open({host, port, path, agent, headers}, (response) => {
      // Its close follows, and says how much of the answer there was.
      response.on('error', () => {})
      readText(response, maxBytes).then((text) => {
        const {statusCode: status = 0, headers: answer} = response
        if (typeof text !== 'string') {
          fail(text)
          request?.destroy()
        } else resolve(answered({status, contentType: answer['content-type'] ?? 'no type', text}, Date.now()))
      })
    })
    signal.addEventListener('abort', onAbort, {once: true})
    request.on('error', (error) => fail(problemOf(error, host, port)))
    request.end()
  } catch (error) {
    // A host name with characters that cannot stand in a request.
    fail(problemOf(error, host, port))
  }
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

/** The whole body, or why it could not be read; never rejects. */
function readText(response: IncomingMessage, maxBytes: number): Promise<string | Problem> {
  const {promise, resolve} = Promise.withResolvers<string | Problem>()
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > maxBytes) resolve({kind: 'too-large', detail: `the answer is longer than ${humanBytes(maxBytes)}`})
    else chunks.push(chunk)
  })
  response.on('close', () => {
    if (response.complete) resolve(Buffer.concat(chunks).toString('utf8'))
    else resolve({kind: 'truncated', detail: `the connection closed after ${length} bytes of an incomplete answer`})
  })
  return promise
}

function timedOut(host: string, port: number, {reason}: AbortSignal): Problem {
  return {kind: 'timeout', detail: `no complete answer from ${host}:${port} within ${reason}`}
}

/** What Node says went wrong, in our words. */
function problemOf(error: unknown, host: string, port: number): Problem {
  const {code = '', message = String(error)} = (error ?? {}) as {code?: string; message?: string}
  const at = `${host}:${port}`
  const known = CODES[code]
  if (known) return {kind: known.kind, detail: `${known.says} ${at}`}
  if (code.startsWith('HPE_')) return {kind: 'malformed', detail: `${at} does not speak HTTP here: ${message}`}
  if (isTlsCode(code)) return {kind: 'tls', detail: `TLS with ${at} failed: ${message}`}
  return {kind: 'unreachable', detail: `${at} could not be asked: ${message}`}
}

const CODES: Readonly<Record<string, {readonly kind: ProblemKind; readonly says: string}>> = {
  ENOTFOUND: {kind: 'name-not-found', says: 'no address is known for'},
  EAI_AGAIN: {kind: 'name-not-found', says: 'the name server did not answer for'},
  EAI_FAIL: {kind: 'name-not-found', says: 'the name server failed for'},
  ECONNREFUSED: {kind: 'refused', says: 'connection refused by'},
  EHOSTUNREACH: {kind: 'unreachable', says: 'no route to'},
  ENETUNREACH: {kind: 'unreachable', says: 'no route to'},
  EHOSTDOWN: {kind: 'unreachable', says: 'host is down:'},
  ENETDOWN: {kind: 'unreachable', says: 'the network is down on the way to'},
  EADDRNOTAVAIL: {kind: 'unreachable', says: 'no local address to reach'},
  ETIMEDOUT: {kind: 'timeout', says: 'no connection in time to'},
  ECONNRESET: {kind: 'truncated', says: 'connection closed by'},
  EPIPE: {kind: 'truncated', says: 'connection closed by'},
}

function isTlsCode(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/.test(code)
}

function hostHeader(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
