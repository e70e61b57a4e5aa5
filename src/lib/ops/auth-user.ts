import type {ClusterContext} from '../context.ts'
import {timestamp} from '../domain/credentials-view.ts'
import {Exit, OpsError} from '../errors.ts'
import {accountsOf, authFolder, type DescribedCluster, readAuthority, requireSigningKey} from './auth-folder.ts'
import {
  expectUser,
  giveCredentials,
  lookAtUsers,
  openUsers,
  recordPresent,
  requireOwner,
  type StoreKind,
} from './auth-users.ts'
import {readStanding, type Standing} from './node-run.ts'

export interface UserRequest {
  readonly name: string
  readonly keys: string | undefined
  readonly store: StoreKind
  /** Days until the credentials expire; undefined: never. */
  readonly days: number | undefined
  /** Also over credentials that are not of this authority. */
  readonly force: boolean
}

/** Public under --json. */
export interface UserReport {
  readonly cluster: string
  readonly user: string
  /** Name of the account. */
  readonly account: string
  readonly store: StoreKind
  /** Null: no AWS is involved. */
  readonly aws: Standing | null
  /** A path or a parameter. */
  readonly place: string
  readonly change: 'made' | 'kept' | 'replaced'
  /** Of the new credentials; null in a dry run. */
  readonly publicKey: string | null
  /** The key that is replaced: it stays valid until it is revoked. */
  readonly replaces: string | null
  readonly expiresAt: string | null
  readonly dryRun: boolean
}

export interface PreparedUser {
  readonly report: Omit<UserReport, 'dryRun'>
  apply(): Promise<string>
}

/** A user whom nobody has given credentials yet. Rejects with USER_EXISTS (exit 3) where somebody has, and others. */
export async function prepareAdd(
  ctx: ClusterContext,
  description: DescribedCluster,
  request: UserRequest,
): Promise<PreparedUser> {
  const {seen, prepared} = await prepare(ctx, description, request)
  const {judgement} = seen
  if (judgement.state === 'matches') return prepared('kept')
  if (judgement.state === 'missing') return prepared('made')
  if (request.force) return prepared('replaced')
  throw new OpsError(`the credentials of ${request.name} are there and ${judgement.why}`, {
    code: 'USER_EXISTS',
    exit: Exit.refused,
    suggestions: [`natsops auth user rotate ${request.name}`],
  })
}

/**
 * New credentials for a user who has some; both work until the old key is revoked. Rejects with USER_MISSING (exit 9),
 * AUTHORITY_DIFFERS (exit 3) where what is there is of another account: without `force` it is somebody else's.
 */
export async function prepareRotation(
  ctx: ClusterContext,
  description: DescribedCluster,
  request: UserRequest,
): Promise<PreparedUser> {
  const {seen, prepared} = await prepare(ctx, description, request)
  const {expected, judgement} = seen
  if (judgement.state === 'missing') {
    throw new OpsError(`${request.name} has no credentials to rotate`, {
      code: 'USER_MISSING',
      exit: Exit.notFound,
      suggestions: [`natsops auth user add ${request.name}`],
    })
  }
  const isForeign = judgement.claims !== undefined && judgement.claims.account !== expected.account
  if (isForeign && !request.force) {
    throw new OpsError(`the credentials of ${request.name} are of the account ${judgement.claims?.account}`, {
      code: 'AUTHORITY_DIFFERS',
      exit: Exit.refused,
      suggestions: ['check --file and --region: is it the right cluster', 'replace them with --force'],
    })
  }
  return prepared('replaced')
}

async function prepare(ctx: ClusterContext, description: DescribedCluster, request: UserRequest) {
  const {keys, store: kind, days} = request
  const folder = authFolder(description.auth, keys)
  const owner = requireOwner(description, request.name)
  const authority = await readAuthority(description, folder)
  const standing = kind === 'ssm' ? await readStanding(ctx) : null
  const store = await openUsers(ctx, kind, folder)
  const expected = expectUser(description, accountsOf(authority), owner)
  const [seen] = await lookAtUsers(ctx, store, [expected])
  if (!seen) throw new Error('nobody was looked at')
  const account = owner.kind === 'system' ? authority.system : authority.application
  const expiresAt = days === undefined ? undefined : Math.floor(ctx.clock.now() / 1000) + days * 86_400
  const {judgement} = seen
  const before = judgement.state === 'missing' ? undefined : judgement.claims

  const prepared = (change: UserReport['change']): PreparedUser => ({
    report: {
      cluster: description.name,
      user: request.name,
      account: account.name,
      store: kind,
      aws: standing,
      place: store.place(owner),
      change,
      publicKey: change === 'kept' ? (before?.publicKey ?? null) : null,
      replaces: change === 'kept' ? null : (before?.publicKey ?? null),
      expiresAt: timestamp(
        change === 'kept' ? before?.expiresAt : expiresAt === undefined ? undefined : expiresAt * 1000,
      ),
    },
    async apply() {
      ctx.signal.throwIfAborted()
      if (change === 'kept') {
        await recordPresent(ctx, folder, seen)
        return before?.publicKey ?? ''
      }
      const signer = await requireSigningKey(folder, {kind: 'account', name: account.name}, account)
      return giveCredentials(ctx, {folder, store}, seen, {signer, expiresAt})
    },
  })
  return {seen, prepared}
}
