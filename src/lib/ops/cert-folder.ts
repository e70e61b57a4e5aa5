import {randomBytes} from 'node:crypto'
import {lstat, readdir, rename, rm} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import type {CertificateUse, IssuedCertificate} from '../author/certificates.ts'
import {isKeyOf, splitPem} from '../author/certificates-check.ts'
import {Exit, OpsError} from '../errors.ts'
import {ensurePrivateFolder, readSmallFile, writePrivateFile} from '../files.ts'

/**
 * Where certificates are: one folder a cluster, as `tls.source` of a description names it.
 *
 *   ca/ca.crt  ca/ca.key              the authority; its key belongs off this machine
 *   ca/next.crt  ca/next.key          the authority that is taking over, during a rotation
 *   <node>/ca.crt  server.crt  server.key
 *   clients/<name>/ca.crt  client.crt  client.key
 */

const LARGEST_FILE = 1024 * 1024
const PUBLIC = 0o644
export const AUTHORITY_FOLDER = 'ca'
export const CLIENTS_FOLDER = 'clients'

/** One holder of a certificate, by its folder. */
export interface Holder {
  readonly name: string
  readonly use: CertificateUse
  readonly folder: string
}

export interface HolderFiles {
  readonly certificate: string
  readonly key: string
  readonly authorities: string
}

export function holderOf(root: string, use: CertificateUse, name: string): Holder {
  return {name, use, folder: use === 'server' ? join(root, name) : join(root, CLIENTS_FOLDER, name)}
}

export function filesOf({use, folder}: Pick<Holder, 'use' | 'folder'>): HolderFiles {
  return {
    certificate: join(folder, `${use}.crt`),
    key: join(folder, `${use}.key`),
    authorities: join(folder, 'ca.crt'),
  }
}

/** Every folder with a certificate in it, nodes before clients, each by name. */
export async function listHolders(root: string): Promise<readonly Holder[]> {
  const found: Holder[] = []
  for (const use of ['server', 'client'] as const) {
    const parent = use === 'server' ? root : join(root, CLIENTS_FOLDER)
    for (const name of (await readdir(parent).catch(() => [])).sort()) {
      const holder = holderOf(root, use, name)
      if (!name.startsWith('.') && (await isThere(filesOf(holder).certificate))) found.push(holder)
    }
  }
  return found
}

export interface AuthorityFiles {
  readonly certificate: string
  readonly key: string
}

export function authorityFiles(folder: string, which: 'ca' | 'next'): AuthorityFiles {
  return {certificate: join(folder, `${which}.crt`), key: join(folder, `${which}.key`)}
}

/** Undefined where neither file is there; AUTHORITY_INCOMPLETE (exit 3) where one is, or the two do not match. */
export async function readAuthority({certificate, key}: AuthorityFiles): Promise<IssuedCertificate | undefined> {
  const [hasCertificate, hasKey] = await Promise.all([isThere(certificate), isThere(key)])
  if (!hasCertificate && !hasKey) return undefined
  if (!hasCertificate) throw incomplete(`${certificate} is missing and ${key} is there`)
  if (!hasKey) throw incomplete(`the authority's key is not at ${key}: put it there, or name its folder with --ca`)
  const [first = ''] = splitPem(await readSmallFile(certificate, LARGEST_FILE))
  const pair = {certificate: first, key: await readSmallFile(key, LARGEST_FILE)}
  if (!isKeyOf(pair.key, first)) throw incomplete(`${key} is not the key of ${certificate}`)
  return pair
}

function incomplete(message: string): OpsError {
  return new OpsError(message, {code: 'AUTHORITY_INCOMPLETE', exit: Exit.refused})
}

/** The key first: a certificate whose key is lost is worth nothing, a key without one can be made again. */
export async function writeAuthority(
  files: AuthorityFiles,
  issued: IssuedCertificate,
  overwrite: boolean,
): Promise<void> {
  await ensurePrivateFolder(dirname(files.key))
  await writePrivateFile(files.key, issued.key, {overwrite})
  await writePrivateFile(files.certificate, issued.certificate, {overwrite, mode: PUBLIC})
}

/**
 * A new holder's folder appears whole or not at all. One that exists is changed file by file, the key last: until then
 * `cert check` tells that the two do not match.
 */
export async function writeHolder(holder: Holder, issued: IssuedCertificate, authorities: string): Promise<void> {
  if (await isThere(holder.folder)) {
    await ensurePrivateFolder(holder.folder)
    return writeFiles(holder, issued, authorities)
  }
  await ensurePrivateFolder(dirname(holder.folder))
  const suffix = randomBytes(6).toString('hex')
  const folder = join(dirname(holder.folder), `.${basename(holder.folder)}.${suffix}.tmp`)
  try {
    await ensurePrivateFolder(folder)
    await writeFiles({...holder, folder}, issued, authorities)
    await rename(folder, holder.folder)
  } catch (error) {
    await rm(folder, {recursive: true, force: true})
    throw error
  }
}

async function writeFiles(holder: Holder, {certificate, key}: IssuedCertificate, authorities: string): Promise<void> {
  const files = filesOf(holder)
  await writeAuthorities(holder, authorities)
  await writePrivateFile(files.certificate, certificate, {overwrite: true, mode: PUBLIC})
  await writePrivateFile(files.key, key, {overwrite: true})
}

/** The authorities that a holder trusts. */
export async function writeAuthorities(holder: Holder, authorities: string): Promise<void> {
  await writePrivateFile(filesOf(holder).authorities, authorities, {overwrite: true, mode: PUBLIC})
}

export async function readPem(path: string): Promise<string> {
  return readSmallFile(path, LARGEST_FILE)
}

export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
