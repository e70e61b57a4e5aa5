import * as Args from '@oclif/core/args'
import {clusterFlags, NatsopsCommand, ownerFlags} from '../../lib/command.ts'
import {chooseOwner} from '../../lib/domain/credentials.ts'
import {type ClaimsView, viewClaims} from '../../lib/domain/credentials-view.ts'
import {Exit} from '../../lib/errors.ts'
import {defaultPath, readCredentials, sweepCredentials} from '../../lib/ops/credentials-file.ts'
import {identityFields, permissionFields} from '../../lib/output/credentials.ts'
import {renderFields} from '../../lib/output/fields.ts'

/** Public, under --json. Holds no secret. */
export interface ShowResult extends ClaimsView {
  /** Whose file it is; null for a file that was named. */
  readonly cluster: string | null
  readonly path: string
  readonly at: string
  /** The file works now, as far as can be told without a server. */
  readonly valid: boolean
  /** Why not. */
  readonly problem: {readonly code: string; readonly message: string} | null
  readonly exit: number
}

export default class CredsShow extends NatsopsCommand<ShowResult> {
  static override summary = 'Show what a .creds file says: user, account, permissions, expiry; never the seed'
  static override description =
    `Without FILE, the file that creds fetch writes for the cluster. Any .creds file can be shown, whoever wrote it; - reads
standard input. The exit status is 10 where the credentials cannot work: expired, damaged, or seed and JWT of two users.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> ./messenger.creds',
  ]
  static override args = {file: Args.string({description: 'the .creds file, or - for standard input'})}
  static override flags = {...clusterFlags, ...ownerFlags}

  async run(): Promise<ShowResult> {
    const {args, flags} = await this.parse(CredsShow)
    const {file, service, system} = {...args, ...flags}
    const owner = chooseOwner(system, service === undefined ? undefined : this.configuration.service(service))
    const cluster = file === undefined ? await this.clusterContext(flags) : undefined
    const ctx = cluster ?? this.localContext()
    const fetched = cluster && defaultPath(ctx.configuration.paths, cluster.settings.name, owner)
    const path = fetched ?? (file === undefined || file === '-' ? '/dev/stdin' : file)
    await sweepCredentials(ctx)
    const {claims, problem} = await readCredentials(ctx, path)
    const now = ctx.clock.now()
    const view = viewClaims(claims)
    const status = problem ? ([['problem', problem.message]] as const) : []
    const fields = [['file', path], ...status, ...identityFields(view, now), ...permissionFields(view, now)] as const
    this.log(renderFields(fields, ctx.terminal))
    const exit = problem ? Exit.auth : 0
    process.exitCode = exit
    const standing = {valid: problem === undefined, problem: problem ?? null, exit}
    return {cluster: cluster?.settings.name ?? null, path, at: new Date(now).toISOString(), ...standing, ...view}
  }
}
