import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import type {Told} from '../../lib/domain/told.ts'
import {type RollStatus, readStatus, tellStatus} from '../../lib/ops/roll/status.ts'
import {renderFields} from '../../lib/output/fields.ts'
import {statusFields} from '../../lib/output/roll/status.ts'

export default class RollStatusCommand extends NatsopsCommand<Told<RollStatus>> {
  static override summary = 'Show who rolls a cluster, how far they are, and how to go on'
  static override description =
    `Reads the lock in SSM, and the journal where this machine has it. Exit status 0, with or without a lock.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --json',
  ]
  static override flags = {...clusterFlags}

  async run(): Promise<Told<RollStatus>> {
    const {flags} = await this.parse(RollStatusCommand)
    const ctx = await this.clusterContext(flags)
    const status = await readStatus(ctx)
    this.log(renderFields(statusFields(status, ctx.clock.now(), this.terminal.decorated), this.terminal))
    return tellStatus(status)
  }
}
