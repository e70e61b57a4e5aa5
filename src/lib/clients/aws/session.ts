import type {
  AbsoluteLocation,
  AwsCredentialIdentityProvider,
  DeserializeHandlerOptions,
  DeserializeMiddleware,
  FinalizeRequestHandlerOptions,
  FinalizeRequestMiddleware,
  RetryStrategyV2,
} from '@smithy/types'
import {type AwsService, type ClusterSettings, conventionalRegion} from '../../domain/settings.ts'
import {limitAnswers} from './answers.ts'
import {openCredentials, quietLogger, sourceOf} from './credentials.ts'
import {type AwsCall, translateError} from './errors.ts'
import type {AwsOrigin} from './origin.ts'
import {maxAttempts, openRetryStrategy, type Repetition} from './retries.ts'

/** What the adapters of one cluster share: region, credentials, client options, and the translation of errors. */
export interface Session {
  region(): Promise<string>
  /**
   * Milliseconds since the epoch; undefined for credentials without an end, and where there are none. Credentials near
   * their end are renewed in the background.
   */
  credentialsExpireAt(): Promise<number | undefined>
  /** Makes an SDK client on first use: one for each service and repetition, whoever asks for it. */
  client<Client extends {readonly middlewareStack: Stack}>(
    service: AwsService,
    repetition: Repetition,
    create: (options: ClientOptions) => Client,
  ): () => Promise<Client>
  /** Runs one call; what it rejects with becomes an OpsError. */
  call<T>(call: AwsCall, send: () => Promise<T>): Promise<T>
}

/** The options every SDK client is made with. */
export interface ClientOptions {
  readonly region: string
  readonly credentials: AwsCredentialIdentityProvider
  readonly retryStrategy: RetryStrategyV2
  readonly maxAttempts: number
  readonly logger: typeof quietLogger
  readonly requestHandler: {
    readonly requestTimeout: number
    readonly socketTimeout: number
    readonly throwOnRequestTimeout: true
    readonly logger: typeof quietLogger
    readonly httpAgent?: ConnectionUse
    readonly httpsAgent?: ConnectionUse
  }
  readonly endpoint?: string
  readonly useFipsEndpoint?: boolean
  readonly useDualstackEndpoint?: boolean
  readonly profile?: string
}

/** What the four clients' middleware stacks have in common: each is typed by its own service's inputs and outputs. */
interface Stack {
  add(middleware: FinalizeRequestMiddleware<object, object>, options: FinalizeRequestHandlerOptions): void
  add(middleware: DeserializeMiddleware<object, object>, options: DeserializeHandlerOptions & AbsoluteLocation): void
}

/**
 * The SDK renews credentials five minutes before their end. Who asks how long they last has more in mind: a roll stops
 * no server whose instance could not be terminated with them, or started again. Milliseconds.
 */
const RENEW_BEFORE_MS = 15 * 60_000
/** Some sources give the same credentials until they end, or none that last longer. */
const RENEW_EVERY_MS = 60_000

export function openSession(settings: ClusterSettings, {timeoutMs}: {readonly timeoutMs: number}): Session {
  const region = once(() => findRegion(settings))
  const credentials = once(() => openCredentials(settings))
  const hosts = new Map<AwsService, string>()
  const clients = new Map<string, () => Promise<unknown>>()
  let renewedAt = Number.NEGATIVE_INFINITY
  let source: AwsOrigin['source'] =
    settings.profile === undefined && settings.credentialsFile === undefined ? 'none' : 'profile'

  /** Fetched when a request is signed, so that a missing login is the error of the call that needed it. */
  const provider: AwsCredentialIdentityProvider = async (properties) => {
    const found = await (await credentials())(properties)
    source = sourceOf(found)
    return found
  }

  async function origin(service: AwsService): Promise<AwsOrigin> {
    const {getProfileName} = await import('@smithy/core/config')
    const {profile, credentialsFile} = settings
    return {
      region: await region(),
      profile: profile ?? (credentialsFile === undefined ? getProfileName({}) : 'default'),
      credentialsFile,
      source,
      host: hosts.get(service),
      timeoutMs,
    }
  }

  return {
    region,
    async credentialsExpireAt() {
      const found = await provider().catch(() => undefined)
      const end = found?.expiration?.getTime()
      const now = performance.now()
      if (end !== undefined && end - Date.now() < RENEW_BEFORE_MS && now - renewedAt >= RENEW_EVERY_MS) {
        renewedAt = now
        // Nobody waits for it: a login service that hangs holds up no look, and the next one sees what came.
        provider({forceRefresh: true}).catch(() => {})
      }
      return end
    },
    client<Client extends {readonly middlewareStack: Stack}>(
      service: AwsService,
      repetition: Repetition,
      create: (options: ClientOptions) => Client,
    ) {
      const key = `${service} ${repetition}`
      const open = once(async () => {
        const client = create({
          region: await region(),
          credentials: provider,
          retryStrategy: openRetryStrategy(repetition),
          maxAttempts,
          logger: quietLogger,
          requestHandler: {
            requestTimeout: timeoutMs,
            socketTimeout: timeoutMs,
            throwOnRequestTimeout: true,
            logger: quietLogger,
            ...connectionUse(repetition),
          },
          ...endpointOptions(settings, service),
        })
        watchHost(client.middlewareStack, (host) => hosts.set(service, host))
        limitAnswers(client.middlewareStack, timeoutMs)
        return client
      })
      // A service has one class of client.
      const shared = (clients.get(key) ?? open) as () => Promise<Client>
      clients.set(key, shared)
      return shared
    },
    async call(call, send) {
      try {
        return await send()
      } catch (error) {
        throw translateError(error, call, await origin(call.service))
      }
    },
  }
}

interface ConnectionUse {
  readonly keepAlive: boolean
}

/**
 * A connection that was kept open may have been closed by the other side a moment ago, and then the request is lost with
 * it. What reads is simply sent again; what changes something must not be, so each change has a connection of its own.
 */
function connectionUse(repetition: Repetition): Pick<ClientOptions['requestHandler'], 'httpAgent' | 'httpsAgent'> {
  if (repetition === 'repeat') return {}
  return {httpAgent: {keepAlive: false}, httpsAgent: {keepAlive: false}}
}

/** With an endpoint of its own a cluster owes nothing to the FIPS and dual-stack settings of ~/.aws/config. */
function endpointOptions(
  {endpoints, profile, credentialsFile}: ClusterSettings,
  service: AwsService,
): Pick<ClientOptions, 'endpoint' | 'useFipsEndpoint' | 'useDualstackEndpoint' | 'profile'> {
  const endpoint = endpoints[service] ?? endpoints.all
  return {
    ...(endpoint === undefined ? {} : {endpoint, useFipsEndpoint: false, useDualstackEndpoint: false}),
    ...(profile === undefined || credentialsFile !== undefined ? {} : {profile}),
  }
}

/** The settings' region, the SDK's (environment, profile), or the convention. */
async function findRegion({region, profile, credentialsFile}: ClusterSettings): Promise<string> {
  if (region !== undefined) return region
  const {loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS} = await import('@smithy/core/config')
  const load = loadConfig(
    {...NODE_REGION_CONFIG_OPTIONS, default: conventionalRegion},
    {
      ...NODE_REGION_CONFIG_FILE_OPTIONS,
      ...(profile === undefined ? {} : {profile}),
      ...(credentialsFile === undefined ? {} : {filepath: credentialsFile, configFilepath: credentialsFile}),
    },
  )
  return load()
}

/** Timeouts and broken connections do not say whose they are. */
function watchHost(stack: Stack, note: (host: string) => void): void {
  stack.add(
    (next) => (args) => {
      const {hostname, port} = (args.request ?? {}) as {readonly hostname?: string; readonly port?: number}
      if (hostname !== undefined) note(port === undefined ? hostname : `${hostname}:${port}`)
      return next(args)
    },
    {step: 'finalizeRequest', name: 'natsopsHost'},
  )
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  return () => (value ??= open())
}
