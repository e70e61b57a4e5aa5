import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {quoteForShell} from '../../lib/domain/shell.ts'
import {type InitReport, initConfig} from '../../lib/ops/config-init.ts'

export default class ConfigInit extends NatsopsCommand<InitReport> {
  static override summary = 'Write a commented description of a cluster of three nodes'
  static override description =
    'Nothing is asked: the file is complete, and says beside each setting what it decides. See docs/authoring.md.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> nats-prod',
    '<%= config.bin %> <%= command.id %> nats-prod --file clusters/nats-prod.yaml',
  ]
  static override args = {
    name: Args.string({default: 'nats-prod', description: 'name of the cluster'}),
  }
  static override flags = {
    file: Flags.string({char: 'f', default: 'cluster.yaml', summary: 'description to write', helpValue: 'FILE'}),
    force: Flags.boolean({summary: 'replace a file that is there'}),
  }

  async run(): Promise<InitReport> {
    const {args, flags} = await this.parse(ConfigInit)
    const report = await initConfig(args.name, flags.file, flags)
    this.log(report.file)
    const {bin} = this.config
    const steps = ['cert generate', 'auth init', 'config generate --out deploy']
    this.terminal.say('next: edit it, then')
    for (const step of steps) this.terminal.say(`  ${bin} ${step} --file ${quoteForShell([flags.file])}`)
    return report
  }
}
