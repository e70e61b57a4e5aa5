import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {counted} from '../../lib/domain/quantity.ts'
import {latestQuery, queryAxiom} from '../../lib/ops/logs-query.ts'
import {renderLogCsv, renderLogTable} from '../../lib/output/log-table.ts'

/** Public, under --json; cells as Axiom gives them. */
export interface LogsQueryResult {
  readonly cluster: string
  readonly at: string
  readonly query: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

export default class LogsQuery extends NatsopsCommand<LogsQueryResult> {
  static override summary = "Query the nodes' logs in Axiom, in its language APL"
  static override description =
    `Without a query it is the newest hundred events of the cluster's dataset. The token comes from AXIOM_TOKEN, else from the
SSM parameter that logs.axiomTokenParameter names.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --since 5m',
    `<%= config.bin %> <%= command.id %> "['nats-logs'] | where message contains 'slow'"`,
  ]
  static override args = {
    query: Args.string({description: 'in APL'}),
  }
  static override flags = {
    ...clusterFlags,
    since: Flags.string({default: '15m', summary: 'how far back', helpValue: 'DURATION'}),
    'time-limit': Flags.string({default: '60s', summary: 'how long the query may take', helpValue: 'DURATION'}),
    csv: Flags.boolean({summary: 'print the rows as CSV', exclusive: ['json']}),
  }

  async run(): Promise<LogsQueryResult> {
    const {args, flags} = await this.parse(LogsQuery)
    const sinceMs = this.configuration.duration('--since', flags.since)
    const limitMs = this.configuration.duration('--time-limit', flags['time-limit'])
    const ctx = await this.clusterContext(flags)
    const query = args.query ?? latestQuery(ctx.settings.logs)
    const until = ctx.clock.now()
    const table = await this.terminal.progress('querying Axiom', () =>
      queryAxiom(ctx, {apl: query, since: until - sinceMs, until, limitMs}),
    )
    if (flags.csv) this.log(renderLogCsv(table).replace(/\n$/, ''))
    else if (table.rows.length > 0) this.log(renderLogTable(table, this.terminal, until))
    this.terminal.say(counted(table.rows.length, 'row'))
    const rows = table.rows.map((row) => Object.fromEntries(table.columns.map((column, at) => [column, row[at]])))
    return {cluster: ctx.settings.name, at: new Date(until).toISOString(), query, rows}
  }
}
