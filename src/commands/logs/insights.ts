import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {counted, humanBytes} from '../../lib/domain/quantity.ts'
import {bootstrapQuery, runInsights} from '../../lib/ops/logs-insights.ts'
import {type LogTableView, renderLogCsv, renderLogTable} from '../../lib/output/log-table.ts'

/** Public, under --json; fields as AWS gives them. */
export interface LogsInsightsResult {
  readonly cluster: string
  readonly at: string
  readonly query: string
  readonly rows: readonly Readonly<Record<string, string>>[]
  readonly recordsMatched: number
  readonly recordsScanned: number
  readonly bytesScanned: number
}

export default class LogsInsights extends NatsopsCommand<LogsInsightsResult> {
  static override summary = 'Run a CloudWatch Logs Insights query over the bootstrap logs'
  static override description =
    `Without a query it is the runbook's: what the bootstrap check has said, newest first. A query costs by the bytes it scans;
Ctrl-C stops it, on AWS's side too.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    `<%= config.bin %> <%= command.id %> 'filter @message like /error/' --since 6h`,
  ]
  static override args = {
    query: Args.string({description: 'in the language of Logs Insights'}),
  }
  static override flags = {
    ...clusterFlags,
    since: Flags.string({default: '24h', summary: 'how far back', helpValue: 'DURATION'}),
    'time-limit': Flags.string({default: '5m', summary: 'how long the query may take', helpValue: 'DURATION'}),
    csv: Flags.boolean({summary: 'print the rows as CSV', exclusive: ['json']}),
  }

  async run(): Promise<LogsInsightsResult> {
    const {args, flags} = await this.parse(LogsInsights)
    const sinceMs = this.configuration.duration('--since', flags.since)
    const limitMs = this.configuration.duration('--time-limit', flags['time-limit'])
    const ctx = await this.clusterContext(flags)
    const query = args.query ?? bootstrapQuery(ctx.settings.logs.bootstrapPattern)
    const until = ctx.clock.now()
    let shown = ''
    const {rows, recordsMatched, recordsScanned, bytesScanned} = await this.terminal.progress('querying', (update) => {
      const range = {text: query, since: until - sinceMs, until, limitMs}
      return runInsights(ctx, {
        ...range,
        onProgress: (progress) => {
          const scanned = `${counted(progress.recordsScanned, 'record')}, ${humanBytes(progress.bytesScanned)} scanned`
          const text = `querying: ${scanned}, ${counted(progress.recordsMatched, 'hit')}`
          if (text !== shown) update(text)
          shown = text
        },
      })
    })
    // @ptr leads to the record in AWS's own console and to nowhere else.
    const columns = [...new Set(rows.flatMap((row) => row.map(([field]) => field)))].filter((field) => field !== '@ptr')
    const records = rows.map((row) => Object.fromEntries(row.filter(([field]) => field !== '@ptr')))
    const table = {columns, rows: records.map((record) => columns.map((column) => record[column]))}
    this.#print(table, flags.csv, until)
    this.terminal.say(`${counted(rows.length, 'row')}; ${humanBytes(bytesScanned)} scanned`)
    const at = new Date(until).toISOString()
    return {cluster: ctx.settings.name, at, query, rows: records, recordsMatched, recordsScanned, bytesScanned}
  }

  #print(table: LogTableView, csv: boolean, now: number): void {
    if (csv) this.log(renderLogCsv(table).replace(/\n$/, ''))
    else if (table.rows.length > 0) this.log(renderLogTable(table, this.terminal, now))
  }
}
