import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {listNodes, type NodeList} from '../../lib/ops/node-list.ts'
import {renderNodes} from '../../lib/output/node-list.ts'

export default class NodeListCommand extends NatsopsCommand<NodeList> {
  static override summary = 'List the nodes of a cluster: server, role, instance'
  static override description =
    `One look at every node and at AWS. Whether the cluster is well is the question of natsops health.

Exit status: 0, or 7 where no node answers and AWS does not either: then the list is what the configuration or the
convention expects.`
  static override aliases = ['node:ls']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --no-aws --json',
  ]
  static override flags = {
    ...clusterFlags,
    aws: Flags.boolean({allowNo: true, default: true, summary: 'ask AWS for groups and instances too'}),
  }

  async run(): Promise<NodeList> {
    const {flags} = await this.parse(NodeListCommand)
    const ctx = await this.clusterContext(flags)
    const list = await listNodes(ctx, {aws: flags.aws})
    this.log(renderNodes(list.nodes, ctx.clock.now(), this.terminal))
    for (const warning of list.warnings) this.terminal.say(`warning: ${warning}`)
    process.exitCode = list.exit
    return list
  }
}
