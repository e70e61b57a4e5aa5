import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand, type ParsedClusterFlags} from '../../lib/command.ts'
import {Exit, UsageError} from '../../lib/errors.ts'
import {type CertCheck, checkCertificateFiles, checkClusterCertificates} from '../../lib/ops/cert-check.ts'
import {renderCertificateCheck} from '../../lib/output/cert.ts'

const EXITS: Readonly<Record<CertCheck['verdict'], number>> = {
  ok: 0,
  degraded: Exit.healthDegraded,
  critical: Exit.healthCritical,
  unknown: Exit.unreachable,
}

interface CheckFlags extends ParsedClusterFlags {
  readonly ca?: string | undefined
  readonly key?: string | undefined
  readonly host?: readonly string[] | undefined
}

interface Answer {
  readonly check: CertCheck
  readonly now: number
}

export default class CertCheckCommand extends NatsopsCommand<CertCheck> {
  static override summary = 'Check certificates in files, or those that the nodes of a cluster show'
  static override description = `Chain, names, key and expiry. Give files, folders of cert generate, or --cluster.

Exit status: 0 ok, 20 warnings (less than 30 days left), 21 critical (less than 7 days, wrong
names, chain or key), 7 no node answered.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> tls',
    '<%= config.bin %> <%= command.id %> server.crt --key server.key --ca ca.crt',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --json',
  ]
  static override strict = false
  static override args = {path: Args.string({description: 'PEM file or folder; one or more'})}
  static override flags = {
    ...clusterFlags,
    ca: Flags.string({
      summary: 'PEM file of the authorities to trust (default: ca.crt beside the certificate)',
      helpValue: 'FILE',
    }),
    key: Flags.string({summary: 'PEM file of the key of the certificate', helpValue: 'FILE'}),
    host: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'a name that the certificate has to hold',
      helpValue: 'HOST',
    }),
  }

  async run(): Promise<CertCheck> {
    const {argv, flags} = await this.parse(CertCheckCommand)
    const paths = argv.map(String)
    const {check, now} = paths.length > 0 ? await this.#checkFiles(paths, flags) : await this.#checkCluster(flags)
    this.log(renderCertificateCheck(check, now, this.terminal))
    process.exitCode = EXITS[check.verdict]
    return check
  }

  async #checkFiles(paths: readonly string[], {cluster, ca, key, host}: CheckFlags): Promise<Answer> {
    if (cluster !== undefined) throw new UsageError('files and --cluster are two questions', ['ask them one by one'])
    if (key !== undefined && paths.length > 1) throw new UsageError('--key belongs to one file')
    const context = this.localContext()
    const check = await checkCertificateFiles(context, {paths, authorities: ca, key, hosts: host ?? []})
    return {check, now: context.clock.now()}
  }

  async #checkCluster(flags: CheckFlags): Promise<Answer> {
    if (flags.key !== undefined || flags.host !== undefined || flags.ca !== undefined) {
      throw new UsageError('--ca, --key and --host go with a file', ['natsops cert check FILE'])
    }
    const context = await this.clusterContext(flags)
    const check = await checkClusterCertificates(context, {
      timeoutMs: this.configuration.duration('--timeout', flags.timeout),
    })
    return {check, now: context.clock.now()}
  }
}
