import type {Account} from '@nats-io/jwt'
import type {AuthorityKey} from './accounts-keys.ts'
import {accountLimits, type JetStreamLimits} from './authority.ts'

/**
 * JWTs of an operator and of accounts, each with an identity and a signing key. The identity is the name that servers
 * and users know and can stay away from every machine; the signing key does the daily work and can be exchanged.
 */

export interface OperatorClaims {
  readonly name: string
  readonly publicKey: string
  readonly signingKeys: readonly string[]
  readonly systemAccount: string | undefined
}

export interface AccountClaims {
  readonly name: string
  readonly publicKey: string
  readonly issuer: string
  readonly signingKeys: readonly string[]
  readonly jetStream: JetStreamLimits
  /** Users whose JWTs are refused, by public key: those issued at this time or before, seconds since the epoch. */
  readonly revocations: Readonly<Record<string, number>>
}

export async function signOperator(
  name: string,
  identity: AuthorityKey,
  {signingKey, systemAccount}: {readonly signingKey: string; readonly systemAccount: string},
): Promise<string> {
  const {encodeOperator} = await import('@nats-io/jwt')
  return encodeOperator(name, identity.seed, {signing_keys: [signingKey], system_account: systemAccount})
}

export interface AccountContent {
  readonly name: string
  readonly publicKey: string
  readonly signingKeys: readonly string[]
  /** Undefined: no JetStream at all. */
  readonly jetStream: JetStreamLimits | undefined
}

export async function signAccount(content: AccountContent, operator: Pick<AuthorityKey, 'seed'>): Promise<string> {
  const {encodeAccount} = await import('@nats-io/jwt')
  const {name, publicKey, signingKeys, jetStream} = content
  const claims = {signing_keys: [...signingKeys], limits: accountLimits(jetStream)}
  return encodeAccount(name, publicKey, claims, {signer: operator.seed})
}

/** Undefined for whatever is not an operator's JWT, signed by itself. */
export async function readOperator(jwt: string): Promise<OperatorClaims | undefined> {
  const claims = await read(jwt, 'operator')
  if (claims === undefined || claims.iss !== claims.sub) return undefined
  const {signing_keys, system_account} = claims.nats as {signing_keys?: unknown; system_account?: unknown}
  return {
    name: claims.name,
    publicKey: claims.sub,
    signingKeys: keysOf(signing_keys),
    systemAccount: typeof system_account === 'string' ? system_account : undefined,
  }
}

/** Undefined for whatever is not an account's JWT with a good signature; whose it is says `issuer`. */
export async function readAccount(jwt: string): Promise<AccountClaims | undefined> {
  const claims = await read(jwt, 'account')
  if (claims === undefined) return undefined
  const {limits = {}, revocations = {}, signing_keys} = claims.nats
  const {mem_storage = 0, disk_storage = 0, streams = 0, consumer = 0} = limits
  return {
    name: claims.name,
    publicKey: claims.sub,
    issuer: claims.iss,
    signingKeys: keysOf(signing_keys),
    jetStream: {memoryStorage: mem_storage, fileStorage: disk_storage, streams, consumers: consumer},
    revocations,
  }
}

export interface AccountChange {
  readonly jetStream?: JetStreamLimits | undefined
  /** Public keys of users who are refused from now on. */
  readonly revoke?: readonly string[]
  /** Seconds since the epoch. */
  readonly at: number
}

/**
 * The same account with these changes, signed anew; everything else in it stays, what natsops knows nothing of too. A
 * revocation that is there keeps its later time.
 */
export async function changeAccount(
  jwt: string,
  operator: Pick<AuthorityKey, 'seed'>,
  {jetStream, revoke = [], at}: AccountChange,
): Promise<string> {
  const {decode, encodeAccount} = await import('@nats-io/jwt')
  const {name, sub, exp, nbf, nats} = decode<Account>(jwt)
  const {type: _type, version: _version, ...content} = nats
  const revocations = {...content.revocations}
  for (const key of revoke) revocations[key] = Math.max(at, revocations[key] ?? 0)
  const claims = {
    ...content,
    ...(jetStream === undefined ? {} : {limits: {...content.limits, ...jetStreamClaims(jetStream)}}),
    ...(Object.keys(revocations).length === 0 ? {} : {revocations}),
  }
  const dates = {...(exp === undefined ? {} : {exp}), ...(nbf === undefined ? {} : {nbf})}
  return encodeAccount(name, sub, claims, {...dates, signer: operator.seed})
}

function jetStreamClaims(jetStream: JetStreamLimits) {
  const {mem_storage, disk_storage, streams, consumer} = accountLimits(jetStream)
  return {mem_storage, disk_storage, streams, consumer}
}

async function read(jwt: string, type: 'operator' | 'account') {
  const {decode} = await import('@nats-io/jwt')
  try {
    const claims = decode<Account>(jwt)
    return claims.nats.type === type ? claims : undefined
  } catch {
    return undefined
  }
}

/** A signing key with a scope of its own is an object. */
function keysOf(value: unknown): readonly string[] {
  const keys: readonly unknown[] = Array.isArray(value) ? value : []
  return keys.flatMap((key) => (typeof key === 'string' ? [key] : []))
}
