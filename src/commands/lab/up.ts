import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {type LabDocument, tellLab, upLab} from '../../lib/ops/lab.ts'
import {renderLabNodes} from '../../lib/output/lab/nodes.ts'

export default class LabUp extends NatsopsCommand<LabDocument> {
  static override summary = 'Bring up a real cluster on this machine, behind a local AWS endpoint'
  static override description = [
    'Real nats-server processes in operator mode, each on an instance of its own Auto Scaling group of a',
    'make-believe AWS account: credentials come out of SSM, a terminated instance is replaced by an empty',
    'one. The lab outlives the terminal; lab down leaves nothing of it. It listens on 127.0.0.1 only. See',
    'docs/lab.md.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> practice --nodes 5 --server-version 2.10',
    '<%= config.bin %> <%= command.id %> --nats-server ./nats-server --boot-delay 30s --json',
  ]

  static override args = {
    name: Args.string({default: 'lab', description: 'name of the lab and of its cluster'}),
  }

  static override flags = {
    nodes: Flags.integer({default: 3, min: 1, max: 9, summary: 'how many nodes', helpValue: 'N'}),
    'server-version': Flags.string({
      summary: 'version or series of nats-server to run, of those on this machine',
      helpValue: '2.15',
      exclusive: ['nats-server'],
    }),
    'nats-server': Flags.string({
      summary: 'nats-server to run [env: NATSOPS_NATS_SERVER]',
      helpValue: 'PATH',
    }),
    'boot-delay': Flags.string({
      default: '2s',
      summary: 'from the launch of a replacement to the start of its server',
      helpValue: 'DURATION',
    }),
    'unit-restart': Flags.option({
      default: 'always',
      options: ['always', 'on-failure', 'no'] as const,
      summary: 'Restart= of nats.service: whether a server that ended by itself is started again',
    })(),
    'unit-stop': Flags.option({
      default: 'lame-duck',
      options: ['lame-duck', 'none'] as const,
      summary: 'ExecStop= of nats.service: nats-server --signal ldm, or nothing but SIGTERM',
    })(),
    timeout: Flags.string({
      default: '60s',
      summary: 'how long the cluster may take to be healthy',
      helpValue: 'DURATION',
    }),
  }

  async run(): Promise<LabDocument> {
    const {args, flags} = await this.parse(LabUp)
    const context = this.localContext()
    const {configuration, terminal} = context
    const request = {
      name: args.name,
      nodes: flags.nodes,
      serverVersion: flags['server-version'],
      serverPath: flags['nats-server'],
      bootDelayMs: configuration.duration('--boot-delay', flags['boot-delay']),
      timeoutMs: configuration.duration('--timeout', flags.timeout),
      unit: {restart: flags['unit-restart'], execStop: flags['unit-stop']},
    }
    const status = await terminal.progress(`bringing up lab ${args.name}`, (update) => upLab(context, request, update))
    this.log(renderLabNodes(status.nodes, terminal))
    terminal.say(`lab ${status.name} is up: nats-server ${status.serverVersion}, AWS endpoint ${status.endpoint}`)
    terminal.say(`next: ${this.config.bin} health --cluster ${status.name}`)
    return tellLab(status, context.clock.now())
  }
}
