import {createHash, createHmac} from 'node:crypto'
import {credentials, region} from './lab.ts'

export interface RawRequest {
  readonly service: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly unsigned?: Readonly<Record<string, string>>
  readonly secret?: string
  readonly key?: string
  readonly region?: string
  /** Sent in place of what was signed. */
  readonly sentBody?: string
  readonly at?: Date
}

/** A call that the lab answers once it has the parameter /a. */
export const getParameter = {
  service: 'ssm',
  body: '{"Name":"/a"}',
  headers: {'x-amz-target': 'AmazonSSM.GetParameter', 'content-type': 'application/x-amz-json-1.1'},
} as const satisfies RawRequest

/** A signature made by other code than the one under test, over whatever a test wants signed. */
export async function send(
  url: string,
  request: RawRequest,
): Promise<{status: number; headers: Headers; text: string}> {
  const {body = '', sentBody = body, unsigned = {}} = request
  const headers = {...sign(new URL(url).host, request), ...unsigned}
  const response = await fetch(url, {method: 'POST', body: sentBody, headers})
  return {status: response.status, headers: response.headers, text: await response.text()}
}

export function sign(host: string, request: RawRequest): Record<string, string> {
  const {service, body = '', headers = {}, at = new Date(), secret = credentials.secretAccessKey} = request
  const {key = credentials.accessKeyId, region: scoped = region} = request
  const stamp = `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
  const all: Record<string, string> = {host, 'x-amz-date': stamp, ...headers}
  const names = Object.keys(all).sort()
  const lines = names.map((name) => `${name}:${all[name]}\n`).join('')
  const hash = (text: string) => createHash('sha256').update(text).digest('hex')
  const canonical = `POST\n/\n\n${lines}\n${names.join(';')}\n${hash(body)}`
  const scope = `${stamp.slice(0, 8)}/${scoped}/${service}/aws4_request`
  const mac = (secretKey: string | Buffer, text: string) => createHmac('sha256', secretKey).update(text).digest()
  const day = mac(mac(mac(mac(`AWS4${secret}`, stamp.slice(0, 8)), scoped), service), 'aws4_request')
  const signature = mac(day, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash(canonical)}`).toString('hex')
  const {host: _, ...sent} = all
  const signed = `SignedHeaders=${names.join(';')}, Signature=${signature}`
  return {...sent, authorization: `AWS4-HMAC-SHA256 Credential=${key}/${scope}, ${signed}`}
}
