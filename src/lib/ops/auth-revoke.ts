import {changeAccount} from '../author/accounts-jwt.ts'
import type {Context} from '../context.ts'
import {type IssuedRecord, isRevoked} from '../domain/auth-users.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {
  authFolder,
  type DescribedCluster,
  readAuthority,
  readRecords,
  requireSigningKey,
  writePreload,
} from './auth-folder.ts'
import {planReload, type ReloadPlan} from './auth-reload.ts'
import {requireOwner} from './auth-users.ts'

export interface RevokeRequest {
  readonly name: string
  readonly keys: string | undefined
  /** Public keys to revoke; empty: those that were replaced. */
  readonly publicKeys: readonly string[]
  /** Also the key that the user has now. */
  readonly current: boolean
  readonly dryRun: boolean
}

/** Public under --json. */
export interface RevokeReport {
  readonly cluster: string
  readonly user: string
  readonly account: string
  /** Public keys that are revoked by this; empty where all of them were already. */
  readonly revoked: readonly string[]
  readonly dryRun: boolean
  /** How the servers get to know it. */
  readonly reload: ReloadPlan
}

/**
 * Writes revocations into the account's JWT in the preload; nothing is refused before the servers have read it. Rejects
 * with NOTHING_TO_REVOKE (exit 9), KEY_IN_USE (exit 3) for a key that the user has now, unless `current`.
 */
export async function revokeUser(
  {clock}: Pick<Context, 'clock'>,
  {description, file}: {readonly description: DescribedCluster; readonly file: string},
  request: RevokeRequest,
): Promise<RevokeReport> {
  const {name, dryRun} = request
  const folder = authFolder(description.auth, request.keys)
  const authority = await readAuthority(description, folder)
  const records = (await readRecords(folder)).filter(({user}) => user === name)
  if (records.length === 0) requireOwner(description, name)
  const account = name === 'system' ? authority.system : authority.application
  const wanted = chooseKeys(records, request, folder.users)
  const at = Math.floor(clock.now() / 1000)
  const revoked = wanted.filter((publicKey) => {
    const issuedAt = records.find((each) => each.publicKey === publicKey)?.issuedAt
    return !isRevoked({publicKey, issuedAt: issuedAt ? Date.parse(issuedAt) : at * 1000}, account.revocations)
  })
  const report = {
    cluster: description.name,
    user: name,
    account: account.name,
    revoked,
    dryRun,
    reload: planReload(description, {file, preload: folder.preload}),
  }
  if (revoked.length === 0 || dryRun) return report
  const signer = await requireSigningKey(folder, {kind: 'operator'}, authority.operator)
  const {preload} = authority
  const jwt = await changeAccount(preload.accountJwts[account.publicKey] ?? '', signer, {revoke: revoked, at})
  await writePreload(folder, {...preload, accountJwts: {...preload.accountJwts, [account.publicKey]: jwt}})
  return report
}

function chooseKeys(
  known: readonly IssuedRecord[],
  {name, publicKeys, current}: RevokeRequest,
  path: string,
): readonly string[] {
  const inUse = known.filter(({replacedAt}) => replacedAt === null).map(({publicKey}) => publicKey)
  const unusable = publicKeys.find((key) => !/^U[A-Z2-7]{55}$/.test(key))
  if (unusable !== undefined) throw new UsageError(`--key ${JSON.stringify(unusable)} is no public key of a user`)
  const taken = publicKeys.find((key) => inUse.includes(key))
  if (taken !== undefined && !current) {
    throw new OpsError(`${taken} is the key that ${name} has now: ${name} would be locked out`, {
      code: 'KEY_IN_USE',
      exit: Exit.refused,
      suggestions: [`natsops auth user rotate ${name}`, 'or revoke it with --current'],
    })
  }
  const replaced = known.filter(({replacedAt}) => replacedAt !== null).map(({publicKey}) => publicKey)
  const chosen = publicKeys.length > 0 ? publicKeys : [...replaced, ...(current ? inUse : [])]
  if (chosen.length > 0) return [...new Set(chosen)]
  throw new OpsError(`${path} knows no replaced key of ${name}`, {
    code: 'NOTHING_TO_REVOKE',
    exit: Exit.notFound,
    suggestions: [
      `give it a new key first: natsops auth user rotate ${name}`,
      'or name the key with --key; natsops auth user list shows what is known',
    ],
  })
}
