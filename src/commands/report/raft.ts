import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, serverListingFlags} from '../../lib/listing-command.ts'
import {NODE_SOURCES} from '../../lib/ops/reports/source.ts'
import {RAFT_COLUMNS} from '../../lib/output/reports/columns.ts'

export default class ReportRaft extends ListingCommand {
  static override summary = 'Report every RAFT group: leader, term, members, who is behind'
  static override description =
    `The meta group, then the groups of streams and consumers with more than one replica. LAG is in RAFT entries, the
leader's word; BEHIND is in messages, from what the members have stored.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --sort -behind --top 10',
  ]
  static override flags = {...serverListingFlags}

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportRaft)
    const ctx = await this.clusterContext(flags)
    return this.present(ctx, flags, {
      noun: 'groups',
      columns: RAFT_COLUMNS,
      open: this.sourceOf(ctx, flags, NODE_SOURCES),
      fetch: async (source) => {
        const seen = await source.raftGroups()
        return {...seen, totals: totalsOf('groups', seen.rows, [])}
      },
    })
  }
}
