import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../lib/command.ts'
import {Exit, UsageError} from '../lib/errors.ts'
import {watchTop} from '../lib/ops/top.ts'

const SHORTEST_MS = 500

export default class Top extends NatsopsCommand<undefined> {
  static override summary = 'Watch a cluster live, full screen: nodes, streams, consumers, connections'
  static override description =
    `Asks the monitoring ports of all nodes, or the system account where none of them answers, and shows rates between two
looks, by the servers' own clocks. A node that was restarted begins anew. Keys: 1-4 or Tab for the view, s and r for the order, / to filter, space to pause, ? for
help, q to quit.

Exit status: 0 after q, 130 after Ctrl-C.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --interval 5s --no-aws',
  ]
  static override enableJsonFlag = false
  static override flags = {
    ...clusterFlags,
    interval: Flags.string({default: '2s', summary: 'time between two looks, e.g. 5s', helpValue: 'DURATION'}),
    aws: Flags.boolean({allowNo: true, default: true, summary: 'ask AWS which nodes there are, and for credentials'}),
  }

  async run(): Promise<undefined> {
    const {flags} = await this.parse(Top)
    const intervalMs = this.configuration.duration('--interval', flags.interval)
    if (intervalMs < SHORTEST_MS) throw new UsageError(`--interval ${flags.interval} is too short: give at least 500ms`)
    this.#requireScreen()
    const ctx = await this.clusterContext(flags)
    const {runTop} = await import('../lib/output/top/run.ts')
    const ended = await runTop({
      cluster: ctx.settings.name,
      intervalMs,
      paint: this.terminal.paint,
      signal: ctx.signal,
      looks: (wants, signal) => watchTop(ctx, {intervalMs, askAws: flags.aws, wants, signal}),
    })
    if (ended === 'interrupted') process.exitCode = Exit.interrupted
    return undefined
  }

  /** There is nothing to record, and no --json: what a script wants to watch is a report. */
  #requireScreen(): void {
    const {terminal} = this
    const why =
      this.configuration.variable('TERM') === 'dumb'
        ? 'top needs a terminal that can move its cursor, and TERM is dumb'
        : terminal.decorated && process.stdin.isTTY
          ? undefined
          : 'top needs a terminal, and this is none'
    if (why) throw new UsageError(why, ['natsops report jetstream --watch'])
  }
}
