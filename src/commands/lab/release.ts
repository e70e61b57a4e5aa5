import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {type Release, releaseServer} from '../../lib/ops/lab-faults.ts'

export default class LabRelease extends NatsopsCommand<Release> {
  static override summary = 'Publish a new launch template version, which outdates every instance of the lab'
  static override description = [
    'The next launch of each node gets the server named here, or the same one again. What runs stays as it is',
    'until it is replaced, as by a roll with --only-outdated.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --server 2.15 --lab practice',
  ]

  static override flags = {
    server: Flags.string({
      summary: 'nats-server of new instances: a version or series of this machine, or a path',
      helpValue: 'VERSION|PATH',
    }),
    lab: Flags.string({default: 'lab', summary: 'which lab', helpValue: 'NAME'}),
  }

  async run(): Promise<Release> {
    const {flags} = await this.parse(LabRelease)
    const release = await releaseServer(this.localContext(), {lab: flags.lab, server: flags.server})
    this.log(
      `launch template version ${release.templateVersion} of lab ${release.lab}: nats-server ${release.serverVersion}`,
    )
    return release
  }
}
