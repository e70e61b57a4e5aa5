import type {AuthorityKey} from '../author/accounts-keys.ts'
import {issueUser} from '../author/authority.ts'
import type {ClusterContext, Context} from '../context.ts'
import {
  type ExpectedUser,
  judgeUser,
  RESERVED_USERS,
  recordCurrent,
  recordIssue,
  type StoredUser,
  type UserJudgement,
} from '../domain/auth-users.ts'
import {type CredentialOwner, ownerName} from '../domain/credentials.ts'
import {timestamp} from '../domain/credentials-view.ts'
import {UsageError} from '../errors.ts'
import {nearestName} from '../nearest.ts'
import {type AuthFolder, type DescribedCluster, readRecords, writeRecords} from './auth-folder.ts'
import {openFileUsers, openParameterUsers, type UserStore} from './auth-store.ts'

export const STORES = ['ssm', 'files'] as const
export type StoreKind = (typeof STORES)[number]

export async function openUsers(
  ctx: Pick<ClusterContext, 'aws' | 'settings'>,
  kind: StoreKind,
  folder: AuthFolder,
): Promise<UserStore> {
  if (kind === 'files') return openFileUsers(folder.credentials)
  return openParameterUsers(await (await ctx.aws()).parameters(), ctx.settings)
}

/** Everybody that is described: system, admin, then the services. UsageError where a service has a name that is taken. */
export function describedOwners({auth}: DescribedCluster): readonly CredentialOwner[] {
  const services = auth.services.map(({name}) => name)
  const taken = services.find((name) => RESERVED_USERS.includes(name))
  if (taken !== undefined) throw new UsageError(`a service cannot be called ${taken}: that is a user of its own`)
  return [{kind: 'system'}, {kind: 'admin'}, ...services.map((service) => ({kind: 'service', service}) as const)]
}

/** The user of a name, which must be described. UsageError says who is. */
export function requireOwner(description: DescribedCluster, name: string): CredentialOwner {
  const owners = describedOwners(description)
  const owner = owners.find((each) => ownerName(each) === name)
  if (owner) return owner
  const names = owners.map(ownerName)
  const near = nearestName(name, names)
  throw new UsageError(`${JSON.stringify(name)} is no user of ${description.name}: ${names.join(', ')}`, [
    ...(near === undefined ? [] : [`did you mean ${near}`]),
    'describe a new one in auth.services of the description',
  ])
}

/** What somebody is in the description; the accounts are those of the authority. */
export function expectUser(
  {auth}: DescribedCluster,
  accounts: Readonly<Record<'system' | 'application', Omit<ExpectedUser, 'owner' | 'permissions'>>>,
  owner: CredentialOwner,
): ExpectedUser {
  const service = owner.kind === 'service' ? auth.services.find(({name}) => name === owner.service) : undefined
  const account = owner.kind === 'system' ? accounts.system : accounts.application
  return {...account, owner, permissions: service?.permissions}
}

/** A user as it is stored, and what is to be thought of that. */
export interface SeenUser {
  readonly expected: ExpectedUser
  readonly stored: StoredUser
  readonly judgement: UserJudgement
}

export async function lookAtUsers(
  ctx: Pick<Context, 'clock' | 'credentialInspector'>,
  store: UserStore,
  expected: readonly ExpectedUser[],
): Promise<readonly SeenUser[]> {
  const stored = await store.read(expected.map(({owner}) => owner))
  const inspector = await ctx.credentialInspector()
  return expected.map((each, index) => {
    const found = stored[index] ?? {jwt: undefined, seed: undefined}
    return {expected: each, stored: found, judgement: judgeUser(found, each, inspector, ctx.clock.now())}
  })
}

/**
 * Gives a user a key and credentials of its own and stores them. What it had is replaced, and stays valid until it is
 * revoked; both keys are on record before the store is touched. Resolves with the new public key.
 */
export async function giveCredentials(
  ctx: Pick<Context, 'clock'>,
  {folder, store}: {readonly folder: AuthFolder; readonly store: UserStore},
  {expected, stored, judgement}: SeenUser,
  {signer, expiresAt}: {readonly signer: AuthorityKey; readonly expiresAt?: number | undefined},
): Promise<string> {
  const {owner, account, permissions} = expected
  const user = ownerName(owner)
  const description = {
    name: user,
    ...(permissions ? {permissions} : {}),
    ...(expiresAt === undefined ? {} : {expiresAt}),
  }
  // An account's own key signs as itself, a signing key for the account.
  const issuer = signer.publicKey === account ? {seed: signer.seed} : {seed: signer.seed, account}
  const issued = await issueUser(issuer, description)
  const at = timeOf(ctx.clock.now())
  const before = judgement.state === 'missing' ? undefined : judgement.claims
  let records = await readRecords(folder)
  if (before) {
    const issuedAt = timeOf(before.issuedAt)
    records = recordIssue(records, {user, publicKey: before.publicKey, account: before.account, issuedAt})
  }
  records = recordIssue(records, {user, publicKey: issued.publicKey, account, issuedAt: at})
  await writeRecords(folder, records)
  await store.write(owner, issued, stored)
  await writeRecords(folder, recordCurrent(records, {user, publicKey: issued.publicKey}, at))
  return issued.publicKey
}

/** Credentials that are there already and good are put on record, whoever made them. */
export async function recordPresent(
  {clock}: Pick<Context, 'clock'>,
  folder: AuthFolder,
  {expected, judgement}: SeenUser,
): Promise<void> {
  if (judgement.state !== 'matches') return
  const {publicKey, account, issuedAt} = judgement.claims
  const user = ownerName(expected.owner)
  const records = await readRecords(folder)
  const issued = recordIssue(records, {user, publicKey, account, issuedAt: timeOf(issuedAt)})
  const current = recordCurrent(issued, {user, publicKey}, timeOf(clock.now()))
  if (JSON.stringify(current) !== JSON.stringify(records)) await writeRecords(folder, current)
}

/** A JWT without a time was issued before everything else. */
function timeOf(ms: number | undefined): string {
  return timestamp(ms) ?? '1970-01-01T00:00:00Z'
}
