import type {webcrypto} from 'node:crypto'
import {isIP} from 'node:net'
import {UsageError} from '../errors.ts'

/**
 * X.509 certificates for NATS over TLS: a private authority, and what it issues to servers and clients. ECDSA on P-256
 * with SHA-256, which every TLS library that NATS clients use accepts. Nothing is read or written here; what is wrong
 * with certificates that exist is certificates-check.ts.
 */

/** A certificate and the private key that belongs to it, both PEM; the key is PKCS #8 without a passphrase. */
export interface IssuedCertificate {
  readonly certificate: string
  readonly key: string
}

/** Times in milliseconds since the epoch. */
export interface Validity {
  readonly now: number
  readonly days: number
}

export interface AuthorityRequest extends Validity {
  /** Common name, e.g. `nats-prod CA 2026-01`. */
  readonly name: string
}

/**
 * What the holder may be: a server is also a client of other servers (routes, gateways and leaf nodes are dialled from
 * both sides with one certificate), so `server` has both uses.
 */
export type CertificateUse = 'server' | 'client'

export interface CertificateRequest extends Validity {
  /** Common name: the server's or the client's name. */
  readonly name: string
  readonly use: CertificateUse
  /** Subject alternative names: host names, also `*.example.internal`, and IP addresses in text. */
  readonly hosts: readonly string[]
}

/** Clocks differ: a certificate of this second would be refused by a machine that is a minute behind. */
const BACKDATED_MS = 5 * 60_000
export const DAY_MS = 24 * 60 * 60_000
const CURVE = {name: 'ECDSA', namedCurve: 'P-256'} as const
const SIGNATURE = {name: 'ECDSA', hash: 'SHA-256'} as const
const LONGEST_NAME = 64
const HOST = /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i

/** A new self-signed authority, which can sign servers and clients but no further authority. */
export async function createCertificateAuthority(request: AuthorityRequest): Promise<IssuedCertificate> {
  const x509 = await openLibrary()
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: distinguishedName(request.name),
    ...validityOf(request, Number.POSITIVE_INFINITY),
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {certificate: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey)}
}

/**
 * A certificate of this authority with a key of its own. It ends with the authority's where that ends earlier: a
 * certificate that outlives its issuer only looks valid. UsageError for a name or host that no certificate can hold.
 */
export async function issueCertificate(
  authority: IssuedCertificate,
  request: CertificateRequest,
): Promise<IssuedCertificate> {
  const x509 = await openLibrary()
  const issuer = new x509.X509Certificate(authority.certificate)
  const keys = await crypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const {serverAuth, clientAuth} = x509.ExtendedKeyUsage
  const names = request.hosts.map(alternativeName)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject: distinguishedName(request.name),
    issuer: issuer.subjectName,
    ...validityOf(request, issuer.notAfter.getTime()),
    publicKey: keys.publicKey,
    signingKey: await importKey(authority),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(request.use === 'server' ? [serverAuth, clientAuth] : [clientAuth]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return {certificate: pem(certificate.toString('pem')), key: await exportKey(keys.privateKey)}
}

/** Loaded on first use: the library and its ASN.1 schemas take about 0.1 s. Its container needs the polyfill first. */
async function openLibrary() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

function distinguishedName(name: string) {
  if (!/^[\x20-\x7e]+$/.test(name) || name.length > LONGEST_NAME) {
    const rule = `a certificate's name has 1 to ${LONGEST_NAME} printable ASCII characters`
    throw new UsageError(`${JSON.stringify(name)} cannot be the name of a certificate: ${rule}`)
  }
  return [{CN: [name]}]
}

function alternativeName(host: string): {readonly type: 'ip' | 'dns'; readonly value: string} {
  if (isIP(host) !== 0) return {type: 'ip', value: host}
  if (HOST.test(host) && host.length <= 253 && !/^[\d.]+$/.test(host)) return {type: 'dns', value: host.toLowerCase()}
  throw new UsageError(`${JSON.stringify(host)} is neither a host name nor an IP address`, [
    'without scheme and port, as in node-1.example.internal or 10.0.1.7',
  ])
}

/** A certificate's times have whole seconds. */
function validityOf({now, days}: Validity, latest: number): {readonly notBefore: Date; readonly notAfter: Date} {
  const second = (at: number): Date => new Date(Math.floor(at / 1000) * 1000)
  return {notBefore: second(now - BACKDATED_MS), notAfter: second(Math.min(now + days * DAY_MS, latest))}
}

/** 127 random bits: positive, and below the 20 bytes that RFC 5280 allows. */
function newSerialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const {KeyObject} = await import('node:crypto')
  return KeyObject.from(key).export({type: 'pkcs8', format: 'pem'}).toString()
}

async function importKey({certificate, key}: IssuedCertificate): Promise<webcrypto.CryptoKey> {
  const {createPrivateKey, X509Certificate} = await import('node:crypto')
  const privateKey = createPrivateKey(key)
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new UsageError(`the authority's key is not ECDSA on P-256 (${privateKey.asymmetricKeyType ?? 'unknown'})`)
  }
  if (!new X509Certificate(certificate).checkPrivateKey(privateKey)) {
    throw new UsageError("the authority's key is not the key of its certificate")
  }
  return privateKey.toCryptoKey(CURVE, false, ['sign'])
}

function pem(text: string): string {
  return `${text.trim()}\n`
}
