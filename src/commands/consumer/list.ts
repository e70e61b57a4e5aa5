import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {totalsOf} from '../../lib/domain/reports/totals.ts'
import {ListingCommand, type ListingReport, listingFlags} from '../../lib/listing-command.ts'
import {checkAssetName, listConsumers} from '../../lib/ops/reports/asset-list.ts'
import {CONSUMER_COLUMNS} from '../../lib/output/consumer-list.ts'

export default class ConsumerList extends ListingCommand {
  static override summary = "List a stream's consumers: what waits, what is not acknowledged, last delivery"
  static override description =
    'All consumers of the cluster are in natsops report consumers. docs/streams.md tells what each column says.'
  static override aliases = ['consumer:ls']
  static override examples = [
    '<%= config.bin %> <%= command.id %> pivot_main --cluster nats-prod',
    "<%= config.bin %> <%= command.id %> ORDERS 'worker-*' --cluster nats-prod --sort -pending",
    '<%= config.bin %> <%= command.id %> ORDERS --cluster nats-prod --unacked-over 100 --json',
  ]
  static override args = {
    stream: Args.string({required: true, description: 'whole name of the stream'}),
    pattern: Args.string({multiple: true, description: 'names or patterns of consumers'}),
  }
  static override flags = {
    ...listingFlags,
    account: Flags.string({summary: 'account of the stream, by name or public key', helpValue: 'ACCOUNT'}),
    leader: Flags.string({summary: 'only those that this node leads: 2, node-2 or its whole name', helpValue: 'NODE'}),
    replicas: Flags.integer({min: 1, summary: 'only those of so many replicas', helpValue: 'N'}),
    behind: Flags.boolean({summary: 'only those without a leader, or with a replica that lacks something'}),
    'unacked-over': Flags.integer({
      min: 0,
      summary: 'only those with more messages than this delivered and not acknowledged',
      helpValue: 'N',
    }),
    'pending-over': Flags.integer({
      min: 0,
      summary: 'only those with more messages than this to be delivered',
      helpValue: 'N',
    }),
  }

  async run(): Promise<ListingReport | undefined> {
    const {args, flags} = await this.parse(ConsumerList)
    const {account, leader, replicas, behind, 'unacked-over': unackedOver, 'pending-over': pendingOver} = flags
    const {stream, pattern: patterns = []} = args
    checkAssetName('stream', stream)
    const ctx = await this.clusterContext(flags)
    const wanted = {stream, patterns, account, leader, replicas, behind, unackedOver, pendingOver}
    return this.present(ctx, flags, {
      noun: 'consumers',
      columns: CONSUMER_COLUMNS,
      open: this.sourceOf(ctx, flags),
      fetch: async (source) => {
        const consumers = await listConsumers(ctx, source, wanted)
        return {...consumers, totals: totalsOf('consumers', consumers.rows, ['pending', 'ackPending', 'redelivered'])}
      },
    })
  }
}
