import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {type GenerateReport, generateConfig, TARGETS} from '../../lib/ops/config-generate.ts'
import {renderGenerated} from '../../lib/output/config-generate.ts'

export default class ConfigGenerate extends NatsopsCommand<GenerateReport> {
  static override summary = 'Write the server configurations and deployment files of a described cluster'
  static override description = [
    'One configuration a node, and what its target needs: systemd units, a compose file, Kubernetes manifests, values',
    "of the NATS project's Helm chart or EC2 user data, each with a Prometheus scrape configuration and alert rules.",
    'The same description gives the same bytes. The output folder is replaced as a whole, and never where somebody',
    'else has written or changed a file of it. A file with a hash or a password in it is readable by its owner alone.',
    'See docs/authoring.md.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> --file cluster.yaml --out deploy',
    '<%= config.bin %> <%= command.id %> --out deploy --target kubernetes --dry-run',
  ]
  static override flags = {
    file: Flags.string({char: 'f', default: 'cluster.yaml', summary: 'description of the cluster', helpValue: 'FILE'}),
    out: Flags.string({char: 'o', required: true, summary: 'folder to write to', helpValue: 'DIR'}),
    target: Flags.option({
      char: 't',
      options: TARGETS,
      default: 'systemd' as const,
      summary: 'what the servers run on',
    })(),
    force: Flags.boolean({summary: 'replace files that were not made here or were changed since'}),
    'dry-run': Flags.boolean({char: 'n', default: false, summary: 'show what would be written and write nothing'}),
  }

  async run(): Promise<GenerateReport> {
    const {flags} = await this.parse(ConfigGenerate)
    const report = await generateConfig(this.localContext(), {...flags, dryRun: flags['dry-run']})
    this.log(renderGenerated(report, this.terminal))
    const verb = report.dryRun ? 'would be written' : 'written'
    const changed = report.files.filter(({change}) => change !== 'unchanged').length
    this.terminal.say(
      changed === 0 ? `nothing to change in ${report.out}` : `${changed} files ${verb} to ${report.out}`,
    )
    return report
  }
}
