import {join, resolve} from 'node:path'
import type {CertificateUse, IssuedCertificate} from '../author/certificates.ts'
import {isForHost, splitPem} from '../author/certificates-check.ts'
import type {Target} from '../author/targets/target.ts'
import type {Context} from '../context.ts'
import {configuredNodes} from '../domain/settings.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {
  AUTHORITY_FOLDER,
  authorityFiles,
  CLIENTS_FOLDER,
  filesOf,
  type Holder,
  holderOf,
  isThere,
  readAuthority,
  readPem,
  writeAuthority,
  writeHolder,
} from './cert-folder.ts'

export {TARGETS} from '../author/targets/target.ts'

export interface CertGenerateRequest {
  /**
   * Where the nodes are named: a description, a configured cluster, or one by one as `name=host,address`. Without any of
   * them it is cluster.yaml, where there is one.
   */
  readonly file: string | undefined
  readonly cluster: string | undefined
  readonly nodes: readonly string[]
  /** What the described cluster runs on: it decides by which names a server is reached. */
  readonly target: Target | undefined
  readonly clients: readonly string[]
  /** Undefined: `tls.source` of the description. */
  readonly out: string | undefined
  /** Folder of the authority; undefined: `ca` in `out`. */
  readonly authorityFolder: string | undefined
  /** Also localhost and its addresses in every server's certificate. */
  readonly localhost: boolean
  readonly days: number
  readonly authorityDays: number
  readonly force: boolean
  readonly dryRun: boolean
}

/** Public under --json. */
export interface CertGenerateReport {
  readonly out: string
  readonly dryRun: boolean
  readonly authority: {readonly folder: string; readonly change: 'made' | 'kept'}
  readonly certificates: readonly GeneratedCertificate[]
}

export interface GeneratedCertificate {
  readonly name: string
  readonly use: CertificateUse
  readonly folder: string
  readonly hosts: readonly string[]
  readonly change: 'made' | 'replaced' | 'kept'
  /** Hosts that a kept certificate is not for. */
  readonly missing: readonly string[]
}

interface Wanted {
  readonly name: string
  readonly hosts: readonly string[]
}

interface Named {
  readonly title: string
  readonly nodes: readonly Wanted[]
  /** Clients that the description itself needs. */
  readonly clients?: readonly string[]
  readonly source?: string | undefined
}

const USUAL_DESCRIPTION = 'cluster.yaml'

/**
 * Makes what is missing: the authority, a certificate for each node and client. What is there is kept, so that a second
 * run goes on where the first one was ended; with `force` the certificates, never the authority, are made anew.
 */
export async function generateCertificates(
  context: Context,
  request: CertGenerateRequest,
): Promise<CertGenerateReport> {
  const {
    nodes,
    clients = [],
    title,
    source,
  } = await nodesOf(context, {...request, file: await findDescription(request)})
  const out = request.out ?? source
  if (out === undefined) throw new UsageError('there is no folder to write to: name one with --out')
  const root = resolve(out)
  const wanted = [
    ...nodes.map((node) => ({holder: holderOf(root, 'server', requireName(node.name, 'node')), hosts: node.hosts})),
    ...[...request.clients, ...clients.filter((name) => !request.clients.includes(name))].map((name) => {
      return {holder: holderOf(root, 'client', requireName(name, 'client')), hosts: []}
    }),
  ]
  requireUnique(wanted.map(({holder}) => holder))
  const folder = request.authorityFolder === undefined ? join(root, AUTHORITY_FOLDER) : resolve(request.authorityFolder)
  const files = authorityFiles(folder, 'ca')
  const existing = await readAuthority(files)
  const planned = await Promise.all(
    wanted.map(async ({holder, hosts}): Promise<GeneratedCertificate> => {
      const there = await isThere(holder.folder)
      if (there && !request.force && !(await isThere(filesOf(holder).certificate))) throw inTheWay(holder)
      const change = !there ? 'made' : request.force ? 'replaced' : 'kept'
      return {...holder, hosts, change, missing: change === 'kept' ? await missingHosts(holder, hosts) : []}
    }),
  )
  const report: CertGenerateReport = {
    out: root,
    dryRun: request.dryRun,
    authority: {folder, change: existing ? 'kept' : 'made'},
    certificates: planned,
  }
  if (request.dryRun) return report

  const {createCertificateAuthority, issueCertificate} = await import('../author/certificates.ts')
  const now = context.clock.now()
  const authority = existing ?? (await createCertificateAuthority(authorityRequest(title, now, request.authorityDays)))
  const issuedOnes: [Holder, IssuedCertificate][] = []
  for (const {name, use, folder: place, hosts, change} of planned) {
    if (change === 'kept') continue
    const issued = await issueCertificate(authority, {name, use, hosts, now, days: request.days})
    issuedOnes.push([{name, use, folder: place}, issued])
  }
  // Nothing is written before everything could be made: a name that no certificate can hold leaves no half folder.
  context.signal.throwIfAborted()
  if (!existing) await writeAuthority(files, authority, false)
  const authorities = await trustedBundle(folder, authority)
  for (const [holder, issued] of issuedOnes) {
    context.signal.throwIfAborted()
    await writeHolder(holder, issued, authorities)
  }
  return report
}

async function missingHosts(holder: Holder, hosts: readonly string[]): Promise<readonly string[]> {
  const [first] = splitPem(await readPem(filesOf(holder).certificate))
  return first === undefined ? hosts : hosts.filter((host) => !isForHost(first, host))
}

/** Not ours, or no longer whole: somebody's key may be in it. */
function inTheWay({folder}: Holder): OpsError {
  return new OpsError(`${folder} is there without a certificate`, {
    code: 'FILE_EXISTS',
    exit: Exit.refused,
    suggestions: ['look at what is in it, then remove it', 'or write over it with --force'],
  })
}

/** The day is in the name, so that an authority and the one that takes over from it can be told apart. */
export function authorityRequest(title: string, now: number, days: number) {
  const day = new Date(now).toISOString().slice(0, 10)
  return {name: `${title.slice(0, 40)} CA ${day}`, now, days}
}

/** During a rotation new holders trust both authorities, as all others do. */
async function trustedBundle(folder: string, authority: IssuedCertificate): Promise<string> {
  const next = await readAuthority(authorityFiles(folder, 'next'))
  return authority.certificate + (next?.certificate ?? '')
}

/** Where nobody names the nodes, the description that `config init` writes. */
async function findDescription({file, cluster, nodes}: CertGenerateRequest): Promise<string | undefined> {
  if (file !== undefined || cluster !== undefined || nodes.length > 0) return file
  return (await isThere(USUAL_DESCRIPTION)) ? USUAL_DESCRIPTION : undefined
}

async function nodesOf({configuration}: Context, request: CertGenerateRequest): Promise<Named> {
  const {certificateNeeds, LOCALHOST} = await import('../author/targets/certificate-needs.ts')
  const extra = request.localhost ? LOCALHOST : []
  const all = ({name, hosts}: Wanted): Wanted => ({name, hosts: [...new Set([...hosts, ...extra])]})
  if (request.file !== undefined) {
    const {readDescription} = await import('../author/description.ts')
    const description = await readDescription(request.file)
    const {servers, clients} = certificateNeeds(description, request.target ?? 'systemd')
    return {title: description.name, source: description.tls?.source, nodes: servers.map(all), clients}
  }
  if (request.target !== undefined) {
    throw new UsageError('--target is about a described cluster', ['add --file cluster.yaml'])
  }
  if (request.cluster !== undefined) {
    const {settings} = await configuration.cluster({cluster: request.cluster})
    const nodes = configuredNodes(settings).map(({name, host}) => all({name, hosts: [host, name]}))
    return {title: settings.name, nodes}
  }
  return {title: 'nats', nodes: request.nodes.map(parseNode).map(all)}
}

function parseNode(text: string): Wanted {
  const [name = '', hosts = ''] = text.split('=', 2)
  return {name, hosts: [...hosts.split(',').filter((host) => host !== ''), name]}
}

/** It becomes the name of a folder, and must not be that of another: not every file system tells CA from ca. */
function requireName(name: string, what: string): string {
  if (/^[a-zA-Z0-9][\w.-]{0,62}$/.test(name) && ![AUTHORITY_FOLDER, CLIENTS_FOLDER].includes(name.toLowerCase()))
    return name
  throw new UsageError(
    `${JSON.stringify(name)} is no name for a ${what}: letters, digits, '-', '_' and '.', not ca or clients`,
  )
}

function requireUnique(holders: readonly Holder[]): void {
  if (holders.length === 0) {
    throw new UsageError('nobody to make a certificate for', ['--file cluster.yaml', '--node n1=n1.example.internal'])
  }
  const folders = holders.map(({folder}) => folder)
  const twice = holders.find(({folder}, index) => folders.indexOf(folder) !== index)
  if (twice) throw new UsageError(`${twice.name} is named twice`)
}
