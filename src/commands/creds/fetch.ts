import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand, ownerFlags} from '../../lib/command.ts'
import {type CredentialOwner, chooseOwner, exampleCommand} from '../../lib/domain/credentials.ts'
import {type ClaimsView, timestamp, viewClaims, warnOfExpiry} from '../../lib/domain/credentials-view.ts'
import {UsageError} from '../../lib/errors.ts'
import {fetchCredentials} from '../../lib/ops/credentials.ts'
import {storeCredentials, sweepCredentials} from '../../lib/ops/credentials-file.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {identityFields, moment} from '../../lib/output/credentials.ts'
import {renderFields} from '../../lib/output/fields.ts'

/** Public, under --json. Holds no secret. */
export interface FetchResult extends Pick<ClaimsView, 'identity' | 'accountId' | 'signingKey' | 'expiresAt'> {
  readonly cluster: string
  readonly kind: CredentialOwner['kind']
  readonly service: string | null
  readonly path: string
  /** When the file goes by itself; null: when `creds clean` is run. */
  readonly removedAt: string | null
  readonly servers: readonly string[]
  /** The SSM parameter the servers come from, or `configuration`. */
  readonly serversFrom: string
  /** A command that uses the file, for a POSIX shell. */
  readonly next: string
  readonly warnings: readonly string[]
}

export default class CredsFetch extends NatsopsCommand<FetchResult> {
  static override summary = 'Write a checked .creds file from the JWT and the seed in SSM'
  static override description =
    `The admin's credentials, unless --service or --system says otherwise. SERVICE_NAME in the environment only chooses
whose list of servers is shown, as in a shell session that follows the runbook.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --ttl 1h',
    '<%= config.bin %> <%= command.id %> -c nats-prod --service messenger --out ./messenger.creds',
  ]
  static override flags = {
    ...clusterFlags,
    ...ownerFlags,
    out: Flags.string({char: 'o', summary: 'write here, not to the runtime folder', helpValue: 'FILE'}),
    ttl: Flags.string({summary: 'remove the file after this long, e.g. 1h', helpValue: 'DURATION'}),
    force: Flags.boolean({char: 'f', summary: 'replace a file that natsops did not write'}),
  }

  async run(): Promise<FetchResult> {
    const {flags} = await this.parse(CredsFetch)
    const {service, system, out, ttl, force} = flags
    const ttlMs = ttl === undefined ? undefined : this.configuration.duration('--ttl', ttl)
    if (ttlMs !== undefined && ttlMs < 1000) throw new UsageError(`--ttl ${ttl} is too short: give at least 1s`)
    const owner = chooseOwner(system, service === undefined ? undefined : this.configuration.service(service))
    const ctx = await this.clusterContext(flags)
    const {terminal, clock} = ctx
    const {name: cluster} = ctx.settings

    await sweepCredentials(ctx)
    const fetched = await terminal.progress('reading SSM', () =>
      orInterrupted(ctx.signal, fetchCredentials(ctx, owner)),
    )
    const {credentials, servers, serversFrom} = fetched
    const {path, expiresAt: removal} = await storeCredentials(ctx, credentials, {cluster, owner, out, force, ttlMs})

    const now = clock.now()
    const view = viewClaims(credentials.claims)
    const next = exampleCommand(owner, servers, path)
    const removedAt = timestamp(removal)
    const warnings = [...fetched.warnings, warnOfExpiry(credentials.claims, now)].filter((text) => text !== undefined)
    for (const warning of warnings) terminal.say(`warning: ${warning}`)
    const removed = moment(removedAt, now) ?? 'when you say: natsops creds clean'
    const fields = [['file', path], ...identityFields(view, now), ['removed', removed], ['next', next]] as const
    this.log(renderFields(fields, terminal))
    const {identity, accountId, signingKey, expiresAt} = view
    const what = {cluster, kind: owner.kind, service: owner.kind === 'service' ? owner.service : null, path}
    return {...what, identity, accountId, signingKey, expiresAt, removedAt, servers, serversFrom, next, warnings}
  }
}
