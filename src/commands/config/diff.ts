import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {type DriftReport, diffConfig} from '../../lib/ops/config-diff.ts'
import {renderDrift} from '../../lib/output/config-diff.ts'

export default class ConfigDiff extends NatsopsCommand<DriftReport> {
  static override summary = 'Show where running servers differ from their description'
  static override description = [
    'Every node is asked for its settings, its accounts and, from 2.11 on, the digest of its configuration, which is',
    'compared with what config generate --target systemd or user-data makes of the description. Exit status 20 where',
    'anything differs, 7 where no node answers.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --file cluster.yaml',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --file cluster.yaml --no-aws --json',
  ]
  static override flags = {
    ...clusterFlags,
    file: Flags.string({char: 'f', default: 'cluster.yaml', summary: 'description of the cluster', helpValue: 'FILE'}),
    aws: Flags.boolean({allowNo: true, default: true, summary: 'ask AWS which nodes there are'}),
  }

  async run(): Promise<DriftReport> {
    const {flags} = await this.parse(ConfigDiff)
    const report = await diffConfig(await this.clusterContext(flags), {file: flags.file, askAws: flags.aws})
    this.log(renderDrift(report.nodes, this.terminal))
    for (const warning of report.warnings) this.terminal.say(`warning: ${warning}`)
    process.exitCode = report.exit
    return report
  }
}
