import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {printable} from '../../lib/domain/printable.ts'
import type {Side} from '../../lib/domain/terraform/switch.ts'
import {UsageError} from '../../lib/errors.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {requireServiceName} from '../../lib/ops/service.ts'
import {
  readSwitches,
  requireModuleName,
  requirePrefix,
  type SwitchOutcome,
  switchService,
  type UseRow,
} from '../../lib/ops/service-switch.ts'
import {renderDiff, renderUses} from '../../lib/output/service.ts'

/** Public under --json: what was changed, or with --check what each module uses. */
export type SwitchResult = SwitchOutcome | {readonly file: string; readonly modules: readonly UseRow[]}

export default class ServiceSwitch extends NatsopsCommand<SwitchResult> {
  static override summary = 'Move a service to the self-hosted cluster in its Terraform file, or back'
  static override description =
    `Changes the reference at the end of the service's nats_ssm_parameter_arn_base and no other byte, after making sure that
the three SSM parameters it will read are there and good. Prints the change as a diff; Terraform makes it real. A file or
a line that is not understood is refused with its number. Doing it again changes nothing.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> facebox -f src/services.tf -c nats-staging --dry-run',
    '<%= config.bin %> <%= command.id %> facebox -f svc.tf --to synadia --synadia-prefix /nats',
    '<%= config.bin %> <%= command.id %> --check --file src/services.tf',
  ]
  static override args = {name: Args.string({description: 'the service; not needed with --check'})}
  static override flags = {
    ...clusterFlags,
    file: Flags.string({char: 'f', required: true, summary: 'the Terraform file', helpValue: 'FILE'}),
    to: Flags.string({options: ['self-hosted', 'synadia'], default: 'self-hosted', summary: 'where to'}),
    'cluster-module': Flags.string({
      summary: "Terraform's module of the self-hosted cluster (default: as it is, else nats_cluster)",
      helpValue: 'NAME',
    }),
    'synadia-module': Flags.string({
      summary: "Terraform's module of Synadia Cloud (default: as it is, else nats)",
      helpValue: 'NAME',
    }),
    'synadia-prefix': Flags.string({summary: "SSM path of Synadia Cloud's parameters", helpValue: 'PATH'}),
    module: Flags.string({
      summary: "label of the service's module block, where its name does not tell",
      helpValue: 'NAME',
    }),
    check: Flags.boolean({summary: 'show which NATS each module uses, and change nothing', exclusive: ['dry-run']}),
    'dry-run': Flags.boolean({char: 'n', summary: 'show the change and do not make it'}),
  }

  async run(): Promise<SwitchResult> {
    const {args, flags} = await this.parse(ServiceSwitch)
    const {file, module: block, check} = flags
    const to = flags.to as Side
    const [clusterModule, synadiaModule] = [flags['cluster-module'], flags['synadia-module']]
    for (const [flag, value] of Object.entries({'cluster-module': clusterModule, 'synadia-module': synadiaModule})) {
      if (value !== undefined) requireModuleName(flag, value)
    }
    if (check) {
      const modules = await readSwitches(file)
      this.log(renderUses(modules, this.terminal))
      return {file, modules}
    }
    if (args.name === undefined) throw new UsageError('missing argument NAME', ['natsops service switch --help'])
    const service = requireServiceName(args.name)
    const synadiaPrefix = requirePrefix(to, flags['synadia-prefix'])
    const request = {
      service,
      to,
      clusterModule,
      synadiaModule,
      block,
      synadiaPrefix,
      file,
      dryRun: flags['dry-run'] ?? false,
    }
    const outcome = await switchService(request, async (look) => {
      const ctx = await this.clusterContext(flags)
      await orInterrupted(ctx.signal, look(ctx))
    })
    if (outcome.diff === '') this.log(printable(`${service} uses ${outcome.to} already: nothing to change`))
    else this.log(renderDiff(outcome.diff, this.terminal))
    if (outcome.changed) this.terminal.say(`${file} is changed: commit it, and Terraform moves ${service}`)
    return outcome
  }
}
