import {dirname} from 'node:path/posix'
import type {ClusterDescription, NodeDescription} from '../description.ts'
import {address} from '../server-config.ts'
import {EXPORTER_PORT, exporterArguments, monitoringCompose, monitoringFiles} from './monitoring.ts'
import {anyTls, CONFIG_FILE, type GeneratedFile, type GenerateInputs, NOTICE, nodeFiles, stopSeconds} from './target.ts'

/** One folder a node, to be copied to its machine, and what watches all of them. */
export async function systemdFiles(inputs: GenerateInputs): Promise<readonly GeneratedFile[]> {
  const {description} = inputs
  const {nodes} = description
  return [
    ...nodes.flatMap((node) => [...nodeFiles(inputs, node), ...unitFiles(description, node)]),
    ...(await monitoringOnHosts(inputs)),
  ]
}

/** Prometheus and surveyor for servers that have a machine each. */
export async function monitoringOnHosts({description, thresholds, tlsFolder}: GenerateInputs) {
  const {nodes} = description
  const places = nodes.map(({name, host}) => ({place: address({host, port: EXPORTER_PORT}), node: name}))
  const servers = nodes.map(({host, ports}) => address({host, port: ports.client}))
  return [
    ...(await monitoringFiles(description, thresholds, places)),
    await monitoringCompose(description, servers, tlsFolder),
  ]
}

export function unitFiles(description: ClusterDescription, node: NodeDescription): readonly GeneratedFile[] {
  const folder = `nodes/${node.name}`
  return [
    {path: `${folder}/nats.service`, text: serverUnit(description, node), secret: false},
    {path: `${folder}/nats-exporter.service`, text: exporterUnit(description, node), secret: false},
  ]
}

/**
 * KillSignal and not ExecStop: systemd sends SIGTERM as soon as an ExecStop command returns. Should the lame duck outlast
 * TimeoutStopSec, the server would be killed in the middle of it.
 */
function serverUnit(description: ClusterDescription, node: NodeDescription): string {
  const {name, jetStream, log, deploy} = description
  const config = `${deploy.configDirectory}/${CONFIG_FILE}`
  const writable = [...(jetStream ? [node.storeDirectory] : []), ...(log.file === undefined ? [] : [dirname(log.file)])]
  return lines([
    `# ${NOTICE}`,
    '[Unit]',
    `Description=NATS server ${node.name} of ${name}`,
    'Documentation=https://docs.nats.io/',
    'Wants=network-online.target',
    'After=network-online.target',
    ...writable.map((path) => `RequiresMountsFor=${path}`),
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `User=${deploy.user}`,
    `Group=${deploy.user}`,
    `ExecStartPre=${deploy.binary} -t -c ${config}`,
    `ExecStart=${deploy.binary} -c ${config}`,
    'ExecReload=/bin/kill -s HUP $MAINPID',
    '# Lame duck: clients are asked to leave, leaders step down, then the server ends.',
    'KillSignal=SIGUSR2',
    `# Longer than lame_duck_grace_period and lame_duck_duration together (${stopSeconds(description) - 30}s).`,
    `TimeoutStopSec=${stopSeconds(description)}`,
    'Restart=always',
    'RestartSec=5',
    'LimitNOFILE=800000',
    'UMask=0077',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'PrivateTmp=yes',
    'PrivateDevices=yes',
    'ProtectHome=yes',
    'ProtectSystem=strict',
    'ProtectKernelTunables=yes',
    'ProtectControlGroups=yes',
    'RestrictSUIDSGID=yes',
    ...writable.map((path) => `ReadWritePaths=${path}`),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ])
}

function exporterUnit(description: ClusterDescription, node: NodeDescription): string {
  const {host, ports, tlsDirectory} = node
  const secure = description.tls?.monitor && anyTls(description)
  const args = exporterArguments(description, secure ? host : '127.0.0.1', ports.monitor)
  return lines([
    `# ${NOTICE}`,
    '[Unit]',
    `Description=Prometheus exporter of the NATS server ${node.name}`,
    'Documentation=https://github.com/nats-io/prometheus-nats-exporter',
    'After=nats.service',
    '',
    '[Service]',
    'DynamicUser=yes',
    ...(secure ? [`Environment=SSL_CERT_FILE=${tlsDirectory}/ca.crt`] : []),
    `ExecStart=/usr/local/bin/prometheus-nats-exporter ${args.join(' ')}`,
    'Restart=always',
    'RestartSec=5',
    'ProtectSystem=strict',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ])
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
