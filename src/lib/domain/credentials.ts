import {timestamp} from './credentials-view.ts'
import {quoteForShell} from './shell.ts'
import {decodeUserJwt, type UserClaims} from './user-claims.ts'

/** Whose credentials: the operator's admin user, the system account's, or one service's. */
export type CredentialOwner = {readonly kind: 'admin' | 'system'} | {readonly kind: 'service'; readonly service: string}

/** A JWT or a seed as found, and what to call it in a message: its SSM parameter, `the JWT in FILE`. */
export interface NamedSecret {
  readonly name: string
  readonly value: string
}

/** What the check asks about keys; the nkeys library answers. */
export interface KeyInspector {
  publicKeyOf(seed: string): {readonly publicKey: string; readonly kind: string} | undefined
  verifySignature(jwt: string): boolean
}

export interface CheckedCredentials {
  readonly jwt: string
  readonly seed: string
  readonly claims: UserClaims
}

export interface CredentialProblem {
  readonly code: 'CREDENTIALS_INVALID' | 'CREDENTIALS_EXPIRED' | 'CREDENTIALS_NOT_YET_VALID'
  /** Names the parameter, never its value. */
  readonly message: string
}

export type CredentialCheck =
  | {readonly ok: true; readonly credentials: CheckedCredentials}
  /** `claims` where the JWT could be read nevertheless. */
  | {readonly ok: false; readonly problem: CredentialProblem; readonly claims: UserClaims | undefined}

/** Clocks differ a little; a JWT that was issued this moment is valid. */
const CLOCK_TOLERANCE_MS = 60_000

/**
 * Whether a JWT and a seed are one user's working credentials at `now` (milliseconds since the epoch). White space
 * anywhere in them is dropped: neither has any, and copying through consoles adds some.
 */
export function checkCredentials(
  found: {readonly jwt: NamedSecret; readonly seed: NamedSecret},
  inspector: KeyInspector,
  now: number,
): CredentialCheck {
  const jwt = {...found.jwt, value: found.jwt.value.replace(/\s/g, '')}
  const seed = {...found.seed, value: found.seed.value.replace(/\s/g, '')}
  const misplaced = whyMisplaced(jwt, seed)
  if (misplaced !== undefined) return invalid(misplaced)

  const decoded = decodeUserJwt(jwt.value)
  if (!decoded.ok) return invalid(`${jwt.name} ${decoded.reason}`)
  const {claims} = decoded
  if (!inspector.verifySignature(jwt.value)) {
    return invalid(`${jwt.name} is damaged: its signature does not match its content`, claims)
  }
  const key = inspector.publicKeyOf(seed.value)
  if (key === undefined) return invalid(`${seed.name} is not a seed`, claims)
  if (key.kind !== 'user') return invalid(`${seed.name} is a seed of another kind (${key.kind}), not a user's`, claims)
  if (key.publicKey !== claims.publicKey) {
    return invalid(`${seed.name} is the seed of another user than ${jwt.name} is for`, claims)
  }
  const problem = whyNotNow(jwt.name, claims, now)
  return problem ? {ok: false, problem, claims} : {ok: true, credentials: {jwt: jwt.value, seed: seed.value, claims}}
}

/** Whose credentials two flags of the command line mean: the admin's, unless they say otherwise. */
export function chooseOwner(system: boolean, service: string | undefined): CredentialOwner {
  return service === undefined ? {kind: system ? 'system' : 'admin'} : {kind: 'service', service}
}

/** A command of the nats CLI that every such user is allowed, for a POSIX shell. */
export function exampleCommand(owner: CredentialOwner, servers: readonly string[], path: string): string {
  const example = {admin: ['stream', 'ls'], system: ['server', 'list'], service: ['sub', `${ownerName(owner)}.>`]}
  return quoteForShell(['nats', '--server', servers.join(','), '--creds', path, ...example[owner.kind]])
}

/** `admin`, `system`, or the service's name: for file names and tables. */
export function ownerName(owner: CredentialOwner): string {
  return owner.kind === 'service' ? owner.service : owner.kind
}

function whyMisplaced(jwt: NamedSecret, seed: NamedSecret): string | undefined {
  const looksLikeSeed = ({value}: NamedSecret): boolean => /^S[A-Z2-7]{57}$/.test(value)
  const looksLikeJwt = ({value}: NamedSecret): boolean => /^eyJ[^.]*\.[^.]*\.[^.]*$/.test(value)
  if (jwt.value === '') return `${jwt.name} is empty`
  if (seed.value === '') return `${seed.name} is empty`
  if (looksLikeSeed(jwt) && looksLikeJwt(seed)) return `${jwt.name} and ${seed.name} are swapped`
  if (looksLikeSeed(jwt)) return `${jwt.name} holds a seed, not a JWT`
  if (looksLikeJwt(seed)) return `${seed.name} holds a JWT, not a seed`
  return undefined
}

function whyNotNow(name: string, {validFrom, expiresAt}: UserClaims, now: number): CredentialProblem | undefined {
  if (expiresAt !== undefined && expiresAt <= now) {
    return {code: 'CREDENTIALS_EXPIRED', message: `${name} expired at ${timestamp(expiresAt)}`}
  }
  if (validFrom !== undefined && validFrom > now + CLOCK_TOLERANCE_MS) {
    const message = `${name} is not valid before ${timestamp(validFrom)}; this machine's clock says ${timestamp(now)}`
    return {code: 'CREDENTIALS_NOT_YET_VALID', message}
  }
  return undefined
}

function invalid(message: string, claims?: UserClaims): CredentialCheck {
  return {ok: false, problem: {code: 'CREDENTIALS_INVALID', message}, claims}
}
