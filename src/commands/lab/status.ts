import * as Args from '@oclif/core/args'
import {NatsopsCommand} from '../../lib/command.ts'
import {type LabDocument, type LabStatus, statusOfLab, tellLab} from '../../lib/ops/lab.ts'
import {renderLabNodes} from '../../lib/output/lab/nodes.ts'

export default class LabStatusCommand extends NatsopsCommand<LabDocument> {
  static override summary = 'Show what a lab is made of and whether it is up'
  static override description = [
    'Nodes, instances, process ids, ports. Says when the supervisor has crashed: then the AWS endpoint is',
    'gone while the servers may still run, and lab down removes what is left. Whether the cluster works is',
    'the question of health.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> practice --json',
  ]

  static override args = {
    name: Args.string({default: 'lab', description: 'name of the lab'}),
  }

  async run(): Promise<LabDocument> {
    const {args} = await this.parse(LabStatusCommand)
    const context = this.localContext()
    const {terminal} = context
    const status = await statusOfLab(context, args.name)
    this.log(renderLabNodes(status.nodes, terminal))
    for (const line of describe(status, this.config.bin)) terminal.say(line)
    const document = tellLab(status, context.clock.now())
    process.exitCode = document.exit
    return document
  }
}

function describe(status: LabStatus, bin: string): readonly string[] {
  const {name, state, serverVersion, endpoint, supervisorPid, log, nodes} = status
  const down = `${bin} lab down ${name}`
  const ended = nodes.flatMap(({name: node, ended: how}) => (how === undefined ? [] : [`${node}: nats-server ${how}`]))
  switch (state) {
    case 'up':
      return [
        `lab ${name} is up: nats-server ${serverVersion}, supervisor ${supervisorPid}, AWS endpoint ${endpoint}`,
        ...ended,
      ]
    case 'starting':
      return [`lab ${name} is being started by another process, or was left half-made: then ${down}`]
    case 'crashed':
      return [`lab ${name} has crashed: its supervisor and the AWS endpoint are gone, see ${log}`, `remove it: ${down}`]
    case 'silent':
      return [
        `lab ${name} has a supervisor that does not answer (pid ${supervisorPid}), see ${log}`,
        `remove it: ${down}`,
      ]
  }
}
