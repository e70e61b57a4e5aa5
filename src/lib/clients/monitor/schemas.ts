import * as z from 'zod'

/**
 * The fields natsops reads of each monitoring answer, servers 2.10 to 2.15; whatever else is there is dropped. Go
 * leaves out zero values (`omitempty`) and writes nil lists as null, so nearly everything may be absent: only what
 * identifies an answer is required, and what the data is judged by.
 */

export const text = z.string()
const flag = z.boolean().nullish()

/** Counts and sizes; absent is 0. A negative number that was written as an unsigned one (2^64 - 1: unlimited) is 0. */
export const count = z
  .number()
  .nullish()
  .transform((value) => (value == null || value >= 2 ** 63 ? 0 : value))

/** Sequences have to be exact: one that JavaScript cannot hold makes the answer useless. */
const sequence = z
  .number()
  .nonnegative()
  .refine((value) => Number.isSafeInteger(value) || value >= 2 ** 63, 'is not an exact sequence')
  .transform((value) => (value >= 2 ** 63 ? 0 : value))

/** RFC 3339 with nanoseconds, as milliseconds since the epoch. */
export const time = z.string().transform((value, context) => {
  const parsed = Date.parse(value)
  if (Number.isNaN(parsed)) context.addIssue({code: 'custom', message: `${value} is not a time`})
  return parsed
})

/** Go's zero time stands for none. */
export const moment = z
  .string()
  .nullish()
  .transform((value) => {
    const parsed = value == null ? Number.NaN : Date.parse(value)
    return Number.isNaN(parsed) || parsed < 0 ? undefined : parsed
  })

const nanoseconds = count.transform((value) => value / 1e6)

/** An empty name is none. */
export const name = z
  .string()
  .nullish()
  .transform((value) => value || undefined)

export const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((value) => value ?? [])

export const varz = z.object({
  server_id: text.min(1),
  server_name: text.min(1),
  version: text,
  cluster: z.object({name}).nullish(),
  start: time,
  now: time,
  connections: z.number(),
  total_connections: count,
  subscriptions: count,
  slow_consumers: count,
  mem: count,
  cpu: count,
  cores: count,
  max_connections: count,
  in_msgs: count,
  out_msgs: count,
  in_bytes: count,
  out_bytes: count,
  config_digest: name,
  tls_required: flag,
})

export const healthz = z.object({
  status: text,
  error: name,
  errors: list(z.object({type: text, error: text.nullish(), account: name, stream: name, consumer: name})),
})

export const routez = z.object({
  server_id: text.min(1),
  routes: list(z.object({remote_id: text.min(1), remote_name: name})),
})

const peer = z.object({
  name: text,
  current: z.boolean(),
  offline: flag,
  active: nanoseconds,
  lag: count,
  peer: name,
  pending: flag,
})

const cluster = z.object({
  leader: name,
  leader_since: time.nullish(),
  raft_group: name,
  replicas: list(peer),
})

const position = z.object({consumer_seq: sequence, stream_seq: sequence})

export const consumer = z.object({
  name: text.min(1),
  created: moment,
  config: z.object({durable_name: name, ack_policy: text, num_replicas: count, mem_storage: flag}),
  delivered: position,
  ack_floor: position,
  num_ack_pending: count,
  num_redelivered: count,
  num_waiting: count,
  num_pending: count,
  paused: flag,
  cluster: cluster.nullish(),
})

export const stream = z.object({
  name: text.min(1),
  created: time,
  cluster: cluster.nullish(),
  config: z.object({
    subjects: list(text),
    retention: text,
    storage: z.enum(['file', 'memory']),
    num_replicas: z.number().int(),
    max_bytes: z.number(),
    max_msgs: z.number(),
    max_age: count,
    allow_msg_ttl: flag,
    mirror: z.unknown().optional(),
    sources: list(z.unknown()),
  }),
  state: z.object({
    messages: sequence,
    bytes: count,
    first_seq: sequence,
    last_seq: sequence,
    num_deleted: count,
    consumer_count: count,
  }),
  consumer_detail: list(consumer),
  stream_raft_group: name,
  consumer_raft_groups: list(z.object({name: text, raft_group: name})),
})

export const jsz = z.object({
  server_id: text.min(1),
  now: time,
  disabled: flag,
  config: z.object({max_memory: count, max_storage: count}).nullish(),
  memory: count,
  storage: count,
  reserved_memory: count,
  reserved_storage: count,
  accounts: count,
  streams: count,
  total: z.number().nullish(),
  api: z.object({total: count, errors: count}).nullish(),
  meta_cluster: z
    .object({
      leader: name,
      cluster_size: z.number(),
      pending: count,
      replicas: z.array(peer).nullish(),
    })
    .nullish(),
  account_details: list(z.object({name: text, id: name, stream_detail: list(stream)})),
})

/** Which accounts use JetStream on a node: what /raftz has to be asked for. */
export const jszAccounts = z.object({
  server_id: text.min(1),
  account_details: list(z.object({name: text, id: name})),
})

export const raftz = z.record(
  text,
  z.record(
    text,
    z.object({
      id: text,
      state: text,
      leader: name,
      size: z.number(),
      term: count,
      committed: count,
      applied: count,
      catching_up: flag,
      /** Go writes most errors as {}. */
      wal_error: z.unknown().optional(),
      paused: flag,
      peers: z.record(text, z.object({name, known: flag})).nullish(),
    }),
  ),
)

export type Varz = z.output<typeof varz>
export type Healthz = z.output<typeof healthz>
export type Routez = z.output<typeof routez>
export type Jsz = z.output<typeof jsz>
export type Raftz = z.output<typeof raftz>

/**
 * The value, or in words what is wrong with the first field that is. The library compiles a schema to code when it
 * is first used, which a small answer does not repay; `compile: false` leaves that out and finds the same.
 */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  {compile = true}: {readonly compile?: boolean} = {},
): {readonly value: T} | {readonly wrong: string} {
  const result = schema.safeParse(value, {jitless: !compile})
  if (result.success) return {value: result.data}
  const [issue] = result.error.issues
  return {wrong: `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'is not as expected'}`}
}
