import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {chooseOwner} from '../../lib/domain/credentials.ts'
import {noteLines} from '../../lib/listing-command.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {type ConsumerInfo, readConsumer} from '../../lib/ops/reports/asset-info.ts'
import {checkAssetName} from '../../lib/ops/reports/asset-list.ts'
import {renderConsumerInfo} from '../../lib/output/consumer-info.ts'

export default class ConsumerInfoCommand extends NatsopsCommand<ConsumerInfo> {
  static override summary = 'Show one consumer: configuration, what waits for whom, its replicas'
  static override description =
    `The leader's word comes from the account's own API, so the stream has to be of the account of the credentials. What the
replicas hold comes from the replicas, where the system account or the monitoring ports answer; otherwise it says so.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> pivot_main facebox --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> pivot_main facebox --cluster nats-prod --json',
  ]
  static override args = {
    stream: Args.string({required: true, description: 'whole name of the stream'}),
    consumer: Args.string({required: true, description: 'whole name of the consumer'}),
  }
  static override flags = {
    ...clusterFlags,
    service: Flags.string({char: 's', summary: "credentials of this service, not the admin's", helpValue: 'NAME'}),
  }

  async run(): Promise<ConsumerInfo> {
    const {args, flags} = await this.parse(ConsumerInfoCommand)
    const {stream, consumer} = args
    const {service} = flags
    checkAssetName('stream', stream)
    checkAssetName('consumer', consumer)
    const ctx = await this.clusterContext(flags)
    const owner = chooseOwner(false, service === undefined ? undefined : this.configuration.service(service))
    const reading = readConsumer(ctx, {stream, consumer, owner})
    const info = await orInterrupted(ctx.signal, reading)
    this.log(renderConsumerInfo(info.consumer, this.terminal, ctx.clock.now()))
    for (const line of noteLines(info.source)) this.terminal.say(line)
    return info
  }
}
