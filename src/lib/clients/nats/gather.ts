import {promisify} from 'node:util'
import {gunzip} from 'node:zlib'
import type {Msg, NatsConnection} from 'nats'
import type {GatherOptions} from '../ports.ts'

/** One request, many answers, to an inbox of its own; see the port. Rejects with the library's own errors. */
export async function gather(
  connection: NatsConnection,
  inbox: string,
  subject: string,
  payload: string,
  {timeoutMs, compressed = false, take}: GatherOptions,
): Promise<void> {
  const {headers} = await import('nats')
  const {promise: ended, resolve, reject} = Promise.withResolvers<void>()
  const deadline = performance.now() + timeoutMs
  let quiet = setTimeout(resolve, timeoutMs)
  const waitFor = (ms: number): void => {
    clearTimeout(quiet)
    if (ms <= 0) resolve()
    else quiet = setTimeout(resolve, Math.min(ms, deadline - performance.now()))
  }
  const receive = async (message: Msg): Promise<void> => {
    if (message.headers?.code === 503 && message.data.length === 0) throw noResponders()
    waitFor(take(await unpack(message)))
  }
  const callback = (error: Error | null, message: Msg): void => {
    if (error) reject(error)
    else receive(message).catch(reject)
  }
  // The library hands a refusal to publish to the subscription that names the subject.
  const subscription = Object.assign(connection.subscribe(inbox, {callback}), {requestSubject: subject})
  const lost = connection.closed().then(() => Promise.reject(new Error('the connection ended')))
  lost.catch(() => {})
  try {
    const asked = headers()
    asked.set('Accept-Encoding', 'gzip')
    connection.publish(subject, payload, {reply: inbox, ...(compressed && {headers: asked})})
    await Promise.race([ended, lost])
  } finally {
    clearTimeout(quiet)
    subscription.unsubscribe()
  }
}

/** Bytes of one answer, unpacked: as much as a monitoring port may say. */
const LONGEST_ANSWER = 128 * 1024 * 1024

async function unpack({data, headers}: Msg): Promise<Uint8Array> {
  return headers?.get('Content-Encoding') === 'gzip' ? promisify(gunzip)(data, {maxOutputLength: LONGEST_ANSWER}) : data
}

function noResponders(): Error {
  return Object.assign(new Error('nobody answers'), {code: '503'})
}
