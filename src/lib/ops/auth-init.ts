import {changeAccount, signAccount, signOperator} from '../author/accounts-jwt.ts'
import {type AuthorityKey, createKey} from '../author/accounts-keys.ts'
import type {JetStreamLimits} from '../author/authority.ts'
import type {AuthorityPreload} from '../author/server-description.ts'
import type {ClusterContext} from '../context.ts'
import {type CredentialOwner, ownerName} from '../domain/credentials.ts'
import {hostParameter} from '../domain/settings.ts'
import {Exit, OpsError} from '../errors.ts'
import {
  type AuthFolder,
  accountsOf,
  authFolder,
  type DescribedCluster,
  type KeyOwner,
  type KeyUse,
  keyPath,
  readAuthority,
  readKey,
  requireSigningKey,
  writeKey,
  writePreload,
} from './auth-folder.ts'
import {
  describedOwners,
  expectUser,
  giveCredentials,
  lookAtUsers,
  openUsers,
  recordPresent,
  type SeenUser,
  type StoreKind,
} from './auth-users.ts'
import {isThere} from './cert-folder.ts'
import {readStanding, type Standing} from './node-run.ts'

/**
 * From a description to an authority: keys, then users, then the servers' hosts for services, and the preload last. No
 * configuration can be generated without the preload, so an authority that is half made is never half used; a second
 * run finds what is there, holds it against the description, and makes the rest.
 */

export interface InitRequest {
  /** Folder of the keys; undefined: `keys` beside the preload. */
  readonly keys: string | undefined
  readonly store: StoreKind
  /** What differs is made anew; never a key. */
  readonly force: boolean
}

/** Public under --json. */
export interface InitReport {
  readonly cluster: string
  readonly store: StoreKind
  /** Null: no AWS is involved. */
  readonly aws: Standing | null
  readonly dryRun: boolean
  /** Absolute paths. */
  readonly preload: string
  readonly keys: string
  /** In the order in which they are done. */
  readonly steps: readonly InitStep[]
}

export interface InitStep {
  readonly what: 'key' | 'user' | 'host' | 'preload'
  readonly name: string
  /** A path or a parameter. */
  readonly place: string
  readonly change: 'made' | 'kept' | 'replaced'
}

export interface PreparedInit {
  readonly report: Omit<InitReport, 'dryRun'>
  /** Something would be written. */
  readonly changes: boolean
  /** Does the steps. Rejects between two of them when the signal is aborted. */
  apply(): Promise<void>
}

interface Step extends InitStep {
  readonly work?: () => Promise<void>
}

/** What is to be done, with nothing written yet. Rejects with AUTH_CONFLICT (exit 3) and every difference. */
export async function prepareInit(
  ctx: ClusterContext,
  description: DescribedCluster,
  {keys, store: kind, force}: InitRequest,
): Promise<PreparedInit> {
  const folder = authFolder(description.auth, keys)
  const owners = describedOwners(description)
  const standing = kind === 'ssm' ? await readStanding(ctx) : null
  const plan = (await isThere(folder.preload)) ? await planExisting() : await planNew(description, folder)
  const store = await openUsers(ctx, kind, folder)
  const expected = owners.map((owner) => expectUser(description, plan.accounts, owner))
  const users = await lookAtUsers(ctx, store, expected)
  const steps: readonly Step[] = [
    ...plan.keySteps,
    ...users.map(planUser),
    ...(kind === 'ssm' ? await planHosts(ctx, description) : []),
    plan.preloadStep,
  ]
  const conflicts = [
    ...users.flatMap(({expected: {owner}, judgement}) =>
      judgement.state === 'differs' ? [`the credentials of ${ownerName(owner)} ${judgement.why}`] : [],
    ),
    ...steps.flatMap(({what, name, change}) =>
      what !== 'user' && change === 'replaced' ? [whyReplaced[what](name)] : [],
    ),
  ]
  if (conflicts.length > 0 && !force) throw conflict(conflicts)
  return {
    report: {
      cluster: description.name,
      store: kind,
      aws: standing,
      preload: folder.preload,
      keys: folder.keys,
      steps: steps.map(({what, name, place, change}) => ({what, name, place, change})),
    },
    changes: steps.some(({change}) => change !== 'kept'),
    async apply() {
      for (const {work} of steps) {
        ctx.signal.throwIfAborted()
        await work?.()
      }
    },
  }

  function planUser(seen: SeenUser): Step {
    const {owner} = seen.expected
    const step = {what: 'user', name: ownerName(owner), place: store.place(owner)} as const
    if (seen.judgement.state === 'matches') {
      return {...step, change: 'kept', work: () => recordPresent(ctx, folder, seen)}
    }
    return {
      ...step,
      change: seen.judgement.state === 'missing' ? 'made' : 'replaced',
      work: async () => {
        const signer = await plan.signerOf(owner)
        await giveCredentials(ctx, {folder, store}, seen, {signer})
      },
    }
  }

  async function planExisting(): Promise<AuthorityPlan> {
    const {auth} = description
    const authority = await readAuthority(description, folder)
    const {operator, system, application, preload} = authority
    const limits = auth.accountLimits
    const same = (Object.keys(limits) as (keyof JetStreamLimits)[]).every(
      (key) => application.jetStream[key] === limits[key],
    )
    const step = {what: 'preload', name: 'preload', place: folder.preload} as const
    const signAnew = async (): Promise<void> => {
      const signer = await requireSigningKey(folder, {kind: 'operator'}, operator)
      const before = preload.accountJwts[application.publicKey] ?? ''
      const jwt = await changeAccount(before, signer, {jetStream: limits, at: Math.floor(ctx.clock.now() / 1000)})
      await writePreload(folder, {...preload, accountJwts: {...preload.accountJwts, [application.publicKey]: jwt}})
    }
    return {
      keySteps: [],
      accounts: accountsOf(authority),
      signerOf: (owner) => {
        const claims = owner.kind === 'system' ? system : application
        return requireSigningKey(folder, {kind: 'account', name: claims.name}, claims)
      },
      preloadStep: same ? {...step, change: 'kept'} : {...step, change: 'replaced', work: signAnew},
    }
  }
}

/** Why `force` is needed, and what it does. */
const whyReplaced: Readonly<Record<Exclude<InitStep['what'], 'user'>, (name: string) => string>> = {
  key: (name) => `the key ${name} is another one`,
  host: (name) => `the list of servers for ${name} is another one`,
  preload: () => 'the application account has other limits than described',
}

function conflict(conflicts: readonly string[]): OpsError {
  return new OpsError(['what is there differs from the description', ...conflicts.map((each) => `  ${each}`)], {
    code: 'AUTH_CONFLICT',
    exit: Exit.refused,
    suggestions: ['check --file and --region: is it the right cluster', 'replace what differs with --force'],
  })
}

interface AuthorityPlan {
  readonly keySteps: readonly Step[]
  readonly accounts: Parameters<typeof expectUser>[1]
  readonly signerOf: (owner: CredentialOwner) => Promise<AuthorityKey>
  readonly preloadStep: Step
}

/** Keys that an earlier run has left are used: nobody can have seen another authority of theirs. */
async function planNew({auth}: DescribedCluster, folder: AuthFolder): Promise<AuthorityPlan> {
  const names = {system: auth.systemAccount, application: auth.account}
  const operator = await planKeys(folder, {kind: 'operator'})
  const system = await planKeys(folder, {kind: 'account', name: names.system})
  const application = await planKeys(folder, {kind: 'account', name: names.application})
  const all = [operator, system, application]
  const accountOf = ({root, signing}: PlannedKeys) => {
    return {account: root.publicKey, signers: [root.publicKey, signing.publicKey], revocations: {}}
  }
  const sign = (name: string, {root, signing}: PlannedKeys, jetStream: JetStreamLimits | undefined) =>
    signAccount({name, publicKey: root.publicKey, signingKeys: [signing.publicKey], jetStream}, operator.signing)
  const makePreload = async (): Promise<AuthorityPreload> => ({
    operatorJwt: await signOperator(auth.operator, operator.root, {
      signingKey: operator.signing.publicKey,
      systemAccount: system.root.publicKey,
    }),
    systemAccount: system.root.publicKey,
    accountJwts: {
      [system.root.publicKey]: await sign(names.system, system, undefined),
      [application.root.publicKey]: await sign(names.application, application, auth.accountLimits),
    },
  })
  return {
    // Identities first: a signing key without one belongs to an authority that is elsewhere.
    keySteps: [...all.map(({steps}) => steps.root), ...all.map(({steps}) => steps.signing)],
    accounts: {system: accountOf(system), application: accountOf(application)},
    signerOf: async (owner) => (owner.kind === 'system' ? system : application).signing,
    preloadStep: {
      what: 'preload',
      name: 'preload',
      place: folder.preload,
      change: 'made',
      work: async () => writePreload(folder, await makePreload()),
    },
  }
}

interface PlannedKeys {
  readonly root: AuthorityKey
  readonly signing: AuthorityKey
  readonly steps: Readonly<Record<KeyUse, Step>>
}

async function planKeys(folder: AuthFolder, owner: KeyOwner): Promise<PlannedKeys> {
  const paths = {root: keyPath(folder, 'root', owner), signing: keyPath(folder, 'signing', owner)}
  const found = {root: await readKey(paths.root, owner.kind), signing: await readKey(paths.signing, owner.kind)}
  if (found.signing && !found.root) {
    throw new OpsError(`${paths.signing} belongs to an authority of which ${folder.preload} is missing`, {
      code: 'AUTHORITY_INCOMPLETE',
      exit: Exit.refused,
      suggestions: ['bring the preload back from version control', 'or name another folder for new keys with --keys'],
    })
  }
  const plan = async (use: KeyUse) => {
    const key = found[use] ?? (await createKey(owner.kind))
    const name = `${owner.kind === 'operator' ? 'operator' : owner.name} ${use}`
    const step = {what: 'key', name, place: paths[use]} as const
    const made: Step = {...step, change: 'made', work: () => writeKey(folder, paths[use], key)}
    return {key, step: found[use] ? ({...step, change: 'kept'} satisfies Step) : made}
  }
  const [root, signing] = [await plan('root'), await plan('signing')]
  return {root: root.key, signing: signing.key, steps: {root: root.step, signing: signing.step}}
}

/** The list of servers that each service connects to. */
async function planHosts(ctx: ClusterContext, {auth, nodes, tls}: DescribedCluster): Promise<readonly Step[]> {
  const scheme = tls?.client ? 'tls' : 'nats'
  const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
  const value = nodes.map(({host, ports}) => `${scheme}://${bracketed(host)}:${ports.client}`).join(',')
  const store = await (await ctx.aws()).parameters()
  const places = auth.services.map(({name}) => ({name, place: hostParameter(ctx.settings, name)}))
  const found = await store.get(places.map(({place}) => place))
  return places.map(({name, place}): Step => {
    const before = found.get(place)?.value
    const step = {what: 'host', name, place} as const
    if (before === value) return {...step, change: 'kept'}
    return {
      ...step,
      change: before === undefined ? 'made' : 'replaced',
      work: async () => {
        await store.put(place, value, {secure: false, overwrite: before !== undefined})
      },
    }
  })
}
