import {randomUUID} from 'node:crypto'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import {autoScaling} from './auto-scaling.ts'
import {cloudWatchLogs} from './cloudwatch-logs.ts'
import {ec2} from './ec2.ts'
import {ServiceFailure} from './failure.ts'
import {fixedHex} from './ids.ts'
import {Input} from './input.ts'
import {readRequest} from './request.ts'
import type {Answer, Caller, Refusal, Service} from './service.ts'
import {type Credentials, readScope, refuseSignature, type SignedRequest} from './signature.ts'
import {ssm} from './ssm.ts'
import {sts} from './sts.ts'
import type {AwsWorld} from './world.ts'

export interface EndpointOptions {
  readonly world: AwsWorld
  /** The one access key that is let in. */
  readonly credentials: Credentials
  /** Nothing but this machine can reach it. */
  readonly host: '127.0.0.1'
  /** 0 for any free one. */
  readonly port: number
  /** Asked about every call whose signature is right; the service's own refusal is answered where it says so. */
  readonly authorize?: Authorize
  /** Asked after every call that was answered: whether the connection breaks before the answer. */
  readonly losesAnswer?: (action: string) => boolean
  /** Wall clock that signatures are held against, milliseconds. */
  readonly now?: () => number
  /** Limit for the whole of a request to arrive. */
  readonly requestTimeoutMs?: number
}

/** `action` is written as in IAM policies, e.g. `ssm:GetParameter`. */
export type Authorize = (call: {readonly action: string; readonly input: Input}) => AuthorizationRefusal | undefined

export type AuthorizationRefusal = Extract<Refusal, 'denied' | 'expired' | 'throttled'>

export interface Endpoint {
  /** e.g. http://127.0.0.1:41234, the value of AWS_ENDPOINT_URL. */
  readonly url: string
  /** Accepts nothing more; what is being answered gets a second to end. */
  close(): Promise<void>
}

/**
 * Serves the account over AWS's own wire protocols, all services on one URL: the service is the one the signature is
 * for. A request goes through host check, limits, signature, authorization, then its operation; each step answers with
 * the error AWS gives there.
 * @throws OpsError PORT_TAKEN, PORT_REFUSED
 */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const {host, port, requestTimeoutMs = 10_000} = options
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
      keepAliveTimeout: 5000,
    },
    (request, response) => void serve(options, server, request, response),
  )
  server.maxConnections = 256
  await listen(server, host, port)
  return {url: `http://${host}:${portOf(server)}`, close: () => close(server)}
}

const services: readonly Service[] = [ssm, autoScaling, ec2, sts, cloudWatchLogs]

async function serve(
  options: EndpointOptions,
  server: Server,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID()
  const scope = readScope(message.headers.authorization)
  const named = services.find(({name}) => name === scope?.service)
  const service = named ?? guessService(message)
  const send = (status: number, body: string) => {
    response.writeHead(status, {
      'content-type': service.protocol.contentType,
      'content-length': Buffer.byteLength(body),
      'x-amzn-requestid': requestId,
      date: new Date((options.now ?? Date.now)()).toUTCString(),
      ...(message.complete ? {} : {connection: 'close'}),
    })
    response.end(body)
  }
  try {
    checkHost(message, portOf(server))
    const request = await readRequest(message)
    if (!request) return
    const {action, answer} = await call(options, service, request, named ? undefined : scope?.service)
    if (options.losesAnswer?.(`${service.name}:${action}`)) message.socket.resetAndDestroy()
    else send(200, service.protocol.renderAnswer(action, answer, requestId))
  } catch (error) {
    const failure =
      error instanceof ServiceFailure ? error : new ServiceFailure('InternalFailure', messageOf(error), 500)
    send(failure.status, service.protocol.renderFailure(failure, requestId))
  }
}

async function call(
  {world, credentials, authorize, now = Date.now}: EndpointOptions,
  service: Service,
  request: SignedRequest,
  strangeService: string | undefined,
): Promise<{action: string; answer: Answer | undefined}> {
  const refusal = refuseSignature(request, {credentials, region: world.region, now: now()})
  if (refusal) throw service.refuse(refusal.problem, refusal.message)
  const {protocol, complaints, operations} = service
  if (strangeService !== undefined) throw protocol.unknownAction(`of ${strangeService}`)
  const {action, values} = protocol.readCall({...request, body: Buffer.from(request.body).toString()}) ?? {}
  const operation = action !== undefined && Object.hasOwn(operations, action) ? operations[action] : undefined
  if (action === undefined || !operation) throw protocol.unknownAction(action)
  const input = new Input(values ?? {}, complaints)
  const caller = callerOf(world)
  const permission = `${service.name}:${action}`
  const denial = authorize?.({action: permission, input})
  if (denial) throw service.refuse(denial, notAuthorized(caller, permission))
  return {action, answer: await operation({world, input, caller})}
}

function callerOf({account}: AwsWorld): Caller {
  return {
    arn: `arn:aws:iam::${account}:user/lab`,
    userId: `AIDA${fixedHex(account).toUpperCase()}`,
  }
}

function notAuthorized({arn}: Caller, action: string): string {
  return `User: ${arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`
}

/** Whose error format to use where the signature does not say: JSON's for a target, a query service's otherwise. */
function guessService({headers}: IncomingMessage): Service {
  return headers['x-amz-target'] === undefined ? autoScaling : ssm
}

/** A page in a browser may reach this port under a name of its own (DNS rebinding), but not under these. */
function checkHost({headers}: IncomingMessage, port: number): void {
  const allowed = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (headers.host !== undefined && allowed.includes(headers.host)) return
  throw new ServiceFailure('AccessDenied', `The host header must be one of ${allowed.join(', ')}`, 403)
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const {promise, resolve, reject} = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    throw new OpsError(`port ${port} on ${host} ${isTaken ? 'is taken' : `was refused: ${messageOf(error)}`}`, {
      code: isTaken ? 'PORT_TAKEN' : 'PORT_REFUSED',
      exit: Exit.refused,
      suggestions: ['choose another port, or 0 for any free one'],
      cause: error,
    })
  } finally {
    server.off('error', reject)
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function close(server: Server): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  server.close(() => resolve())
  const impatience = setTimeout(() => server.closeAllConnections(), 1000)
  await promise
  clearTimeout(impatience)
}
