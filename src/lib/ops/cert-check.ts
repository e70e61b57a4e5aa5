import {stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {
  type CertificateFinding,
  type CertificateView,
  judgeCertificate,
  splitPem,
} from '../author/certificates-check.ts'
import type {ClusterContext, Context} from '../context.ts'
import {configuredNodes, defaultThresholds, type NodeTarget, type Thresholds} from '../domain/settings.ts'
import {Exit, messageOf, OpsError} from '../errors.ts'
import {filesOf, isThere, listHolders, readPem} from './cert-folder.ts'

export interface CertCheckRequest {
  /** PEM files and folders of `cert generate`. */
  readonly paths: readonly string[]
  /** PEM file of the authorities to trust; undefined: the ca.crt beside a certificate, else the chain is not judged. */
  readonly authorities: string | undefined
  /** PEM file of the key of the one file that is checked. */
  readonly key: string | undefined
  /** Host names and addresses that a server's certificate has to hold. */
  readonly hosts: readonly string[]
}

/** Public under --json; times in RFC 3339. */
export interface CertCheck {
  /** Null where files were asked for. */
  readonly cluster: string | null
  readonly at: string
  readonly verdict: 'ok' | 'degraded' | 'critical' | 'unknown'
  readonly certificates: readonly CheckedCertificate[]
}

export interface CheckedCertificate {
  /** Where it was found: a file, or host:port of a node. */
  readonly where: string
  /** Null where none could be seen; the findings say why. */
  readonly certificate: CertificateFacts | null
  readonly findings: readonly (Omit<CertificateFinding, 'problem'> & {
    readonly problem: CertificateFinding['problem'] | 'unreachable' | 'no-tls'
  })[]
}

export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly names: readonly string[]
  readonly isAuthority: boolean
  readonly notBefore: string
  readonly notAfter: string
}

type Limits = Pick<Thresholds, 'certificateDaysWarning' | 'certificateDaysCritical'>

/** Files and folders. Rejects with CERTIFICATE_NOT_READABLE (exit 2) for what is no certificate. */
export async function checkCertificateFiles(context: Context, request: CertCheckRequest): Promise<CertCheck> {
  const now = context.clock.now()
  const trusted = request.authorities === undefined ? undefined : await readCertificates(request.authorities)
  const certificates: CheckedCertificate[] = []
  for (const path of request.paths) {
    const isFolder = await stat(path)
      .then((found) => found.isDirectory())
      .catch(() => false)
    const found = isFolder
      ? await checkFolder(path, request, trusted, now)
      : await checkFile(path, request, trusted, now)
    certificates.push(...found)
  }
  return {cluster: null, at: new Date(now).toISOString(), verdict: verdictOf(certificates), certificates}
}

async function checkFolder(
  path: string,
  {hosts}: CertCheckRequest,
  trusted: readonly string[] | undefined,
  now: number,
): Promise<readonly CheckedCertificate[]> {
  const root = resolve(path)
  const checked: CheckedCertificate[] = []
  for (const name of ['ca.crt', 'next.crt'].map((each) => join(root, 'ca', each))) {
    if (await isThere(name)) checked.push(...(await judgeAll(name, undefined, now)))
  }
  for (const holder of await listHolders(root)) {
    const files = filesOf(holder)
    const authorities = trusted ?? ((await isThere(files.authorities)) ? await readCertificates(files.authorities) : [])
    const chain = await readCertificates(files.certificate)
    const key = await readKeyFile(files.key)
    const input = {chain, authorities, key, hosts: holder.use === 'server' ? hosts : [], use: holder.use}
    checked.push(shown(files.certificate, judgeCertificate(input, now, defaultThresholds)))
  }
  if (checked.length > 0) return checked
  throw new OpsError(`there is no certificate in ${root}`, {code: 'CERTIFICATE_NOT_FOUND', exit: Exit.notFound})
}

/** A bundle of authorities is several certificates, a server's file is one with its chain. */
async function checkFile(
  path: string,
  request: CertCheckRequest,
  trusted: readonly string[] | undefined,
  now: number,
): Promise<readonly CheckedCertificate[]> {
  const chain = await readCertificates(path)
  const own = request.key === undefined ? undefined : await requireKeyFile(request.key)
  const input = {chain, authorities: trusted, key: own, hosts: request.hosts, use: undefined}
  const first = judgeCertificate(input, now, defaultThresholds)
  return first.isAuthority ? judgeAll(path, trusted, now) : [shown(path, first)]
}

async function judgeAll(
  path: string,
  authorities: readonly string[] | undefined,
  now: number,
): Promise<readonly CheckedCertificate[]> {
  const certificates = await readCertificates(path)
  return certificates.map((each) => {
    const input = {chain: [each], authorities, key: undefined, hosts: [], use: undefined}
    return shown(path, judgeCertificate(input, now, defaultThresholds))
  })
}

/** What every node shows on its client port, and on its monitoring port where that is https. */
export async function checkClusterCertificates(
  context: ClusterContext,
  {timeoutMs}: {readonly timeoutMs: number},
): Promise<CertCheck> {
  const {settings, clock, signal} = context
  const {ca} = settings.tls
  const authorities = ca === undefined ? undefined : await readCertificates(ca)
  const probe = await context.certificateProbe()
  const ports = configuredNodes(settings).flatMap((node) => portsOf(node, settings.monitorScheme))
  const certificates = await Promise.all(
    ports.map(async (port): Promise<CheckedCertificate> => {
      const where = `${port.host}:${port.port}`
      const answer = await probe.chain(port, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      if (!answer.ok) return failed(where, 'unreachable', answer.problem.detail)
      if (!answer.value?.length) return failed(where, 'no-tls', 'the port has no TLS')
      const input = {chain: answer.value, authorities, key: undefined, hosts: [port.host], use: 'server' as const}
      return shown(where, judgeCertificate(input, clock.now(), limitsOf(settings.thresholds)))
    }),
  )
  signal.throwIfAborted()
  return {
    cluster: settings.name,
    at: new Date(clock.now()).toISOString(),
    verdict: verdictOf(certificates),
    certificates,
  }
}

function portsOf({host, clientPort, monitorPort}: NodeTarget, scheme: 'http' | 'https') {
  const client = {host, port: clientPort, kind: 'nats'} as const
  return scheme === 'https' ? [client, {host, port: monitorPort, kind: 'https'} as const] : [client]
}

function limitsOf({certificateDaysWarning, certificateDaysCritical}: Thresholds): Limits {
  return {certificateDaysWarning, certificateDaysCritical}
}

function failed(where: string, problem: 'unreachable' | 'no-tls', message: string): CheckedCertificate {
  return {where, certificate: null, findings: [{problem, severity: 'warning', message}]}
}

function shown(where: string, {findings, notBefore, notAfter, ...facts}: CertificateView): CheckedCertificate {
  const moment = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
  return {where, certificate: {...facts, notBefore: moment(notBefore), notAfter: moment(notAfter)}, findings}
}

function verdictOf(certificates: readonly CheckedCertificate[]): CertCheck['verdict'] {
  const findings = certificates.flatMap((each) => each.findings)
  if (certificates.every(({certificate}) => certificate === null)) {
    return findings.every(({problem}) => problem === 'unreachable') ? 'unknown' : 'degraded'
  }
  if (findings.some(({severity}) => severity === 'critical')) return 'critical'
  return findings.length > 0 ? 'degraded' : 'ok'
}

async function readCertificates(path: string): Promise<readonly string[]> {
  try {
    const certificates = splitPem(await readPem(path))
    if (certificates.length === 0) throw new Error('there is no PEM certificate in it')
    return certificates
  } catch (cause) {
    const exit = cause instanceof OpsError && cause.exit === Exit.notFound ? Exit.notFound : Exit.usage
    const message =
      cause instanceof OpsError ? cause.message : `${path} cannot be read as a certificate: ${messageOf(cause)}`
    throw new OpsError(message, {code: 'CERTIFICATE_NOT_READABLE', exit, cause})
  }
}

async function requireKeyFile(path: string) {
  const key = await readKeyFile(path)
  return key ?? Promise.reject(new OpsError(`there is no file ${path}`, {code: 'FILE_NOT_FOUND', exit: Exit.notFound}))
}

/** Undefined where the key is somewhere else, as it should be on a machine that only checks. */
async function readKeyFile(path: string) {
  if (!(await isThere(path))) return undefined
  const [text, {mode}] = await Promise.all([readPem(path), stat(path)])
  return {text, isReadableByOthers: (mode & 0o077) !== 0}
}
