import {realpath, stat} from 'node:fs/promises'
import {parseServerList} from '../domain/server-list.ts'
import {quoteForShell} from '../domain/shell.ts'
import {unifiedDiff} from '../domain/terraform/diff.ts'
import {lineAt, TerraformRefusal} from '../domain/terraform/lexer.ts'
import {
  applyEdit,
  BlockNotFound,
  formatReference,
  type NatsUse,
  planSwitch,
  readUses,
  type Side,
  type SwitchRequest,
} from '../domain/terraform/switch.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {readSmallFile, writePrivateFile} from '../files.ts'
import {refuse} from './credentials.ts'
import {readParameters, type ServiceContext, servicesPath} from './service.ts'

/** What one module block uses. Public under --json. */
export interface UseRow {
  readonly module: string
  readonly line: number
  readonly uses: Side | 'unknown'
  /** The Terraform expression, or why it is not understood. */
  readonly detail: string
}

/** Public under --json. */
export interface SwitchOutcome {
  readonly file: string
  readonly service: string
  readonly module: string
  readonly line: number
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  /** False: it was so already, or --dry-run. */
  readonly changed: boolean
  /** A unified diff of the change, made or planned; empty where there is nothing to change. */
  readonly diff: string
}

const LARGEST_FILE = 8 * 1024 * 1024

/** Which NATS each module of the file uses. Rejects with TERRAFORM_NOT_UNDERSTOOD (exit 3) naming the line. */
export async function readSwitches(file: string): Promise<readonly UseRow[]> {
  const text = await readTerraform(file)
  const {uses, strays} = explaining(file, () => readUses(text))
  const rows = uses.map(
    ({module, line, reference, problem}): UseRow => ({
      module,
      line,
      uses: reference?.side ?? 'unknown',
      detail: reference ? formatReference(reference) : (problem ?? ''),
    }),
  )
  const others = strays.map(
    (line): UseRow => ({module: '', line, uses: 'unknown', detail: 'not the attribute of a module block'}),
  )
  return [...rows, ...others].sort((a, b) => a.line - b.line)
}

export interface SwitchOptions extends SwitchRequest {
  readonly file: string
  readonly dryRun: boolean
  /** SSM path of Synadia Cloud's three parameters: what `module.nats.ssm_prefix` is. */
  readonly synadiaPrefix: string | undefined
}

/**
 * Moves one service in its Terraform file: plans the edit, makes sure that the target's parameters are there and work,
 * and only then writes, atomically and with the file's own mode. Nothing is asked of AWS where there is nothing to
 * change: `withCluster` is called only where it is needed.
 *
 * Rejects with TERRAFORM_NOT_UNDERSTOOD (exit 3), MODULE_NOT_FOUND (exit 9), PARAMETER_NOT_FOUND (exit 9) or what makes
 * the credentials unusable (exit 10), FILE_CHANGED (exit 3), and what files.ts says; then the file is as it was.
 */
export async function switchService(
  options: SwitchOptions,
  withCluster: (look: (ctx: ServiceContext) => Promise<void>) => Promise<void>,
): Promise<SwitchOutcome> {
  const {file, service, dryRun} = options
  const text = await readTerraform(file)
  const {use, from, to, edit} = explaining(file, () => planSwitch(text, options))
  const references = {from: formatReference(from), to: formatReference(to)}
  const outcome = {file, service, module: use.module, line: use.line, ...references, dryRun}
  if (!edit) return {...outcome, changed: false, diff: ''}
  await withCluster((ctx) => assertTarget(ctx, options))
  const diff = unifiedDiff(file.replace(/^(\.?\/)+/, ''), text, edit)
  if (dryRun) return {...outcome, changed: false, diff}
  await replaceText(file, text, applyEdit(text, edit))
  return {...outcome, changed: true, diff}
}

/** A name that can stand in a reference. */
export function requireModuleName(flag: string, name: string): void {
  if (/^[A-Za-z_][\w-]*$/.test(name)) return
  throw new UsageError(`--${flag} ${JSON.stringify(name)} is no name of a Terraform module`)
}

/** Where Synadia Cloud's parameters are: only Terraform knows, and so it has to be said. */
export function requirePrefix(to: Side, prefix: string | undefined): string | undefined {
  if (to !== 'synadia') return undefined
  if (prefix === undefined) {
    throw new UsageError('--to synadia needs --synadia-prefix: the SSM path of its three parameters', [
      'the output ssm_prefix of its Terraform module, e.g. --synadia-prefix /nats',
    ])
  }
  if (/^(\/[\w.-]+)+\/?$/.test(prefix)) return prefix.replace(/\/$/, '')
  throw new UsageError(`--synadia-prefix ${JSON.stringify(prefix)} is no path of SSM, such as /nats`)
}

/** The three parameters that the service would read at its next start: there, and good. */
async function assertTarget(ctx: ServiceContext, {service, to, synadiaPrefix}: SwitchOptions): Promise<void> {
  const path = to === 'synadia' ? (synadiaPrefix ?? '') : `${servicesPath(ctx.settings)}/${service}`
  const {missing, check, host} = await readParameters(ctx, path)
  if (missing.length > 0) {
    const region = await (await ctx.aws()).region()
    throw new OpsError(
      `there is no SSM parameter ${missing.join(' and no ')} in ${region}: ${service} would not start`,
      {
        code: 'PARAMETER_NOT_FOUND',
        exit: Exit.notFound,
        suggestions: [`natsops service list --cluster ${ctx.settings.name}`],
      },
    )
  }
  if (check && !check.ok) throw refuse(check.problem)
  if (parseServerList(host ?? '', ctx.settings.ports.client) === undefined) {
    throw new OpsError(`${path}/nats_host is not a list of NATS servers: ${JSON.stringify(host)}`, {
      code: 'HOST_LIST_INVALID',
      exit: Exit.refused,
    })
  }
}

/** Terraform files are UTF-8; another encoding would not survive being read as text. */
async function readTerraform(file: string): Promise<string> {
  const text = await readSmallFile(file, LARGEST_FILE)
  const damaged = text.indexOf('\ufffd')
  if (damaged >= 0) throw notUnderstood(file, lineAt(text, damaged), 'a character is not UTF-8')
  return text
}

/** In the place of the file itself, where it is a symlink; not if somebody has written to it meanwhile. */
async function replaceText(file: string, before: string, after: string): Promise<void> {
  const path = await realpath(file)
  const {mode} = await stat(path)
  if ((await readSmallFile(path, LARGEST_FILE)) !== before) {
    throw new OpsError(`${file} was changed while natsops looked at it: nothing was written`, {
      code: 'FILE_CHANGED',
      exit: Exit.refused,
      suggestions: ['run the same command again'],
    })
  }
  await writePrivateFile(path, after, {mode: mode & 0o7777, overwrite: true})
}

function explaining<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TerraformRefusal) throw notUnderstood(file, error.line, error.message)
    if (error instanceof BlockNotFound) throw notFound(file, error)
    throw error
  }
}

function notUnderstood(file: string, line: number, problem: string): OpsError {
  return new OpsError(`${file}:${line}: ${problem}; nothing was changed`, {
    code: 'TERRAFORM_NOT_UNDERSTOOD',
    exit: Exit.refused,
    suggestions: ['change this line by hand'],
  })
}

function notFound(file: string, {message, candidates}: BlockNotFound): OpsError {
  const places = candidates.map(({module, line}: NatsUse) => `${quoteForShell(['--module', module])} (line ${line})`)
  return new OpsError(`${file}: ${message}; nothing was changed`, {
    code: 'MODULE_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: places.length > 0 ? places : ['check --file'],
  })
}
