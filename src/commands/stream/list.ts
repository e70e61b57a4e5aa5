import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, listingFlags} from '../../lib/listing-command.ts'
import {listStreams, listStreamsInPages} from '../../lib/ops/reports/asset-list.ts'
import {parseSort} from '../../lib/output/listing.ts'
import {STREAM_COLUMNS} from '../../lib/output/stream-list.ts'

export default class StreamList extends ListingCommand {
  static override summary = 'List streams: messages, size, replicas, leader, what replicas lack'
  static override description =
    `Streams of every account where the system account or the monitoring ports tell of them, else of the account of the
credentials. Several names or patterns (* and ?) may be given; quote them. docs/streams.md tells what each column says.`
  static override aliases = ['stream:ls']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    "<%= config.bin %> <%= command.id %> 'ORDERS*' --cluster nats-prod --sort -bytes --top 10",
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --behind --watch',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --leader 2 --json',
  ]
  static override args = {pattern: Args.string({multiple: true, description: 'names or patterns of streams'})}
  static override flags = {
    ...listingFlags,
    account: Flags.string({summary: "only this account's streams, by name or public key", helpValue: 'ACCOUNT'}),
    leader: Flags.string({
      summary: 'only streams that this node leads: 2, node-2 or its whole name',
      helpValue: 'NODE',
    }),
    replicas: Flags.integer({min: 1, summary: 'only streams of so many replicas', helpValue: 'N'}),
    behind: Flags.boolean({summary: 'only streams without a leader, or with a replica that lacks something'}),
    'unacked-over': Flags.integer({
      min: 0,
      summary: 'only streams with more messages than this delivered and not acknowledged',
      helpValue: 'N',
    }),
  }

  async run(): Promise<ListingReport | undefined> {
    const {args, flags} = await this.parse(StreamList)
    const {account, leader, replicas, behind, sort} = flags
    const ctx = await this.clusterContext(flags)
    const unackedOver = flags['unacked-over']
    const orders = sort === undefined ? [] : parseSort(STREAM_COLUMNS, sort)
    const unacknowledged = orders.some(({column}) => column.key === 'unacknowledged')
    const filter = {patterns: args.pattern ?? [], account, leader, replicas, behind, unackedOver, unacknowledged}
    return this.present(ctx, flags, {
      noun: 'streams',
      columns: STREAM_COLUMNS.filter(
        ({key}) => key !== 'unacknowledged' || unacknowledged || unackedOver !== undefined,
      ),
      open: this.sourceOf(ctx, flags),
      stream: listStreamsInPages(filter),
      fetch: async (source) => {
        const streams = await listStreams(ctx, source, filter)
        return {...streams, totals: totalsOf('streams', streams.rows, ['messages', 'bytes', 'consumers'])}
      },
    })
  }
}
