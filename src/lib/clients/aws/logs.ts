import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  paginateFilterLogEvents,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import {OpsError} from '../../errors.ts'
import type {Logs, QueryProgress} from '../ports.ts'
import type {AwsCall} from './errors.ts'
import {collect, required} from './lists.ts'
import type {Session} from './session.ts'

/** Rows that an Insights query gives at most; one that names no limit of its own gets this one. */
const mostRows = 10_000

/** CloudWatch Logs. */
export function openLogs(session: Session): Logs {
  const reader = session.client('logs', 'repeat', (options) => new CloudWatchLogsClient(options))
  return {
    async find(group, {streamPrefix, text, since}) {
      const call = callOf('FilterLogEvents', `${group} (${streamPrefix}*)`, group)
      const found = await session.call(call, async () => {
        const pages = paginateFilterLogEvents(
          {client: await reader(), stopOnSameToken: true},
          {
            logGroupName: group,
            logStreamNamePrefix: streamPrefix,
            startTime: Math.floor(since),
            ...(text === undefined ? {} : {filterPattern: phrase(text)}),
          },
        )
        return collect(pages, (page) => required(page.events, 'events'))
      })
      return found
        .map(({eventId: id = '', logStreamName: stream = '', timestamp: at = 0, message = ''}) => {
          return {id, stream, at, message}
        })
        .filter(({stream, at, message}) => {
          return stream.startsWith(streamPrefix) && at >= since && message.includes(text ?? '')
        })
        .sort((a, b) => a.at - b.at)
    },
    async startQuery(group, {text, since, until}) {
      const command = new StartQueryCommand({
        logGroupName: group,
        queryString: text,
        startTime: Math.floor(since / 1000),
        endTime: Math.ceil(until / 1000),
        limit: mostRows,
      })
      return session.call(callOf('StartQuery', group, group), async () => {
        const {queryId} = await (await reader()).send(command)
        return required(queryId, 'queryId')
      })
    },
    async query(id) {
      const call = {...callOf('GetQueryResults', `query ${id}`, ''), iamResource: '*'}
      return session.call(call, async () => {
        const {status, results, statistics} = await (await reader()).send(new GetQueryResultsCommand({queryId: id}))
        const {recordsMatched = 0, recordsScanned = 0, bytesScanned = 0} = statistics ?? {}
        const rows = (results ?? []).map((row) => row.map(({field = '', value = ''}) => [field, value] as const))
        return {state: stateOf(required(status, 'status')), rows, recordsMatched, recordsScanned, bytesScanned}
      })
    },
    async stopQuery(id) {
      try {
        const call = {...callOf('StopQuery', `query ${id}`, ''), iamResource: '*'}
        await session.call(call, async () => (await reader()).send(new StopQueryCommand({queryId: id})))
      } catch (error) {
        // AWS finds the stopping of what has ended invalid.
        if (!(error instanceof OpsError) || error.code !== 'AWS_INVALID_REQUEST') throw error
      }
    },
  }
}

function stateOf(status: string): QueryProgress['state'] {
  switch (status) {
    case 'Complete':
      return 'complete'
    case 'Failed':
      return 'failed'
    case 'Cancelled':
      return 'cancelled'
    case 'Timeout':
      return 'timeout'
    default:
      return 'running'
  }
}

function callOf(action: string, resource: string, group: string): AwsCall {
  return {service: 'logs', action, resource, iamResource: `log-group:${group}:*`}
}

/** A filter pattern that means this text and nothing else. */
function phrase(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
