import {basename, dirname, relative, resolve, sep} from 'node:path'
import {type ClusterDescription, readDescription} from '../author/description.ts'
import {type GeneratedFile, type GenerateInputs, generateFiles, type Target} from '../author/generate.ts'
import {passwordFiles} from '../author/node-config.ts'
import {readPreload, renderPreload} from '../author/preload.ts'
import type {Context} from '../context.ts'
import {quoteForShell} from '../domain/shell.ts'
import {Exit, OpsError, UsageError} from '../errors.ts'
import {readSmallFile} from '../files.ts'
import {type FileChange, type OutputFile, replaceFolder} from './folder-swap.ts'

export {TARGETS, type Target} from '../author/generate.ts'

export interface GenerateRequest {
  readonly file: string
  readonly out: string
  readonly target: Target
  readonly force: boolean
  readonly dryRun: boolean
}

/** Public under --json. */
export interface GenerateReport {
  readonly cluster: string
  readonly target: Target
  /** Absolute path. */
  readonly out: string
  readonly files: readonly GeneratedEntry[]
  readonly dryRun: boolean
}

export interface GeneratedEntry extends FileChange {
  /** Octal, e.g. 0600; null for a file that was removed. */
  readonly mode: string | null
}

/** Makes every file of a target out of a description, all of them or none. */
export async function generateConfig(context: Context, request: GenerateRequest): Promise<GenerateReport> {
  const {target} = request
  const out = resolve(request.out)
  const description = await readDescription(request.file)
  const inputs = await gatherInputs(context, description, out)
  const files = await generateFiles(target, inputs)
  context.signal.throwIfAborted()
  const written = files.map(outputFile)
  const changes = await replaceFolder(out, written, request)
  const modes = new Map(written.map(({path, mode}) => [path, `0${mode.toString(8)}`]))
  return {
    cluster: description.name,
    target,
    out,
    files: changes.map((change) => ({...change, mode: modes.get(change.path) ?? null})),
    dryRun: request.dryRun,
  }
}

/** What a description names and does not hold: passwords, JWTs, and what is configured for the cluster. */
export async function gatherInputs(
  {configuration}: Pick<Context, 'configuration'>,
  description: ClusterDescription,
  out: string,
): Promise<GenerateInputs> {
  const {auth, tls} = description
  const [passwords, preload, {settings}] = await Promise.all([
    readPasswords(description),
    auth.mode === 'operator' ? readPreloadOf(auth.preload) : undefined,
    configuration.cluster({cluster: description.name}),
  ])
  return {
    description,
    passwords,
    preload,
    thresholds: settings.thresholds,
    ssmPrefix: settings.ssmPrefix,
    tlsFolder: relative(out, tls?.source ?? resolve('tls')).replaceAll(sep, '/') || '.',
  }
}

export async function readPasswords(description: ClusterDescription): Promise<ReadonlyMap<string, string>> {
  const paths = passwordFiles(description)
  return new Map(await Promise.all(paths.map(async (path) => [path, await readPassword(path)] as const)))
}

const LONGEST_PASSWORD = 1024

/** Not shown in any message: what is wrong with it is enough. */
async function readPassword(path: string): Promise<string> {
  const text = (await readSmallFile(path, LONGEST_PASSWORD)).replace(/\r?\n$/, '')
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new UsageError(`${path} does not hold one password on one line`, [
      `(umask 077 && openssl rand -hex 24 > ${quoteForShell([path])})`,
    ])
  }
  return text
}

async function readPreloadOf(path: string): Promise<string> {
  try {
    return renderPreload(await readPreload(path))
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'FILE_NOT_FOUND') throw error
    throw new OpsError(`there is no ${basename(path)} in ${dirname(path)}: the operator's JWTs are not made yet`, {
      code: 'PRELOAD_MISSING',
      exit: Exit.notFound,
      suggestions: ['make them with natsops auth init', 'name the file with auth.preload in the description'],
      cause: error,
    })
  }
}

function outputFile({path, text, secret, executable}: GeneratedFile): OutputFile {
  return {path, text, mode: secret ? 0o600 : executable ? 0o755 : 0o644}
}
