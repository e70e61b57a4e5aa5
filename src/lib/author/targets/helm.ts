import {quoteForShell} from '../../domain/shell.ts'
import type {Value} from '../conf-text.ts'
import type {ClusterDescription, NodeDescription} from '../description.ts'
import {describeServer, holdsSecrets} from '../node-config.ts'
import {parsePreload} from '../preload.ts'
import {configSettings} from '../server-config.ts'
import {appName, claimSize, serviceHosts} from './kubernetes.ts'
import {EXPORTER_PORT, exporterArguments, monitoringFiles} from './monitoring.ts'
import {anyTls, type GeneratedFile, type GenerateInputs, monitorScheme, renderYaml, stopSeconds} from './target.ts'

/** Where the chart mounts its volume tls-ca. */
const CHART_CA_FOLDER = '/etc/nats-ca-cert'

/** Settings that the chart writes itself, from values of its own. */
const OF_CHART = new Set([
  'server_name',
  'listen',
  'client_advertise',
  'http',
  'https',
  'tls',
  'cluster',
  'jetstream',
  'leafnodes',
  'gateway',
  'include',
  'pid_file',
  'log_file',
  'logfile_size_limit',
  'logfile_max_num',
  'logtime_utc',
])

/**
 * values.yaml for the NATS project's own chart (https://github.com/nats-io/k8s, version 1 and newer), which names its
 * servers and routes itself; what it has no value for goes through its `merge`.
 */
export async function helmFiles(inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  const {description, thresholds} = inputs
  const {nodes} = description
  const release = appName(description)
  const {namespace} = description.deploy.kubernetes
  const notes = [
    `helm repo add nats https://nats-io.github.io/k8s/helm/charts/`,
    `helm upgrade --install ${release} nats/nats --namespace ${namespace} --create-namespace --values values.yaml`,
    ...(anyTls(description)
      ? [
          `All pods share one Secret, made of the certificate of cert generate --target helm:`,
          `kubectl create secret generic ${release}-tls --namespace ${namespace} ${secretFiles(inputs, release)}`,
        ]
      : []),
  ]
  const places = nodes.map((node, index) => ({
    place: `${release}-${index}.${release}-headless.${namespace}.svc.cluster.local:${EXPORTER_PORT}`,
    node: node.name,
  }))
  return [
    {path: 'values.yaml', text: await renderYaml([values(inputs, release)], notes), secret: holdsSecrets(description)},
    ...(await monitoringFiles(description, thresholds, places)),
  ]
}

/** Every name of the one certificate that all pods of the chart share. */
export function helmHosts(description: ClusterDescription): readonly string[] {
  const release = appName(description)
  const {namespace} = description.deploy.kubernetes
  const pods = description.nodes.flatMap((_, index) => {
    // Not `*.`: OpenSSL takes no such name with so few parts.
    const pod = `${release}-${index}.${release}-headless`
    return [pod, `${pod}.${namespace}.svc.cluster.local`]
  })
  return [...pods, ...serviceHosts(release, namespace)]
}

function secretFiles({tlsFolder}: GenerateInputs, release: string): string {
  const files = {'ca.crt': 'ca.crt', 'tls.crt': 'server.crt', 'tls.key': 'server.key'}
  return Object.entries(files)
    .map(([key, file]) => quoteForShell([`--from-file=${key}=${tlsFolder}/${release}/${file}`]))
    .join(' ')
}

function values({description, passwords, preload}: GenerateInputs, release: string) {
  const {nodes, jetStream, tls, deploy} = description
  const [first] = nodes
  if (!first) throw new Error('a description without nodes')
  const server = describeServer(description, first, passwords)
  const settings = new Map(configSettings(server))
  const {cluster, leafnodes, gateway} = blocks(settings)
  const withTls = (use: unknown, block: Readonly<Record<string, Value | undefined>>) => ({
    ...(use ? {tls: {enabled: true, secretName: `${release}-tls`, merge: {timeout: 5, ...verifyOf(use)}}} : {}),
    merge: block,
  })
  const [image = '', tag] = splitImage(deploy.image)
  return {
    // Without it the chart adds its own name to a release that does not hold it.
    fullnameOverride: release,
    config: {
      cluster: {
        enabled: nodes.length > 1,
        ...(nodes.length > 1 ? {replicas: nodes.length} : {}),
        port: first.ports.cluster,
        ...withTls(tls?.routes, pick(cluster, ['name', 'pool_size', 'authorization'])),
        ...(server.cluster?.auth
          ? {routeURLs: {user: server.cluster.auth.user, password: server.cluster.auth.password}}
          : {}),
      },
      jetstream: jetStream
        ? {
            enabled: true,
            fileStore: {
              enabled: true,
              maxSize: String(jetStream.maxFileStore),
              pvc: {size: claimSize(jetStream.maxFileStore), storageClassName: deploy.kubernetes.storageClass},
            },
            memoryStore: {enabled: jetStream.maxMemoryStore > 0, maxSize: String(jetStream.maxMemoryStore)},
            merge: pick(blocks(settings).jetstream, ['domain', 'sync_interval']),
          }
        : {enabled: false},
      nats: {
        port: first.ports.client,
        ...(tls?.client
          ? {tls: {enabled: true, secretName: `${release}-tls`, merge: {timeout: 5, ...verifyOf(tls.client)}}}
          : {}),
      },
      leafnodes: description.leafNodes
        ? {enabled: true, port: first.ports.leaf, ...withTls(tls?.leaf, pick(leafnodes, ['remotes']))}
        : {enabled: false},
      gateway: description.gateways
        ? {
            enabled: true,
            port: first.ports.gateway,
            ...withTls(tls?.gateway, pick(gateway, ['name', 'authorization', 'gateways'])),
          }
        : {enabled: false},
      monitor: {enabled: true, port: first.ports.monitor, tls: {enabled: tls?.monitor ?? false}},
      merge: {...ownSettings(settings), ...preloadSettings(preload)},
    },
    ...(anyTls(description) ? {tlsCA: {enabled: true, secretName: `${release}-tls`, key: 'ca.crt'}} : {}),
    container: {image: {repository: image, tag}},
    podTemplate: {
      topologySpreadConstraints: {'kubernetes.io/hostname': {maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule'}},
      merge: {spec: {terminationGracePeriodSeconds: stopSeconds(description)}},
    },
    promExporter: exporterValues(description, first, release),
    podDisruptionBudget: {enabled: true},
  }
}

/** The chart's own arguments give the metrics other names than the alert rules have, and leave health out. */
function exporterValues(description: ClusterDescription, {ports}: NodeDescription, release: string) {
  const secure = monitorScheme(description) === 'https'
  const host = secure ? `$(POD_NAME).${release}-headless` : '127.0.0.1'
  const args = exporterArguments(description, host, ports.monitor)
  if (!secure) return {enabled: true, port: EXPORTER_PORT, merge: {args}}
  return {
    enabled: true,
    port: EXPORTER_PORT,
    env: {
      POD_NAME: {valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}},
      SSL_CERT_FILE: `${CHART_CA_FOLDER}/ca.crt`,
    },
    merge: {args, volumeMounts: [{name: 'tls-ca', mountPath: CHART_CA_FOLDER}]},
  }
}

type Block = Readonly<Record<string, Value | undefined>>

function blocks(settings: ReadonlyMap<string, Value | undefined>) {
  const block = (key: string): Block => {
    const value = settings.get(key)
    return typeof value === 'object' && !Array.isArray(value) ? (value as Block) : {}
  }
  return {
    cluster: block('cluster'),
    jetstream: block('jetstream'),
    leafnodes: block('leafnodes'),
    gateway: block('gateway'),
  }
}

function pick(block: Block, keys: readonly string[]): Block {
  return Object.fromEntries(keys.flatMap((key) => (block[key] === undefined ? [] : [[key, block[key]]])))
}

function ownSettings(settings: ReadonlyMap<string, Value | undefined>): Block {
  return Object.fromEntries([...settings].filter(([key, value]) => value !== undefined && !OF_CHART.has(key)))
}

function preloadSettings(preload: string | undefined): Block {
  if (preload === undefined) return {}
  const {operatorJwt, systemAccount, accountJwts} = parsePreload('the preload file', preload)
  return {operator: operatorJwt, system_account: systemAccount, resolver: 'MEMORY', resolver_preload: accountJwts}
}

function verifyOf(use: unknown): Block {
  const {verify} = use as {readonly verify: boolean}
  return verify ? {verify: true} : {}
}

function splitImage(image: string): readonly [repository: string, tag: string | undefined] {
  const [, repository = image, tag] = /^(.*?)(?::([^/:]+))?$/.exec(image) ?? []
  return [repository, tag]
}
