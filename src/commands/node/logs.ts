import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import type {LogEntry} from '../../lib/domain/node-log.ts'
import {NODE_UNITS} from '../../lib/domain/node-status.ts'
import {Exit, UsageError} from '../../lib/errors.ts'
import {findInstance} from '../../lib/ops/node-instances.ts'
import {readNodeLog} from '../../lib/ops/node-logs.ts'
import {renderLogLines} from '../../lib/output/log-lines.ts'

/** Public, under --json; times in RFC 3339, null where the log has none. */
export interface NodeLogs {
  readonly cluster: string
  readonly node: string
  readonly instanceId: string
  readonly unit: string
  readonly at: string
  readonly entries: readonly {readonly at: string | null; readonly message: string}[]
}

export default class NodeLogsCommand extends NatsopsCommand<NodeLogs> {
  static override summary = 'Show what a unit of a node has logged, read on the instance through SSM'
  static override description =
    `The journal of a unit, or with --unit bootstrap the whole file that the bootstrap script has written since boot. For a
node that cannot be reached through SSM any more there are natsops logs query and natsops logs bootstrap.

--follow asks again every few seconds and ends with Ctrl-C: exit status 130.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod --unit fluent-bit --since 2h',
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod --follow',
  ]
  static override args = {
    node: Args.string({required: true, description: 'which node: 2, node-2 or its whole name'}),
  }
  static override flags = {
    ...clusterFlags,
    unit: Flags.string({options: [...NODE_UNITS, 'bootstrap'], default: 'nats', summary: 'whose log'}),
    since: Flags.string({default: '15m', summary: 'how far back; no matter for bootstrap', helpValue: 'DURATION'}),
    follow: Flags.boolean({char: 'f', summary: 'go on with what is logged from now on'}),
  }

  async run(): Promise<NodeLogs> {
    const {args, flags} = await this.parse(NodeLogsCommand)
    const {unit, follow} = flags
    if (follow && this.jsonEnabled()) throw new UsageError('--follow has no end, and --json is one document')
    const sinceMs = this.configuration.duration('--since', flags.since)
    const ctx = await this.clusterContext(flags)
    const placed = await findInstance(ctx, args.node)
    const entries: LogEntry[] = []
    const onEntries = (page: readonly LogEntry[]): void => {
      if (!follow) entries.push(...page)
      this.log(renderLogLines(page, this.terminal))
    }
    if (follow) this.endWithReader()
    const now = ctx.clock.now()
    await readNodeLog(ctx, placed, {unit, since: now - sinceMs, follow, onEntries})
    if (follow) process.exitCode = Exit.interrupted
    else if (entries.length === 0) this.terminal.say(`${unit} has logged nothing on ${placed.node.name} since then`)
    return {
      cluster: ctx.settings.name,
      node: placed.node.name,
      instanceId: placed.instanceId,
      unit,
      at: new Date(now).toISOString(),
      entries: entries.map(({at, text}) => ({at: at === null ? null : new Date(at).toISOString(), message: text})),
    }
  }
}
