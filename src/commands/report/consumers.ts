import * as Flags from '@oclif/core/flags'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, listingFlags} from '../../lib/listing-command.ts'
import {REPORT_CONSUMER_COLUMNS} from '../../lib/output/reports/columns.ts'

export default class ReportConsumers extends ListingCommand {
  static override summary = 'Report every consumer: what it has to deliver, what is not acknowledged'
  static override description =
    `Pending are messages not delivered yet, unacked those delivered and not acknowledged. With --stream one stream only,
which asks an account with many streams far less.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --stream pivot_main --sort -pending',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --watch --interval 5s',
  ]
  static override flags = {
    ...listingFlags,
    account: Flags.string({summary: "only this account's, by name or public key", helpValue: 'ACCOUNT'}),
    stream: Flags.string({summary: 'only the consumers of this stream', helpValue: 'STREAM'}),
  }

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportConsumers)
    const ctx = await this.clusterContext(flags)
    return this.present(ctx, flags, {
      noun: 'consumers',
      columns: REPORT_CONSUMER_COLUMNS,
      open: this.sourceOf(ctx, flags),
      fetch: async (source) => {
        const seen = await source.consumers({account: flags.account, stream: flags.stream})
        return {...seen, totals: totalsOf('consumers', seen.rows, ['pending', 'ackPending', 'redelivered', 'waiting'])}
      },
    })
  }
}
