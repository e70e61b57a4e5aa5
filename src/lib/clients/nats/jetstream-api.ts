import type {ZodType} from 'zod'
import {Exit, OpsError} from '../../errors.ts'
import type * as Wire from '../monitor/report-wire.ts'
import type {JetStreamApi, NatsClient} from '../ports.ts'

/**
 * JetStream's API with one user's credentials: it sees that user's account and nothing else. `account` is what its
 * streams are said to be of.
 */
export function openJetStreamApi(
  client: Pick<NatsClient, 'request'>,
  account: {readonly name: string; readonly id: string},
  {timeoutMs}: {readonly timeoutMs: number},
): JetStreamApi {
  const ask = async <T>(call: string, body: object, schemaOf: (wire: typeof Wire) => ZodType<T>) => {
    const subject = `$JS.API.${call}`
    const asked = client.request(subject, JSON.stringify(body), {timeoutMs}).catch((error) => {
      throw explainSilence(error, account.name)
    })
    const [bytes, wire] = await Promise.all([asked, import('../monitor/report-wire.ts')])
    const value = parse(bytes)
    const refusal = (value as {readonly error?: Refusal} | undefined)?.error
    if (refusal) throw refused(subject, account.name, refusal)
    const checked = wire.check(schemaOf(wire), value)
    if ('value' in checked) return {value: checked.value, wire}
    throw new OpsError(`${subject} was answered with something that is not JetStream's: ${checked.wrong}`, {
      code: 'JETSTREAM_BAD_ANSWER',
      exit: Exit.unreachable,
    })
  }

  return {
    async account() {
      const {value} = await ask('INFO', {}, (wire) => wire.accountInfo)
      return {
        streams: value.streams,
        consumers: value.consumers,
        memoryBytes: value.memory,
        fileBytes: value.storage,
        maxMemoryBytes: value.limits?.max_memory,
        maxFileBytes: value.limits?.max_storage,
        apiRequests: value.api?.total ?? 0,
        apiErrors: value.api?.errors ?? 0,
      }
    },
    async streams(offset) {
      const {value, wire} = await ask('STREAM.LIST', {offset}, (known) => known.streamPage)
      return {
        items: value.streams.map((stream) => wire.streamSighting(account, stream)),
        total: value.total,
        missing: [...value.missing, ...Object.keys(value.offline ?? {})],
      }
    },
    async consumers(stream, offset) {
      const {value, wire} = await ask(`CONSUMER.LIST.${stream.stream}`, {offset}, (known) => known.consumerPage)
      return {
        items: value.consumers.map((consumer) => wire.consumerSighting(stream, consumer)),
        total: value.total,
        missing: value.missing,
      }
    },
    async stream(name, {subjects, deleted = false} = {}) {
      const counted = new Map<string, number>()
      const askPage = (offset: number) => {
        const filter = subjects === undefined ? {} : {subjects_filter: subjects, offset}
        return ask(`STREAM.INFO.${name}`, {...filter, deleted_details: deleted}, (known) => known.streamInfo)
      }
      const first = await askPage(0)
      for (let page = first.value; ; page = (await askPage(counted.size)).value) {
        const known = counted.size
        for (const [subject, messages] of Object.entries(page.state.subjects ?? {})) counted.set(subject, messages)
        // A page that brings nothing new is the last one, whatever the total: subjects come and go between two pages.
        if (counted.size === known || counted.size >= page.total) break
      }
      return {
        ...first.wire.streamDetail(account, first.value),
        messagesBySubject: subjects === undefined ? undefined : new Map([...counted].sort(byName)),
        deletedSequences: deleted ? first.value.state.deleted : undefined,
      }
    },
    async consumer(stream, name) {
      const {value, wire} = await ask(`CONSUMER.INFO.${stream.stream}.${name}`, {}, (known) => known.consumerInfo)
      return wire.consumerDetail(stream, value)
    },
    async names(stream) {
      const call = stream === undefined ? 'STREAM.NAMES' : `CONSUMER.NAMES.${stream}`
      const names: string[] = []
      for (;;) {
        const {value} = await ask(call, {offset: names.length}, (known) => known.namePage)
        const page = stream === undefined ? value.streams : value.consumers
        names.push(...page)
        if (page.length === 0 || names.length >= value.total) return names.sort()
      }
    },
  }
}

/** By code unit, so that the order is the same on every machine. */
function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : Number(a > b)
}

interface Refusal {
  readonly code?: unknown
  readonly err_code?: unknown
  readonly description?: unknown
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    return undefined
  }
}

/** JetStream is there for the account, or nobody answers. */
function explainSilence(error: unknown, account: string): unknown {
  if (!(error instanceof OpsError) || error.code !== 'NO_RESPONDERS') return error
  return noJetStream(account, error)
}

const NOT_ENABLED_FOR_ACCOUNT = 10_039
const NOT_ENABLED = 10_076
const NOT_FOUND: Readonly<Record<string, string>> = {
  '10059': 'STREAM_NOT_FOUND',
  '10014': 'CONSUMER_NOT_FOUND',
}

function refused(subject: string, account: string, {code, err_code: errCode, description}: Refusal): OpsError {
  if (errCode === NOT_ENABLED_FOR_ACCOUNT || errCode === NOT_ENABLED) return noJetStream(account)
  const absent = NOT_FOUND[String(errCode)]
  if (absent !== undefined) {
    return new OpsError(`${subject}: ${String(description)}`, {code: absent, exit: Exit.notFound})
  }
  const reason = `${String(code)}: ${String(description ?? 'without a reason')} (${String(errCode)})`
  return new OpsError(`${subject}: JetStream refused with ${reason}`, {
    code: 'JETSTREAM_REFUSED',
    exit: code === 503 ? Exit.unreachable : Exit.refused,
  })
}

function noJetStream(account: string, cause?: unknown): OpsError {
  return new OpsError(`account ${account} has no JetStream`, {
    code: 'NO_JETSTREAM',
    exit: Exit.notFound,
    suggestions: ["give credentials of an account that has it: --service NAME, or the system account's in SSM"],
    cause,
  })
}
