import {createHash, createHmac, timingSafeEqual} from 'node:crypto'

/**
 * Signature Version 4, the receiving end: rebuild the canonical request from what arrived, derive the day's key from
 * the secret, and compare. Everything a request says about itself (host, date, every x-amz-* header, the body) must be
 * covered by the signature.
 */

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface SignedRequest {
  readonly method: string
  /** Path as sent; AWS's query and JSON services have `/` only. */
  readonly path: string
  /** Query string as sent, without its question mark. */
  readonly query: string
  /** By lower-case name; several of one name joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** Who a request claims to be, for which service and region. */
export interface CredentialScope {
  readonly accessKeyId: string
  /** YYYYMMDD */
  readonly date: string
  readonly region: string
  readonly service: string
}

export type SignatureProblem =
  /** No Authorization header of this kind at all. */
  | 'missing'
  /** One that cannot be read. */
  | 'incomplete'
  | 'unknown-key'
  | 'mismatch'
  /** More than five minutes from our time. */
  | 'skewed'

export interface SignatureRefusal {
  readonly problem: SignatureProblem
  /** In AWS's words. */
  readonly message: string
}

/** What the Authorization header claims; undefined when there is none that can be read. */
export function readScope(authorization: string | undefined): CredentialScope | undefined {
  return readAuthorization(authorization)?.scope
}

/** Undefined when the request is whole, signed by these credentials for this region, and of now. */
export function refuseSignature(
  request: SignedRequest,
  {credentials, region, now}: {readonly credentials: Credentials; readonly region: string; readonly now: number},
): SignatureRefusal | undefined {
  const {headers} = request
  if (headers.authorization === undefined) return {problem: 'missing', message: 'Missing Authentication Token'}
  const authorization = readAuthorization(headers.authorization)
  if (!authorization) {
    return incomplete("Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.")
  }
  const {scope, signedHeaders, signature} = authorization
  const date = headers['x-amz-date']
  const at = date === undefined ? undefined : parseAmzDate(date)
  if (date === undefined || at === undefined) return incomplete("Date must be in ISO-8601 'basic format'.")
  if (!date.startsWith(scope.date)) return mismatch('Date in Credential scope does not match that of the request.')
  const uncovered = Object.keys(headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  )
  if (uncovered) return mismatch(`'${uncovered}' must be a 'SignedHeader' in the AWS Authorization.`)
  if (headers['x-amz-security-token'] !== undefined || scope.accessKeyId !== credentials.accessKeyId) {
    return {problem: 'unknown-key', message: 'The security token included in the request is invalid.'}
  }
  if (scope.region !== region && !(scope.service === 'sts' && scope.region === stsGlobalRegion)) {
    return mismatch(`Credential should be scoped to a valid region, not '${scope.region}'.`)
  }
  const skew = refuseSkew(date, at, now)
  if (skew) return {problem: 'skewed', message: skew}
  const bodyHash = sha256(request.body)
  const expected = sign(canonicalRequest(request, signedHeaders, bodyHash), scope, date, credentials.secretAccessKey)
  return timingSafeEqual(Buffer.from(expected), Buffer.from(signature)) ? undefined : mismatch(mismatchMessage)
}

/** Where STS's one global endpoint lives; older clients sign for it wherever they are. */
const stsGlobalRegion = 'us-east-1'
const toleranceMs = 5 * 60_000
const mismatchMessage =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

interface Authorization {
  readonly scope: CredentialScope
  readonly signedHeaders: readonly string[]
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string
}

function readAuthorization(header = ''): Authorization | undefined {
  const parts =
    /^AWS4-HMAC-SHA256 +Credential=([^\s/,]+)\/(\d{8})\/([^\s/,]+)\/([^\s/,]+)\/aws4_request, *SignedHeaders=([^\s,]+), *Signature=([0-9a-f]{64})$/.exec(
      header.trim(),
    )
  if (!parts) return undefined
  const [, accessKeyId = '', date = '', region = '', service = '', signedHeaders = '', signature = ''] = parts
  return {scope: {accessKeyId, date, region, service}, signedHeaders: signedHeaders.split(';'), signature}
}

/** 20260131T093000Z to milliseconds. */
function parseAmzDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second] = parts
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(at) ? undefined : at
}

function toAmzDate(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

function refuseSkew(date: string, at: number, now: number): string | undefined {
  if (at < now - toleranceMs) {
    return `Signature expired: ${date} is now earlier than ${toAmzDate(now - toleranceMs)} (${toAmzDate(now)} - 5 min.)`
  }
  if (at > now + toleranceMs) {
    return `Signature not yet current: ${date} is still later than ${toAmzDate(now + toleranceMs)} (${toAmzDate(now)} + 5 min.)`
  }
  return undefined
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[], bodyHash: string): string {
  const headers = signedHeaders.map((name) => `${name}:${canonicalValue(request.headers[name])}\n`).join('')
  const query = canonicalQuery(request.query)
  return [request.method, request.path, query, headers, signedHeaders.join(';'), bodyHash].join('\n')
}

function canonicalValue(value = ''): string {
  return value.trim().replaceAll(/ +/g, ' ')
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

/** RFC 3986: encodeURIComponent leaves five more characters alone than AWS does. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sign(canonical: string, scope: CredentialScope, date: string, secret: string): string {
  const {date: day, region, service} = scope
  const steps = [day, region, service, 'aws4_request']
  const key = steps.reduce<string | Buffer>((previous, step) => hmac(previous, step), `AWS4${secret}`)
  return hmac(key, ['AWS4-HMAC-SHA256', date, steps.join('/'), sha256(canonical)].join('\n')).toString('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function incomplete(message: string): SignatureRefusal {
  return {problem: 'incomplete', message}
}

function mismatch(message: string): SignatureRefusal {
  return {problem: 'mismatch', message}
}
