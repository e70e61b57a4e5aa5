import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {type CertGenerateReport, generateCertificates, TARGETS} from '../../lib/ops/cert-generate.ts'
import {renderGeneratedCertificates} from '../../lib/output/cert.ts'

export default class CertGenerate extends NatsopsCommand<CertGenerateReport> {
  static override summary = 'Make an authority and certificates for the servers and clients of a cluster'
  static override description =
    `ECDSA on P-256; a server's certificate holds its host, its name and its addresses and is
good for routes too; --target adds the names it has in compose, Kubernetes or the Helm chart. What is there is kept, so a second run makes what is missing. Keys are
readable by their owner alone. The authority's key signs everything: keep it off the servers.
docs/certificates.md has the layout and how to renew.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --file cluster.yaml',
    '<%= config.bin %> <%= command.id %> --file cluster.yaml --target kubernetes',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --client messenger --out tls',
    '<%= config.bin %> <%= command.id %> --node n1=n1.nats.internal,10.0.1.7 --out tls',
  ]
  static override flags = {
    file: Flags.string({
      char: 'f',
      summary: 'description of the cluster (default: cluster.yaml, where no node is named)',
      helpValue: 'FILE',
      exclusive: ['cluster', 'node'],
    }),
    cluster: Flags.string({
      char: 'c',
      summary: 'nodes of this configured cluster',
      helpValue: 'NAME',
      exclusive: ['node'],
    }),
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'a node and its hosts, in place of a description',
      helpValue: 'NAME=HOST[,HOST]',
    }),
    target: Flags.option({
      char: 't',
      options: TARGETS,
      summary: 'what the described cluster runs on (default: systemd)',
    })(),
    client: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'make one for this client too',
      helpValue: 'NAME',
    }),
    out: Flags.string({
      char: 'o',
      summary: "folder to write to (default: the description's tls.source)",
      helpValue: 'DIR',
    }),
    ca: Flags.string({summary: 'folder of the authority (default: ca in the folder written to)', helpValue: 'DIR'}),
    localhost: Flags.boolean({summary: 'also for localhost, 127.0.0.1 and ::1'}),
    days: Flags.integer({default: 365, min: 1, max: 3650, summary: 'how long certificates live'}),
    'ca-days': Flags.integer({default: 3650, min: 1, max: 7300, summary: 'how long a new authority lives'}),
    force: Flags.boolean({summary: 'make certificates anew that are there; never the authority'}),
    'dry-run': Flags.boolean({char: 'n', default: false, summary: 'show the plan and write nothing'}),
  }

  async run(): Promise<CertGenerateReport> {
    const {flags} = await this.parse(CertGenerate)
    const report = await generateCertificates(this.localContext(), {
      file: flags.file,
      cluster: flags.cluster,
      nodes: flags.node ?? [],
      target: flags.target,
      clients: flags.client ?? [],
      out: flags.out,
      authorityFolder: flags.ca,
      localhost: flags.localhost,
      days: flags.days,
      authorityDays: flags['ca-days'],
      force: flags.force,
      dryRun: flags['dry-run'],
    })
    this.log(renderGeneratedCertificates(report, this.terminal))
    const [first, ...more] = report.certificates.filter(({missing}) => missing.length > 0)
    if (first) {
      const others = more.length > 0 ? ` (and ${more.length} more like it)` : ''
      this.terminal.say(`warning: ${first.name}${others} is kept and not for ${first.missing.join(', ')}`)
      this.terminal.say('  --force makes all of them anew')
    }
    if (report.dryRun) this.terminal.say(`nothing was written to ${report.out}`)
    else if (report.authority.change === 'made') {
      this.terminal.say(
        `warning: who has ${report.authority.folder}/ca.key can be any server or client: move it off this machine`,
      )
    }
    return report
  }
}
