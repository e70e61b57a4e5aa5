import {Exit, OpsError} from '../../errors.ts'
import type {NatsLink} from './nats-link.ts'

/** How JetStream's API refuses: `errCode` is the stable one, e.g. 10059 for a stream that is not there. */
export interface ApiRefusal {
  readonly code: number
  readonly errCode: number
  /** Untrusted text. */
  readonly description: string
}

export type ApiAnswer =
  | {readonly ok: true; readonly value: Readonly<Record<string, unknown>>}
  | {readonly ok: false; readonly refusal: ApiRefusal}

export const STREAM_NOT_FOUND = 10_059

/** One request to JetStream's API, or a publish to a stream. Rejects as the link does, and with JETSTREAM_BAD_ANSWER. */
export async function askJetStream(
  link: NatsLink,
  subject: string,
  payload: string,
  timeoutMs: number,
): Promise<ApiAnswer> {
  const text = await link.request(subject, payload, timeoutMs)
  let value: Readonly<Record<string, unknown>>
  try {
    value = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
  } catch (cause) {
    throw new OpsError(`${subject} was answered with something that is not JetStream's`, {
      code: 'JETSTREAM_BAD_ANSWER',
      exit: Exit.unreachable,
      cause,
    })
  }
  const error = value.error as Readonly<Record<string, unknown>> | undefined
  if (typeof error !== 'object' || error === null) return {ok: true, value}
  const {code, err_code: errCode, description} = error
  return {
    ok: false,
    refusal: {code: Number(code) || 0, errCode: Number(errCode) || 0, description: String(description ?? 'refused')},
  }
}

export function refusalOf(what: string, {code, errCode, description}: ApiRefusal): OpsError {
  return new OpsError(`${what}: JetStream refused with ${code}: ${description} (${errCode})`, {
    code: 'JETSTREAM_REFUSED',
    exit: Exit.refused,
  })
}
