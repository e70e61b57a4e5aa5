import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {UsageError, verdictExits} from '../../lib/errors.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {listServices, type ServiceList} from '../../lib/ops/service.ts'
import {renderServices} from '../../lib/output/service.ts'

export default class ServiceListCommand extends NatsopsCommand<ServiceList> {
  static override summary = 'List the services in SSM: hosts, identity, how long their credentials last'
  static override description =
    `Reads every service below the cluster's prefix. Seeds are not read: natsops service show checks one service in full.

Exit status: 0 all is well, 20 credentials expire soon, 21 they expire very soon, have expired or are not complete.`
  static override aliases = ['service:ls']
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --warning-days 60 --json',
  ]
  static override flags = {
    ...clusterFlags,
    'warning-days': Flags.integer({default: 30, min: 0, summary: 'exit status 20 below it', helpValue: 'DAYS'}),
    'critical-days': Flags.integer({default: 7, min: 0, summary: 'exit status 21 below it', helpValue: 'DAYS'}),
  }

  async run(): Promise<ServiceList> {
    const {flags} = await this.parse(ServiceListCommand)
    const limits = {warningDays: flags['warning-days'], criticalDays: flags['critical-days']}
    if (limits.criticalDays > limits.warningDays) {
      throw new UsageError(
        `--critical-days ${limits.criticalDays} is more than --warning-days ${limits.warningDays}: nothing would be a warning`,
      )
    }
    const ctx = await this.clusterContext(flags)
    const list = await this.terminal.progress('reading SSM', () => orInterrupted(ctx.signal, listServices(ctx, limits)))
    this.log(renderServices(list, this.terminal, ctx.clock.now()))
    process.exitCode = verdictExits[list.verdict]
    return list
  }
}
