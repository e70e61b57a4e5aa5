import {Exit, messageOf, OpsError, UsageError} from '../../errors.ts'
import type {LogService} from '../ports.ts'

export interface AxiomOptions {
  readonly token: string
  /** Personal tokens need one. */
  readonly organization: string | undefined
  readonly url: string | undefined
  readonly dataset: string
  /** Field with the node's name; undefined: any that is named like one. */
  readonly nodeField: string | undefined
  readonly timeoutMs: number
}

const conventionalUrl = 'https://api.axiom.co'
/** Events looked at where the field is not known: other nodes mention this one too. */
const searched = 1000

/**
 * Axiom's query API. The token goes nowhere but into the request's header, and over TLS or not further than this
 * machine. Rejects with AXIOM_REFUSED (exit 10), AXIOM_NOT_FOUND (9), AXIOM_QUERY_INVALID (2), AXIOM_UNREACHABLE,
 * AXIOM_UNAVAILABLE or AXIOM_BAD_ANSWER (7).
 */
export function openAxiom(options: AxiomOptions): LogService {
  const base = checkUrl(options.url ?? conventionalUrl)
  return {
    async hasEvents(node, since) {
      const apl = queryFor(options, node, since)
      const {timeoutMs} = options
      // By AWS's clock `since` may be later than now by this machine's.
      const until = Math.max(Date.now(), since) + 300_000
      const table = await ask(options, base, {apl, since, until, timeoutMs})
      return rowsOf(table).some((row) => isOf(row, node, since, options.nodeField))
    },
    async query(apl, range, {timeoutMs, signal}) {
      const table = await ask(options, base, {apl, ...range, timeoutMs, signal})
      const columns = table.fields.map(({name}) => name)
      const count = Math.max(0, ...table.columns.map(({length}) => length))
      const rows = Array.from({length: count}, (_, row) => columns.map((_name, at) => table.columns[at]?.[row]))
      return {columns, rows}
    },
  }
}

function queryFor({dataset, nodeField}: AxiomOptions, node: string, since: number): string {
  const from = `[${JSON.stringify(dataset)}] | where _time >= datetime(${JSON.stringify(isoTime(since))})`
  return nodeField === undefined
    ? `${from} | search ${JSON.stringify(node)} | sort by _time desc | limit ${searched}`
    : `${from} | where [${JSON.stringify(nodeField)}] == ${JSON.stringify(node)} | limit 1`
}

interface Table {
  readonly fields: readonly {readonly name: string}[]
  /** One list a field. */
  readonly columns: readonly (readonly unknown[])[]
}

type Row = Readonly<Record<string, unknown>>

interface Asking {
  readonly apl: string
  readonly since: number
  readonly until: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** One query through Axiom's own client, over a `fetch` that keeps what is promised above. */
async function ask(options: AxiomOptions, base: URL, asking: Asking): Promise<Table> {
  const {AxiomWithoutBatching} = await import('@axiomhq/js')
  let refusal: unknown
  const client = new AxiomWithoutBatching({
    // The real one is put into the header below: this library keeps it in many places, and prints to the console where
    // it is a personal one.
    token: 'given with each request',
    url: base.origin,
    // It would ask again after a rejection, without regard to our time limit; an answer of 400 it takes as it is.
    fetch: (input, init) =>
      send(options, base, asking, String(input), init).catch((error: unknown) => {
        refusal = error
        return new Response('', {status: 400})
      }),
  })
  try {
    const answer: unknown = await client.query(asking.apl, {
      startTime: isoTime(asking.since),
      endTime: isoTime(asking.until),
      format: 'tabular',
    })
    return readTable(answer) ?? badAnswer(base)
  } catch (error) {
    if (refusal !== undefined) throw refusal
    // What else the client rejects with is about the shape of the answer.
    throw error instanceof OpsError ? error : badAnswer(base)
  }
}

async function send(
  {token, organization, dataset}: AxiomOptions,
  base: URL,
  {timeoutMs, signal}: Asking,
  url: string,
  init: RequestInit | undefined,
): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs)
  let status: number
  let text: string
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(organization === undefined ? {} : {'x-axiom-org-id': organization}),
      },
      body: init?.body ?? '',
      // A redirect would be a captive portal, not Axiom.
      redirect: 'error',
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    })
    status = response.status
    text = await response.text()
  } catch (cause) {
    signal?.throwIfAborted()
    const {name, cause: inner} = cause as Error
    const why = name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : messageOf(inner ?? cause)
    throw failure(`Axiom at ${base.host} could not be asked: ${why}`, 'AXIOM_UNREACHABLE', Exit.unreachable)
  }
  if (status === 401 || status === 403) {
    const message = `Axiom refuses the token for the dataset ${dataset} (HTTP ${status})`
    throw failure(message, 'AXIOM_REFUSED', Exit.auth, ['use an API token that may query this dataset'])
  }
  if (status === 404) {
    const message = `Axiom has no such dataset: ${messageIn(text, token) ?? dataset}`
    throw failure(message, 'AXIOM_NOT_FOUND', Exit.notFound)
  }
  if (status === 429) {
    const suggestions = ['wait a minute and try again']
    throw failure('Axiom limits the rate of queries', 'AXIOM_UNAVAILABLE', Exit.unreachable, suggestions)
  }
  if (status === 400) throw invalidQuery(text, token)
  if (status !== 200) throw failure(`Axiom failed with HTTP ${status}`, 'AXIOM_UNAVAILABLE', Exit.unreachable)
  return new Response(text, {status, headers: {'content-type': 'application/json'}})
}

/** Axiom says what is wrong with a query, and where. */
function invalidQuery(text: string, token: string): OpsError {
  const said = messageIn(text, token) ?? 'HTTP 400'
  return failure(`Axiom does not understand the query: ${said}`, 'AXIOM_QUERY_INVALID', Exit.usage, [
    'https://axiom.co/docs/apl/introduction',
  ])
}

/** What Axiom says of an error, if it is Axiom that speaks. */
function messageIn(text: string, token: string): string | undefined {
  try {
    const {message} = JSON.parse(text) as {readonly message?: unknown}
    return typeof message === 'string' ? message.replaceAll(token, '[withheld]').slice(0, 400) : undefined
  } catch {
    return undefined
  }
}

function readTable(answer: unknown): Table | undefined {
  const {tables} = (answer ?? {}) as {readonly tables?: readonly Partial<Table>[]}
  if (!Array.isArray(tables)) return undefined
  const {fields, columns} = (tables[0] ?? {}) as Partial<Table>
  // Without rows Axiom leaves the columns out.
  const table = {fields: fields ?? [], columns: columns ?? []}
  const isTable = Array.isArray(table.fields) && Array.isArray(table.columns) && table.columns.every(Array.isArray)
  return isTable ? table : undefined
}

function badAnswer({host}: URL): never {
  throw failure(`${host} answered with something that is not Axiom's`, 'AXIOM_BAD_ANSWER', Exit.unreachable)
}

function rowsOf({fields, columns}: Table): readonly Row[] {
  const count = Math.max(0, ...columns.map(({length}) => length))
  return Array.from({length: count}, (_, index) =>
    Object.fromEntries(fields.map(({name}, column) => [name, columns[column]?.[index]])),
  )
}

/**
 * Whether an event is this node's own: by its field, or by any that is named for who speaks. A mere mention is not
 * enough: the siblings log every route to it.
 */
function isOf(row: Row, node: string, since: number, nodeField: string | undefined): boolean {
  const at = Date.parse(String(row._time ?? ''))
  if (!(at >= since)) return false
  return Object.entries(row).some(([field, value]) => {
    const isSpeaker = nodeField === undefined ? speaker.test(field) && !others.test(field) : field === nodeField
    return isSpeaker && (value === node || (typeof value === 'string' && value.startsWith(`${node}.`)))
  })
}

const speaker = /(^|[._])(node|node_?name|server_?name|host|host_?name|instance_?name)$/i
const others = /remote|leader|peer|route/i

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url
  throw new UsageError('AXIOM_URL is not an https URL')
}

function isoTime(at: number): string {
  return new Date(at).toISOString()
}

function failure(message: string, code: string, exit: Exit, suggestions: readonly string[] = []): OpsError {
  return new OpsError(message, {code, exit, suggestions})
}
