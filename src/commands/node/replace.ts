import * as Args from '@oclif/core/args'
import {RollCommand, type RollResult, replaceFlags} from '../../lib/roll-command.ts'

export default class NodeReplace extends RollCommand<RollResult> {
  static override summary = 'Replace one node, as natsops roll does'
  static override description =
    `The same plan, the same gate and the same exit status as natsops roll --node NAME; natsops roll status, resume,
abort and show work on it too.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 2 --cluster nats-prod --dry-run',
    '<%= config.bin %> <%= command.id %> nats-prod-node-2 --confirm nats-prod',
  ]

  static override args = {
    node: Args.string({required: true, description: 'which node: 2, node-2 or its whole name'}),
  }

  static override flags = {...replaceFlags}

  async run(): Promise<RollResult> {
    const {args, flags} = await this.parse(NodeReplace)
    return this.replaceNodes(flags, {only: [args.node], onlyOutdated: false})
  }
}
