import * as Args from '@oclif/core/args'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {requireServiceName} from '../../lib/ops/service.ts'
import {type ServiceView, showService} from '../../lib/ops/service-show.ts'
import {identityFields, permissionFields} from '../../lib/output/credentials.ts'
import {type Field, renderFields} from '../../lib/output/fields.ts'

export default class ServiceShow extends NatsopsCommand<ServiceView> {
  static override summary = 'Show one service: its parameters, hosts, user and permissions; never the seed'
  static override description =
    'The exit status is 10 where the service could not connect with what is there: a part is missing, expired or damaged.'
  static override aliases = ['service:info']
  static override examples = [
    '<%= config.bin %> <%= command.id %> messenger --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> messenger -c nats-prod --json',
  ]
  static override args = {name: Args.string({description: 'the service', required: true})}
  static override flags = {...clusterFlags}

  async run(): Promise<ServiceView> {
    const {args, flags} = await this.parse(ServiceShow)
    const name = requireServiceName(args.name)
    const ctx = await this.clusterContext(flags)
    const view = await this.terminal.progress('reading SSM', () => orInterrupted(ctx.signal, showService(ctx, name)))
    const {parameters, servers, strangers, problems, claims} = view
    const now = ctx.clock.now()
    const fields: readonly Field[] = [
      ['service', view.service],
      ['problem', problems],
      [
        'parameters',
        parameters.map((each) => `${each.name} ${each.version === null ? 'missing' : `v${each.version}`}`),
      ],
      ['hosts', servers],
      ['no node of it', strangers],
      ...(claims ? [...identityFields(claims, now), ...permissionFields(claims, now)] : []),
    ]
    this.log(renderFields(fields, this.terminal))
    process.exitCode = view.exit
    return view
  }
}
