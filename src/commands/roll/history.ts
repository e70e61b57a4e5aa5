import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {type Told, tell} from '../../lib/domain/told.ts'
import {listRolls, type RollSummary} from '../../lib/ops/roll/history.ts'
import {historyColumns} from '../../lib/output/roll/status.ts'
import {renderTable} from '../../lib/output/table.ts'

export interface RollHistoryResult {
  readonly cluster: string
  /** Newest first. */
  readonly rolls: readonly Told<RollSummary>[]
}

export default class RollHistory extends NatsopsCommand<RollHistoryResult> {
  static override summary = 'List the rolls of a cluster that were driven from this machine'
  static override description = 'From the journals in the state folder; asks neither AWS nor the cluster.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --json',
  ]
  static override flags = {...clusterFlags}

  async run(): Promise<RollHistoryResult> {
    const {flags} = await this.parse(RollHistory)
    const ctx = await this.clusterContext(flags)
    const {terminal} = this
    const {name: cluster} = ctx.settings
    const rolls = await listRolls(ctx, cluster)
    if (rolls.length === 0) terminal.say(`no roll of ${cluster} was driven from this machine`)
    else this.log(renderTable(historyColumns(ctx.clock.now(), terminal.decorated), rolls, terminal))
    return {cluster, rolls: tell(rolls)}
  }
}
