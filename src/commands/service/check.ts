import * as Args from '@oclif/core/args'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {requireServiceName} from '../../lib/ops/service.ts'
import {checkService, type ServiceCheck} from '../../lib/ops/service-check.ts'
import {renderCheck} from '../../lib/output/service-check.ts'

/** Days left at which a check says so. */
const LIMITS = {warningDays: 30, criticalDays: 7}

export default class ServiceCheckCommand extends NatsopsCommand<ServiceCheck> {
  static override summary = 'Connect as the service, to its own hosts, and try what its JWT says it may'
  static override description =
    `Tried is only what leaves no trace: subscribing for a moment, asking JetStream for information, a message to an inbox
that nobody else reads. Nothing is published to a subject of the service.

Exit status: 0 all is as it should be, 20 a host or a permission is not, 21 credentials about to expire; where no host
accepts the service 7 or 10, by what the first of them said.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> messenger --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> messenger -c nats-prod --json',
  ]
  static override args = {name: Args.string({description: 'the service', required: true})}
  static override flags = {...clusterFlags}

  async run(): Promise<ServiceCheck> {
    const {args, flags} = await this.parse(ServiceCheckCommand)
    const name = requireServiceName(args.name)
    const timeoutMs = this.configuration.duration('--timeout', flags.timeout)
    const ctx = await this.clusterContext(flags)
    const check = await this.terminal.progress(`connecting as ${name}`, () =>
      orInterrupted(ctx.signal, checkService(ctx, name, {timeoutMs, limits: LIMITS})),
    )
    this.log(renderCheck(check, this.terminal))
    process.exitCode = check.exit
    return check
  }
}
