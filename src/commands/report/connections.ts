import * as Flags from '@oclif/core/flags'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, serverListingFlags} from '../../lib/listing-command.ts'
import {NODE_SOURCES} from '../../lib/ops/reports/source.ts'
import {CONNECTION_COLUMNS} from '../../lib/output/reports/columns.ts'

export default class ReportConnections extends ListingCommand {
  static override summary = 'Report client connections: who, from where, how much, how slow'
  static override description =
    `SLOW means that data waits in the server for the client to read it, or that publishers were held up for it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --sort -pendingBytes --top 10',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --account PIVOT --csv',
  ]
  static override flags = {
    ...serverListingFlags,
    account: Flags.string({summary: "only this account's, by name or public key", helpValue: 'ACCOUNT'}),
  }

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportConnections)
    const ctx = await this.clusterContext(flags)
    const {account} = flags
    return this.present(ctx, flags, {
      noun: 'connections',
      columns: CONNECTION_COLUMNS,
      open: this.sourceOf(ctx, flags, NODE_SOURCES),
      fetch: async (source) => {
        const seen = await source.connections({account})
        const fields = ['subscriptions', 'pendingBytes', 'inMessages', 'outMessages', 'inBytes', 'outBytes'] as const
        return {...seen, totals: totalsOf('connections', seen.rows, fields)}
      },
    })
  }
}
