import {ServiceFailure} from './failure.ts'
import {InsightsSyntaxError, readInsights, runInsights} from './insights-language.ts'
import type {Service} from './service.ts'

const MOST_ROWS = 10_000

/** Logs Insights over one log group. */
export const insightsOperations: Service['operations'] = {
  StartQuery: ({world, input}) => {
    const group = input.text('logGroupName') ?? input.texts('logGroupNames')[0]
    if (group === undefined) throw invalid('Log group name must be specified.')
    const limits = {least: 0, most: Number.MAX_SAFE_INTEGER}
    const since = (input.integer('startTime', limits) ?? 0) * 1000
    const until = (input.integer('endTime', limits) ?? 0) * 1000
    if (until < since) throw invalid('End time should not be before start time.')
    const most = input.integer('limit', {least: 1, most: MOST_ROWS}) ?? 1000
    const query = readQuery(input.required('queryString'))
    const streams = world.logs.streams(group)
    if (!streams) throw new ServiceFailure('ResourceNotFoundException', `Log group '${group}' does not exist.`)
    const records = streams.flatMap(({name, events}) =>
      events.filter(({at}) => at >= since && at <= until).map((event) => ({stream: name, event})),
    )
    const {rows, matched} = runInsights(query, records, most)
    const bytes = records.reduce((sum, {event}) => sum + Buffer.byteLength(event.message), 0)
    const statistics = {recordsMatched: matched, recordsScanned: records.length, bytesScanned: bytes}
    return {queryId: world.insights.start(rows, statistics)}
  },

  GetQueryResults: ({world, input}) => {
    const found = world.insights.look(input.required('queryId'))
    if (!found) throw new ServiceFailure('ResourceNotFoundException', 'The query does not exist.')
    const {status, rows, statistics} = found
    return {queryLanguage: 'CWLI', status, results: rows, statistics: {...statistics}}
  },

  StopQuery: ({world, input}) => {
    const isStopped = world.insights.stop(input.required('queryId'))
    if (isStopped === undefined) throw new ServiceFailure('ResourceNotFoundException', 'The query does not exist.')
    if (!isStopped) throw invalid('Query is not in a running state.')
    return {success: true}
  },
}

function readQuery(text: string): ReturnType<typeof readInsights> {
  try {
    return readInsights(text)
  } catch (error) {
    if (!(error instanceof InsightsSyntaxError)) throw error
    throw new ServiceFailure('MalformedQueryException', error.message)
  }
}

function invalid(message: string): ServiceFailure {
  return new ServiceFailure('InvalidParameterException', message)
}
