import type {AuthorityPreload} from './server-config.ts'

/**
 * Operator-mode authority: an operator signs accounts, an account signs its users, servers trust the operator's key and
 * are preloaded with the account JWTs (MEMORY resolver). Keys and signatures are made by the NATS project's own
 * library; see https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt.
 */

export interface AuthorityDescription {
  readonly operator: string
  /** Name of the account among `accounts` whose users may ask the servers about themselves. */
  readonly systemAccount: string
  readonly accounts: readonly AccountDescription[]
}

export interface AccountDescription {
  readonly name: string
  /** Absent: the account has no JetStream at all. */
  readonly jetStream?: JetStreamLimits
  readonly users: readonly UserDescription[]
}

/** -1: no limit of the account's own, the servers' limits are the limits. Sizes in bytes, over all replicas. */
export interface JetStreamLimits {
  readonly memoryStorage: number
  readonly fileStorage: number
  readonly streams: number
  readonly consumers: number
}

export const unlimitedJetStream: JetStreamLimits = {memoryStorage: -1, fileStorage: -1, streams: -1, consumers: -1}

export interface UserDescription {
  readonly name: string
  /** Absent: everything in the account. */
  readonly permissions?: UserPermissions
  /** Seconds since the epoch; absent: never. */
  readonly expiresAt?: number
}

/** Subjects that are allowed; whatever is not named is denied. */
export interface UserPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
  /** May also answer, once, a request it has received. */
  readonly respond: boolean
}

export interface Authority {
  /** For renderServerConfig. */
  readonly preload: AuthorityPreload
  readonly operator: Signer
  readonly accounts: readonly (Signer & {readonly users: readonly IssuedUser[]})[]
}

/** Whoever has the seed can sign in its name: an operator's for every account, an account's for every user in it. */
export interface Signer {
  readonly name: string
  readonly publicKey: string
  readonly seed: string
}

/** Credentials of one user: a JWT and the seed that proves it is theirs. */
export interface IssuedUser {
  readonly name: string
  readonly publicKey: string
  readonly jwt: string
  readonly seed: string
}

/** Makes every key and signs every JWT of the description. Nothing is written anywhere. */
export async function createAuthority(description: AuthorityDescription): Promise<Authority> {
  const {createAccount, createOperator, encodeAccount, encodeOperator} = await import('@nats-io/jwt')
  const operatorKey = createOperator()
  const accounts = description.accounts.map((account) => ({account, key: createAccount()}))
  const system = accounts.find(({account}) => account.name === description.systemAccount)
  if (!system) throw new Error(`the system account ${description.systemAccount} is not among the accounts`)
  const systemAccount = system.key.getPublicKey()
  const accountJwts: Record<string, string> = {}
  const issued = []
  for (const {account, key} of accounts) {
    const limits = accountLimits(account.jetStream)
    accountJwts[key.getPublicKey()] = await encodeAccount(account.name, key, {limits}, {signer: operatorKey})
    const signer = signerOf(account.name, key)
    const users = []
    for (const user of account.users) users.push(await issueUser(signer, user))
    issued.push({...signer, users})
  }
  return {
    preload: {
      operatorJwt: await encodeOperator(description.operator, operatorKey, {system_account: systemAccount}),
      systemAccount,
      accountJwts,
    },
    operator: signerOf(description.operator, operatorKey),
    accounts: issued,
  }
}

/**
 * A new user of the account whose seed this is, with a key of its own. Where the seed is one of the account's signing
 * keys, `account` says which account's.
 */
export async function issueUser(
  {seed, account}: Pick<Signer, 'seed'> & {readonly account?: string},
  user: UserDescription,
): Promise<IssuedUser> {
  const {createUser, encodeUser} = await import('@nats-io/jwt')
  const key = createUser()
  const {name, permissions, expiresAt} = user
  const claims = permissions ? permissionClaims(permissions) : {}
  const options = {
    ...(expiresAt === undefined ? {} : {exp: expiresAt}),
    ...(account === undefined ? {} : {signer: seed}),
  }
  const jwt = await encodeUser(name, key, account ?? seed, claims, options)
  return {...signerOf(name, key), jwt}
}

interface KeyPair {
  getPublicKey(): string
  getSeed(): Uint8Array
}

function signerOf(name: string, key: KeyPair): Signer {
  return {name, publicKey: key.getPublicKey(), seed: new TextDecoder().decode(key.getSeed())}
}

/** The claim's field for consumers is `consumer`; a limit that is left out of the claim is zero, not endless. */
export function accountLimits(jetStream: JetStreamLimits | undefined) {
  const {memoryStorage, fileStorage, streams, consumers} = jetStream ?? noJetStream
  const unlimited = {subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1, wildcards: true}
  return {...unlimited, mem_storage: memoryStorage, disk_storage: fileStorage, streams, consumer: consumers}
}

const noJetStream: JetStreamLimits = {memoryStorage: 0, fileStorage: 0, streams: 0, consumers: 0}

/** ttl 0: the permission to answer does not run out. */
function permissionClaims({publish, subscribe, respond}: UserPermissions) {
  return {pub: ruleClaims(publish), sub: ruleClaims(subscribe), ...(respond ? {resp: {max: 1, ttl: 0}} : {})}
}

/** A claim that allows an empty list allows everything: nothing at all is a denial. */
function ruleClaims(allow: readonly string[]) {
  return allow.length === 0 ? {deny: ['>']} : {allow: [...allow]}
}
