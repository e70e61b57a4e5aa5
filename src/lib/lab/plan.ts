import {join} from 'node:path'
import {conventionalNode, conventionalSettings} from '../domain/settings.ts'
import {UsageError} from '../errors.ts'
import type {PortRanges} from './free-ports.ts'
import type {UnitDescription} from './machine-unit.ts'

/** What a lab is made of: decided by `lab up`, then unchanged for its life. No secrets. */
export interface LabPlan {
  readonly name: string
  readonly region: string
  readonly nodes: readonly LabNode[]
  readonly server: NatsServer
  /** From the launch of an instance to its server's start, milliseconds. */
  readonly bootDelayMs: number
  /** max_file_store and max_memory_store of every server. */
  readonly maxFileBytes: number
  readonly maxMemoryBytes: number
  /** nats.service of every instance, where it is not as usual. */
  readonly unit?: Partial<UnitDescription>
  /** Where ports are chosen from, where it is not as usual. */
  readonly portRanges?: PortRanges
  /** Command line of the supervisor: what proves that a process is the one of this lab. */
  readonly supervisor: readonly string[]
}

/** A node keeps its name and its ports whichever instance stands behind it, as a DNS name would. */
export interface LabNode {
  readonly name: string
  readonly host: string
  readonly clientPort: number
  readonly clusterPort: number
  readonly monitorPort: number
  readonly asg: string
  readonly instanceName: string
}

/** A nats-server binary of this machine. */
export interface NatsServer {
  /** As the binary says itself, e.g. `2.10.27`. */
  readonly version: string
  /** Absolute. */
  readonly path: string
}

export const PORTS_PER_NODE = 3
const LOOPBACK = '127.0.0.1'

/** Nodes 1..count by the conventions of names; three ports of the list for each. */
export function planNodes(lab: string, count: number, ports: readonly number[]): readonly LabNode[] {
  const settings = conventionalSettings(lab)
  return Array.from({length: count}, (_, index) => {
    const {name, asg, instanceName} = conventionalNode(settings, index + 1)
    const [clientPort = 0, clusterPort = 0, monitorPort = 0] = ports.slice(index * PORTS_PER_NODE)
    return {
      name,
      host: LOOPBACK,
      clientPort,
      clusterPort,
      monitorPort,
      asg,
      instanceName,
    }
  })
}

/** A lab's name becomes a folder, a cluster, server names and SSM paths: letters, digits and inner hyphens only. */
export function checkLabName(name: string): void {
  if (/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return
  throw new UsageError(
    `'${name}' cannot be a lab's name: up to 40 lower-case letters, digits and hyphens, beginning with a letter`,
  )
}

/** A node by its whole name or a short one: lab-node-2, node-2 or 2. */
export function findLabNode(plan: Pick<LabPlan, 'name' | 'nodes'>, text: string): LabNode {
  const names = [text, `${plan.name}-${text}`, `${plan.name}-node-${text}`]
  const node = plan.nodes.find(({name}) => names.includes(name))
  if (node) return node
  throw new UsageError(`lab ${plan.name} has no node '${text}'; it has ${plan.nodes.map(({name}) => name).join(', ')}`)
}

/** Client URLs of all nodes. */
export function natsUrls({nodes}: Pick<LabPlan, 'nodes'>): readonly string[] {
  return nodes.map(({host, clientPort}) => `nats://${host}:${clientPort}`)
}

/** Every path of one lab. All of it is private (0700, 0600) and gone after `lab down`. */
export interface LabFiles {
  readonly folder: string
  /** LabPlan: written first. */
  readonly plan: string
  /** LabRecord: written once the supervisor serves. Holds secrets. */
  readonly record: string
  /** The cluster's settings, for the configuration: written last, so that a half-made lab is no cluster. */
  readonly cluster: string
  /** AWS shared credentials with the lab's profile. */
  readonly awsCredentials: string
  /** NATS creds of the admin user, for other tools. */
  readonly natsCredentials: string
  readonly log: string
  readonly instances: string
}

export function labFiles(labsFolder: string, name: string): LabFiles {
  const folder = join(labsFolder, name)
  return {
    folder,
    plan: join(folder, 'plan.json'),
    record: join(folder, 'record.json'),
    cluster: join(folder, 'cluster.json'),
    awsCredentials: join(folder, 'aws-credentials'),
    natsCredentials: join(folder, 'admin.creds'),
    log: join(folder, 'supervisor.log'),
    instances: join(folder, 'instances'),
  }
}

/** What one instance has on disk: its NVMe and its logs. Deleted with the instance. */
export interface InstanceFiles {
  readonly folder: string
  readonly identity: string
  readonly config: string
  readonly store: string
  readonly log: string
  /** What the server says before it has a log, and its panics. */
  readonly errors: string
  readonly pid: string
}

export function instanceFiles(instances: string, id: string): InstanceFiles {
  const folder = join(instances, id)
  return {
    folder,
    identity: join(folder, 'instance.json'),
    config: join(folder, 'nats.conf'),
    store: join(folder, 'store'),
    log: join(folder, 'nats.log'),
    errors: join(folder, 'stderr.log'),
    pid: join(folder, 'nats.pid'),
  }
}
