import type {ClusterContext} from '../context.ts'
import {
  type CheckedCredentials,
  type CredentialOwner,
  type CredentialProblem,
  checkCredentials,
  ownerName,
} from '../domain/credentials.ts'
import {parseServerList} from '../domain/server-list.ts'
import {configuredNodes, credentialParameters, hostParameter} from '../domain/settings.ts'
import {quoteForShell} from '../domain/shell.ts'
import {Exit, OpsError} from '../errors.ts'

export type CredentialsContext = Pick<
  ClusterContext,
  'aws' | 'clock' | 'configuration' | 'credentialInspector' | 'settings'
> &
  Partial<Pick<ClusterContext, 'cluster'>>

export interface FetchedCredentials {
  readonly owner: CredentialOwner
  readonly credentials: CheckedCredentials
  /** The commands that show what they are and may do, for a POSIX shell. */
  readonly inspect: string
  /** URLs of the client ports. */
  readonly servers: readonly string[]
  /** The SSM parameter they come from, or `configuration`. */
  readonly serversFrom: string
  readonly warnings: readonly string[]
}

/**
 * Credentials and the list of servers from SSM, all in one call, checked; nothing is written. The list is the one that
 * the service connects to (the owner's, else that of the environment: SERVICE_NAME), or where no service is named the configured nodes.
 *
 * Rejects with PARAMETER_NOT_FOUND (exit 9), CREDENTIALS_INVALID, CREDENTIALS_EXPIRED or CREDENTIALS_NOT_YET_VALID
 * (exit 10), and with whatever SSM refuses.
 */
export async function fetchCredentials(ctx: CredentialsContext, owner: CredentialOwner): Promise<FetchedCredentials> {
  const {settings} = ctx
  const names = credentialParameters(settings, owner)
  const service = ctx.configuration.service(owner.kind === 'service' ? owner.service : undefined)
  const host = service ? hostParameter(settings, service) : undefined
  const store = await (await ctx.aws()).parameters()
  const found = await store.get([names.jwt, names.seed, ...(host ? [host] : [])])

  const [jwt, seed] = [found.get(names.jwt)?.value, found.get(names.seed)?.value]
  if (jwt === undefined || seed === undefined) {
    const missing = [names.jwt, names.seed].filter((name) => !found.has(name))
    throw await explainMissing(ctx, owner, missing)
  }
  const parts = {jwt: {name: names.jwt, value: jwt}, seed: {name: names.seed, value: seed}}
  const check = checkCredentials(parts, await ctx.credentialInspector(), ctx.clock.now())
  if (!check.ok) throw refuse(check.problem)
  const chosen = chooseServers(settings, host, host && found.get(host)?.value)
  return {owner, credentials: check.credentials, inspect: inspectCommand(ctx, owner), ...chosen}
}

/** `creds show` reads the file that `creds fetch` writes; what the call itself was told of AWS, both are told. */
function inspectCommand({settings, cluster}: CredentialsContext, owner: CredentialOwner): string {
  const given = (['region', 'profile'] as const).flatMap((name) => {
    const value = cluster?.sources.get(name)?.layer === 'flag' ? settings[name] : undefined
    return value === undefined ? [] : [`--${name}`, value]
  })
  const whose = owner.kind === 'service' ? ['--service', owner.service] : owner.kind === 'system' ? ['--system'] : []
  const flags = ['--cluster', settings.name, ...given, ...whose]
  return (['fetch', 'show'] as const).map((verb) => quoteForShell(['natsops', 'creds', verb, ...flags])).join(' && ')
}

/** The error for credentials that cannot work. Exit 10. */
export function refuse({code, message}: CredentialProblem): OpsError {
  const remedy =
    code === 'CREDENTIALS_NOT_YET_VALID'
      ? "check this machine's clock"
      : 'issue the user again and store its JWT and seed in these parameters'
  return new OpsError(message, {code, exit: Exit.auth, suggestions: [remedy]})
}

function chooseServers(
  settings: ClusterContext['settings'],
  parameter: string | undefined,
  value: string | undefined,
): Pick<FetchedCredentials, 'servers' | 'serversFrom' | 'warnings'> {
  const listed = value === undefined ? undefined : parseServerList(value, settings.ports.client)
  if (parameter !== undefined && listed) return {servers: listed, serversFrom: parameter, warnings: []}
  const servers = configuredNodes(settings).map(({host, clientPort}) => `nats://${host}:${clientPort}`)
  const problem = value === undefined ? 'does not exist' : 'is not a list of NATS servers'
  const warnings = parameter === undefined ? [] : [`${parameter} ${problem}: using the configured nodes`]
  return {servers, serversFrom: 'configuration', warnings}
}

/** Looks around once more, so that a slip in a name is found without a second tool. */
async function explainMissing(
  ctx: CredentialsContext,
  owner: CredentialOwner,
  missing: readonly string[],
): Promise<OpsError> {
  const {settings} = ctx
  const region = await (await ctx.aws()).region()
  const services = await listServices(ctx)
  const wanted = ownerName(owner)
  const others = services.filter((name) => name !== wanted)
  const known = others.length > 0 ? `services with credentials here: ${others.join(', ')}` : undefined
  return new OpsError(`there is no SSM parameter ${missing.join(' and no ')} in ${region}`, {
    code: 'PARAMETER_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [
      ...(known === undefined ? [] : [known]),
      `check --cluster (${settings.name}) and --region (${region}): natsops cluster show --cluster ${settings.name}`,
    ],
  })
}

/** Names only, and none where listing is not permitted: that is not what was asked for. */
async function listServices({aws, settings}: CredentialsContext): Promise<readonly string[]> {
  const base = `${settings.ssmPrefix}/services/`
  try {
    const parameters = await (await (await aws()).parameters()).list(base.slice(0, -1), {decrypt: false})
    const names = parameters.map(({name}) => name.slice(base.length)).filter((rest) => rest.endsWith('/nats_admin_jwt'))
    return [...new Set(names.map((rest) => rest.slice(0, rest.indexOf('/'))))].sort()
  } catch {
    return []
  }
}
