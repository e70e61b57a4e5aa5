import {createPrivateKey, type KeyObject, X509Certificate} from 'node:crypto'
import {isIP} from 'node:net'
import type {Thresholds} from '../domain/settings.ts'
import {DAY_MS} from './certificates.ts'

/** What can be wrong with a certificate and its key. Ids are public interface: none is ever renamed. */
export type CertificateProblem =
  | 'expired'
  | 'expiring'
  | 'not-yet-valid'
  | 'untrusted'
  | 'key-mismatch'
  | 'key-unreadable'
  | 'key-readable-by-others'
  | 'name-missing'
  | 'names-absent'
  | 'use-missing'
  | 'key-weak'

export interface CertificateFinding {
  readonly problem: CertificateProblem
  readonly severity: 'critical' | 'warning'
  /** Untrusted text. */
  readonly message: string
}

/** One certificate, everything needed to judge it; what is undefined is not looked at. */
export interface CertificateInput {
  /** PEM: the certificate itself first, then those that lead to its authority. */
  readonly chain: readonly string[]
  /** PEM texts of the authorities that are trusted. */
  readonly authorities: readonly string[] | undefined
  readonly key: {readonly text: string; readonly isReadableByOthers: boolean} | undefined
  /** Host names and addresses it has to hold. */
  readonly hosts: readonly string[]
  readonly use: 'server' | 'client' | undefined
}

export interface CertificateView {
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  /** Subject alternative names as the certificate has them. */
  readonly names: readonly string[]
  readonly isAuthority: boolean
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  readonly findings: readonly CertificateFinding[]
}

type Limits = Pick<Thresholds, 'certificateDaysWarning' | 'certificateDaysCritical'>

const SERVER_USE = '1.3.6.1.5.5.7.3.1'
const CLIENT_USE = '1.3.6.1.5.5.7.3.2'
const SMALLEST_RSA = 2048
const LONGEST_CHAIN = 10

/** The certificates of a PEM text, in their order; none where there is none. Throws where one is broken. */
export function splitPem(text: string): readonly string[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  for (const each of found) new X509Certificate(each)
  return found.map((each) => `${each}\n`)
}

/** Judges the first certificate of the chain, and how long all that it depends on lives. Throws for an empty chain. */
export function judgeCertificate(input: CertificateInput, now: number, limits: Limits): CertificateView {
  const [leaf, ...others] = input.chain.map((text) => new X509Certificate(text))
  if (!leaf) throw new Error('there is no certificate to judge')
  const trusted = input.authorities?.map((text) => new X509Certificate(text))
  const path = pathOf(leaf, [...others, ...(trusted ?? [])])
  const findings = [
    ...judgeTimes(path, now, limits),
    ...judgeTrust(path, trusted),
    ...judgeKey(leaf, input.key),
    ...judgeUse(leaf, input.use),
    ...judgeNames(leaf, input),
  ]
  return {
    subject: oneLine(leaf.subject),
    issuer: oneLine(leaf.issuer),
    serialNumber: leaf.serialNumber.toLowerCase(),
    names: namesOf(leaf),
    isAuthority: leaf.ca,
    notBefore: leaf.validFromDate.getTime(),
    notAfter: leaf.validToDate.getTime(),
    findings,
  }
}

/** A certificate is signed by another: by name and by signature. */
export function isSignedBy(certificate: string, authority: string): boolean {
  return issued(new X509Certificate(authority), new X509Certificate(certificate))
}

export function isKeyOf(key: string, certificate: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function issued(authority: X509Certificate, certificate: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

/** From the certificate to the last one that can be found. */
function pathOf(leaf: X509Certificate, known: readonly X509Certificate[]): readonly X509Certificate[] {
  const path = [leaf]
  while (path.length < LONGEST_CHAIN) {
    const last = path.at(-1)
    const next = known.find((each) => last && !path.some((one) => one.raw.equals(each.raw)) && issued(each, last))
    if (!next) break
    path.push(next)
  }
  return path
}

function judgeTimes(path: readonly X509Certificate[], now: number, limits: Limits): readonly CertificateFinding[] {
  return path.flatMap((certificate, index): readonly CertificateFinding[] => {
    const what = index === 0 ? '' : `its authority ${oneLine(certificate.subject)} `
    const start = certificate.validFromDate.getTime()
    const days = (certificate.validToDate.getTime() - now) / DAY_MS
    const end = `${what}${days < 0 ? 'expired' : 'expires'} on ${dayOf(certificate.validToDate)}`
    if (now < start) {
      return [critical('not-yet-valid', `${what}is valid from ${dayOf(certificate.validFromDate)} only`)]
    }
    if (days < 0) return [critical('expired', end)]
    if (days >= limits.certificateDaysWarning) return []
    const left = `${end}: ${Math.floor(days)} days left`
    return [days < limits.certificateDaysCritical ? critical('expiring', left) : warning('expiring', left)]
  })
}

function judgeTrust(
  path: readonly X509Certificate[],
  trusted: readonly X509Certificate[] | undefined,
): readonly CertificateFinding[] {
  if (!trusted || path.some((each) => trusted.some((one) => one.raw.equals(each.raw)))) return []
  return [critical('untrusted', `no authority given here has signed ${oneLine(path.at(-1)?.subject ?? '')}`)]
}

function judgeKey(leaf: X509Certificate, key: CertificateInput['key']): readonly CertificateFinding[] {
  const findings: CertificateFinding[] = []
  if (key?.isReadableByOthers)
    findings.push(warning('key-readable-by-others', 'its key can be read by others: chmod 600'))
  const own = key && readKey(key.text)
  if (key && !own) findings.push(critical('key-unreadable', 'its key is no PEM key without passphrase'))
  if (own && !leaf.checkPrivateKey(own))
    findings.push(critical('key-mismatch', 'the key is not the key of the certificate'))
  const {asymmetricKeyType: type, asymmetricKeyDetails: details} = leaf.publicKey
  if (type === 'rsa' && (details?.modulusLength ?? 0) < SMALLEST_RSA) {
    findings.push(warning('key-weak', `RSA with ${details?.modulusLength} bits`))
  }
  if (/sha1|md5/i.test(leaf.signatureAlgorithm ?? '')) {
    findings.push(warning('key-weak', `signed with ${leaf.signatureAlgorithm}`))
  }
  return findings
}

function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text)
  } catch {
    return undefined
  }
}

function judgeUse(leaf: X509Certificate, use: CertificateInput['use']): readonly CertificateFinding[] {
  const uses = leaf.keyUsage as readonly string[] | undefined
  if (use === undefined || uses === undefined) return []
  if (use === 'client') {
    return uses.includes(CLIENT_USE) ? [] : [critical('use-missing', 'it is not made for clients (no clientAuth)')]
  }
  if (!uses.includes(SERVER_USE)) return [critical('use-missing', 'it is not made for servers (no serverAuth)')]
  if (uses.includes(CLIENT_USE)) return []
  return [warning('use-missing', 'it cannot be used for routes, where servers are clients too (no clientAuth)')]
}

/** Clients written in Go look at the alternative names alone, so natsops does too. */
function judgeNames(leaf: X509Certificate, {hosts, use}: CertificateInput): readonly CertificateFinding[] {
  if (use === 'client' || leaf.ca) return []
  if (namesOf(leaf).length === 0)
    return [critical('names-absent', 'it has no subject alternative names: clients refuse it')]
  return hosts.filter((host) => !hasHost(leaf, host)).map((host) => critical('name-missing', `it is not for ${host}`))
}

/** By its alternative names; `host` is a name or an address. */
export function isForHost(certificate: string, host: string): boolean {
  return hasHost(new X509Certificate(certificate), host)
}

function hasHost(leaf: X509Certificate, host: string): boolean {
  const found = isIP(host) === 0 ? leaf.checkHost(host, {subject: 'never'}) : leaf.checkIP(host)
  return found !== undefined
}

function namesOf(leaf: X509Certificate): readonly string[] {
  return leaf.subjectAltName?.split(', ') ?? []
}

function critical(problem: CertificateProblem, message: string): CertificateFinding {
  return {problem, severity: 'critical', message}
}

function warning(problem: CertificateProblem, message: string): CertificateFinding {
  return {problem, severity: 'warning', message}
}

function oneLine(name: string): string {
  return name.replaceAll('\n', ', ')
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
