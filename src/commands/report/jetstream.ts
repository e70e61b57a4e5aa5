import type {MetaGroup} from '../../lib/domain/reports/rows.ts'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, serverListingFlags} from '../../lib/listing-command.ts'
import {NODE_SOURCES} from '../../lib/ops/reports/source.ts'
import {SERVER_COLUMNS} from '../../lib/output/reports/columns.ts'
import {renderMetaGroup} from '../../lib/output/reports/meta-group.ts'

const SUMMED = ['streamsLed', 'consumersLed', 'messages', 'bytes', 'fileBytes', 'memoryBytes'] as const

export default class ReportJetStream extends ListingCommand {
  static override summary = 'Report JetStream on every server, and the meta group'
  static override description =
    `What each server holds and leads, how full it is, its API requests and errors; then the meta group as its leader sees
it. Counts are of replicas: a stream with three of them counts on three servers. docs/reports.md explains the columns.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --sort -filePercent --watch',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --source monitor --json',
  ]
  static override flags = {...serverListingFlags}

  async run(): Promise<ListingReport | undefined> {
    const {flags} = await this.parse(ReportJetStream)
    const ctx = await this.clusterContext(flags)
    let meta: MetaGroup | null = null
    return this.present(ctx, flags, {
      noun: 'servers',
      columns: SERVER_COLUMNS,
      open: this.sourceOf(ctx, flags, NODE_SOURCES),
      fetch: async (source) => {
        const seen = await source.servers()
        meta = seen.meta
        return {...seen, totals: totalsOf('servers', seen.rows, SUMMED), more: {meta}}
      },
      below: () => renderMetaGroup(meta, this.terminal, ctx.clock.now()),
    })
  }
}
