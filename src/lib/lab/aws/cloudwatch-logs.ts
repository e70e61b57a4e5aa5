import {insightsOperations} from './cloudwatch-insights.ts'
import {ServiceFailure} from './failure.ts'
import {matchesPattern, readPattern} from './filter-pattern.ts'
import type {Input} from './input.ts'
import type {LogEvent, LogStream} from './log-store.ts'
import {pageOf} from './paging.ts'
import {jsonProtocol} from './protocol-json.ts'
import {refuseAsJson, validationComplaints} from './refusals.ts'
import type {Service} from './service.ts'
import type {AwsWorld} from './world.ts'
import type {XmlContent} from './xml.ts'

const invalid = (message: string) => new ServiceFailure('InvalidParameterException', message)

/** CloudWatch Logs, to be read: names of its members are lower camel case. */
export const cloudWatchLogs: Service = {
  name: 'logs',
  protocol: jsonProtocol('Logs_20140328'),
  complaints: validationComplaints('InvalidParameterException'),
  refuse: refuseAsJson,
  operations: {
    DescribeLogGroups: ({world, input}) => {
      const prefix = input.text('logGroupNamePrefix') ?? ''
      const pattern = input.text('logGroupNamePattern') ?? ''
      const groups = world.logs.groups().filter(({name}) => name.startsWith(prefix) && name.includes(pattern))
      const page = pageOf(groups, {...paging(input, 'limit', 50), list: 'groups', keyOf: ({name}) => name})
      const shown = page.items.map(({name, createdAt}) => ({
        logGroupName: name,
        creationTime: createdAt,
        metricFilterCount: 0,
        arn: `${arnOf(world, name)}:*`,
        storedBytes: 0,
        logGroupClass: 'STANDARD',
      }))
      return {logGroups: shown, nextToken: page.nextToken}
    },

    DescribeLogStreams: ({world, input}) => {
      const group = input.required('logGroupName')
      const prefix = input.text('logStreamNamePrefix')
      const order = input.oneOf('orderBy', ['LogStreamName', 'LastEventTime']) ?? 'LogStreamName'
      if (prefix !== undefined && order === 'LastEventTime') {
        throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.')
      }
      const found = streamsOf(world, group).filter(({name}) => name.startsWith(prefix ?? ''))
      if (order === 'LastEventTime') found.sort((one, other) => (lastAt(one) ?? 0) - (lastAt(other) ?? 0))
      if (input.flag('descending')) found.reverse()
      const page = pageOf(found, {...paging(input, 'limit', 50), list: `streams ${group}`, keyOf: ({name}) => name})
      return {
        logStreams: page.items.map((stream) => showStream(world, group, stream)),
        nextToken: page.nextToken,
      }
    },

    GetLogEvents: ({world, input}) => {
      const name = input.required('logStreamName')
      const stream = streamsOf(world, input.required('logGroupName')).find((one) => one.name === name)
      if (!stream) throw notFound('stream')
      const events = stream.events.filter(isWithin(input))
      const size = input.integer('limit', {least: 1, most: 10_000}) ?? 10_000
      const start = readPosition(input.text('nextToken'), events, size, input.flag('startFromHead'))
      const shown = events.slice(start, start + size)
      return {
        events: shown.map(({at, message, ingestedAt}) => ({timestamp: at, message, ingestionTime: ingestedAt})),
        nextForwardToken: `f/${String(start + shown.length).padStart(56, '0')}/s`,
        nextBackwardToken: `b/${String(start).padStart(56, '0')}/s`,
      }
    },

    FilterLogEvents: ({world, input}) => {
      const group = input.required('logGroupName')
      const names = input.texts('logStreamNames')
      const prefix = input.text('logStreamNamePrefix')
      if (names.length > 0 && prefix !== undefined) {
        throw invalid('logStreamNames and logStreamNamePrefix cannot both be specified.')
      }
      const pattern = readPattern(input.text('filterPattern') ?? '')
      if (!pattern) throw invalid('Invalid filter pattern')
      const found = streamsOf(world, group)
        .filter(({name}) => (names.length === 0 || names.includes(name)) && name.startsWith(prefix ?? ''))
        .flatMap(({name, events}) => events.filter(isWithin(input)).map((event) => ({stream: name, event})))
        .filter(({event}) => matchesPattern(pattern, event.message))
        .sort((one, other) => one.event.at - other.event.at)
      const keyOf = ({event}: {readonly event: LogEvent}) => event.id
      const page = pageOf(found, {...paging(input, 'limit', 10_000), list: `events ${group}`, keyOf})
      const events = page.items.map(({stream, event}) => ({
        logStreamName: stream,
        timestamp: event.at,
        message: event.message,
        ingestionTime: event.ingestedAt,
        eventId: event.id,
      }))
      return {events, searchedLogStreams: [], nextToken: page.nextToken}
    },

    ...insightsOperations,
  },
}

function streamsOf(world: AwsWorld, group: string): LogStream[] {
  const streams = world.logs.streams(group)
  if (!streams) throw notFound('group')
  return [...streams]
}

/** `startTime` belongs to it; for GetLogEvents `endTime` does not, and nobody notices that it does elsewhere. */
function isWithin(input: Input): (event: LogEvent) => boolean {
  const limits = {least: 0, most: Number.MAX_SAFE_INTEGER}
  const start = input.integer('startTime', limits) ?? 0
  const end = input.integer('endTime', limits) ?? Number.MAX_SAFE_INTEGER
  return ({at}) => at >= start && at < end
}

/** Tokens name a place: forward from it, or backward up to it. At either end a token leads to itself and no events. */
function readPosition(token: string | undefined, events: readonly LogEvent[], size: number, fromHead: boolean): number {
  if (token === undefined) return fromHead ? 0 : Math.max(0, events.length - size)
  const [, direction, place] = /^([fb])\/(\d{56})\/s$/.exec(token) ?? []
  if (direction === undefined) throw invalid('The specified nextToken is invalid.')
  if (direction === 'f') return Math.min(Number(place), events.length)
  return Math.max(0, Number(place) - size)
}

function showStream(world: AwsWorld, group: string, stream: LogStream): XmlContent {
  const [first] = stream.events
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    firstEventTimestamp: first?.at,
    lastEventTimestamp: lastAt(stream),
    lastIngestionTime: stream.events.at(-1)?.ingestedAt,
    uploadSequenceToken: '1',
    arn: `${arnOf(world, group)}:log-stream:${stream.name}`,
    storedBytes: 0,
  }
}

function lastAt({events}: LogStream): number | undefined {
  return events.at(-1)?.at
}

function paging(input: Input, limit: string, most: number) {
  return {
    size: input.integer(limit, {least: 1, most}) ?? most,
    token: input.text('nextToken'),
    refuse: () => invalid('The specified nextToken is invalid.'),
  }
}

function arnOf({region, account}: AwsWorld, group: string): string {
  return `arn:aws:logs:${region}:${account}:log-group:${group}`
}

function notFound(what: 'group' | 'stream'): ServiceFailure {
  return new ServiceFailure('ResourceNotFoundException', `The specified log ${what} does not exist.`)
}
