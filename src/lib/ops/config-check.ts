import {realpath, stat} from 'node:fs/promises'
import {basename, dirname, join, resolve, sep} from 'node:path'
import {
  blockOf,
  type LintFinding,
  type LintRuleId,
  lintConfigurations,
  lintRules,
  sortFindings,
} from '../author/lint.ts'
import {type ConfigurationSource, type Place, parseConfiguration, type ServerConfiguration} from '../author/parse.ts'
import type {Context} from '../context.ts'
import {Exit, messageOf, OpsError, UsageError} from '../errors.ts'
import {readSmallFile} from '../files.ts'
import {nearestName} from '../nearest.ts'
import {askServer, findCheckingServer, type ServerVerdict} from './config-check-server.ts'

export interface ConfigCheckRequest {
  readonly files: readonly string[]
  /** Includes are read from this folder and below it; undefined: the folder of each file. */
  readonly includeRoot: string | undefined
  /** A nats-server named by the operator; undefined: the one that is found. */
  readonly serverPath: string | undefined
  /** False: the rules only. */
  readonly askServer: boolean
  /** How long the service manager lets the server stop, seconds; undefined: not known. */
  readonly stopSeconds: number | undefined
  /** Rules that are known and accepted. */
  readonly ignored: readonly string[]
}

/** Public under --json. */
export interface ConfigCheck {
  /** RFC 3339. */
  readonly at: string
  readonly verdict: 'ok' | 'degraded' | 'critical'
  /** The nats-server whose own check ran; null where none was asked. */
  readonly server: {readonly version: string; readonly path: string} | null
  readonly files: readonly CheckedFile[]
  readonly findings: readonly ConfigFinding[]
  /** What was not done, and why, one line each. */
  readonly warnings: readonly string[]
}

export interface CheckedFile {
  readonly path: string
  readonly serverName: string | null
  readonly cluster: string | null
  /** What nats-server says of it; null where none was asked. */
  readonly accepted: boolean | null
}

export interface ConfigFinding {
  readonly rule: LintRuleId
  readonly severity: LintFinding['severity']
  readonly file: string
  /** Counts from 1; the first one where something is missing. */
  readonly line: number
  readonly message: string
  readonly reason: string
  readonly reference: string
}

const LARGEST_FILE = 4 * 1024 * 1024

/**
 * Reads the configurations, asks a nats-server about each, and judges them by the rules, all together. Rejects with
 * CONFIG_NOT_READABLE, CONFIG_NOT_PARSED or INCLUDE_OUTSIDE (all exit 2), or NATS_SERVER_NOT_USABLE for a server that
 * was named; that none is there is a warning.
 */
export async function checkConfigurations(context: Context, request: ConfigCheckRequest): Promise<ConfigCheck> {
  for (const rule of request.ignored) requireRule(rule)
  const configurations: ServerConfiguration[] = []
  for (const file of request.files) configurations.push(await readConfiguration(context, file, request.includeRoot))
  const {server, warning} = await findCheckingServer(context, request)
  const answers: ServerVerdict[] = []
  for (const configuration of configurations) {
    answers.push(server ? await askServer(context, server, configuration) : {accepted: null, findings: []})
  }
  const inputs = await Promise.all(
    configurations.map(async (configuration) => ({
      configuration,
      readableByOthers: await filesOthersRead(configuration.files),
    })),
  )
  const linted = lintConfigurations(inputs, {stopSeconds: request.stopSeconds})
  const all = sortFindings([...linted, ...answers.flatMap(({findings}) => findings)])
  const findings = all.filter(({rule}) => !request.ignored.includes(rule))
  return {
    at: new Date(context.clock.now()).toISOString(),
    verdict: verdictOf(findings),
    server: server ?? null,
    files: configurations.map((configuration, index) => {
      const root = blockOf(configuration)
      return {
        path: configuration.path,
        serverName: root.text('server_name') ?? null,
        cluster: root.block('cluster').text('name') ?? null,
        accepted: answers[index]?.accepted ?? null,
      }
    }),
    findings: findings.map(({rule, severity, place, message}) => {
      const {reason, reference} = lintRules[rule]
      return {rule, severity, file: place.file, line: place.line, message, reason, reference}
    }),
    warnings: warning === undefined ? [] : [warning],
  }
}

function requireRule(name: string): void {
  const names = Object.keys(lintRules)
  if (names.includes(name)) return
  const near = nearestName(name, names)
  throw new UsageError(
    `${JSON.stringify(name)} is no rule`,
    near === undefined ? [`one of ${names.join(', ')}`] : [`--ignore ${near}`],
  )
}

function verdictOf(findings: readonly LintFinding[]): ConfigCheck['verdict'] {
  if (findings.some(({severity}) => severity === 'critical')) return 'critical'
  return findings.some(({severity}) => severity === 'warning') ? 'degraded' : 'ok'
}

async function readConfiguration(
  {configuration}: Context,
  file: string,
  includeRoot: string | undefined,
): Promise<ServerConfiguration> {
  const source: ConfigurationSource = {
    read: async (path, from) => {
      try {
        if (from) await refuseOutside(path, includeRoot ?? dirname(file), from)
        return await readSmallFile(path, LARGEST_FILE)
      } catch (error) {
        throw asUnreadable(error, from)
      }
    },
    variable: (name) => configuration.variable(name),
  }
  return parseConfiguration(file, source)
}

/** By where it really is: a symlink leads out of a folder as well as `..` does. */
async function refuseOutside(path: string, root: string, from: Place): Promise<void> {
  const [folder, target] = await Promise.all([realpath(root), realpath(path).catch(() => placeOfMissing(path))])
  if (target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return
  throw new OpsError(`${from.file}:${from.line}: the include leads out of ${root}`, {
    code: 'INCLUDE_OUTSIDE',
    exit: Exit.usage,
    suggestions: ['name the folder that includes may come from with --include-root'],
  })
}

async function placeOfMissing(path: string): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)))
  return join(folder, basename(path))
}

function asUnreadable(error: unknown, from: Place | undefined): unknown {
  if (!(error instanceof OpsError) || error.code === 'INCLUDE_OUTSIDE') return error
  const place = from ? `${from.file}:${from.line}: ` : ''
  const {suggestions} = error
  return new OpsError(place + messageOf(error), {
    code: 'CONFIG_NOT_READABLE',
    exit: Exit.usage,
    suggestions,
    cause: error,
  })
}

async function filesOthersRead(files: readonly string[]): Promise<readonly string[]> {
  const modes = await Promise.all(files.map(async (file) => ({file, mode: (await stat(file)).mode})))
  return modes.filter(({mode}) => (mode & 0o004) !== 0).map(({file}) => file)
}
