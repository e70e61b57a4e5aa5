import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {AplSyntaxError, readApl, runApl} from './axiom-language.ts'

/** Any JSON; `_time` is RFC 3339. */
export type AxiomEvent = Readonly<Record<string, unknown>> & {readonly _time: string}

export interface LabAxiom {
  /** The value of AXIOM_URL. */
  readonly url: string
  ingest(event: AxiomEvent): void
  close(): Promise<void>
}

const EVENTS_KEPT = 5000
const LONGEST_BODY = 64 * 1024
const QUERY_PATH = '/v1/datasets/_apl'

/** Axiom's query API over the events of one data set, for whoever has the token. On this machine only. */
export async function startAxiom(dataset: string, token: string): Promise<LabAxiom> {
  let events: readonly AxiomEvent[] = []
  const server = createServer((request, response) => {
    void answer(request, {dataset, token, events}).then(
      ([status, body]) => send(response, status, body),
      () => response.destroy(),
    )
  })
  const {promise, resolve, reject} = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ingest: (event) => {
      events = [...events, event].slice(-EVENTS_KEPT)
    },
    close: () => close(server),
  }
}

interface Holding {
  readonly dataset: string
  readonly token: string
  readonly events: readonly AxiomEvent[]
}

async function answer(
  request: IncomingMessage,
  {dataset, token, events}: Holding,
): Promise<readonly [status: number, body: unknown]> {
  const {pathname} = new URL(request.url ?? '/', 'http://lab')
  if (request.method !== 'POST' || pathname !== QUERY_PATH) return [404, {message: 'not found'}]
  if (request.headers.authorization !== `Bearer ${token}`) return [403, {message: 'forbidden'}]
  const {apl = '', startTime, endTime} = JSON.parse(await readBody(request)) as Readonly<Record<string, string>>
  try {
    const query = readApl(apl)
    if (query.dataset !== dataset) return [404, {message: `entity not found: ${query.dataset}`}]
    const [since, until] = [Date.parse(startTime ?? ''), Date.parse(endTime ?? '')]
    const within = events.filter(({_time}) => !(Date.parse(_time) < since) && !(Date.parse(_time) > until))
    const {fields, rows} = runApl(query, within)
    const columns = fields.map((_name, at) => rows.map((row) => row[at] ?? null))
    const table = {name: '0', fields: fields.map((name) => ({name, type: 'string'})), columns}
    return [200, {format: 'tabular', status: {rowsExamined: within.length}, tables: [table]}]
  } catch (error) {
    if (error instanceof AplSyntaxError) return [400, {message: error.message}]
    throw error
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_BODY) throw new Error('the query is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {'content-type': 'application/json'})
  response.end(JSON.stringify(body))
}

async function close(server: Server): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  await promise
}
