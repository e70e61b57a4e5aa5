import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, listingFlags} from '../../lib/listing-command.ts'
import {ACCOUNT_COLUMNS} from '../../lib/output/reports/columns.ts'

export default class ReportAccounts extends ListingCommand {
  static override summary = 'Report every account: connections, traffic, streams, storage'
  static override description =
    `Storage is of all replicas together, as the limits of an account count it. Through an account's own API only that
account is seen, without its connections.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --sort -fileBytes --json',
  ]
  static override flags = {...listingFlags}

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportAccounts)
    const ctx = await this.clusterContext(flags)
    return this.present(ctx, flags, {
      noun: 'accounts',
      columns: ACCOUNT_COLUMNS,
      open: this.sourceOf(ctx, flags),
      fetch: async (source) => {
        const seen = await source.accounts()
        return {
          ...seen,
          totals: totalsOf('accounts', seen.rows, [
            'connections',
            'subscriptions',
            'streams',
            'consumers',
            'fileBytes',
            'memoryBytes',
          ]),
        }
      },
    })
  }
}
