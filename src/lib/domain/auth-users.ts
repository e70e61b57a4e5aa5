import {type CredentialOwner, checkCredentials, type KeyInspector, type NamedSecret, ownerName} from './credentials.ts'
import type {SubjectRules, UserClaims} from './user-claims.ts'

/** Users of a cluster in operator mode: which keys each of them was given, and which of these still count. */

/** One key that a user was given. Nothing in it is secret. */
export interface IssuedRecord {
  /** `admin`, `system`, or a service's name. */
  readonly user: string
  readonly publicKey: string
  /** Public key of the account it is in. */
  readonly account: string
  /** RFC 3339. */
  readonly issuedAt: string
  /** When the user was given a later key, RFC 3339; null: it has this one. */
  readonly replacedAt: string | null
}

/** Names that are no services. */
export const RESERVED_USERS: readonly string[] = ['admin', 'system']

/**
 * With one more key of a user. It is written down before the user is given it, so that no key is ever forgotten; until
 * recordCurrent says that it was, the user's other keys count as in use.
 */
export function recordIssue(
  records: readonly IssuedRecord[],
  issued: Omit<IssuedRecord, 'replacedAt'>,
): readonly IssuedRecord[] {
  const isKnown = records.some(({publicKey}) => publicKey === issued.publicKey)
  return isKnown ? records : [...records, {...issued, replacedAt: null}]
}

/** With this key as the only one that the user has; `at` in RFC 3339. */
export function recordCurrent(
  records: readonly IssuedRecord[],
  {user, publicKey}: Pick<IssuedRecord, 'user' | 'publicKey'>,
  at: string,
): readonly IssuedRecord[] {
  return records.map((record) => {
    if (record.user !== user) return record
    return {...record, replacedAt: record.publicKey === publicKey ? null : (record.replacedAt ?? at)}
  })
}

/** Records of a text; undefined where it holds anything else. */
export function parseRecords(text: string): readonly IssuedRecord[] | undefined {
  try {
    const {users} = JSON.parse(text) as {readonly users: unknown}
    return Array.isArray(users) && users.every(isRecord) ? users : undefined
  } catch {
    return undefined
  }
}

export function formatRecords(users: readonly IssuedRecord[]): string {
  return `${JSON.stringify({users}, undefined, 2)}\n`
}

function isRecord(value: unknown): value is IssuedRecord {
  if (typeof value !== 'object' || value === null) return false
  const {user, publicKey, account, issuedAt, replacedAt} = value as Partial<Record<keyof IssuedRecord, unknown>>
  const isTime = (time: unknown): boolean => typeof time === 'string' && !Number.isNaN(Date.parse(time))
  return (
    typeof user === 'string' &&
    /^U[A-Z2-7]{55}$/.test(String(publicKey)) &&
    /^A[A-Z2-7]{55}$/.test(String(account)) &&
    isTime(issuedAt) &&
    (replacedAt === null || isTime(replacedAt))
  )
}

/** A user as it should be. */
export interface ExpectedUser {
  readonly owner: CredentialOwner
  /** Public key. */
  readonly account: string
  /** Public keys that may have signed: the account's own and its signing keys. */
  readonly signers: readonly string[]
  /** Undefined: everything in the account. */
  readonly permissions:
    | {readonly publish: readonly string[]; readonly subscribe: readonly string[]; readonly respond: boolean}
    | undefined
  /** Of the account: seconds since the epoch by user's key. */
  readonly revocations: Readonly<Record<string, number>>
}

/** What is stored for a user: a part is undefined where there is none. */
export interface StoredUser {
  readonly jwt: NamedSecret | undefined
  readonly seed: NamedSecret | undefined
}

export type UserJudgement =
  /** Nothing that works is there: one part alone is what an interrupted run leaves. */
  | {readonly state: 'missing'}
  | {readonly state: 'matches'; readonly claims: UserClaims}
  /** `why` completes "the credentials of admin ...". */
  | {readonly state: 'differs'; readonly why: string; readonly claims: UserClaims | undefined}

/** Whether the stored credentials are those of the expected user, working at `now` (milliseconds since the epoch). */
export function judgeUser(
  stored: StoredUser,
  expected: ExpectedUser,
  inspector: KeyInspector,
  now: number,
): UserJudgement {
  const {jwt, seed} = stored
  if (jwt === undefined || seed === undefined) return {state: 'missing'}
  const check = checkCredentials({jwt, seed}, inspector, now)
  const claims = check.ok ? check.credentials.claims : check.claims
  const why = check.ok ? whyDifferent(check.credentials.claims, expected) : `do not work: ${check.problem.message}`
  if (why !== undefined) return {state: 'differs', why, claims}
  return check.ok ? {state: 'matches', claims: check.credentials.claims} : {state: 'missing'}
}

function whyDifferent(claims: UserClaims, {owner, account, signers, permissions, revocations}: ExpectedUser) {
  if (claims.account !== account) return `are of another account, ${claims.account}`
  if (!signers.includes(claims.signingKey ?? claims.account)) {
    return `are signed by ${claims.signingKey}, which is no signing key of the account`
  }
  if (isRevoked(claims, revocations)) return 'are revoked'
  const {publish, subscribe, responses} = claims
  const same =
    matches(publish, permissions?.publish) &&
    matches(subscribe, permissions?.subscribe) &&
    (responses !== undefined) === (permissions?.respond ?? false)
  return same ? undefined : `have other permissions than ${ownerName(owner)} is described with`
}

/** A revocation counts for JWTs that were issued at its time or before; `*` is every user. */
export function isRevoked(
  {publicKey, issuedAt}: Pick<UserClaims, 'publicKey' | 'issuedAt'>,
  revocations: Readonly<Record<string, number>>,
): boolean {
  const until = Math.max(revocations[publicKey] ?? 0, revocations['*'] ?? 0)
  return until > 0 && Math.floor((issuedAt ?? 0) / 1000) <= until
}

/** Nothing allowed at all is a denial of everything: an empty list in a JWT allows all. */
function matches({allow, deny}: SubjectRules, wanted: readonly string[] | undefined): boolean {
  const [allowed, denied] =
    wanted === undefined ? [[], []] : wanted.length === 0 ? [[], ['>']] : ([wanted, []] as const)
  const key = (subjects: readonly string[]): string => [...subjects].sort().join(' ')
  return key(allow) === key(allowed) && key(deny) === key(denied)
}
