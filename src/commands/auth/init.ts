import {Flags} from '@oclif/core'
import {AuthCommand, authFlags, storeFlags} from '../../lib/auth-command.ts'
import {changeFlags} from '../../lib/command.ts'
import {type InitReport, prepareInit} from '../../lib/ops/auth-init.ts'
import {renderSteps} from '../../lib/output/auth.ts'

export default class AuthInit extends AuthCommand<InitReport> {
  static override summary = 'Make the operator, accounts and users of a described cluster'
  static override description =
    `An operator with a signing key, the system account, the application account with JetStream, and users: system, admin and
each of auth.services. Users' credentials go to SSM (SecureString) or, with --store files, to creds files; the keys to
files that only you can read; what the servers are told, which is no secret, to auth.preload, from where config generate
takes it. What is there and matches stays, so a second run goes on where the first one was ended. What differs is
refused, or with --force made anew; keys never are. docs/auth.md says where to keep the keys.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --file cluster.yaml --dry-run',
    '<%= config.bin %> <%= command.id %> --file cluster.yaml --confirm nats-prod',
    '<%= config.bin %> <%= command.id %> --store files --keys /media/usb/nats-prod',
  ]
  static override flags = {
    ...authFlags,
    keys: {...authFlags.keys, aliases: ['out'], summary: 'folder for the keys (default: keys beside auth.preload)'},
    ...storeFlags,
    force: Flags.boolean({summary: 'replace credentials, hosts and limits that differ; never a key'}),
    ...changeFlags,
  }

  async run(): Promise<InitReport> {
    const {flags} = await this.parse(AuthInit)
    const dryRun = flags['dry-run']
    const {description, ctx} = await this.openDescribed(flags)
    const {report, changes, apply} = await prepareInit(ctx, description, flags)
    this.log(renderSteps(report.steps, this.terminal))
    if (dryRun) {
      this.showStanding(report.cluster, report.aws)
      this.terminal.say('dry run: nothing was written')
      return {...report, dryRun}
    }
    if (changes) await this.agree('write these', report, flags.confirm)
    await this.goOn(apply)
    if (!changes) this.terminal.say('everything is there already')
    if (report.steps.some(({what, change}) => what === 'key' && change === 'made')) {
      this.terminal.say(`warning: who has ${report.keys}/root is this authority: move it to where nobody works with it`)
      this.terminal.say(`${report.keys}/signing makes and revokes users: keep it encrypted, off the servers`)
    }
    return {...report, dryRun}
  }
}
