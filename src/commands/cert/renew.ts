import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {type CertRenewReport, renewalSteps, renewCertificates} from '../../lib/ops/cert-renew.ts'
import {renderRenewal} from '../../lib/output/cert.ts'

export default class CertRenew extends NatsopsCommand<CertRenewReport> {
  static override summary = 'Renew certificates, or the authority in steps that never break the trust'
  static override description = `Without --step it says where a rotation of the authority stands and changes nothing.

certificates  new keys and certificates of the same authority, with the names they have
trust         a new authority; everybody trusts the old one and the new one
issue         everybody has a certificate of the new authority
drop          nobody trusts the old one any more; its key is gone

Between two steps the files have to reach every server and client: docs/certificates.md.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> tls',
    '<%= config.bin %> <%= command.id %> tls --step certificates',
    '<%= config.bin %> <%= command.id %> tls --step trust --dry-run',
  ]
  static override args = {folder: Args.string({required: true, description: 'folder of cert generate'})}
  static override flags = {
    step: Flags.option({options: renewalSteps, summary: 'take this step, see below'})(),
    ca: Flags.string({summary: 'folder of the authority (default: ca in the folder)', helpValue: 'DIR'}),
    days: Flags.integer({default: 365, min: 1, max: 3650, summary: 'how long certificates live'}),
    'ca-days': Flags.integer({default: 3650, min: 1, max: 7300, summary: 'how long a new authority lives'}),
    'dry-run': Flags.boolean({char: 'n', default: false, summary: 'show what a step would change and write nothing'}),
  }

  async run(): Promise<CertRenewReport> {
    const {args, flags} = await this.parse(CertRenew)
    const report = await renewCertificates(this.localContext(), {
      folder: args.folder,
      step: flags.step,
      authorityFolder: flags.ca,
      days: flags.days,
      authorityDays: flags['ca-days'],
      dryRun: flags['dry-run'],
    })
    this.log(renderRenewal(report, this.terminal))
    return report
  }
}
