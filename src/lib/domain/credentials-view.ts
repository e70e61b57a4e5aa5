import type {SubjectRules, UserClaims} from './user-claims.ts'

/** Claims as --json shows them: times in RFC 3339, null where there is no limit or no end. Holds no secret. */
export interface ClaimsView {
  readonly identity: {readonly name: string; readonly publicKey: string}
  readonly accountId: string
  /** The key of the account that signed; null where its own did. */
  readonly signingKey: string | null
  readonly issuedAt: string | null
  readonly validFrom: string | null
  readonly expiresAt: string | null
  readonly permissions: {
    readonly publish: SubjectRules
    readonly subscribe: SubjectRules
    readonly responses: {readonly max: number; readonly ttlMs: number} | null
    /** They are those of the account's signing key. */
    readonly scoped: boolean
  }
  readonly limits: {
    readonly subscriptions: number | null
    readonly dataBytes: number | null
    readonly payloadBytes: number | null
  }
  readonly connectionTypes: readonly string[]
  readonly sources: readonly string[]
  readonly tags: readonly string[]
  readonly bearer: boolean
}

export function viewClaims(claims: UserClaims): ClaimsView {
  const {name, publicKey, account, signingKey, publish, subscribe, responses, scoped, limits} = claims
  return {
    identity: {name, publicKey},
    accountId: account,
    signingKey: signingKey ?? null,
    issuedAt: timestamp(claims.issuedAt),
    validFrom: timestamp(claims.validFrom),
    expiresAt: timestamp(claims.expiresAt),
    permissions: {publish, subscribe, responses: responses ?? null, scoped},
    limits: {
      subscriptions: limits.subscriptions ?? null,
      dataBytes: limits.data ?? null,
      payloadBytes: limits.payload ?? null,
    },
    connectionTypes: claims.connectionTypes,
    sources: claims.sources,
    tags: claims.tags,
    bearer: claims.bearer,
  }
}

/** Anything closer is worth a warning. */
const SOON_MS = 24 * 3600 * 1000

/** A warning where the credentials stop working within a day; `now` in milliseconds since the epoch. */
export function warnOfExpiry({expiresAt}: UserClaims, now: number): string | undefined {
  if (expiresAt === undefined || expiresAt <= now || expiresAt - now > SOON_MS) return undefined
  const minutes = Math.ceil((expiresAt - now) / 60_000)
  const left = minutes < 120 ? `${minutes} minutes` : `${Math.floor(minutes / 60)} hours`
  return `these credentials stop working in ${left}, at ${timestamp(expiresAt)}`
}

/** RFC 3339 to the second; null where there is no such time, or one beyond the calendar, as a JWT can hold. */
export function timestamp(ms: number | undefined): string | null {
  if (ms === undefined || Math.abs(ms) > 8.64e15) return null
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
