import {type ClaimsView, viewClaims} from '../domain/credentials-view.ts'
import {parseServerList} from '../domain/server-list.ts'
import {LEAVES, strangersAmong} from '../domain/service.ts'
import {configuredNodes} from '../domain/settings.ts'
import {Exit} from '../errors.ts'
import {readService, type ServiceContext, type ServiceParameter} from './service.ts'

/** One service in full. Public under --json. Holds no secret. */
export interface ServiceView {
  readonly cluster: string
  readonly service: string
  readonly at: string
  readonly parameters: readonly ServiceParameter[]
  /** URLs; none where the list is missing or wrong. */
  readonly servers: readonly string[]
  /** Those of them that are no node of the cluster, by its configuration. */
  readonly strangers: readonly string[]
  /** Why it could not connect; none: it could, as far as can be told without a server. */
  readonly problems: readonly string[]
  /** Null where there is no readable JWT. */
  readonly claims: ClaimsView | null
  readonly exit: number
}

/** Reads and checks one service. Rejects with SERVICE_NOT_FOUND (exit 9) and with whatever SSM refuses. */
export async function showService(ctx: ServiceContext, service: string): Promise<ServiceView> {
  const {settings} = ctx
  const {parameters, host, check, missing} = await readService(ctx, service)
  const servers = host === undefined ? [] : parseServerList(host, settings.ports.client)
  const claims = check?.ok ? check.credentials.claims : check?.claims
  const problems = [
    ...missing.map((name) => `${name} is missing`),
    ...(check && !check.ok ? [check.problem.message] : []),
    ...(servers === undefined ? [`${LEAVES.host} is not a list of NATS servers: ${JSON.stringify(host)}`] : []),
  ]
  return {
    cluster: settings.name,
    service,
    at: new Date(ctx.clock.now()).toISOString(),
    parameters,
    servers: servers ?? [],
    strangers: strangersAmong(
      servers ?? [],
      configuredNodes(settings).map((node) => node.host),
    ),
    problems,
    claims: claims ? viewClaims(claims) : null,
    exit: problems.length > 0 ? Exit.auth : 0,
  }
}
