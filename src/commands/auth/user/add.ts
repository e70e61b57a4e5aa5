import {Args, Flags} from '@oclif/core'
import {AuthCommand, authFlags, storeFlags} from '../../../lib/auth-command.ts'
import {changeFlags} from '../../../lib/command.ts'
import {prepareAdd, type UserReport} from '../../../lib/ops/auth-user.ts'
import {renderUserChange} from '../../../lib/output/auth.ts'

export default class AuthUserAdd extends AuthCommand<UserReport> {
  static override summary = 'Give a described service its first credentials'
  static override description =
    `For one that was added to auth.services after auth init; servers need not be told. Credentials that are there and match
the description stay.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders --file cluster.yaml',
    '<%= config.bin %> <%= command.id %> orders --days 90 --confirm nats-prod',
  ]
  static override args = {name: Args.string({required: true, description: 'the service, admin or system'})}
  static override flags = {
    ...authFlags,
    ...storeFlags,
    days: Flags.integer({min: 1, max: 3650, summary: 'how long they are valid (default: without end)'}),
    force: Flags.boolean({summary: 'replace credentials that are there and differ'}),
    ...changeFlags,
  }

  async run(): Promise<UserReport> {
    const {args, flags} = await this.parse(AuthUserAdd)
    const dryRun = flags['dry-run']
    const {description, ctx} = await this.openDescribed(flags)
    const {report, apply} = await prepareAdd(ctx, description, {...flags, name: args.name})
    if (!dryRun && report.change !== 'kept') {
      this.terminal.say(`${report.place} is ${report.change}`)
      await this.agree(`give ${args.name} credentials`, report, flags.confirm)
    }
    const done = {...report, dryRun, publicKey: dryRun ? report.publicKey : await this.goOn(apply)}
    this.log(renderUserChange(done, this.terminal))
    if (dryRun) this.terminal.say('dry run: nothing was written')
    return done
  }
}
