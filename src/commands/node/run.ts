import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {type ClusterContext, changeFlags, clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {exitStatusOf, type RemoteOutcome} from '../../lib/domain/remote-command.ts'
import {quoteForShell} from '../../lib/domain/shell.ts'
import {UsageError} from '../../lib/errors.ts'
import {chooseTargets, readStanding, runOnNodes} from '../../lib/ops/node-run.ts'
import {renderRemoteText} from '../../lib/output/remote-text.ts'

/** Public, under --json. */
export interface NodeRunResult {
  readonly cluster: string
  readonly command: readonly string[]
  readonly dryRun: boolean
  readonly exit: number
  /** Empty in a dry run. */
  readonly nodes: readonly RemoteOutcome[]
}

type Targets = Awaited<ReturnType<typeof chooseTargets>>

export default class NodeRun extends NatsopsCommand<NodeRunResult> {
  static override summary = 'Run a command on a node, or on all of them, through SSM'
  static override description =
    `The words after -- are the program and its arguments: it runs as root, without a shell and without input. Where a shell
is needed, name it: -- sh -c 'a | b'. AWS keeps the first 24,000 characters of the output and the first 8,000 of the
errors; natsops says so where there was more.

A command on one node is not asked about. Nobody can tell from its words whether it changes something, and on all nodes at
once that can cost the quorum, so --all asks.

Exit status: on one node the command's own; with --all 0 where it was 0 everywhere, 3 where it was not, or that of the node
that could not be reached. Ctrl-C cancels the command: 130.`
  static override usage = '<%= command.id %> NODE | --all [--cluster NAME] [--limit DURATION] -- PROGRAM [ARGUMENTS]'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod -- df -h /var/lib/nats',
    '<%= config.bin %> <%= command.id %> --all -c nats-prod -- systemctl is-active nats',
  ]
  static override args = {
    node: Args.string({description: 'which node: 2, node-2 or its whole name'}),
  }
  static override flags = {
    ...clusterFlags,
    ...changeFlags,
    all: Flags.boolean({summary: 'run it on every node at once'}),
    limit: Flags.string({default: '60s', summary: 'limit for the command itself, e.g. 10m', helpValue: 'DURATION'}),
  }

  async run(): Promise<NodeRunResult> {
    // Split by hand: oclif sorts what follows -- by where the same word first stood on the command line.
    const end = this.argv.includes('--') ? this.argv.indexOf('--') : this.argv.length
    const command = this.argv.slice(end + 1)
    const {args, flags} = await this.parse(NodeRun, this.argv.slice(0, end))
    const help = 'natsops node run 1 -- systemctl status nats'
    if (command.length === 0) throw new UsageError('there is no command to run: give it after --', [help])
    if ((args.node === undefined) === !flags.all) throw new UsageError('name one node or give --all', [help])
    const limitMs = this.configuration.duration('--limit', flags.limit)
    const ctx = await this.clusterContext(flags)
    const targets = await chooseTargets(ctx, args.node)
    const {name: cluster} = ctx.settings
    if (flags['dry-run'] || flags.all) await this.#show(ctx, targets, command)
    if (flags['dry-run']) {
      this.terminal.say('dry run: nothing was run')
      return {cluster, command, dryRun: true, exit: 0, nodes: []}
    }
    if (flags.all) await this.confirm(`run ${command[0]} on ${targets.length} nodes`, cluster, flags.confirm)
    const nodes = await this.#run(ctx, targets, command, limitMs)
    const exit = exitStatusOf(nodes)
    process.exitCode = exit
    return {cluster, command, dryRun: false, exit, nodes}
  }

  async #show(ctx: ClusterContext, targets: Targets, command: readonly string[]): Promise<void> {
    const {terminal, settings} = ctx
    const {account, caller, region} = await readStanding(ctx)
    terminal.say(`cluster ${settings.name} in ${region}, account ${account} as ${caller}`)
    terminal.say(`to be run as root: ${quoteForShell(command)}`)
    for (const target of targets) {
      terminal.say(
        'problem' in target ? `  not on ${target.problem.message}` : `  on ${target.node.name} (${target.instanceId})`,
      )
    }
  }

  async #run(ctx: ClusterContext, targets: Targets, command: readonly string[], limitMs: number) {
    const {terminal, signal} = ctx
    const several = targets.length > 1
    const onSignal = (): void => terminal.say('interrupted: AWS is asked to cancel the command')
    signal.addEventListener('abort', onSignal, {once: true})
    const onEnd = (outcome: RemoteOutcome): void => this.#print(outcome, several)
    try {
      return await runOnNodes(ctx, targets, command, {limitMs, onEnd})
    } finally {
      signal.removeEventListener('abort', onSignal)
    }
  }

  #print({node, stdout, stderr, exitCode, cut, error}: RemoteOutcome, several: boolean): void {
    const {terminal} = this
    const options = several ? {node} : {}
    const {width, paint} = terminal.conversation
    const onStderr = {decorated: Number.isFinite(width), paint}
    if (stdout !== '') this.log(renderRemoteText(stdout, terminal, options))
    if (stderr !== '') terminal.conversation.write(`${renderRemoteText(stderr, onStderr, options)}\n`)
    if (cut) terminal.say(`${node}: AWS kept only the beginning of the output`)
    if (error) terminal.say(`${node}: ${error.message}`)
    if (several && exitCode !== null && exitCode !== 0) terminal.say(`${node}: exit status ${exitCode}`)
  }
}
