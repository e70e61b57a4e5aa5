import type {ClusterContext} from '../context.ts'
import {type IssuedRecord, isRevoked, RESERVED_USERS} from '../domain/auth-users.ts'
import {type CredentialOwner, ownerName} from '../domain/credentials.ts'
import {timestamp} from '../domain/credentials-view.ts'
import {
  type Authority,
  accountsOf,
  authFolder,
  type DescribedCluster,
  readAuthority,
  readRecords,
} from './auth-folder.ts'
import {describedOwners, expectUser, lookAtUsers, openUsers, type SeenUser, type StoreKind} from './auth-users.ts'

/** Public under --json. */
export interface UserList {
  readonly cluster: string
  readonly at: string
  readonly store: StoreKind
  readonly users: readonly UserRow[]
}

export interface UserRow {
  readonly user: string
  readonly account: string
  /** Null: there are no credentials. */
  readonly publicKey: string | null
  /** `replaced`: still valid, and to be revoked once nobody uses it. */
  readonly state: 'current' | 'replaced' | 'revoked' | 'missing' | 'wrong'
  readonly issuedAt: string | null
  /** Null: never, or not known. */
  readonly expiresAt: string | null
  /** What is wrong, completing "the credentials of NAME ..."; null: nothing. */
  readonly problem: string | null
}

/** Every key of everybody described, and of whoever is on record. */
export async function listUsers(
  ctx: ClusterContext,
  description: DescribedCluster,
  {keys, store: kind}: {readonly keys: string | undefined; readonly store: StoreKind},
): Promise<UserList> {
  const folder = authFolder(description.auth, keys)
  const authority = await readAuthority(description, folder)
  const store = await openUsers(ctx, kind, folder)
  const records = await readRecords(folder)
  const described = describedOwners(description)
  const names = new Set(described.map(ownerName))
  const former = [...new Set(records.map(({user}) => user))].filter((name) => !names.has(name))
  const owners: readonly CredentialOwner[] = [
    ...described,
    ...former.filter((name) => !RESERVED_USERS.includes(name)).map((service) => ({kind: 'service', service}) as const),
  ]
  const accounts = accountsOf(authority)
  const seen = await lookAtUsers(
    ctx,
    store,
    owners.map((owner) => expectUser(description, accounts, owner)),
  )
  const at = new Date(ctx.clock.now()).toISOString()
  return {cluster: description.name, at, store: kind, users: seen.flatMap((each) => rowsOf(each, records, authority))}
}

function rowsOf(
  {expected, judgement}: SeenUser,
  records: readonly IssuedRecord[],
  {system, application}: Authority,
): readonly UserRow[] {
  const user = ownerName(expected.owner)
  const account = (expected.owner.kind === 'system' ? system : application).name
  const claims = judgement.state === 'missing' ? undefined : judgement.claims
  const others = records.filter((record) => record.user === user && record.publicKey !== claims?.publicKey)
  const isOut = claims !== undefined && isRevoked(claims, expected.revocations)
  return [
    {
      user,
      account,
      publicKey: claims?.publicKey ?? null,
      state:
        judgement.state === 'missing'
          ? 'missing'
          : isOut
            ? 'revoked'
            : judgement.state === 'matches'
              ? 'current'
              : 'wrong',
      issuedAt: timestamp(claims?.issuedAt),
      expiresAt: timestamp(claims?.expiresAt),
      problem: judgement.state === 'differs' ? judgement.why : null,
    },
    ...others.map(({publicKey, issuedAt}): UserRow => {
      const out = isRevoked({publicKey, issuedAt: Date.parse(issuedAt)}, expected.revocations)
      const state = out ? 'revoked' : 'replaced'
      return {user, account, publicKey, state, issuedAt, expiresAt: null, problem: null}
    }),
  ]
}
