import type {ClusterDescription} from '../description.ts'
import {helmHosts} from './helm.ts'
import {appName, kubernetesHosts} from './kubernetes.ts'
import {SURVEYOR_CLIENT} from './monitoring.ts'
import type {Target} from './target.ts'

/** Names that a client on the same machine uses. */
export const LOCALHOST: readonly string[] = ['localhost', '127.0.0.1', '::1']

/** Who needs a certificate where a cluster runs, and for which hosts. */
export interface CertificateNeeds {
  readonly servers: readonly {readonly name: string; readonly hosts: readonly string[]}[]
  readonly clients: readonly string[]
}

/** Containers of compose are reached at this machine's own ports; the Helm chart has one certificate for all pods. */
export function certificateNeeds(description: ClusterDescription, target: Target): CertificateNeeds {
  const {nodes, tls} = description
  const clients = tls?.client?.verify ? [SURVEYOR_CLIENT] : []
  if (target === 'helm') return {servers: [{name: appName(description), hosts: helmHosts(description)}], clients}
  const servers = nodes.map((node) => {
    const more = {compose: LOCALHOST, kubernetes: kubernetesHosts(description, node), systemd: [], 'user-data': []}
    return {name: node.name, hosts: [node.host, node.name, ...node.aliases, ...more[target]]}
  })
  return {servers, clients}
}
