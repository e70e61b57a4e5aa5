import * as Flags from '@oclif/core/flags'
import {type ClusterContext, clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {Exit, UsageError} from '../../lib/errors.ts'
import {
  type BootstrapEntry,
  type BootstrapVerdict,
  checkBootstrap,
  readBootstrapLogs,
} from '../../lib/ops/logs-bootstrap.ts'
import {renderBootstrapVerdicts} from '../../lib/output/bootstrap-check.ts'
import {renderLogLines} from '../../lib/output/log-lines.ts'

/** Public, under --json: `entries`, or with --check `nodes`. */
export type LogsBootstrapResult =
  | (Looked & {readonly entries: readonly (Omit<BootstrapEntry, 'at'> & {readonly at: string})[]})
  | (Looked & {readonly nodes: readonly BootstrapVerdict[]})

interface Looked {
  readonly cluster: string
  readonly at: string
  readonly exit: number
}

export default class LogsBootstrap extends NatsopsCommand<LogsBootstrapResult> {
  static override summary = 'Show what the nodes said while they booted, from CloudWatch'
  static override description =
    `CloudWatch has the bootstrap logs of instances that fail before anything else is up, and keeps them for a day or a few.

--check looks for the line which says that an instance's logs arrive ("Axiom ingest check" unless configured otherwise) in
the log of each node's present instance. Exit status: 0 it is there and good, 21 it says that the check failed, 20 it is not
there. --follow ends with Ctrl-C: exit status 130.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --node 2 --since 1h',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --follow',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --check',
  ]
  static override flags = {
    ...clusterFlags,
    node: Flags.string({summary: 'of this node only: 2, node-2 or its whole name', helpValue: 'NODE'}),
    since: Flags.string({default: '24h', summary: 'how far back', helpValue: 'DURATION'}),
    follow: Flags.boolean({char: 'f', summary: 'go on with what arrives from now on'}),
    check: Flags.boolean({summary: 'say of each node whether its logs arrive', exclusive: ['follow']}),
  }

  async run(): Promise<LogsBootstrapResult> {
    const {flags} = await this.parse(LogsBootstrap)
    const {node, follow} = flags
    if (follow && this.jsonEnabled()) throw new UsageError('--follow has no end, and --json is one document')
    const sinceMs = this.configuration.duration('--since', flags.since)
    const ctx = await this.clusterContext(flags)
    if (flags.check) return this.#check(ctx, node)
    const entries: BootstrapEntry[] = []
    const onEntries = (page: readonly BootstrapEntry[]): void => {
      if (!follow) entries.push(...page)
      this.log(
        renderLogLines(
          page.map(({at, node, message}) => ({at, node, text: message})),
          this.terminal,
        ),
      )
    }
    if (follow) this.endWithReader()
    const now = ctx.clock.now()
    const nodes = await readBootstrapLogs(ctx, {node, since: now - sinceMs, follow, onEntries})
    if (follow) process.exitCode = Exit.interrupted
    const silent = nodes.filter(({name}) => !follow && !entries.some((entry) => entry.node === name))
    for (const {name} of silent) this.terminal.say(`${name}: nothing in the last ${flags.since}`)
    return {
      cluster: ctx.settings.name,
      at: new Date(now).toISOString(),
      exit: 0,
      entries: entries.map((entry) => ({...entry, at: new Date(entry.at).toISOString()})),
    }
  }

  async #check(ctx: ClusterContext, node: string | undefined): Promise<LogsBootstrapResult> {
    const nodes = await checkBootstrap(ctx, node)
    this.log(renderBootstrapVerdicts(nodes, this.terminal))
    const verdicts = nodes.map(({verdict}) => verdict)
    const isUncertain = verdicts.includes('unknown')
    const exit = verdicts.includes('failed') ? Exit.healthCritical : isUncertain ? Exit.healthDegraded : 0
    process.exitCode = exit
    return {cluster: ctx.settings.name, at: new Date(ctx.clock.now()).toISOString(), exit, nodes}
  }
}
