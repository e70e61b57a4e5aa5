/** What a NATS user JWT says, in our words. Every text in it is untrusted. */
export interface UserClaims {
  readonly name: string
  /** The user's public key, U... */
  readonly publicKey: string
  /** Public key of the account the user belongs to, A... */
  readonly account: string
  /** The account's signing key, where that and not the account's own key signed. */
  readonly signingKey: string | undefined
  /** Permissions and limits are those of the signing key's role, not of this JWT. */
  readonly scoped: boolean
  /** Milliseconds since the epoch, like the two below. */
  readonly issuedAt: number | undefined
  readonly validFrom: number | undefined
  /** Undefined: never. */
  readonly expiresAt: number | undefined
  readonly publish: SubjectRules
  readonly subscribe: SubjectRules
  /** Replies allowed to subjects that are not in `publish`. */
  readonly responses: {readonly max: number; readonly ttlMs: number} | undefined
  readonly limits: UserLimits
  /** Empty: any. */
  readonly connectionTypes: readonly string[]
  /** Networks the user may come from; empty: any. */
  readonly sources: readonly string[]
  readonly tags: readonly string[]
  /** The server accepts this JWT without a proof of the seed. */
  readonly bearer: boolean
}

/** An empty `allow` allows everything that is not denied. */
export interface SubjectRules {
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

/** Undefined: no limit. */
export interface UserLimits {
  readonly subscriptions: number | undefined
  /** Bytes. */
  readonly data: number | undefined
  /** Bytes of one message. */
  readonly payload: number | undefined
}

export type DecodedJwt =
  | {readonly ok: true; readonly claims: UserClaims}
  /** `reason` completes "the JWT ...", and never quotes it. */
  | {readonly ok: false; readonly reason: string}

/** Reads a user JWT (version 2, ed25519-nkey). Judges its form and kind, neither its signature nor its time. */
export function decodeUserJwt(jwt: string): DecodedJwt {
  const parts = jwt.split('.')
  const [header, payload] = parts.map(decodePart)
  if (parts.length !== 3) return {ok: false, reason: 'is not a JWT: it does not have three parts'}
  if (!header || !payload) return {ok: false, reason: 'is not a JWT: its parts are not base64url JSON'}
  if (String(header.typ).toUpperCase() !== 'JWT' || header.alg !== 'ed25519-nkey') {
    return {ok: false, reason: 'is not a NATS JWT of version 2: its header does not say ed25519-nkey'}
  }
  const nats = asRecord(payload.nats)
  const kind = KINDS.get(String(nats.type))
  if (kind !== 'a user') return {ok: false, reason: `is ${kind ?? 'a JWT of an unknown kind'}, not a user`}
  if (!isKey('U', payload.sub)) return {ok: false, reason: 'does not name a user key as its subject'}
  const account = nats.issuer_account ?? payload.iss
  if (!isKey('A', payload.iss) || !isKey('A', account)) return {ok: false, reason: 'was not issued by an account'}
  const signingKey = account === payload.iss ? undefined : payload.iss
  return {ok: true, claims: readClaims(payload, nats, {publicKey: payload.sub, account, signingKey})}
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['user', 'a user'],
  ['account', 'an account'],
  ['operator', 'an operator'],
  ['activation', 'an activation'],
  ['authorization_request', 'an authorization request'],
  ['authorization_response', 'an authorization response'],
  ['generic', 'a generic JWT'],
])

type Json = Readonly<Record<string, unknown>>

function readClaims(
  payload: Json,
  nats: Json,
  keys: Pick<UserClaims, 'publicKey' | 'account' | 'signingKey'>,
): UserClaims {
  const responses = asRecord(nats.resp)
  return {
    ...keys,
    name: typeof payload.name === 'string' ? payload.name : '',
    scoped: keys.signingKey !== undefined && nats.subs === undefined,
    issuedAt: asTime(payload.iat),
    validFrom: asTime(payload.nbf),
    expiresAt: asTime(payload.exp),
    publish: asRules(nats.pub),
    subscribe: asRules(nats.sub),
    responses: nats.resp === undefined ? undefined : {max: Number(responses.max), ttlMs: Number(responses.ttl) / 1e6},
    limits: {subscriptions: asLimit(nats.subs), data: asLimit(nats.data), payload: asLimit(nats.payload)},
    connectionTypes: asStrings(nats.allowed_connection_types),
    sources: typeof nats.src === 'string' ? nats.src.split(',') : asStrings(nats.src),
    tags: asStrings(nats.tags),
    bearer: nats.bearer_token === true,
  }
}

function decodePart(part: string): Json | undefined {
  if (!/^[\w-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function isKey(prefix: 'U' | 'A', value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(prefix) && /^[A-Z2-7]{56}$/.test(value)
}

/** Seconds of a JWT as milliseconds; 0 and absent both mean "not set". */
function asTime(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? value * 1000 : undefined
}

/** -1 and absent both mean "no limit". */
function asLimit(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}

function asRules(value: unknown): SubjectRules {
  const {allow, deny} = asRecord(value)
  return {allow: asStrings(allow), deny: asStrings(deny)}
}

function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function asRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
