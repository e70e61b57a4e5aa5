import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {environmentOfLab, type LabEnvironment, renderEnvironment, type Shell, shells} from '../../lib/ops/lab.ts'

export default class LabEnv extends NatsopsCommand<LabEnvironment> {
  static override summary = 'Print what a shell needs for the aws and nats tools to work with a lab'
  static override description = [
    "Prints the lab's AWS secret access key, on purpose and nowhere else: it opens nothing but this lab on",
    'this machine and ends with it. The NATS credentials stay in a file of mode 0600 that NATS_CREDS names.',
  ].join(' ')
  static override examples = [
    'eval "$(<%= config.bin %> <%= command.id %>)"',
    '<%= config.bin %> <%= command.id %> practice --shell fish | source',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  static override args = {
    name: Args.string({default: 'lab', description: 'name of the lab'}),
  }

  static override flags = {
    shell: Flags.string({default: 'sh', options: [...shells], summary: 'whose syntax to print'}),
  }

  async run(): Promise<LabEnvironment> {
    const {args, flags} = await this.parse(LabEnv)
    const environment = await environmentOfLab(this.localContext(), args.name)
    this.log(renderEnvironment(environment, flags.shell as Shell))
    return environment
  }
}
