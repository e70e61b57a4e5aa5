import {spawn} from 'node:child_process'
import {lstat, realpath} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import type {Paths} from '../config.ts'
import type {Context} from '../context.ts'
import {type CredentialOwner, type CredentialProblem, checkCredentials, ownerName} from '../domain/credentials.ts'
import {formatCredentials, parseCredentials} from '../domain/credentials-format.ts'
import type {LedgerEntry} from '../domain/credentials-ledger.ts'
import type {UserClaims} from '../domain/user-claims.ts'
import {Exit, messageOf, OpsError} from '../errors.ts'
import {ensurePrivateFolder, readSmallFile} from '../files.ts'
import {programPath} from '../program-path.ts'
import {discard, listEntries, stateOf, sweep, writeRecorded} from './credentials-ledger.ts'

export type FileContext = Pick<Context, 'clock' | 'configuration'>

export interface StoreOptions {
  readonly cluster: string
  readonly owner: CredentialOwner
  /** Where the operator wants the file; undefined: in our own folder. */
  readonly out?: string | undefined
  /** Replaces a file that is not ours. */
  readonly force?: boolean | undefined
  /** Life time of the file, milliseconds. */
  readonly ttlMs?: number | undefined
  /** The file belongs to this process alone: a name of its own, gone with the process. */
  readonly bound?: boolean | undefined
}

const CREDS_FILE_LIMIT = 256 * 1024

/**
 * Writes a creds file, mode 0600, and remembers it for removal. In its own folder or at `out` a file is replaced only
 * if it is ours or with `force`; a symlink is never followed. Rejects with FILE_EXISTS (exit 3) and what files.ts says.
 */
export async function storeCredentials(
  {configuration, clock}: FileContext,
  credentials: {readonly jwt: string; readonly seed: string},
  options: StoreOptions,
): Promise<LedgerEntry> {
  const {paths} = configuration
  const ledger = ledgerFolder(paths)
  const path = options.out === undefined ? await placeOf(paths, options) : await resolveOut(options.out)
  const ours = !options.bound && (await isOurs(ledger, path))
  const expiresAt = options.ttlMs === undefined ? undefined : clock.now() + options.ttlMs
  const content = formatCredentials(credentials)
  const overwrite = ours || options.force === true
  const request = {path, content, overwrite, expiresAt, bound: options.bound === true}
  try {
    const entry = await writeRecorded(ledger, request, clock.now())
    if (expiresAt !== undefined) startRemover(ledger, entry)
    return entry
  } catch (error) {
    throw error instanceof OpsError && error.code === 'FILE_EXISTS' ? refuseForeign(path, error) : error
  }
}

/** Removes the file of an entry, if it still is that file. */
export async function discardCredentials({configuration}: FileContext, entry: LedgerEntry): Promise<void> {
  await discard(ledgerFolder(configuration.paths), entry, (await stateOf(entry)) === 'ours')
}

/** Removes what is due by its life time or its dead owner: the first step of everything that deals with creds files. */
export function sweepCredentials({configuration, clock}: FileContext): Promise<readonly string[]> {
  return sweep(ledgerFolder(configuration.paths), clock.now())
}

export interface CleanOutcome {
  readonly removed: readonly string[]
  /** Not removed, and why. */
  readonly left: readonly {readonly path: string; readonly reason: string}[]
}

/** Removes every file natsops wrote and still knows; what was changed since, or is in use by a run, is left and named. */
export async function cleanCredentials(ctx: FileContext): Promise<CleanOutcome> {
  const folder = ledgerFolder(ctx.configuration.paths)
  const removed = [...(await sweepCredentials(ctx))]
  const left: {path: string; reason: string}[] = []
  for (const entry of await listEntries(folder)) {
    const {path, owner} = entry
    const state = await stateOf(entry)
    if (state === 'hidden') {
      left.push({path, reason: 'its folder cannot be seen now'})
      continue
    }
    if (owner) {
      left.push({path, reason: `in use by natsops exec, process ${owner.pid}`})
      continue
    }
    try {
      await discard(folder, entry, state === 'ours')
      if (state === 'ours') removed.push(path)
      if (state === 'changed') left.push({path, reason: 'changed since natsops wrote it'})
    } catch (error) {
      left.push({path, reason: messageOf(error)})
    }
  }
  return {removed, left}
}

export interface CredentialsView {
  readonly path: string
  readonly claims: UserClaims
  /** Undefined: the server would be right to accept them now. */
  readonly problem: CredentialProblem | undefined
}

/** What a creds file says, whoever wrote it. Rejects with CREDENTIALS_INVALID (exit 10) where it holds no user's JWT. */
export async function readCredentials(
  ctx: Pick<Context, 'clock' | 'credentialInspector'>,
  path: string,
): Promise<CredentialsView> {
  const {jwt, seed} = parseCredentials(await readCredsFile(path))
  if (jwt === '' && seed === '') {
    throw new OpsError(`${path} is not a creds file: it holds no JWT and no seed`, {
      code: 'CREDENTIALS_INVALID',
      exit: Exit.auth,
    })
  }
  const parts = {jwt: {name: `the JWT in ${path}`, value: jwt}, seed: {name: `the seed in ${path}`, value: seed}}
  const check = checkCredentials(parts, await ctx.credentialInspector(), ctx.clock.now())
  if (check.ok) return {path, claims: check.credentials.claims, problem: undefined}
  const {claims, problem} = check
  if (claims) return {path, claims, problem}
  throw new OpsError(problem.message, {code: problem.code, exit: Exit.auth, suggestions: ['natsops creds fetch']})
}

async function readCredsFile(path: string): Promise<string> {
  try {
    return await readSmallFile(path, CREDS_FILE_LIMIT)
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'FILE_NOT_FOUND') throw error
    const {code, exit, lines} = error
    throw new OpsError(lines, {code, exit, suggestions: ['natsops creds fetch'], cause: error})
  }
}

/** Where `creds fetch` writes unless it is told another place. */
export function defaultPath({runtime}: Paths, cluster: string, owner: CredentialOwner): string {
  return join(runtime, 'creds', `${fileName(cluster)}-${fileName(ownerName(owner))}.creds`)
}

export function ledgerFolder({state}: Paths): string {
  return join(state, 'credentials')
}

async function placeOf(paths: Paths, {cluster, owner, bound}: StoreOptions): Promise<string> {
  const path = defaultPath(paths, cluster, owner)
  await ensurePrivateFolder(paths.runtime)
  await ensurePrivateFolder(dirname(path))
  return bound ? path.replace(/\.creds$/, `.${process.pid}.creds`) : path
}

/**
 * The folder's real place, so that one file has one name in the ledger; the last part is never followed. What is neither
 * a file nor a symlink (a folder, a device) is not replaced by anything.
 */
async function resolveOut(out: string): Promise<string> {
  const path = resolve(out)
  const folder = await realpath(dirname(path)).catch(() => dirname(path))
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || found.isFile() || found.isSymbolicLink()) return join(folder, basename(path))
  const what = found.isDirectory() ? 'a folder' : 'not a file'
  throw new OpsError(`--out ${JSON.stringify(out)} is ${what}`, {
    code: 'PATH_NOT_USABLE',
    exit: Exit.usage,
    suggestions: ['choose another --out'],
  })
}

async function isOurs(ledger: string, path: string): Promise<boolean> {
  const entries = (await listEntries(ledger)).filter((entry) => entry.path === path)
  return (await Promise.all(entries.map(stateOf))).includes('ours')
}

function refuseForeign(path: string, cause: OpsError): OpsError {
  return new OpsError(`${path} is there already and natsops did not write it`, {
    code: 'FILE_EXISTS',
    exit: Exit.refused,
    suggestions: ['choose another --out', 'replace it with --force'],
    cause,
  })
}

/** A process of its own session: it outlives the terminal, and knows nothing but which entry to see to. */
function startRemover(ledger: string, {token}: LedgerEntry): void {
  const options = {detached: true, stdio: 'ignore', cwd: '/', env: {}} as const
  const child = spawn(process.execPath, [programPath('lib/ops/credentials-remover'), ledger, token], options)
  // Without it the file is removed by the next run: late, but removed.
  child.on('error', () => {})
  child.unref()
}

function fileName(text: string): string {
  return text.replace(/[^\w.-]/g, '_')
}
