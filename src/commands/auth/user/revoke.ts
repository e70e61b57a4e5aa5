import {Args, Flags} from '@oclif/core'
import {AuthCommand, authFlags} from '../../../lib/auth-command.ts'
import {readOperatorDescription} from '../../../lib/ops/auth-folder.ts'
import {type RevokeReport, revokeUser} from '../../../lib/ops/auth-revoke.ts'
import {renderReload} from '../../../lib/output/auth.ts'

export default class AuthUserRevoke extends AuthCommand<RevokeReport> {
  static override summary = 'Revoke replaced keys of a user, and show how the servers get to know it'
  static override description =
    `Writes the revocations into the account's JWT in auth.preload, on this machine, and prints what to do on each node.
Nobody is refused before the servers have read it; then the user's connections with these keys end, no others. By default
the keys that auth user rotate has replaced; the key that the user has now only with --current.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> orders --file cluster.yaml',
    '<%= config.bin %> <%= command.id %> orders --current --dry-run',
  ]
  static override args = {name: Args.string({required: true, description: 'the service, admin or system'})}
  static override flags = {
    ...authFlags,
    key: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'this public key, in place of those on record',
      helpValue: 'U...',
    }),
    current: Flags.boolean({summary: 'also the key that the user has now: it is locked out'}),
    'dry-run': Flags.boolean({char: 'n', default: false, summary: 'show the plan and change nothing'}),
  }

  async run(): Promise<RevokeReport> {
    const {args, flags} = await this.parse(AuthUserRevoke)
    const {file, keys, current} = flags
    const description = await readOperatorDescription(file)
    const request = {name: args.name, keys, current, publicKeys: flags.key ?? [], dryRun: flags['dry-run']}
    const report = await revokeUser(this.localContext(), {description, file}, request)
    const {revoked, reload, dryRun} = report
    const verb = dryRun ? 'would be revoked' : 'is revoked'
    for (const key of revoked) this.terminal.say(`${key} of ${args.name} ${verb} in ${reload.preload}`)
    if (revoked.length === 0) this.terminal.say(`${args.name}: revoked already; the servers may not know it yet`)
    this.log(renderReload(reload, this.terminal))
    return report
  }
}
