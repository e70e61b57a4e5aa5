import {dirname, join, resolve} from 'node:path'
import {type AccountClaims, type OperatorClaims, readAccount, readOperator} from '../author/accounts-jwt.ts'
import {type AuthorityKey, keyOfSeed} from '../author/accounts-keys.ts'
import {type ClusterDescription, type OperatorAuth, readDescription} from '../author/description.ts'
import {readPreload, renderPreload} from '../author/preload.ts'
import type {AuthorityPreload} from '../author/server-description.ts'
import {formatRecords, type IssuedRecord, parseRecords} from '../domain/auth-users.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {ensurePrivateFolder, readSmallFile, writePrivateFile} from '../files.ts'
import {isThere} from './cert-folder.ts'

/**
 * Where an authority is: one folder a cluster, that of `auth.preload` in its description.
 *
 *   preload.json                            what servers are told: public, belongs into version control
 *   users.json                              which keys users were given: public, likewise
 *   keys/root/operator.nk account-APP.nk    identities: sign nothing from day to day, belong off this machine
 *   keys/signing/operator.nk account-APP.nk sign accounts and users: needed by auth user
 *   creds/admin.creds                       users, where they are kept in files
 */
export interface AuthFolder {
  readonly preload: string
  readonly users: string
  readonly keys: string
  readonly credentials: string
}

const PUBLIC = 0o644
const LARGEST_SEED = 1024
const LARGEST_RECORDS = 16 * 1024 * 1024

export type DescribedCluster = ClusterDescription & {readonly auth: OperatorAuth}

/** A description in operator mode. UsageError where it is of another mode, or two of its names would be one. */
export async function readOperatorDescription(file: string): Promise<DescribedCluster> {
  const description = await readDescription(file)
  const {auth} = description
  if (auth.mode !== 'operator') {
    throw new UsageError(`${file} describes auth.mode ${auth.mode}: accounts and users are for mode operator`, [
      'set auth.mode to operator',
      'passwords for auth.mode users or token: natsops auth passwd',
    ])
  }
  if (auth.account.toLowerCase() === auth.systemAccount.toLowerCase()) {
    throw new UsageError(`auth.account and auth.systemAccount are both ${auth.account}: they must be two accounts`)
  }
  return {...description, auth}
}

export function authFolder(auth: OperatorAuth, keys: string | undefined): AuthFolder {
  const folder = dirname(auth.preload)
  return {
    preload: auth.preload,
    users: join(folder, 'users.json'),
    keys: keys === undefined ? join(folder, 'keys') : resolve(keys),
    credentials: join(folder, 'creds'),
  }
}

/** `root`: the identity; `signing`: what it lets sign for it. */
export type KeyUse = 'root' | 'signing'

/** Whose key: the operator's, or that of the account of this name. */
export type KeyOwner = {readonly kind: 'operator'} | {readonly kind: 'account'; readonly name: string}

export function keyPath({keys}: Pick<AuthFolder, 'keys'>, use: KeyUse, owner: KeyOwner): string {
  return join(keys, use, owner.kind === 'operator' ? 'operator.nk' : `account-${owner.name}.nk`)
}

/** Undefined where there is no such file. Rejects with KEY_BROKEN (exit 2) where it holds no seed of this kind. */
export async function readKey(path: string, kind: KeyOwner['kind']): Promise<AuthorityKey | undefined> {
  if (!(await isThere(path))) return undefined
  const key = await keyOfSeed(kind, await readSmallFile(path, LARGEST_SEED))
  if (key) return key
  throw new OpsError(`${path} does not hold the seed of an ${kind}`, {code: 'KEY_BROKEN', exit: Exit.usage})
}

/** A private folder of which nothing gets into version control. */
export async function ensureSecretFolder(path: string): Promise<void> {
  await ensurePrivateFolder(path)
  const ignored = join(path, '.gitignore')
  if (!(await isThere(ignored))) await writePrivateFile(ignored, '*\n', {overwrite: true})
}

/** Never over another one. */
export async function writeKey({keys}: AuthFolder, path: string, {seed}: AuthorityKey): Promise<void> {
  await ensureSecretFolder(keys)
  await ensurePrivateFolder(dirname(path))
  await writePrivateFile(path, `${seed}\n`, {overwrite: false})
}

/** Empty where there is no file. Rejects with RECORDS_BROKEN (exit 2). */
export async function readRecords({users}: Pick<AuthFolder, 'users'>): Promise<readonly IssuedRecord[]> {
  if (!(await isThere(users))) return []
  const records = parseRecords(await readSmallFile(users, LARGEST_RECORDS))
  if (records) return records
  throw new OpsError(`${users} is not the list of keys that natsops writes`, {
    code: 'RECORDS_BROKEN',
    exit: Exit.usage,
    suggestions: ['take it from version control', 'or move it away: replaced keys are then named with --key'],
  })
}

export async function writeRecords({users}: AuthFolder, records: readonly IssuedRecord[]): Promise<void> {
  await makeFolder(dirname(users))
  await writePrivateFile(users, formatRecords(records), {overwrite: true, mode: PUBLIC})
}

export async function writePreload({preload}: AuthFolder, content: AuthorityPreload): Promise<void> {
  await makeFolder(dirname(preload))
  await writePrivateFile(preload, renderPreload(content), {overwrite: true, mode: PUBLIC})
}

/** For what is public: a folder that is there may be anybody's. */
async function makeFolder(path: string): Promise<void> {
  if (!(await isThere(path))) await ensurePrivateFolder(path)
}

/** An authority by its preload, as far as the description knows it. */
export interface Authority {
  readonly preload: AuthorityPreload
  readonly operator: OperatorClaims
  readonly system: AccountClaims
  readonly application: AccountClaims
}

/**
 * Reads the preload and holds it against the description. Rejects with FILE_NOT_FOUND (exit 9), PRELOAD_BROKEN (exit 2),
 * or AUTHORITY_DIFFERS (exit 3) where it is another operator's or lacks an account.
 */
export async function readAuthority({auth}: DescribedCluster, folder: AuthFolder): Promise<Authority> {
  const preload = await readPreload(folder.preload)
  const operator = await readOperator(preload.operatorJwt)
  if (!operator) throw broken(folder.preload, 'the JWT of its operator is damaged')
  if (operator.name !== auth.operator) throw differs(folder.preload, 'operator', operator.name, auth.operator)
  const accounts = await Promise.all(Object.entries(preload.accountJwts).map(([key, jwt]) => readOne(key, jwt)))
  const system = accounts.find(({publicKey}) => publicKey === preload.systemAccount)
  const application = accounts.find(({name, publicKey}) => name === auth.account && publicKey !== system?.publicKey)
  if (system?.name !== auth.systemAccount) {
    throw differs(folder.preload, 'system account', system?.name ?? 'none', auth.systemAccount)
  }
  if (!application) {
    const names = accounts.filter((each) => each !== system).map(({name}) => name)
    throw differs(folder.preload, 'account', names.join(', ') || 'none', auth.account)
  }
  return {preload, operator, system, application}

  async function readOne(key: string, jwt: string): Promise<AccountClaims> {
    const claims = await readAccount(jwt)
    if (!claims || claims.publicKey !== key || !operator) throw broken(folder.preload, `the JWT of ${key} is damaged`)
    if ([operator.publicKey, ...operator.signingKeys].includes(claims.issuer)) return claims
    throw broken(folder.preload, `the account ${key} is not signed by the operator`)
  }
}

function broken(path: string, why: string): OpsError {
  return new OpsError(`${path} cannot be used: ${why}`, {code: 'PRELOAD_BROKEN', exit: Exit.usage})
}

function differs(path: string, what: string, found: string, described: string): OpsError {
  return new OpsError(`${path} is of the ${what} ${JSON.stringify(found)}, the description says ${described}`, {
    code: 'AUTHORITY_DIFFERS',
    exit: Exit.refused,
    suggestions: ['correct the description', 'or name another file with auth.preload for a new authority'],
  })
}

/** The signing key of the operator or of an account. Rejects with SIGNING_KEY_MISSING (exit 9) or KEY_BROKEN (exit 2). */
export async function requireSigningKey(
  folder: AuthFolder,
  owner: KeyOwner,
  {publicKey, signingKeys}: Pick<AccountClaims, 'publicKey' | 'signingKeys'>,
): Promise<AuthorityKey> {
  const path = keyPath(folder, 'signing', owner)
  const key = await readKey(path, owner.kind)
  const whose = owner.kind === 'operator' ? 'the operator' : `the account ${owner.name}`
  if (!key) {
    throw new OpsError(`the signing key of ${whose} is not at ${path}`, {
      code: 'SIGNING_KEY_MISSING',
      exit: Exit.notFound,
      suggestions: ['put it there for as long as it is needed', 'or name its folder with --keys'],
    })
  }
  if (key.publicKey === publicKey || signingKeys.includes(key.publicKey)) return key
  throw new OpsError(`${path} is not a signing key of ${whose}`, {code: 'KEY_BROKEN', exit: Exit.usage})
}

/** Of both accounts, who may sign for them and who is refused by them. */
export function accountsOf({system, application}: Authority) {
  const accountOf = ({publicKey, signingKeys, revocations}: AccountClaims) => {
    return {account: publicKey, signers: [publicKey, ...signingKeys], revocations}
  }
  return {system: accountOf(system), application: accountOf(application)}
}
