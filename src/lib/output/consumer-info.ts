import type {ConsumerInfoRow} from '../domain/reports/details.ts'
import {
  behindInWords,
  CONSUMER_MEMBER_COLUMNS,
  type InfoStyle,
  infoList,
  infoWords,
  metadataFields,
  otherFields,
  renderInfo,
  wordsOf,
} from './asset-info.ts'
import type {Field} from './fields.ts'

/** Shown by a field of their own. */
const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'durable_name',
  'description',
  'deliver_policy',
  'deliver_subject',
  'deliver_group',
  'ack_policy',
  'ack_wait',
  'max_deliver',
  'backoff',
  'filter_subject',
  'filter_subjects',
  'replay_policy',
  'max_waiting',
  'max_ack_pending',
  'inactive_threshold',
  'num_replicas',
  'metadata',
])

export function renderConsumerInfo(consumer: ConsumerInfoRow, style: InfoStyle, now: number): string {
  return renderInfo(
    [...configurationFields(consumer, style, now), ...stateFields(consumer, style, now)],
    infoList({heading: 'REPLICAS', word: 'replica'}, CONSUMER_MEMBER_COLUMNS, consumer.members),
    style,
    now,
  )
}

function configurationFields(consumer: ConsumerInfoRow, style: InfoStyle, now: number): readonly Field[] {
  const {limit, nanoseconds, time} = infoWords(style, now)
  const {configuration: config, mode, durable, storage, replicas} = consumer
  const backoff = Array.isArray(config.backoff) ? config.backoff.map((each) => nanoseconds(each, '0')) : []
  const target = wordsOf(config.deliver_subject)
  const group = wordsOf(config.deliver_group).map((name) => `, group ${name}`)
  return [
    ['consumer', consumer.consumer],
    ['stream', consumer.stream],
    ['account', consumer.account],
    ['description', wordsOf(config.description)],
    ['mode', `${mode}, ${durable ? 'durable' : 'ephemeral'}`],
    [
      'delivers to',
      target.map((subject) => `${subject}${group.join('')}${consumer.pushBound ? '' : ' (nobody listens)'}`),
    ],
    ['delivers', String(config.deliver_policy)],
    ['filter', [...wordsOf(config.filter_subject), ...wordsOf(config.filter_subjects)]],
    ['acknowledge', String(config.ack_policy)],
    ['ack wait', nanoseconds(config.ack_wait, 'none')],
    ['max deliveries', limit(config.max_deliver, 'count')],
    ['backoff', backoff.join(', ') || []],
    ['max unacked', limit(config.max_ack_pending, 'count')],
    ['max waiting', mode === 'pull' ? limit(config.max_waiting, 'count') : []],
    ['inactive after', nanoseconds(config.inactive_threshold, '') || []],
    ['replay', String(config.replay_policy)],
    ['storage', `${storage}, ${replicas} replica${replicas === 1 ? '' : 's'}`],
    ['metadata', metadataFields(config)],
    ...otherFields(config, KNOWN),
    ['created', time(consumer.createdAt)],
  ]
}

function stateFields(consumer: ConsumerInfoRow, style: InfoStyle, now: number): readonly Field[] {
  const {format, time} = infoWords(style, now)
  const {pausedForMs} = consumer
  const at = (sequence: number, moment: string | null): string =>
    moment === null ? format.count(sequence) : `${format.count(sequence)} at ${[time(moment)].flat().join('')}`
  return [
    ['paused', consumer.paused ? `for another ${format.duration(pausedForMs ?? 0)}` : []],
    ['pending', format.count(consumer.pending)],
    ['unacknowledged', format.count(consumer.ackPending)],
    ['redelivered', format.count(consumer.redelivered)],
    ['waiting pulls', consumer.mode === 'pull' ? format.count(consumer.waiting) : []],
    ['delivered', at(consumer.deliveredSeq, consumer.lastDeliveredAt)],
    ['ack floor', at(consumer.ackFloorSeq, consumer.lastAcknowledgedAt)],
    ['leader', consumer.leader ?? 'none'],
    ['leader since', time(consumer.leaderSince)],
    ['raft group', consumer.group ?? []],
    ['behind', behindInWords(consumer, 'deliveries', format)],
  ]
}
