import * as Flags from '@oclif/core/flags'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, listingFlags} from '../../lib/listing-command.ts'
import {streamsInPages} from '../../lib/ops/reports/report-source.ts'
import {REPORT_STREAM_COLUMNS} from '../../lib/output/reports/columns.ts'

export default class ReportStreams extends ListingCommand {
  static override summary = 'Report every stream and what each of its replicas holds'
  static override description =
    `Messages and size are the leader's; REPLICAS says of each node whether it holds the stream and how many messages it
lacks. One look: whether a busy replica keeps up is the question of natsops health.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --account PIVOT --sort -messages --top 20',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --csv > streams.csv',
  ]
  static override flags = {
    ...listingFlags,
    account: Flags.string({summary: "only this account's, by name or public key", helpValue: 'ACCOUNT'}),
  }

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportStreams)
    const ctx = await this.clusterContext(flags)
    return this.present(ctx, flags, {
      noun: 'streams',
      columns: REPORT_STREAM_COLUMNS,
      open: this.sourceOf(ctx, flags),
      stream: (source) => streamsInPages(source, {account: flags.account}),
      fetch: async (source) => {
        const seen = await source.streams({account: flags.account})
        return {...seen, totals: totalsOf('streams', seen.rows, ['messages', 'bytes', 'consumers'])}
      },
    })
  }
}
