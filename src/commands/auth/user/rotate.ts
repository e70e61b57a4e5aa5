import {Args, Flags} from '@oclif/core'
import {AuthCommand, authFlags, storeFlags} from '../../../lib/auth-command.ts'
import {changeFlags} from '../../../lib/command.ts'
import {prepareRotation, type UserReport} from '../../../lib/ops/auth-user.ts'
import {renderUserChange} from '../../../lib/output/auth.ts'

export default class AuthUserRotate extends AuthCommand<UserReport> {
  static override summary = 'Give a user new credentials; the old ones work until they are revoked'
  static override description =
    `A new key and a new JWT, with the permissions that the description has now. Servers need not be told: both keys work.
Restart what uses the credentials, so that it reads the new ones, then revoke the old key: natsops auth user revoke.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders --file cluster.yaml --dry-run',
    '<%= config.bin %> <%= command.id %> admin --days 90 --confirm nats-prod',
  ]
  static override args = {name: Args.string({required: true, description: 'the service, admin or system'})}
  static override flags = {
    ...authFlags,
    ...storeFlags,
    days: Flags.integer({min: 1, max: 3650, summary: 'how long they are valid (default: without end)'}),
    force: Flags.boolean({summary: 'also where the credentials are of another account'}),
    ...changeFlags,
  }

  async run(): Promise<UserReport> {
    const {args, flags} = await this.parse(AuthUserRotate)
    const dryRun = flags['dry-run']
    const {description, ctx} = await this.openDescribed(flags)
    const {report, apply} = await prepareRotation(ctx, description, {...flags, name: args.name})
    if (!dryRun) this.terminal.say(`${report.place}: the key ${report.replaces ?? '?'} is replaced by a new one`)
    if (!dryRun) await this.agree(`replace the credentials of ${args.name}`, report, flags.confirm)
    const done = {...report, dryRun, publicKey: dryRun ? null : await this.goOn(apply)}
    this.log(renderUserChange(done, this.terminal))
    if (dryRun) this.terminal.say('dry run: nothing was written')
    else this.terminal.say(`restart what uses ${args.name}, then: natsops auth user revoke ${args.name}`)
    return done
  }
}
