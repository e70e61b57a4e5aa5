import {UsageError} from '../../errors.ts'
import type {NodeDescription} from '../description.ts'
import type {Placement} from '../node-config.ts'
import {tlsMount} from './compose-text.ts'
import {
  EXPORTER_IMAGE,
  EXPORTER_PORT,
  exporterArguments,
  monitoringFiles,
  prometheusService,
  surveyorService,
} from './monitoring.ts'
import {
  anyTls,
  CONFIG_FILE,
  type GeneratedFile,
  type GenerateInputs,
  monitorScheme,
  nodeFiles,
  renderYaml,
  stopSeconds,
} from './target.ts'

const CONFIG_FOLDER = '/etc/nats'
const STORE_FOLDER = '/var/lib/nats'
const TLS_FOLDER = '/etc/nats-tls'

/** In the network of a compose project a service is found by its name; every container has the same folders. */
const inContainers: Placement = {
  hostOf: ({name}) => name,
  storeDirectoryOf: () => STORE_FOLDER,
  tlsDirectoryOf: () => TLS_FOLDER,
  logsToFile: false,
}

/** compose.yaml with a service a node; Prometheus, exporters and surveyor under the profile `monitoring`. */
export async function composeFiles(inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  const {description, thresholds, tlsFolder} = inputs
  const {name, nodes} = description
  refuseTakenNames(nodes)
  const published = publishedPorts(nodes)
  const servers = nodes.map((node) => [node.name, serverService(inputs, node, published)] as const)
  const monitored = {profiles: ['monitoring']}
  const exporters = nodes.map((node) => [exporterOf(node), {...exporterService(inputs, node), ...monitored}] as const)
  const {surveyor} = surveyorService(
    description,
    nodes.map((node) => `${node.name}:${node.ports.client}`),
    tlsFolder,
  )
  const document = {
    name: name.toLowerCase(),
    services: {
      ...Object.fromEntries(servers),
      ...Object.fromEntries(exporters),
      prometheus: {...prometheusService('./monitoring/prometheus.yml', './monitoring/alerts.yml'), ...monitored},
      ...(surveyor ? {surveyor: {...surveyor, ...monitored}} : {}),
    },
    volumes: Object.fromEntries(nodes.map((node) => [`${node.name}-store`, {}])),
  }
  const places = nodes.map((node) => ({place: `${exporterOf(node)}:${EXPORTER_PORT}`, node: node.name}))
  return [
    {path: 'compose.yaml', text: await renderYaml([document]), secret: false},
    ...nodes.flatMap((node) => nodeFiles(inputs, node, inContainers)),
    ...(await monitoringFiles(description, thresholds, places)),
  ]
}

function exporterOf({name}: NodeDescription): string {
  return `exporter-${name}`
}

/** Services of one name would be one, and host names have no capitals. Surveyor's is kept also where there is none yet. */
function refuseTakenNames(nodes: readonly NodeDescription[]): void {
  const exporters = new Map(nodes.map((node) => [exporterOf(node).toLowerCase(), `the exporter of ${node.name}`]))
  const taken = new Map([['prometheus', 'Prometheus'], ['surveyor', 'surveyor'], ...exporters])
  for (const {name} of nodes) {
    const owner = taken.get(name.toLowerCase())
    if (owner === undefined) continue
    throw new UsageError(`node ${name} has the name of another service in compose.yaml: ${owner}`, [
      'give the node another name in nodes',
      'use --target systemd',
    ])
  }
}

/** The ports of containers as they are on this machine alone, each moved up to one that no earlier node has taken. */
function publishedPorts(nodes: readonly NodeDescription[]): ReadonlyMap<string, readonly string[]> {
  const taken = new Set<number>()
  const publish = (port: number): string => {
    let free = port
    while (taken.has(free)) free += 1
    taken.add(free)
    return `127.0.0.1:${free}:${port}`
  }
  return new Map(nodes.map(({name, ports}) => [name, [publish(ports.client), publish(ports.monitor)]]))
}

/** SIGUSR2 is the lame duck. */
function serverService(
  {description, tlsFolder}: GenerateInputs,
  {name, ports}: NodeDescription,
  published: ReadonlyMap<string, readonly string[]>,
) {
  const {deploy} = description
  const health = `${monitorScheme(description)}://127.0.0.1:${ports.monitor}/healthz?js-server-only=true`
  return {
    image: deploy.image,
    hostname: name,
    command: ['--config', `${CONFIG_FOLDER}/${CONFIG_FILE}`],
    volumes: [
      `./nodes/${name}:${CONFIG_FOLDER}:ro`,
      `${name}-store:${STORE_FOLDER}`,
      ...(anyTls(description) ? [`${tlsMount(tlsFolder)}/${name}:${TLS_FOLDER}:ro`] : []),
    ],
    ports: published.get(name) ?? [],
    stop_signal: 'SIGUSR2',
    stop_grace_period: `${stopSeconds(description)}s`,
    restart: 'unless-stopped',
    healthcheck: {
      test: ['CMD', 'wget', '-q', '-O', '/dev/null', '--no-check-certificate', health],
      interval: '10s',
      timeout: '5s',
      retries: 3,
      start_period: '30s',
    },
  }
}

function exporterService({description, tlsFolder}: GenerateInputs, {name, ports}: NodeDescription) {
  const secure = monitorScheme(description) === 'https'
  return {
    image: EXPORTER_IMAGE,
    command: exporterArguments(description, name, ports.monitor),
    ...(secure
      ? {
          environment: {SSL_CERT_FILE: '/etc/ssl/nats/ca.crt'},
          volumes: [`${tlsMount(tlsFolder)}/${name}/ca.crt:/etc/ssl/nats/ca.crt:ro`],
        }
      : {}),
    depends_on: [name],
    restart: 'unless-stopped',
  }
}
