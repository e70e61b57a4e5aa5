import {rm} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import type {IssuedCertificate} from '../author/certificates.ts'
import {isKeyOf, isSignedBy, judgeCertificate, splitPem} from '../author/certificates-check.ts'
import type {Context} from '../context.ts'
import {defaultThresholds} from '../domain/settings.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {
  AUTHORITY_FOLDER,
  authorityFiles,
  filesOf,
  type Holder,
  listHolders,
  readAuthority,
  readPem,
  writeAuthorities,
  writeAuthority,
  writeHolder,
} from './cert-folder.ts'
import {authorityRequest} from './cert-generate.ts'

/**
 * Renewal without a moment in which two sides do not trust each other. The certificates alone: `certificates`. The
 * authority too: first everybody trusts both (`trust`), then everybody shows a certificate of the new one (`issue`), then
 * the old one is trusted no longer (`drop`). Between two steps the files have to be on every server and client: natsops
 * says so and cannot know it.
 */
export const renewalSteps = ['certificates', 'trust', 'issue', 'drop'] as const
export type RenewalStep = (typeof renewalSteps)[number]

export interface CertRenewRequest {
  readonly folder: string
  /** Undefined: say where the rotation stands and change nothing. */
  readonly step: RenewalStep | undefined
  readonly authorityFolder: string | undefined
  readonly days: number
  readonly authorityDays: number
  readonly dryRun: boolean
}

/** Public under --json. */
export interface CertRenewReport {
  readonly folder: string
  readonly step: RenewalStep | null
  readonly dryRun: boolean
  /** Folders whose files were, or would be, changed by this step. */
  readonly changed: readonly string[]
  /** The steps of a rotation of the authority and how many of its holders have each behind them. */
  readonly rotation: {
    readonly running: boolean
    readonly trusting: number
    readonly issued: number
    readonly holders: number
  }
  /** What to do before the next step, and what that is. */
  readonly next: readonly string[]
}

interface World {
  readonly root: string
  readonly folder: string
  readonly holders: readonly HeldCertificate[]
  readonly authority: IssuedCertificate
  readonly successor: IssuedCertificate | undefined
}

interface HeldCertificate {
  readonly holder: Holder
  readonly certificate: string
  readonly key: string
  readonly authorities: readonly string[]
}

/** Every step can be run again: what it has done already is found done. */
export async function renewCertificates(context: Context, request: CertRenewRequest): Promise<CertRenewReport> {
  const world = await look(request)
  const changed = request.step === undefined ? [] : await stepOf(request.step)(context, world, request)
  return describe(await look(request), request, changed)
}

type Step = (context: Context, world: World, request: CertRenewRequest) => Promise<readonly string[]>

function stepOf(step: RenewalStep): Step {
  return {certificates: renewAll, trust: trustBoth, issue: issueAnew, drop: dropOld}[step]
}

async function look({folder: given, authorityFolder}: CertRenewRequest): Promise<World> {
  const root = resolve(given)
  const folder = authorityFolder === undefined ? join(root, AUTHORITY_FOLDER) : resolve(authorityFolder)
  const successor = await readSuccessor(folder)
  const authority = await readAuthority(authorityFiles(folder, 'ca')).catch((error: unknown) => {
    // The last step was ended between the new authority's two files: it is the authority already.
    if (successor && error instanceof OpsError && error.code === 'AUTHORITY_INCOMPLETE') return successor
    throw error
  })
  if (!authority) {
    throw new OpsError(`there is no authority in ${folder}`, {
      code: 'AUTHORITY_NOT_FOUND',
      exit: Exit.notFound,
      suggestions: ['natsops cert generate', 'name its folder with --ca'],
    })
  }
  const holders = await Promise.all(
    (await listHolders(root)).map(async (holder): Promise<HeldCertificate> => {
      const files = filesOf(holder)
      const [certificates, key, authorities] = await Promise.all([
        readPem(files.certificate),
        readPem(files.key).catch(() => ''),
        readPem(files.authorities).catch(() => ''),
      ])
      const [certificate] = splitPem(certificates)
      if (certificate === undefined) throw new UsageError(`${files.certificate} holds no certificate`)
      return {holder, certificate, key, authorities: splitPem(authorities)}
    }),
  )
  return {root, folder, holders, authority, successor}
}

/** A key whose certificate was never written is an unfinished first step: nobody has heard of it. */
async function readSuccessor(folder: string): Promise<IssuedCertificate | undefined> {
  try {
    return await readAuthority(authorityFiles(folder, 'next'))
  } catch (error) {
    if (error instanceof OpsError && error.code === 'AUTHORITY_INCOMPLETE' && /is missing/.test(error.message))
      return undefined
    throw error
  }
}

async function renewAll(context: Context, world: World, request: CertRenewRequest): Promise<readonly string[]> {
  if (world.successor) throw refused('the authority is being rotated', 'finish that first: its steps renew everything')
  return reissue(context, world.holders, world.authority, undefined, request)
}

async function trustBoth({clock}: Context, world: World, request: CertRenewRequest): Promise<readonly string[]> {
  const {createCertificateAuthority} = await import('../author/certificates.ts')
  const title = nameOf(world.authority.certificate, clock.now()).replace(/ CA \d{4}-\d\d-\d\d$/, '')
  const successor =
    world.successor ?? (await createCertificateAuthority(authorityRequest(title, clock.now(), request.authorityDays)))
  if (!request.dryRun && !world.successor) await writeAuthority(authorityFiles(world.folder, 'next'), successor, true)
  const todo = world.holders.filter((held) => !trusts(held, world.authority) || !trusts(held, successor))
  for (const {holder} of request.dryRun ? [] : todo) {
    await writeAuthorities(holder, world.authority.certificate + successor.certificate)
  }
  return todo.map(({holder}) => holder.folder)
}

async function issueAnew(context: Context, world: World, request: CertRenewRequest): Promise<readonly string[]> {
  const {successor} = world
  if (!successor) throw refused('no rotation of the authority has been begun', 'natsops cert renew --step trust')
  const unready = world.holders.find((held) => !trusts(held, successor))
  if (unready)
    throw refused(`${unready.holder.folder} does not trust the new authority yet`, 'natsops cert renew --step trust')
  const todo = world.holders.filter((held) => !isIssued(held, successor))
  return reissue(context, todo, successor, world.authority.certificate + successor.certificate, request)
}

async function dropOld(_context: Context, world: World, request: CertRenewRequest): Promise<readonly string[]> {
  const {successor} = world
  if (!successor) throw refused('no rotation of the authority has been begun', 'natsops cert renew --step trust')
  const unready = world.holders.find((held) => !isIssued(held, successor))
  if (unready)
    throw refused(
      `${unready.holder.folder} has no certificate of the new authority yet`,
      'natsops cert renew --step issue',
    )
  const changed = world.holders.map(({holder}) => holder.folder)
  if (request.dryRun) return changed
  for (const {holder} of world.holders) await writeAuthorities(holder, successor.certificate)
  await writeAuthority(authorityFiles(world.folder, 'ca'), successor, true)
  const files = authorityFiles(world.folder, 'next')
  for (const path of [files.certificate, files.key]) await rm(path, {force: true})
  return changed
}

/** With the names it has now and a new key. `authorities` undefined: as they are. */
async function reissue(
  {clock, signal}: Context,
  holders: readonly HeldCertificate[],
  authority: IssuedCertificate,
  authorities: string | undefined,
  {days, dryRun}: CertRenewRequest,
): Promise<readonly string[]> {
  const {issueCertificate} = await import('../author/certificates.ts')
  for (const held of dryRun ? [] : holders) {
    signal.throwIfAborted()
    const {holder, certificate} = held
    const now = clock.now()
    const request = {name: nameOf(certificate, now), use: holder.use, hosts: hostsOf(certificate, now), now, days}
    const issued = await issueCertificate(authority, request)
    await writeHolder(holder, issued, authorities ?? held.authorities.join(''))
  }
  return holders.map(({holder}) => holder.folder)
}

function trusts({authorities}: HeldCertificate, authority: IssuedCertificate): boolean {
  return authorities.some((each) => each.trim() === authority.certificate.trim())
}

function isIssued({certificate, key}: HeldCertificate, authority: IssuedCertificate): boolean {
  return isSignedBy(certificate, authority.certificate) && isKeyOf(key, certificate)
}

function view(certificate: string, now: number) {
  const input = {chain: [certificate], authorities: undefined, key: undefined, hosts: [], use: undefined}
  return judgeCertificate(input, now, defaultThresholds)
}

function nameOf(certificate: string, now: number): string {
  return /CN=([^,]+)/.exec(view(certificate, now).subject)?.[1] ?? ''
}

function hostsOf(certificate: string, now: number): readonly string[] {
  return view(certificate, now).names.map((name) => {
    const host = /^(?:DNS|IP Address):([^"]+)$/.exec(name)?.[1]
    if (host === undefined)
      throw new UsageError(`a certificate with the name ${JSON.stringify(name)} cannot be renewed here`)
    return host
  })
}

function refused(message: string, suggestion: string): OpsError {
  return new OpsError(message, {code: 'RENEWAL_OUT_OF_ORDER', exit: Exit.refused, suggestions: [suggestion]})
}

function describe(world: World, request: CertRenewRequest, changed: readonly string[]): CertRenewReport {
  const {successor, holders} = world
  const trusting = successor ? holders.filter((held) => trusts(held, successor)).length : 0
  const issued = successor ? holders.filter((held) => isIssued(held, successor)).length : 0
  return {
    folder: world.root,
    step: request.step ?? null,
    dryRun: request.dryRun,
    changed,
    rotation: {running: successor !== undefined, trusting, issued, holders: holders.length},
    next: nextSteps(request.step, {running: successor !== undefined, trusting, issued, holders: holders.length}),
  }
}

const SERVERS = 'copy the files to every server and run nats-server --signal reload on one after the other'
const CLIENTS = 'give every client its files and restart it'

function nextSteps(
  step: RenewalStep | undefined,
  {running, trusting, issued, holders}: CertRenewReport['rotation'],
): readonly string[] {
  if (!running) {
    if (step === 'certificates' || step === 'drop') return [SERVERS, CLIENTS]
    return ['certificates of the same authority: --step certificates', 'a new authority: --step trust']
  }
  if (trusting < holders) return ['--step trust, again: it was not finished']
  if (issued < holders) return [SERVERS, CLIENTS, 'when all of them trust both authorities: --step issue']
  return [SERVERS, CLIENTS, 'when all of them show certificates of the new authority: --step drop']
}
