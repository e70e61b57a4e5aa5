import type {Config} from '@oclif/core'
import {Command} from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import * as ux from '@oclif/core/ux'
import {givenCluster, givenColour, ownArguments, rehearsalOf} from './arguments.ts'
import {type Configuration, openConfiguration} from './config.ts'
import {type ClusterContext, type Context, openClusterContext, openContext} from './context.ts'
import {nameCluster} from './domain/named-cluster.ts'
import {printableJson} from './domain/printable.ts'
import {quoteForShell} from './domain/shell.ts'
import {
  DeclinedError,
  describe,
  type ErrorDescription,
  Exit,
  exitOf,
  InterruptedError,
  OpsError,
  stackOf,
} from './errors.ts'
import {openRealWorld} from './ops/roll/open-world.ts'
import type {OpenWorld} from './ops/roll/start.ts'
import {writtenOut} from './output/ending.ts'
import {openTerminal, type Terminal} from './output/terminal.ts'
import {type CommandShape, explainParseError} from './usage.ts'

/** What a test puts in place of the real world; everything it leaves out is real. */
export interface Wiring {
  readonly configuration?: Configuration
  readonly terminal?: Terminal
  readonly openContext?: typeof openContext
  readonly openClusterContext?: typeof openClusterContext
  readonly openRollWorld?: OpenWorld
}

export {type ClusterContext, ownArguments}

/** Flags of every command that is about one cluster. */
export const clusterFlags = {
  cluster: Flags.string({
    char: 'c',
    summary: 'cluster to work on [env: NATSOPS_CLUSTER, CLUSTER_NAME]',
    helpValue: 'NAME',
  }),
  region: Flags.string({summary: 'AWS region of the cluster [env: NATSOPS_REGION, AWS_REGION]', helpValue: 'REGION'}),
  profile: Flags.string({summary: 'AWS profile to use [env: NATSOPS_PROFILE, AWS_PROFILE]', helpValue: 'NAME'}),
  timeout: Flags.string({
    default: '5s',
    summary: 'limit for one request to AWS or a node, e.g. 5s',
    helpValue: 'DURATION',
  }),
}

/** Flags of every command that needs credentials from SSM. */
export const ownerFlags = {
  service: Flags.string({char: 's', summary: "credentials of this service, not the admin's", helpValue: 'NAME'}),
  system: Flags.boolean({summary: 'credentials of the system account', exclusive: ['service']}),
}

/** Flags of every command that changes something outside this machine. */
export const changeFlags = {
  confirm: Flags.string({summary: 'name of the cluster, to go ahead without being asked', helpValue: 'CLUSTER'}),
  'dry-run': Flags.boolean({char: 'n', default: false, summary: 'show the plan and change nothing'}),
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Within this time the same signal again is the same one, milliseconds. */
const ECHO_MS = 250

export interface ParsedClusterFlags {
  readonly cluster?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
  readonly timeout: string
  /** Of a command that changes something. */
  readonly confirm?: string | undefined
}

/** What every natsops command shares: context, confirmation, signals, the forms of an error. No business logic. */
export abstract class NatsopsCommand<Result> extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    color: Flags.boolean({allowNo: true, summary: 'colour the output [env: NO_COLOR]', helpGroup: 'GLOBAL'}),
    debug: Flags.boolean({summary: 'show the stack and the cause of an error', helpGroup: 'GLOBAL'}),
  }

  readonly #wiring: Wiring
  readonly #interruption = new AbortController()
  #onOutputError: ((error: NodeJS.ErrnoException) => void) | undefined
  readonly #handlers: [name: NodeJS.Signals, handle: () => void][] = []
  #configuration: Configuration | undefined
  #terminal: Terminal | undefined
  #context: Context | undefined
  #cluster: string | undefined

  /** oclif passes two arguments; a test passes its own wiring as the third. */
  constructor(argv: string[], config: Config, wiring: Wiring = {}) {
    super(argv, config)
    this.#wiring = wiring
  }

  abstract override run(): Promise<Result>

  /** Public so that a test runs a command's whole life: parse, run, JSON, errors. */
  override async _run<T>(): Promise<T> {
    const result = await super._run<T>()
    // A request that was under way at the signal would keep the process until its own time limit.
    if (this.#interruption.signal.aborted) {
      await writtenOut()
      this.terminal.exit(Number(process.exitCode ?? 0))
    }
    return result
  }

  protected get configuration(): Configuration {
    this.#configuration ??= this.#wiring.configuration ?? openConfiguration()
    return this.#configuration
  }

  protected get terminal(): Terminal {
    this.#terminal ??=
      this.#wiring.terminal ??
      openTerminal({
        colour: this.configuration.colour(givenColour(this.argv)),
        animation: this.configuration.animation(),
        quiet: this.jsonEnabled(),
      })
    return this.#terminal
  }

  /** For commands that are about this machine only. */
  protected localContext(): Context {
    const {configuration, terminal} = this
    const open = this.#wiring.openContext ?? openContext
    const context = open({configuration, terminal, signal: this.#listen()})
    this.#context = context
    return context
  }

  /** For commands that are about one cluster: settles which one, opens nothing yet. Rejects a --confirm of another. */
  protected async clusterContext(flags: ParsedClusterFlags): Promise<ClusterContext> {
    const {configuration, terminal} = this
    const requestTimeoutMs = configuration.duration('--timeout', flags.timeout)
    const cluster = await configuration.cluster(flags)
    this.#cluster = cluster.settings.name
    requireOwnName(cluster.settings.name, flags.confirm)
    const open = this.#wiring.openClusterContext ?? openClusterContext
    const context = open({configuration, terminal, signal: this.#listen(), requestTimeoutMs}, cluster)
    this.#context = context
    return context
  }

  /** What a roll sees and does, opened for this process. */
  protected get openRollWorld(): OpenWorld {
    return this.#wiring.openRollWorld ?? openRealWorld
  }

  /** A change goes ahead only on the cluster's own name, given by --confirm or typed. */
  protected async confirm(action: string, cluster: string, given: string | undefined): Promise<void> {
    if (given === undefined && !this.terminal.interactive) {
      throw new OpsError(`${action} needs confirmation and there is no terminal to ask on`, {
        code: 'CONFIRMATION_REQUIRED',
        exit: Exit.usage,
        suggestions: [`add --confirm ${cluster}`],
      })
    }
    requireOwnName(cluster, given)
    if (given !== undefined) return
    const answer = await this.#ask(`Type ${cluster} to ${action}: `)
    if (answer?.trim() !== cluster) throw new DeclinedError(action)
  }

  /** Prints the error in its one form and leaves the exit status; oclif's own printing and exiting are not used. */
  protected override async catch(error: Error): Promise<unknown> {
    const interrupted = this.#interruption.signal.aborted && error.name === 'AbortError'
    const shown = interrupted ? this.#interruption.signal.reason : await explainParseError(error, this.#shape())
    process.exitCode = exitOf(shown)
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(shown))
    else this.terminal.fail(this.#describe(shown), stackOf(shown, ownArguments(this.argv).includes('--debug')))
    return undefined
  }

  /** The one document of --json. Names in it may be anybody's, and it may be read on a terminal. */
  protected override logJson(json: unknown): void {
    ux.stdout(printableJson(json, {indented: true}))
  }

  /** An open connection would keep the process alive; what fails in closing must not hide what failed before. */
  protected override async finally(error: Error | undefined): Promise<unknown> {
    try {
      await this.#context?.close()
    } catch (problem) {
      if (error === undefined) throw problem
    }
    // A closing terminal may be noticed before its SIGHUP comes, or send it again: the exit status must still be our own.
    const listened = this.#handlers.length > 0 || this.#interruption.signal.aborted
    if (listened && !process.listeners('SIGHUP').includes(ignore)) process.on('SIGHUP', ignore)
    this.releaseSignals()
    return super.finally(error)
  }

  protected override toErrorJson(error: unknown): unknown {
    return {error: this.#describe(error)}
  }

  /** Words for people; the commands of natsops among them name the cluster that this command is about. */
  protected pasteable(text: string): string {
    const cluster = this.#cluster ?? ('cluster' in {...this.ctor.flags} ? givenCluster(this.argv) : undefined)
    if (cluster === undefined) return text
    const flagsOf = (words: string) => this.config.findCommand(words.replaceAll(' ', ':'))?.flags
    return nameCluster(text, cluster, (words) => flagsOf(words)?.cluster !== undefined)
  }

  #describe(error: unknown): ErrorDescription {
    const description = describe(error)
    return {...description, suggestions: description.suggestions.map((each) => this.pasteable(each))}
  }

  /** The answer, or undefined at Ctrl-C or the end of input: nobody agreed. */
  async #ask(question: string): Promise<string | undefined> {
    try {
      return await this.terminal.ask(question)
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError' && !this.#interruption.signal.aborted) return undefined
      throw error
    }
  }

  /**
   * The first signal asks the command to stop at its next safe point, the second ends the process. A signal that is sent
   * to a process and to its group comes twice at once; a closing terminal sends SIGHUP as often as it likes.
   */
  #listen(): AbortSignal {
    // A second context of the same command must not take the first signal for the second one.
    if (this.#handlers.length > 0) return this.#interruption.signal
    let first: {readonly name: string; readonly at: number} | undefined
    for (const name of SIGNALS) {
      const handle = (): void => {
        const at = performance.now()
        if (first === undefined) {
          first = {name, at}
          this.#interruption.abort(new InterruptedError(name))
          return
        }
        const isEcho = name === first.name && at - first.at < ECHO_MS
        if (name !== 'SIGHUP' && !isEcho) this.terminal.exit(Exit.interrupted)
      }
      process.on(name, handle)
      this.#handlers.push([name, handle])
    }
    return this.#interruption.signal
  }

  /**
   * For what has no end of its own, --watch and --follow: when nobody reads its output any more, it stops as at a signal.
   * oclif drops that error, which is right for a roll: it goes on, whoever looks.
   */
  protected endWithReader(): void {
    this.#onOutputError ??= ({code}: NodeJS.ErrnoException): void => {
      if (code === 'EPIPE') this.#interruption.abort(new InterruptedError('SIGPIPE'))
    }
    process.stdout.on('error', this.#onOutputError)
  }

  /** For a command whose child the signals are meant for: from here on natsops itself does nothing about them. */
  protected releaseSignals(): void {
    for (const [name, handle] of this.#handlers.splice(0)) process.off(name, handle)
    if (this.#onOutputError) process.stdout.off('error', this.#onOutputError)
  }

  /** This command as it was given, with --dry-run and without its agreement, to be pasted; undefined where it was dry. */
  protected rehearsal(cluster: string, dryRun: boolean): string | undefined {
    return dryRun ? undefined : rehearsalOf(this.#shape().command, this.argv, cluster)
  }

  #shape(): CommandShape {
    const flags = {...this.ctor.baseFlags, ...this.ctor.flags}
    const negated = Object.entries(flags).flatMap(([name, flag]) =>
      flag.type === 'boolean' && flag.allowNo ? [`no-${name}`] : [],
    )
    const json = this.ctor.enableJsonFlag ? ['json'] : []
    return {
      command: [this.config.bin, ...(this.id ?? '').split(':')].join(' ').trim(),
      flags: [...Object.keys(flags), ...negated, ...json, 'help'],
    }
  }
}

/** A --confirm that names another cluster is no agreement, and is said before anything is looked at. */
function requireOwnName(cluster: string, given: string | undefined): void {
  if (given === undefined || given.trim() === cluster) return
  throw new OpsError(`--confirm ${JSON.stringify(given)} is not the cluster's name ${cluster}: nothing was changed`, {
    code: 'DECLINED',
    exit: Exit.declined,
    suggestions: [quoteForShell(['--confirm', cluster])],
  })
}

const ignore = (): void => {}
