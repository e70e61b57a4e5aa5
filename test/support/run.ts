import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Config, run} from '@oclif/core'
import type {Wiring} from '../../src/lib/command.ts'
import {openConfiguration} from '../../src/lib/config.ts'
import {exitOf} from '../../src/lib/errors.ts'
import {captureOutput} from './capture.ts'

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
  /** What the command failed with, also when it has printed it itself. */
  readonly error: unknown
}

export interface RunOptions {
  /** Columns of the terminal that both outputs pretend to be; a pipe where absent. */
  readonly columns?: number
}

type CommandClass = new (argv: string[], config: Config, wiring: Wiring) => {_run(): Promise<unknown>}

/**
 * Runs a command in this process as oclif does: parse, run, JSON, errors, closing. What the wiring leaves out is real,
 * except the configuration: an empty environment in folders that do not exist, never the developer's own. The exit
 * status and the signal handlers of this process are afterwards as they were.
 */
export async function runCommand(
  Command: CommandClass,
  argv: readonly string[],
  wiring: Wiring = {},
  options: RunOptions = {},
): Promise<Outcome> {
  const config = await oclifConfig()
  const configuration = wiring.configuration ?? emptyConfiguration()
  const command = new Command([...argv], config, {...wiring, configuration})
  const failures = watchFailures(command)
  const restoreSignals = rememberSignalHandlers()
  const {exitCode} = process
  process.exitCode = undefined
  try {
    const {stdout, stderr, result} = await captureOutput(() => command._run(), options)
    const rejected = result.status === 'rejected'
    const error: unknown = rejected ? result.reason : failures[0]
    return {stdout, stderr, exitCode: rejected ? exitOf(error) : Number(process.exitCode ?? 0), error}
  } finally {
    process.exitCode = exitCode
    restoreSignals()
  }
}

/** Nothing in the environment and no files: the conventions and nothing else. */
export function emptyConfiguration(variables: Readonly<Record<string, string>> = {}) {
  return openConfiguration({variables, home: '/nonexistent', cwd: '/nonexistent', temporary: '/nonexistent', uid: 1000})
}

/**
 * Runs a whole command line as bin/run.js does, from the sources: finding the command, help, hooks. The configuration
 * is that of this process: for command lines that need none.
 */
export async function runCommandLine(argv: readonly string[]): Promise<Outcome> {
  const {oclif, ...packageJson} = readPackage()
  const source = (target: string): string => target.replace('./dist/', './src/').replace(/\.js$/, '.ts')
  const {hooks, commands, helpClass} = oclif
  const inSources = {
    ...oclif,
    commands: {...commands, target: source(commands.target)},
    helpClass: source(helpClass),
    hooks: Object.fromEntries(Object.entries(hooks).map(([event, target]) => [event, source(String(target))])),
  }
  const config = await Config.load({root, pjson: {...packageJson, oclif: inSources}, ignoreManifest: true})
  const {exitCode} = process
  process.exitCode = undefined
  try {
    const {stdout, stderr, result} = await captureOutput(() => run([...argv], config))
    const error: unknown = result.status === 'rejected' ? result.reason : undefined
    return {stdout, stderr, exitCode: error === undefined ? Number(process.exitCode ?? 0) : exitOf(error), error}
  } finally {
    process.exitCode = exitCode
  }
}

const root = join(import.meta.dirname, '../..')

function readPackage() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
}

let loaded: Promise<Config> | undefined

/** oclif's view of this package, by its manifest, which test/manifest.test.ts compares with the sources; no build. */
function oclifConfig(): Promise<Config> {
  loaded ??= (async () => {
    const packageJson = readPackage()
    const {hooks: _hooks, ...oclif} = packageJson.oclif
    return Config.load({root, pjson: {...packageJson, oclif}})
  })()
  return loaded
}

/** The commands print their own errors: seen here before that. */
function watchFailures(command: object): unknown[] {
  const failures: unknown[] = []
  const {catch: original} = command as {catch(error: Error): Promise<unknown>}
  Object.defineProperty(command, 'catch', {
    value: (error: Error) => {
      failures.push(error)
      return original.call(command, error)
    },
  })
  return failures
}

function rememberSignalHandlers(): () => void {
  const before = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => [name, process.listeners(name)] as const)
  return () => {
    for (const [name, handlers] of before) {
      for (const handler of process.listeners(name)) if (!handlers.includes(handler)) process.off(name, handler)
    }
  }
}
