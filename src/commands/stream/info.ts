import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {chooseOwner} from '../../lib/domain/credentials.ts'
import {noteLines} from '../../lib/listing-command.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {readStream, type StreamInfo} from '../../lib/ops/reports/asset-info.ts'
import {checkAssetName} from '../../lib/ops/reports/asset-list.ts'
import {renderStreamInfo} from '../../lib/output/stream-info.ts'

export default class StreamInfoCommand extends NatsopsCommand<StreamInfo> {
  static override summary = 'Show one stream: configuration, state, what each replica holds, its consumers'
  static override description =
    `The leader's word comes from the account's own API, so the stream has to be of the account of the credentials. What the
replicas hold comes from the replicas, where the system account or the monitoring ports answer; otherwise it says so.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> pivot_main --cluster nats-prod',
    "<%= config.bin %> <%= command.id %> pivot_main --cluster nats-prod --subjects 'facebox.>'",
    '<%= config.bin %> <%= command.id %> pivot_main --cluster nats-prod --service facebox --json',
  ]
  static override args = {stream: Args.string({required: true, description: 'whole name of the stream'})}
  static override flags = {
    ...clusterFlags,
    service: Flags.string({char: 's', summary: "credentials of this service, not the admin's", helpValue: 'NAME'}),
    subjects: Flags.string({summary: 'count messages by subject, of those that match', helpValue: 'PATTERN'}),
    deleted: Flags.boolean({summary: 'name the sequences that are deleted in the middle'}),
  }

  async run(): Promise<StreamInfo> {
    const {args, flags} = await this.parse(StreamInfoCommand)
    const {service, subjects, deleted} = flags
    checkAssetName('stream', args.stream)
    const ctx = await this.clusterContext(flags)
    const owner = chooseOwner(false, service === undefined ? undefined : this.configuration.service(service))
    const reading = readStream(ctx, {stream: args.stream, owner, subjects, deleted})
    const info = await orInterrupted(ctx.signal, reading)
    this.log(renderStreamInfo(info, this.terminal, ctx.clock.now()))
    for (const line of noteLines(info.source)) this.terminal.say(line)
    return info
  }
}
