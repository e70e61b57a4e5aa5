import type {Lookups} from './clients/lookups.ts'
import type {
  Aws,
  CertificateProbe,
  Clock,
  CredentialInspector,
  JetStreamApi,
  LogService,
  Monitor,
  MonitorPages,
  NatsClient,
  NatsConnectOptions,
  NodeReports,
} from './clients/ports.ts'
import {systemClock} from './clock.ts'
import type {Configuration, ResolvedCluster} from './config.ts'
import {type ClusterSettings, type NodeTarget, nodeNamed} from './domain/settings.ts'
import type {Terminal} from './output/terminal.ts'

/** What a use case is given. Clients are functions: a command that needs no AWS never loads the AWS SDK. */
export interface Context {
  readonly configuration: Configuration
  readonly clock: Clock
  readonly terminal: Terminal
  /** Aborted with an InterruptedError at the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
  readonly credentialInspector: () => Promise<CredentialInspector>
  readonly certificateProbe: () => Promise<CertificateProbe>
  /** All addresses of a node's host by the system's resolver; rejects where it knows none. */
  readonly addresses: (host: string) => Promise<readonly string[]>
  /** A NATS connection by settings of one's own: for a cluster that is not registered yet. */
  readonly connect: (settings: ClusterSettings, options: NatsConnectOptions) => Promise<NatsClient>
  /** Closes every client that was opened, newest first. */
  close(): Promise<void>
}

/** A context that is about one cluster. */
export interface ClusterContext extends Context {
  readonly cluster: ResolvedCluster
  readonly settings: ClusterSettings
  /** Time limit of one request to AWS, NATS or a monitoring port, milliseconds. */
  readonly requestTimeoutMs: number
  readonly aws: () => Promise<Aws>
  readonly monitor: () => Promise<Monitor>
  readonly monitorPages: () => Promise<MonitorPages>
  readonly nats: (options: NatsConnectOptions) => Promise<NatsClient>
  /** What reports ask of these nodes, over their monitoring ports or through a system user's connection. */
  readonly nodeReports: (nodes: readonly NodeTarget[], system?: NatsClient) => Promise<NodeReports>
  /** The same as `monitor` through a system user's connection; each call of what it returns is good for one look. */
  readonly systemMonitor: (nodes: readonly NodeTarget[], system: NatsClient) => Promise<() => Monitor>
  /** JetStream's API as the user of this connection may use it; `account` is the user's. */
  readonly jetStreamApi: (
    client: NatsClient,
    account: {readonly name: string; readonly id: string},
  ) => Promise<JetStreamApi>
  /** Where the nodes' logs go; undefined without a token in AXIOM_TOKEN or SSM. UsageError for a wrong AXIOM_URL. */
  readonly logService: () => Promise<LogService | undefined>
}

export interface ContextParts {
  readonly configuration: Configuration
  readonly terminal: Terminal
  readonly signal: AbortSignal
  /** Time limit of one request to AWS or to a monitoring port, milliseconds. */
  readonly requestTimeoutMs: number
}

/** The composition root: the only place that knows what stands behind each port. */
export function openContext(parts: Omit<ContextParts, 'requestTimeoutMs'>): Context {
  return openLocalContext(parts, sharedLookups(LOCAL_WAIT_MS))
}

/** For a turn at looking up a name, where no limit of a request is set, milliseconds. */
const LOCAL_WAIT_MS = 5000

type OpenLookups = () => Promise<Lookups>

function sharedLookups(waitMs: number): OpenLookups {
  return once(() => import('./clients/lookups.ts').then((m) => m.openLookups({waitMs})))
}

function openLocalContext(
  {configuration, terminal, signal}: Omit<ContextParts, 'requestTimeoutMs'>,
  lookups: OpenLookups,
): Context {
  const clients = keepClients()
  return {
    configuration,
    clock: systemClock,
    terminal,
    signal,
    credentialInspector: () => import('./clients/nats/nkeys.ts').then((m) => m.credentialInspector),
    async certificateProbe() {
      const {openCertificateProbe} = await import('./clients/monitor/tls-chain.ts')
      return openCertificateProbe((await lookups()).lookup)
    },
    addresses: async (host) => (await lookups()).addresses(host),
    async connect(settings, options) {
      const [{connectNats}, names] = await Promise.all([import('./clients/nats/nats.ts'), lookups()])
      const client = await clients.open(() => connectNats(settings, options, names))
      return {...client, close: () => clients.end(client)}
    },
    close: clients.close,
  }
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined
  return () => (value ??= open())
}

interface Client {
  close(): Promise<void> | void
}

/**
 * Clients that end with their context. What fails may leave other work behind it that opens one later: that one would
 * keep the process alive, so it is refused, or closed as soon as it is there.
 */
function keepClients(): {
  open<T extends Client>(open: () => Promise<T>): Promise<T>
  /** Closes one before the others; it is forgotten, so that what opens one after the other keeps none. */
  end(client: Client): Promise<void>
  close(): Promise<void>
} {
  const opened = new Set<Client>()
  let isClosed = false
  const check = (): void => {
    if (isClosed) throw new Error('a client was asked for after its context had been closed')
  }
  return {
    async open(open) {
      check()
      const client = await open()
      if (isClosed) await client.close()
      check()
      opened.add(client)
      return client
    },
    async end(client) {
      opened.delete(client)
      await client.close()
    },
    async close() {
      isClosed = true
      for (const client of [...opened].reverse()) await client.close()
    },
  }
}

/** As openContext, for one cluster. */
export function openClusterContext(parts: ContextParts, cluster: ResolvedCluster): ClusterContext {
  const {settings} = cluster
  const {requestTimeoutMs: timeoutMs} = parts
  const clients = keepClients()
  const lookups = sharedLookups(timeoutMs)
  const local = openLocalContext(parts, lookups)
  const aws = once(() => import('./clients/aws/aws.ts').then((m) => m.openAws(settings, {timeoutMs})))
  const monitor = once(() =>
    clients.open(async () => {
      const [{openMonitor}, {lookup}] = await Promise.all([import('./clients/monitor/monitor.ts'), lookups()])
      return openMonitor(settings, {timeoutMs, lookup})
    }),
  )
  return {
    ...local,
    cluster,
    settings,
    requestTimeoutMs: timeoutMs,
    aws,
    monitor,
    monitorPages: monitor,
    nats: (options) => local.connect(settings, options),
    nodeReports: async (nodes, system) => {
      const {openReports} = await import('./clients/monitor/reports.ts')
      if (system === undefined) {
        const {askOverHttp} = await import('./clients/monitor/ask.ts')
        return openReports(askOverHttp(await monitor(), nodes))
      }
      const {askSystemAccount} = await import('./clients/nats/system-api.ts')
      return openReports(askSystemAccount(system, nodes, {timeoutMs, stranger: (name) => nodeNamed(settings, name)}))
    },
    systemMonitor: async (nodes, system) => {
      const [{askSystemAccount}, {openSystemMonitor}] = await Promise.all([
        import('./clients/nats/system-api.ts'),
        import('./clients/nats/system-monitor.ts'),
      ])
      const ask = askSystemAccount(system, nodes, {timeoutMs, stranger: (name) => nodeNamed(settings, name)})
      return () => openSystemMonitor(ask)
    },
    jetStreamApi: async (client, account) => {
      const {openJetStreamApi} = await import('./clients/nats/jetstream-api.ts')
      return openJetStreamApi(client, account, {timeoutMs})
    },
    logService: once(async () => {
      const {configuration} = parts
      const token = configuration.variable('AXIOM_TOKEN') ?? (await readAxiomToken(settings, aws))
      if (token === undefined) return undefined
      const {openAxiom} = await import('./clients/axiom/axiom.ts')
      return openAxiom({
        token,
        organization: configuration.variable('AXIOM_ORG_ID'),
        url: configuration.variable('AXIOM_URL'),
        dataset: settings.logs.axiomDataset,
        nodeField: settings.logs.axiomNodeField,
        timeoutMs,
      })
    }),
    close: async () => {
      await clients.close()
      await local.close()
    },
  }
}

/** From SSM, where the settings name a parameter; one that is not there is no token. */
async function readAxiomToken({logs}: ClusterSettings, aws: () => Promise<Aws>): Promise<string | undefined> {
  const name = logs.axiomTokenParameter
  if (name === undefined) return undefined
  const parameters = await (await aws()).parameters()
  return (await parameters.get([name])).get(name)?.value.trim()
}
