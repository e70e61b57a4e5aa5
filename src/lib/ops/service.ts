import type {ClusterContext} from '../context.ts'
import {type CredentialCheck, checkCredentials} from '../domain/credentials.ts'
import {
  type ExpiryLimits,
  groupServices,
  judgeService,
  LEAVES,
  type ServiceRow,
  type ServiceVerdict,
  sortServices,
  worstVerdict,
} from '../domain/service.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'

export type ServiceContext = Pick<
  ClusterContext,
  'aws' | 'clock' | 'configuration' | 'credentialInspector' | 'settings' | 'signal'
>

/** Every service of a cluster. Public under --json. */
export interface ServiceList {
  readonly cluster: string
  readonly region: string
  readonly at: string
  /** The worst of all. */
  readonly verdict: ServiceVerdict
  readonly limits: ExpiryLimits
  readonly counts: Readonly<Record<ServiceVerdict, number>>
  /** Most urgent first. */
  readonly services: readonly ServiceRow[]
}

/**
 * Every service below `<prefix>/services`, judged by its parameters. JWTs are decrypted, seeds are not even asked for.
 * Rejects with NO_SERVICES (exit 9) where there is none: an empty report would pass for a good one.
 */
export async function listServices(ctx: ServiceContext, limits: ExpiryLimits): Promise<ServiceList> {
  const {settings, clock} = ctx
  const aws = await ctx.aws()
  const [store, region] = await Promise.all([aws.parameters(), aws.region()])
  const base = servicesPath(settings)
  const listed = await store.list(base, {decrypt: false})
  const services = groupServices(
    base,
    listed.map(({name}) => name),
  )
  if (services.size === 0) {
    throw new OpsError(`there are no services below ${base} in ${region}`, {
      code: 'NO_SERVICES',
      exit: Exit.notFound,
      suggestions: [`check --cluster, --region and the prefix: natsops cluster show --cluster ${settings.name}`],
    })
  }
  const plain = new Map(listed.filter(({secure}) => !secure).map(({name, value}) => [name, value]))
  const names = [...services.values()].flatMap((found) => [found.get('jwt') ?? [], found.get('host') ?? []].flat())
  const decrypted = await store.get(names.filter((name) => !plain.has(name)))
  const readValue = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : (plain.get(name) ?? decrypted.get(name)?.value)
  const judgement = {
    inspector: await ctx.credentialInspector(),
    now: clock.now(),
    limits,
    defaultPort: settings.ports.client,
  }
  const rows = [...services].map(([name, found]) => {
    const [host, jwt] = [readValue(found.get('host')), readValue(found.get('jwt'))]
    return judgeService({name, host, jwt, hasSeed: found.has('seed')}, judgement)
  })
  const counts = {ok: 0, degraded: 0, critical: 0}
  for (const {verdict} of rows) counts[verdict] += 1
  const at = new Date(judgement.now).toISOString()
  const verdict = worstVerdict(rows)
  return {cluster: settings.name, region, at, verdict, limits, counts, services: sortServices(rows)}
}

/** The three parameters of one service, read and checked. The seed stays in `check`. */
export interface ServiceReading {
  readonly parameters: readonly ServiceParameter[]
  readonly host: string | undefined
  /** Undefined where the JWT or the seed is missing. */
  readonly check: CredentialCheck | undefined
  /** Names of those that are not there. */
  readonly missing: readonly string[]
}

export interface ServiceParameter {
  readonly name: string
  /** Null: there is no such parameter. */
  readonly version: number | null
  readonly secure: boolean
}

/** Reads one service. Rejects with SERVICE_NOT_FOUND (exit 9), known services named, where none of the three is there. */
export async function readService(ctx: ServiceContext, service: string): Promise<ServiceReading> {
  const {settings} = ctx
  const reading = await readParameters(ctx, `${servicesPath(settings)}/${service}`)
  if (reading.missing.length < 3) return reading
  const region = await (await ctx.aws()).region()
  const known = (await listNames(ctx)).join(', ')
  throw new OpsError(`there is no service ${service} below ${servicesPath(settings)} in ${region}`, {
    code: 'SERVICE_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [
      ...(known === '' ? [] : [`services that are there: ${known}`]),
      `natsops service list --cluster ${settings.name}`,
    ],
  })
}

/** The three parameters right below a path, whatever of them is there. */
export async function readParameters(ctx: ServiceContext, path: string): Promise<ServiceReading> {
  const names = {host: `${path}/${LEAVES.host}`, jwt: `${path}/${LEAVES.jwt}`, seed: `${path}/${LEAVES.seed}`}
  const all = [names.host, names.jwt, names.seed]
  const found = await (await (await ctx.aws()).parameters()).get(all)
  const [jwt, seed] = [found.get(names.jwt), found.get(names.seed)]
  const check =
    jwt && seed
      ? checkCredentials(
          {jwt: {name: names.jwt, value: jwt.value}, seed: {name: names.seed, value: seed.value}},
          await ctx.credentialInspector(),
          ctx.clock.now(),
        )
      : undefined
  return {
    parameters: all.map((name) => {
      const parameter = found.get(name)
      return {name, version: parameter?.version ?? null, secure: parameter?.secure ?? false}
    }),
    host: found.get(names.host)?.value,
    check,
    missing: all.filter((name) => !found.has(name)),
  }
}

/** A service's name as SSM allows it in a path; anything else would ask for another parameter. */
export function requireServiceName(name: string): string {
  if (/^[\w.-]{1,255}$/.test(name) && !/^\.+$/.test(name)) return name
  throw new UsageError(`${JSON.stringify(name)} is no name of a service: letters, digits and . - _`, [
    'natsops service list',
  ])
}

/** `/nats-cluster/nats-prod/services` */
export function servicesPath({ssmPrefix}: ServiceContext['settings']): string {
  return `${ssmPrefix}/services`
}

/** None where listing is not permitted: that is not what was asked for. */
async function listNames(ctx: ServiceContext): Promise<readonly string[]> {
  const base = servicesPath(ctx.settings)
  try {
    const listed = await (await (await ctx.aws()).parameters()).list(base, {decrypt: false})
    const names = listed.map(({name}) => name)
    return [...groupServices(base, names).keys()].sort()
  } catch (error) {
    if (error instanceof OpsError) return []
    throw error
  }
}
