import * as Args from '@oclif/core/args'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {Exit} from '../../lib/errors.ts'
import {lookAtNode, type NodeStatus} from '../../lib/ops/node-status.ts'
import {renderNodeStatus} from '../../lib/output/node-status.ts'

const EXITS = {ok: 0, degraded: Exit.healthDegraded, critical: Exit.healthCritical} as const

export default class NodeStatusCommand extends NatsopsCommand<NodeStatus> {
  static override summary = 'Show how the machine of a node is: units, disk, memory, load, bootstrap log'
  static override description =
    `One command through SSM Run Command, read against the cluster's thresholds. cpu, iowait and steal are measured over two
seconds. What cannot be read is a finding, never ok.

Exit status: 0 ok, 20 something is at its limit or not known, 21 the unit nats is not active.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> nats-prod-node-1 --cluster nats-prod --json',
  ]
  static override args = {
    node: Args.string({required: true, description: 'which node: 2, node-2 or its whole name'}),
  }
  static override flags = {...clusterFlags}

  async run(): Promise<NodeStatus> {
    const {args, flags} = await this.parse(NodeStatusCommand)
    const ctx = await this.clusterContext(flags)
    const status = await this.terminal.progress(`looking at ${args.node}`, () => lookAtNode(ctx, args.node))
    this.log(renderNodeStatus(status, this.terminal))
    process.exitCode = EXITS[status.verdict]
    return status
  }
}
