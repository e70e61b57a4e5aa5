import {clusterFlags, NatsopsCommand, ownArguments, ownerFlags} from '../lib/command.ts'
import {chooseOwner} from '../lib/domain/credentials.ts'
import {quoteForShell} from '../lib/domain/shell.ts'
import {UsageError} from '../lib/errors.ts'
import {fetchCredentials} from '../lib/ops/credentials.ts'
import {sweepCredentials} from '../lib/ops/credentials-file.ts'
import {runWithCredentials} from '../lib/ops/exec.ts'
import {orInterrupted} from '../lib/ops/interruption.ts'

/** The result is the program's own: there is no --json, so that one after -- is the program's too. */
export default class Exec extends NatsopsCommand<void> {
  static override summary = 'Run a program with NATS_URL and NATS_CREDS set, the creds file gone afterwards'
  static override description =
    `Everything after -- is the program and its arguments; no shell is involved. Standard streams, signals and exit status are
the program's (127 not found, 126 not executable, 128 + n for signal n). The nats CLI reads both variables.`
  static override usage = '<%= command.id %> [--cluster NAME] [--service NAME | --system] -- PROGRAM [ARGUMENTS]'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod -- nats stream ls',
    '<%= config.bin %> <%= command.id %> -c nats-prod --service messenger -- nats sub "messenger.>"',
  ]
  static override enableJsonFlag = false
  static override strict = false
  static override flags = {...clusterFlags, ...ownerFlags}

  async run(): Promise<void> {
    // Split by hand: oclif sorts what follows -- by where the same word first stood on the command line.
    const own = [...ownArguments(this.argv)]
    const program = this.argv.slice(own.length + 1)
    const {flags, argv: stray} = await this.parse(Exec, own)
    if (stray.length > 0) throw misplaced(own, program)
    if (program.length === 0) throw new UsageError('there is no program to run', ['natsops exec -- nats stream ls'])
    const service = flags.service === undefined ? undefined : this.configuration.service(flags.service)
    const ctx = await this.clusterContext(flags)
    await sweepCredentials(ctx)
    const fetching = fetchCredentials(ctx, chooseOwner(flags.system, service))
    const fetched = await orInterrupted(ctx.signal, fetching)
    for (const warning of fetched.warnings) ctx.terminal.say(`warning: ${warning}`)
    ctx.signal.throwIfAborted()
    this.releaseSignals()
    const {status, failure} = await runWithCredentials(ctx, fetched, program)
    if (failure) ctx.terminal.fail(failure, undefined)
    process.exitCode = status
  }
}

/** Words before -- that are no flags: the program, most likely, and the flags stand before it. */
function misplaced(own: readonly string[], rest: readonly string[]): UsageError {
  const valued = Object.entries(Exec.flags).flatMap(([name, {type, char}]) =>
    type === 'option' ? [`--${name}`, `-${char}`] : [],
  )
  const isOurs = (word: string, index: number): boolean => /^-./.test(word) || valued.includes(own[index - 1] ?? '')
  const words = own.filter((word, index) => !isOurs(word, index))
  return new UsageError(`unexpected argument${words.length > 1 ? 's' : ''}: ${words.join(', ')}`, [
    quoteForShell(['natsops', 'exec', ...own.filter(isOurs), '--', ...words, ...rest]),
  ])
}
