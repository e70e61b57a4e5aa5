import {quoteForShell} from '../../domain/shell.ts'
import type {ClusterDescription, NodeDescription} from '../description.ts'
import {describeServer, holdsSecrets, type Placement, PRELOAD_FILE} from '../node-config.ts'
import {renderServerConfig} from '../server-config.ts'
import {EXPORTER_IMAGE, EXPORTER_PORT, exporterArguments, monitoringFiles} from './monitoring.ts'
import {
  anyTls,
  type GeneratedFile,
  type GenerateInputs,
  monitorScheme,
  NOTICE,
  renderYaml,
  stopSeconds,
} from './target.ts'

const CONFIG_FOLDER = '/etc/nats-config'
const TLS_FOLDER = '/etc/nats-tls'
const STORE_FOLDER = '/var/lib/nats'
const TLS_FILES = ['ca.crt', 'server.crt', 'server.key'] as const
const GIB = 1024 ** 3

/** Names inside a Kubernetes cluster: pods count from 0, and have no `_` and no capitals. */
interface Names {
  readonly app: string
  readonly namespace: string
  readonly headless: string
  podOf(node: NodeDescription): string
  hostOf(node: NodeDescription): string
}

/** What the objects of a cluster are called, and its Helm release. */
export function appName({name}: ClusterDescription): string {
  return name.toLowerCase().replaceAll('_', '-')
}

function namesOf(description: ClusterDescription): Names {
  const {nodes, deploy} = description
  const app = appName(description)
  const {namespace} = deploy.kubernetes
  const headless = `${app}-headless`
  const podOf = (node: NodeDescription): string => `${app}-${nodes.findIndex((each) => each.name === node.name)}`
  return {
    app,
    namespace,
    headless,
    podOf,
    hostOf: (node) => `${podOf(node)}.${headless}.${namespace}.svc.cluster.local`,
  }
}

/** Every name that a node is reached by in Kubernetes: its pod's, and those of the service for clients. */
export function kubernetesHosts(description: ClusterDescription, node: NodeDescription): readonly string[] {
  const {app, namespace, hostOf} = namesOf(description)
  return [hostOf(node), ...serviceHosts(app, namespace)]
}

/** As it is called in its own namespace, and in others. */
export function serviceHosts(service: string, namespace: string): readonly string[] {
  return [
    service,
    `${service}.${namespace}`,
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.cluster.local`,
  ]
}

/** The configuration of all nodes in one ConfigMap or Secret, and a StatefulSet with what belongs to it. */
export async function kubernetesFiles(inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  const {description, thresholds} = inputs
  const names = namesOf(description)
  const places = description.nodes.map((node) => ({place: `${names.hostOf(node)}:${EXPORTER_PORT}`, node: node.name}))
  return [
    await configFile(inputs, names),
    {path: 'kubernetes/nats.yaml', text: await renderYaml(workload(description, names)), secret: false},
    ...(anyTls(description) ? [tlsScript(inputs, names)] : []),
    ...(await monitoringFiles(description, thresholds, places)),
  ]
}

/** server_name stays the description's, so that a cluster can move; each pod starts with the file of its own name. */
async function configFile({description, passwords, preload}: GenerateInputs, names: Names): Promise<GeneratedFile> {
  const inPods: Placement = {
    hostOf: names.hostOf,
    storeDirectoryOf: () => STORE_FOLDER,
    tlsDirectoryOf: (node) => `${TLS_FOLDER}/${names.podOf(node)}`,
    logsToFile: false,
  }
  const configs = description.nodes.map((node) => {
    return [`${names.podOf(node)}.conf`, renderServerConfig(describeServer(description, node, passwords, inPods))]
  })
  const contents = Object.fromEntries([...configs, ...(preload === undefined ? [] : [[PRELOAD_FILE, preload]])])
  const secret = holdsSecrets(description)
  const metadata = {name: `${names.app}-config`, namespace: names.namespace, labels: labelsOf(names)}
  const document = secret
    ? {apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData: contents}
    : {apiVersion: 'v1', kind: 'ConfigMap', metadata, data: contents}
  return {path: 'kubernetes/config.yaml', text: await renderYaml([document]), secret}
}

function labelsOf({app}: Names) {
  return {'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/instance': app}
}

function workload(description: ClusterDescription, names: Names): readonly unknown[] {
  const {app, namespace, headless} = names
  const labels = labelsOf(names)
  const metadata = (name: string) => ({name, namespace, labels})
  const service = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name),
    spec: {selector: labels, ...spec},
  })
  const ports = containerPorts(description).map(({name, containerPort}) => ({
    name,
    port: containerPort,
    targetPort: name,
  }))
  return [
    {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}},
    // Servers have to find each other before they are ready.
    service(headless, {clusterIP: 'None', publishNotReadyAddresses: true, ports}),
    service(app, {ports: ports.filter(({name}) => name === 'client')}),
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(app),
      spec: {maxUnavailable: 1, selector: {matchLabels: labels}},
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata(app),
      spec: {
        serviceName: headless,
        replicas: description.nodes.length,
        // One after the other, the second server would wait for a cluster that cannot form.
        podManagementPolicy: 'Parallel',
        selector: {matchLabels: labels},
        template: {metadata: {labels}, spec: podSpec(description, names)},
        ...(description.jetStream ? {volumeClaimTemplates: [storeClaim(description)]} : {}),
      },
    },
  ]
}

function containerPorts({nodes: [first], gateways, leafNodes}: ClusterDescription) {
  const {client = 4222, cluster = 6222, monitor = 8222, leaf = 7422, gateway = 7222} = first?.ports ?? {}
  return [
    {name: 'client', containerPort: client},
    {name: 'cluster', containerPort: cluster},
    {name: 'monitor', containerPort: monitor},
    ...(leafNodes?.accept ? [{name: 'leaf', containerPort: leaf}] : []),
    ...(gateways ? [{name: 'gateway', containerPort: gateway}] : []),
    {name: 'metrics', containerPort: EXPORTER_PORT},
  ]
}

function podSpec(description: ClusterDescription, names: Names) {
  const labels = labelsOf(names)
  const secret = holdsSecrets(description)
  const source = `${names.app}-config`
  const tls = anyTls(description)
  return {
    terminationGracePeriodSeconds: stopSeconds(description),
    securityContext: {runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000},
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: {matchLabels: labels},
      },
    ],
    containers: [serverContainer(description, tls), exporterContainer(description, names)],
    volumes: [
      {name: 'config', ...(secret ? {secret: {secretName: source}} : {configMap: {name: source}})},
      ...(tls ? [tlsVolume(description, names)] : []),
      ...(description.jetStream ? [] : [{name: 'store', emptyDir: {}}]),
    ],
  }
}

/**
 * A pod counts as started when its JetStream has caught up, so that a rolling update waits for it; ready while its server
 * works; and it is started anew only where the server itself is stuck, not because it has no leader.
 */
function serverContainer(description: ClusterDescription, tls: boolean) {
  const probe = (query: string, rest: object) => ({
    httpGet: {path: `/healthz${query}`, port: 'monitor', scheme: monitorScheme(description).toUpperCase()},
    timeoutSeconds: 5,
    ...rest,
  })
  return {
    name: 'nats',
    image: description.deploy.image,
    args: ['--config', `${CONFIG_FOLDER}/$(POD_NAME).conf`],
    env: [{name: 'POD_NAME', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}}],
    ports: containerPorts(description).filter(({name}) => name !== 'metrics'),
    // Lame duck; the SIGTERM that follows does not cut it short.
    lifecycle: {preStop: {exec: {command: ['nats-server', '--signal', 'ldm=1']}}},
    startupProbe: probe('', {periodSeconds: 10, failureThreshold: 90}),
    readinessProbe: probe('?js-server-only=true', {periodSeconds: 10, failureThreshold: 3}),
    livenessProbe: probe('?js-enabled-only=true', {periodSeconds: 30, failureThreshold: 3}),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: {drop: ['ALL']},
    },
    volumeMounts: [
      {name: 'config', mountPath: CONFIG_FOLDER, readOnly: true},
      {name: 'store', mountPath: STORE_FOLDER},
      ...(tls ? [{name: 'tls', mountPath: TLS_FOLDER, readOnly: true}] : []),
    ],
  }
}

/** Containers of a pod share one address; over https the server is asked by the name in its certificate. */
function exporterContainer(description: ClusterDescription, {headless, namespace}: Names) {
  const secure = monitorScheme(description) === 'https'
  const port = description.nodes[0]?.ports.monitor ?? 8222
  const host = secure ? `$(POD_NAME).${headless}.${namespace}.svc.cluster.local` : '127.0.0.1'
  const podName = {name: 'POD_NAME', valueFrom: {fieldRef: {fieldPath: 'metadata.name'}}}
  const authority = {name: 'SSL_CERT_FILE', value: `${TLS_FOLDER}/ca.crt`}
  return {
    name: 'exporter',
    image: EXPORTER_IMAGE,
    args: exporterArguments(description, host, port),
    ports: [{name: 'metrics', containerPort: EXPORTER_PORT}],
    ...(secure
      ? {
          env: [podName, authority],
          volumeMounts: [{name: 'tls', mountPath: `${TLS_FOLDER}/ca.crt`, subPath: 'ca.crt', readOnly: true}],
        }
      : {}),
  }
}

/** One Secret for all pods: a StatefulSet has one template, and a volume cannot depend on the pod's name. */
function tlsVolume({nodes}: ClusterDescription, names: Names) {
  const items = nodes.flatMap((node) => {
    const pod = names.podOf(node)
    return TLS_FILES.map((file) => ({key: `${pod}.${file}`, path: `${pod}/${file}`}))
  })
  const first = nodes[0] ? [{key: `${names.podOf(nodes[0])}.ca.crt`, path: 'ca.crt'}] : []
  return {name: 'tls', secret: {secretName: `${names.app}-tls`, defaultMode: 0o440, items: [...first, ...items]}}
}

/** A tenth more than JetStream may use: file systems and the server's own files need some. */
export function claimSize(bytes: number): string {
  return `${Math.max(1, Math.ceil((bytes * 1.1) / GIB))}Gi`
}

function storeClaim({jetStream, deploy}: ClusterDescription) {
  const {storageClass} = deploy.kubernetes
  return {
    metadata: {name: 'store'},
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClass === undefined ? {} : {storageClassName: storageClass}),
      resources: {requests: {storage: claimSize(jetStream?.maxFileStore ?? 0)}},
    },
  }
}

/** The keys themselves stay out of what is generated. */
function tlsScript({description, tlsFolder}: GenerateInputs, names: Names): GeneratedFile {
  const files = description.nodes.flatMap((node) =>
    TLS_FILES.map((file) => `  --from-file=${names.podOf(node)}.${file}="$tls/${node.name}/${file}"`),
  )
  const text = `#!/bin/sh
# ${NOTICE}
# Puts the certificates of all nodes into the Secret that the pods mount; again after every renewal.
set -eu
cd "$(dirname "$0")/.."
tls=\${NATS_TLS:-${quoteForShell([tlsFolder])}}
kubectl create secret generic ${names.app}-tls --namespace ${names.namespace} \\
${files.join(' \\\n')} \\
  --dry-run=client --output=yaml | kubectl apply --filename -
`
  return {path: 'kubernetes/tls-secret.sh', text, secret: false, executable: true}
}
