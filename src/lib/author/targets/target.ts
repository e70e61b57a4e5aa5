import type {Thresholds} from '../../domain/settings.ts'
import type {ClusterDescription, NodeDescription} from '../description.ts'
import {describeServer, holdsSecrets, type Passwords, type Placement, PRELOAD_FILE} from '../node-config.ts'
import {renderServerConfig} from '../server-config.ts'

/** Where a cluster runs: what the deployment files are for. */
export const TARGETS = ['systemd', 'compose', 'kubernetes', 'helm', 'user-data'] as const
export type Target = (typeof TARGETS)[number]

/** A file to be, below the output folder; `path` with slashes. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
  /** Nobody but the owner may read it. */
  readonly secret: boolean
  readonly executable?: boolean
}

/** Everything the files are made of: the same inputs give the same bytes. */
export interface GenerateInputs {
  readonly description: ClusterDescription
  readonly passwords: Passwords
  /** Text of the preload file, in operator mode. */
  readonly preload: string | undefined
  readonly thresholds: Thresholds
  /** Without a trailing slash; user data finds certificates below it. */
  readonly ssmPrefix: string
  /** From the output folder to the folder of certificates, with slashes. */
  readonly tlsFolder: string
}

/** Name of a server's configuration on its node. */
export const CONFIG_FILE = 'nats-server.conf'

/** First line of whatever is generated, behind the format's comment sign. */
export const NOTICE = 'Made by natsops config generate: change the description, not this file.'

/** What belongs to one node in its configuration folder. */
export function nodeFiles(
  inputs: GenerateInputs,
  node: NodeDescription,
  placement?: Placement,
): readonly GeneratedFile[] {
  const {description, passwords, preload} = inputs
  const folder = `nodes/${node.name}`
  const text = renderServerConfig(describeServer(description, node, passwords, placement))
  const config = {path: `${folder}/${CONFIG_FILE}`, text: `# ${NOTICE}\n${text}`, secret: holdsSecrets(description)}
  if (preload === undefined) return [config]
  return [config, {path: `${folder}/${PRELOAD_FILE}`, text: preload, secret: false}]
}

/** Seconds that a server may need to stop: the whole lame duck, and what it takes to close the files. */
export function stopSeconds({lameDuck}: ClusterDescription): number {
  return Math.ceil((lameDuck.duration + lameDuck.gracePeriod) / 1000) + 30
}

export function monitorScheme({tls}: ClusterDescription): 'http' | 'https' {
  return tls?.monitor ? 'https' : 'http'
}

export function anyTls({tls, leafNodes}: ClusterDescription): boolean {
  const {client, routes, leaf, gateway} = tls ?? {}
  return Boolean(client ?? routes ?? leaf ?? gateway) || (leafNodes?.remotes.some((each) => each.tls) ?? false)
}

/** YAML with the notice on top; several documents are several objects in one file. */
export async function renderYaml(documents: readonly unknown[], notes: readonly string[] = []): Promise<string> {
  const {stringify} = await import('yaml')
  const head = [NOTICE, ...notes].map((note) => `# ${note}\n`).join('')
  const options = {lineWidth: 0, aliasDuplicateObjects: false} as const
  return head + documents.map((document) => stringify(document, options)).join('---\n')
}
