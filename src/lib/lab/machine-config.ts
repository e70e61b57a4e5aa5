import {renderServerConfig} from '../author/server-config.ts'
import type {AuthorityPreload, ClusterBlock} from '../author/server-description.ts'
import type {InstanceFiles, LabNode, LabPlan} from './plan.ts'

/** Where the server of one instance listens, on its node's host. */
export interface InstancePorts {
  readonly client: number
  readonly cluster: number
  readonly monitor: number
}

export interface InstanceSettings {
  readonly plan: LabPlan
  readonly authority: AuthorityPreload
  readonly node: LabNode
  readonly files: InstanceFiles
  readonly ports: InstancePorts
}

/** What a fault makes different. */
export interface ConfigChanges {
  readonly name: string | undefined
  readonly maxFileBytes: number | undefined
}

/**
 * The server's configuration on one instance. Clients are told of the node's public port, routes go straight to the
 * server. Clients of a lame duck are asked to leave almost at once: nats-server allows no shorter duration than 30s.
 */
export function renderInstanceConfig(
  {plan, authority, node, files, ports}: InstanceSettings,
  changes: ConfigChanges,
): string {
  const {host} = node
  return renderServerConfig({
    name: changes.name ?? node.name,
    listen: {host, port: ports.client},
    advertise: {host, port: node.clientPort},
    monitor: {host, port: ports.monitor},
    ...(plan.nodes.length > 1 ? {cluster: describeCluster(plan, node, ports)} : {}),
    jetStream: {
      storeDirectory: files.store,
      maxFileStore: changes.maxFileBytes ?? plan.maxFileBytes,
      maxMemoryStore: plan.maxMemoryBytes,
    },
    auth: {mode: 'operator', authority},
    log: {file: files.log, maxBytes: 16 * 1024 * 1024, keep: 2},
    pidFile: files.pid,
    lameDuck: {duration: 30_000, gracePeriod: 200},
  })
}

function describeCluster({name, nodes}: LabPlan, {host}: LabNode, {cluster}: InstancePorts): ClusterBlock {
  const routes = nodes.map((peer) => ({host: peer.host, port: peer.clusterPort}))
  return {name, listen: {host, port: cluster}, routes}
}
