import * as z from 'zod'
import type {ConsumerDetail, StreamDetail, Upstream} from '../../domain/reports/details.ts'
import type {StreamSighting} from '../../domain/reports/sightings.ts'
import {consumerSighting, streamSighting} from './report-mapping.ts'
import {reportConsumer, streamItem} from './report-schemas.ts'
import {count, list, moment, name, text} from './schemas.ts'

const configuration = z.record(text, z.unknown())

/** The configuration is kept twice: checked, and as it came. */
const keepConfiguration = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'config' in value ? {...value, configuration: value.config} : value

const upstream = z.object({
  name: text,
  lag: count,
  active: z.number().nullish(),
  error: z.object({description: text}).nullish(),
  filter_subject: name,
  external: z.object({api: text}).nullish(),
})

/** $JS.API.STREAM.INFO. Subjects come in pages: `total` of them. */
export const streamInfo = z.preprocess(
  keepConfiguration,
  streamItem.extend({
    total: count,
    configuration,
    state: streamItem.shape.state.extend({
      first_ts: moment,
      num_subjects: z.number().nullish(),
      subjects: z.record(text, z.number()).nullish(),
      deleted: list(z.number()),
    }),
    mirror: upstream.nullish(),
    sources: list(upstream),
    alternates: list(z.object({name: text, cluster: name, domain: name})),
  }),
)

/** $JS.API.CONSUMER.INFO. */
export const consumerInfo = z.preprocess(
  keepConfiguration,
  reportConsumer.extend({
    configuration,
    push_bound: z.boolean().nullish(),
    pause_remaining: z.number().nullish(),
  }),
)

/** A page of names; sorted. */
export const namePage = z.object({total: z.number(), streams: list(text), consumers: list(text)})

export function streamDetail(
  account: {readonly name: string; readonly id: string},
  info: z.output<typeof streamInfo>,
): Omit<StreamDetail, 'messagesBySubject' | 'deletedSequences'> {
  return {
    ...streamSighting(account, info),
    configuration: info.configuration,
    firstAt: info.state.first_ts,
    subjectCount: info.state.num_subjects ?? undefined,
    mirror: info.mirror ? upstreamOf(info.mirror) : undefined,
    sources: info.sources.map(upstreamOf),
    alternates: info.alternates.map((each) => ({stream: each.name, cluster: each.cluster, domain: each.domain})),
  }
}

export function consumerDetail(
  stream: {readonly config: StreamSighting['config']},
  info: z.output<typeof consumerInfo>,
): ConsumerDetail {
  return {
    ...consumerSighting(stream, info),
    configuration: info.configuration,
    pushBound: info.push_bound ?? false,
    pausedForMs: info.pause_remaining ? info.pause_remaining / 1e6 : undefined,
  }
}

function upstreamOf(wire: z.output<typeof upstream>): Upstream {
  return {
    stream: wire.name,
    lag: wire.lag,
    // -1: it was never heard of.
    activeMs: wire.active != null && wire.active >= 0 ? wire.active / 1e6 : undefined,
    error: wire.error?.description,
    filter: wire.filter_subject,
    external: wire.external?.api,
  }
}
