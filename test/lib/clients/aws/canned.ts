import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type ClusterSettings, conventionalSettings} from '../../../../src/lib/domain/settings.ts'

export const secretKey = 'wJalrXUtnFEMISECRETKEYbPxRfiCYEXAMPLE'

export interface Seen {
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

export interface Canned {
  readonly url: string
  /** host:port */
  readonly host: string
  readonly seen: readonly Seen[]
  /** Settings of a cluster whose AWS this is, with a valid credentials file. */
  readonly settings: ClusterSettings
  /** Folder for the test's own files, gone after `close`. */
  readonly folder: string
  close(): Promise<void>
}

export type Reply = (response: ServerResponse, count: number, request: Seen) => void

/** A real HTTP server in place of AWS that says what it is told to; `count` counts requests from 1. */
export async function serve(reply: Reply): Promise<Canned> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = {body: Buffer.concat(chunks).toString(), headers: request.headers}
      seen.push(one)
      reply(response, seen.length, one)
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = mkdtempSync(join(tmpdir(), 'natsops-aws-'))
  const credentialsFile = join(folder, 'credentials')
  writeFileSync(credentialsFile, `[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = ${secretKey}\n`)
  const url = `http://${host}`
  return {
    url,
    host,
    seen,
    folder,
    settings: {...conventionalSettings('nats-test'), region: 'us-east-2', endpoints: {all: url}, credentialsFile},
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, {recursive: true, force: true})
    },
  }
}

/** AWS JSON 1.1, the protocol of SSM. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': 'request-1',
    ...headers,
  })
  response.end(JSON.stringify(body))
}

export function jsonError(response: ServerResponse, status: number, type: string, message: string): void {
  json(response, status, {__type: type, message})
}

/** The query protocol of Auto Scaling and STS. */
export function xmlError(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, {'content-type': 'text/xml'})
  response.end(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>` +
      '<RequestId>request-1</RequestId></ErrorResponse>',
  )
}

/** EC2's own form. */
export function ec2Error(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, {'content-type': 'text/xml'})
  response.end(
    `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors>` +
      '<RequestID>request-1</RequestID></Response>',
  )
}
