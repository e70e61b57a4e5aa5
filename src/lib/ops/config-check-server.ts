import {execFile} from 'node:child_process'
import {join} from 'node:path'
import {type LintFinding, lintRules} from '../author/lint.ts'
import type {ConfigurationValue, ServerConfiguration} from '../author/parse.ts'
import type {Context} from '../context.ts'
import {OpsError} from '../errors.ts'
import {findNatsServer} from '../lab/servers.ts'

export interface CheckingServer {
  readonly version: string
  readonly path: string
}

/** The server as a lab would find it; that there is none is no failure unless one was named. */
export async function findCheckingServer(
  {configuration}: Context,
  {serverPath, askServer}: {readonly serverPath: string | undefined; readonly askServer: boolean},
): Promise<{readonly server?: CheckingServer; readonly warning?: string}> {
  if (!askServer) return {}
  try {
    const server = await findNatsServer({
      path: serverPath,
      version: undefined,
      environment: configuration.variable('NATSOPS_NATS_SERVER'),
      searchPath: configuration.variable('PATH'),
      cacheFolder: join(configuration.paths.cache, 'nats-server'),
    })
    return {server}
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'NATS_SERVER_NOT_FOUND') throw error
    return {warning: `${error.message}: only the rules were checked`}
  }
}

export interface ServerVerdict {
  readonly accepted: boolean | null
  readonly findings: readonly LintFinding[]
}

const LIMIT_MS = 30_000
const MISSING_FILE = /no such file or directory|cannot find the (file|path)/i
/** What a start would only log: a number for a duration, an empty file, a value that is too large. */
const WARNING = /invalid use of field|config has no values|will reset to/

/**
 * `nats-server -t` of one file, in the environment and folder of natsops. Files that are not on this machine are no
 * refusal: certificates are where the server runs. Rejects with the signal's reason when interrupted.
 */
export async function askServer(
  {configuration, signal}: Context,
  {path: program, version}: CheckingServer,
  checked: ServerConfiguration,
): Promise<ServerVerdict> {
  const env = configuration.childEnvironment({})
  const {failure, text} = await new Promise<{failure: Error | null; text: string}>((resolve) => {
    execFile(program, ['-t', '-c', checked.path], {env, signal, timeout: LIMIT_MS}, (error, stdout, stderr) => {
      resolve({failure: error, text: stderr || stdout})
    })
  })
  signal.throwIfAborted()
  if (!failure) return {accepted: true, findings: []}
  const redact = redaction(checked)
  const lines = text
    .replace(/^nats-server: /, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const words = lines.length > 0 ? lines : [`no answer within ${LIMIT_MS / 1000} s`]
  const findings = words.map((line) => findingOf(line, redact, {version, path: checked.path}))
  return {accepted: findings.every(({rule}) => rule !== 'server-refuses'), findings}
}

function findingOf(
  line: string,
  redact: (text: string) => string,
  {version, path}: {readonly version: string; readonly path: string},
): LintFinding {
  const located = /^(.*?):(\d+):\d+: (.*)$/.exec(line)
  const onLine = /on line (\d+)/.exec(line)?.[1]
  const rule = MISSING_FILE.test(line) ? 'server-file-missing' : WARNING.test(line) ? 'server-warns' : 'server-refuses'
  const place = located
    ? {file: located[1] ?? path, line: Math.max(1, Number(located[2]))}
    : {file: path, line: Number(onLine ?? 1)}
  const message = `nats-server ${version}: ${redact(located?.[3] ?? line)}`
  return {rule, severity: lintRules[rule].severity, place, message}
}

const SECRET_KEY = /pass|token|secret|seed|(^|_)(key|ek)$/i

/** What the server quotes may be a password: every value under such a key, and every text of the environment, is taken out of its words. */
function redaction({root}: ServerConfiguration): (line: string) => string {
  // The longest first: a secret may begin with another. The server quotes a size without its last letter, its unit.
  const all = secretsIn(root, false).filter((each) => each.length > 2)
  const cut = all.map((each) => each.slice(0, -1)).filter((each) => each.length > 5)
  const secrets = [...new Set([...all, ...cut])].sort((a, b) => b.length - a.length)
  return (line) => {
    const cleared = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line)
    return cleared.replace(/\S+/g, withoutUser)
  }
}

/** Of a URL that cannot be parsed nobody knows where the password ends: at the last @. */
function withoutUser(word: string): string {
  const [start, end] = [word.indexOf('//'), word.lastIndexOf('@')]
  return start < 0 || end < start ? word : `${word.slice(0, start)}//***${word.slice(end)}`
}

function secretsIn(value: ConfigurationValue, isSecret: boolean): readonly string[] {
  switch (value.kind) {
    case 'map':
      return value.entries.flatMap((entry) => secretsIn(entry.value, isSecret || SECRET_KEY.test(entry.key)))
    case 'array':
      return value.items.flatMap((item) => secretsIn(item, isSecret))
    case 'string':
      return isSecret || value.isFromEnvironment ? [value.text] : []
    case 'number':
      return isSecret ? [String(value.value)] : []
    default:
      return []
  }
}
