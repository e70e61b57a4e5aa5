import * as z from 'zod'
import {consumer, count, jsz, list, moment, name, stream, text} from './schemas.ts'

/**
 * The fields that reports read of monitoring answers, beyond those of an observation. The same answers come through the
 * system account, as `data` of an envelope that says which server speaks.
 */

/** Go's way to write a duration: `1y2d3h4m5s`, `1.5ms`, `17µs`. Milliseconds; undefined for anything else. */
const spokenDuration = z
  .string()
  .nullish()
  .transform((value) => (value ? parseSpokenDuration(value) : undefined))

/** A limit: -1 is none, also where it was written as an unsigned number. */
const limit = z
  .number()
  .nullish()
  .transform((value) => (value == null ? undefined : value >= 2 ** 63 ? -1 : value))

export const reportConsumer = consumer.extend({
  config: consumer.shape.config.extend({deliver_subject: name}),
  delivered: consumer.shape.delivered.extend({last_active: moment}),
  ack_floor: consumer.shape.ack_floor.extend({last_active: moment}),
})

const reportStream = stream.extend({
  state: stream.shape.state.extend({last_ts: moment}),
  consumer_detail: list(reportConsumer),
})

const usage = z.object({total: count, errors: count})

export const reportJsz = jsz.extend({
  consumers: count,
  messages: count,
  bytes: count,
  streams_leader: z.number().nullish(),
  consumers_leader: z.number().nullish(),
  account_details: list(
    z.object({
      name: text,
      id: name,
      memory: count,
      storage: count,
      reserved_memory: limit,
      reserved_storage: limit,
      api: usage.nullish(),
      stream_detail: list(reportStream),
    }),
  ),
})

/** A stream as its own API tells of it: the name stands in the configuration. */
export const streamItem = reportStream.omit({name: true, consumer_detail: true}).extend({
  config: stream.shape.config.extend({name: text.min(1)}),
})

/** One page of $JS.API.STREAM.LIST. */
export const streamPage = z.object({
  total: z.number(),
  missing: list(text),
  offline: z.record(text, z.unknown()).nullish(),
  streams: list(streamItem),
})

/** One page of $JS.API.CONSUMER.LIST. */
export const consumerPage = z.object({total: z.number(), missing: list(text), consumers: list(reportConsumer)})

/** $JS.API.INFO. */
export const accountInfo = z.object({
  memory: count,
  storage: count,
  streams: count,
  consumers: count,
  limits: z.object({max_memory: limit, max_storage: limit}).nullish(),
  api: usage.nullish(),
})

export const accountStatz = z.object({
  account_statz: list(
    z.object({
      acc: text.min(1),
      name,
      conns: count,
      leafnodes: count,
      num_subscriptions: count,
      slow_consumers: count,
      sent: z.object({msgs: count, bytes: count}).nullish(),
      received: z.object({msgs: count, bytes: count}).nullish(),
    }),
  ),
})

export const connz = z.object({
  total: z.number(),
  connections: list(
    z.object({
      cid: z.number(),
      kind: name,
      type: name,
      ip: text,
      port: z.number(),
      last_activity: moment,
      rtt: spokenDuration,
      uptime: spokenDuration,
      idle: spokenDuration,
      pending_bytes: count,
      in_msgs: count,
      out_msgs: count,
      in_bytes: count,
      out_bytes: count,
      stalls: z.number().nullish(),
      subscriptions: count,
      name,
      lang: name,
      version: name,
      account: name,
      name_tag: name,
      authorized_user: name,
    }),
  ),
})

export type ReportJsz = z.output<typeof reportJsz>
export type ReportStream = z.output<typeof reportStream>
export type ReportConsumer = z.output<typeof reportConsumer>
export type AccountStatz = z.output<typeof accountStatz>
export type Connz = z.output<typeof connz>

/** `292y24w3d23h47m16s854ms775µs807ns` is what a server can say at most. */
const LONGEST_SPOKEN = 64

const UNIT_MS: Readonly<Record<string, number>> = {
  y: 365 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 0.001,
  us: 0.001,
  ns: 0.000_001,
}

function parseSpokenDuration(spoken: string): number | undefined {
  // A server's text: the search below takes time by the square of its length.
  if (spoken.length > LONGEST_SPOKEN) return undefined
  const parts = [...spoken.matchAll(/(\d+(?:\.\d+)?)(y|d|h|ms|m|µs|us|ns|s)/g)]
  if (parts.map(([part]) => part).join('') !== spoken || parts.length === 0) return undefined
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_MS[unit ?? ''] ?? 0), 0)
}
