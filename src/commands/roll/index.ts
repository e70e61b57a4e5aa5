import * as Flags from '@oclif/core/flags'
import {RollCommand, type RollResult, replaceFlags} from '../../lib/roll-command.ts'

export default class Roll extends RollCommand<RollResult> {
  static override summary = 'Replace every node of a cluster, one after the other, without losing a message'
  static override description =
    `Shows the plan, asks, and then replaces each node only while losing it would cost nothing: every other replica
must hold the data by its own word. What does not hold is waited for, then said; nothing is ever forced.
docs/roll-safety.md explains how it decides.

Exit status: 0 done or nothing to do, 3 refused and nothing changed, 4 held with every node up, 5 held with one node
down or syncing, 6 locked by somebody else, 7 contact lost, 8 data is not where it was, 130 interrupted. After 4, 5, 7
and 130 natsops roll resume goes on.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --dry-run',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> -c prod --only-outdated --confirm prod --events roll.jsonl',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --node 2 --node 3 --accept-loss audit',
  ]
  static override flags = {
    ...replaceFlags,
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'only this node (2, node-2 or its whole name); once for each',
      helpValue: 'NAME',
    }),
    'only-outdated': Flags.boolean({summary: 'only nodes with an older launch template or server than there is'}),
  }

  async run(): Promise<RollResult> {
    const {flags} = await this.parse(Roll)
    return this.replaceNodes(flags, {only: flags.node ?? [], onlyOutdated: flags['only-outdated']})
  }
}
