import type {NatsClient} from '../clients/ports.ts'
import {systemClock} from '../clock.ts'
import {Exit, OpsError} from '../errors.ts'
import {MAIN_STREAM, SERVICES} from './accounts.ts'

const CALL_LIMIT_MS = 5_000
const CURRENT_LIMIT_MS = 15_000
const INSIST_LIMIT_MS = 5_000
const MAXIMUM_REPLICAS = 3

/**
 * The main stream, with interest retention and as many replicas as the cluster allows, and a durable consumer for each
 * service: https://docs.nats.io/reference/reference-protocols/nats_api_reference. Resolves once every replica is current.
 */
export async function createAssets(
  client: Pick<NatsClient, 'request'>,
  nodeCount: number,
  signal: AbortSignal,
): Promise<void> {
  const stream = {
    name: MAIN_STREAM,
    subjects: SERVICES.map((service) => `${service}.>`),
    retention: 'interest',
    storage: 'file',
    num_replicas: Math.min(nodeCount, MAXIMUM_REPLICAS),
    discard: 'old',
  }
  await insist(client, `STREAM.CREATE.${MAIN_STREAM}`, stream, signal)
  await Promise.all(
    SERVICES.map((service) => {
      const config = {
        durable_name: service,
        ack_policy: 'explicit',
        filter_subject: `${service}.>`,
        max_ack_pending: 1000,
      }
      const subject = `CONSUMER.DURABLE.CREATE.${MAIN_STREAM}.${service}`
      return insist(client, subject, {stream_name: MAIN_STREAM, config}, signal)
    }),
  )
  const infos = [`STREAM.INFO.${MAIN_STREAM}`, ...SERVICES.map((service) => `CONSUMER.INFO.${MAIN_STREAM}.${service}`)]
  await Promise.all(infos.map((subject) => waitUntilCurrent(client, subject, signal)))
}

interface Reply {
  readonly error?: {readonly description?: string}
  readonly cluster?: {readonly leader?: string; readonly replicas?: readonly {readonly current: boolean}[]}
}

/**
 * Asks again until it works or the limit is over: what is created is the same each time, and right after their start
 * servers refuse for reasons of their own (an account's folder that is just being tidied away, a peer that counts as
 * offline for a moment more).
 */
async function insist(client: Pick<NatsClient, 'request'>, subject: string, body: unknown, signal: AbortSignal) {
  const deadline = performance.now() + INSIST_LIMIT_MS
  for (;;) {
    try {
      return await call(client, subject, body)
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await systemClock.sleep(100, signal)
  }
}

async function waitUntilCurrent(client: Pick<NatsClient, 'request'>, subject: string, signal: AbortSignal) {
  const deadline = performance.now() + CURRENT_LIMIT_MS
  for (;;) {
    const {cluster} = await insist(client, subject, {}, signal)
    const single = cluster === undefined
    if (single || (cluster.leader && (cluster.replicas ?? []).every(({current}) => current))) return
    if (performance.now() > deadline) throw refused(subject, 'its replicas do not become current')
    await systemClock.sleep(50, signal)
  }
}

async function call(client: Pick<NatsClient, 'request'>, subject: string, body: unknown): Promise<Reply> {
  const answer = await client.request(`$JS.API.${subject}`, JSON.stringify(body), {timeoutMs: CALL_LIMIT_MS})
  const reply = JSON.parse(new TextDecoder().decode(answer)) as Reply
  if (!reply.error) return reply
  throw refused(subject, reply.error.description ?? 'for no reason they name')
}

function refused(subject: string, reason: string): OpsError {
  return new OpsError(`the lab's servers refused ${subject}: ${reason}`, {
    code: 'LAB_ASSET_REFUSED',
    exit: Exit.refused,
  })
}
