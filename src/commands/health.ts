import * as Flags from '@oclif/core/flags'
import * as ux from '@oclif/core/ux'
import {clusterFlags, NatsopsCommand} from '../lib/command.ts'
import {type HealthDocument, tellHealth} from '../lib/domain/health/told.ts'
import {type HealthReport, type HealthVerdict, rewordNext} from '../lib/domain/health.ts'
import {printableJson} from '../lib/domain/printable.ts'
import {Exit, exitOf, messageOf, UsageError} from '../lib/errors.ts'
import {checkHealth, type HealthOptions, watchHealth} from '../lib/ops/health.ts'
import {nagiosStatus, renderNagios, renderNagiosFailure} from '../lib/output/health/nagios.ts'
import {renderPrometheus} from '../lib/output/health/prometheus.ts'
import {renderHealth} from '../lib/output/health/table.ts'

const FORMATS = ['table', 'json', 'nagios', 'prometheus'] as const
type Format = (typeof FORMATS)[number]

const EXITS: Readonly<Record<HealthVerdict, number>> = {
  ok: 0,
  degraded: Exit.healthDegraded,
  critical: Exit.healthCritical,
  unknown: Exit.unreachable,
}

/** Undefined after --watch, whose reports are printed as they come. */
export default class Health extends NatsopsCommand<HealthDocument | undefined> {
  static override summary = 'Judge a cluster: one verdict from every node, every account and AWS'
  static override description =
    `Looks twice at every node and compares what the replicas themselves have stored: a leader's word
that a replica is current proves nothing. docs/health.md explains every finding.

Exit status: 0 ok, 20 degraded, 21 critical, 7 no node answered; with --format nagios 0 to 3.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --watch',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --no-aws --format nagios',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --format prometheus > nats.prom',
  ]
  static override flags = {
    ...clusterFlags,
    watch: Flags.boolean({char: 'w', summary: 'look again and again, until Ctrl-C'}),
    format: Flags.string({options: [...FORMATS], summary: 'form of the report (default: table)'}),
    aws: Flags.boolean({allowNo: true, default: true, summary: 'ask AWS for groups and instances too'}),
    interval: Flags.string({default: '1s', summary: 'time between two looks, e.g. 2s', helpValue: 'DURATION'}),
  }

  async run(): Promise<HealthDocument | undefined> {
    const {flags} = await this.parse(Health)
    const format = this.#settleFormat(flags.format as Format | undefined, flags.watch)
    const intervalMs = this.configuration.duration('--interval', flags.interval)
    if (intervalMs < 100) throw new UsageError(`--interval ${flags.interval} is too short: give at least 100ms`)
    const ctx = await this.clusterContext(flags)
    const options: HealthOptions = {intervalMs, askAws: flags.aws}
    const {thresholds} = ctx.settings
    const reword = (next: string): string => this.pasteable(next)

    if (flags.watch) {
      this.endWithReader()
      try {
        for await (const report of watchHealth(ctx, options)) this.#show(rewordNext(report, reword), format)
      } catch (error) {
        if (!ctx.signal.aborted) throw error
        process.exitCode = Exit.interrupted
      }
      return undefined
    }
    const report = rewordNext(await this.#lookOnce(format, () => checkHealth(ctx, options)), reword)
    if (format === 'table') this.log(renderHealth(report, this.terminal))
    if (format === 'nagios') this.log(renderNagios(report, thresholds))
    if (format === 'prometheus') this.log(renderPrometheus(report))
    process.exitCode = format === 'nagios' ? nagiosStatus(report.verdict) : EXITS[report.verdict]
    return tellHealth(report)
  }

  /** --format json is --json, also for errors. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || this.#asksFor('json')
  }

  /** A plugin says UNKNOWN in one line on stdout, whatever kept it from its check. */
  protected override async catch(error: Error): Promise<unknown> {
    if (!this.#asksFor('nagios') || super.jsonEnabled() || exitOf(error) === Exit.interrupted) return super.catch(error)
    this.parsed = true
    this.log(renderNagiosFailure(messageOf(error)))
    process.exitCode = nagiosStatus('unknown')
    return undefined
  }

  #asksFor(format: Format): boolean {
    return this.argv.some(
      (word, index) => word === `--format=${format}` || (word === format && this.argv[index - 1] === '--format'),
    )
  }

  #settleFormat(format: Format | undefined, watch: boolean): Format {
    if (super.jsonEnabled() && format !== undefined && format !== 'json') {
      throw new UsageError(`--json and --format ${format} contradict each other`, ['leave one of them out'])
    }
    if (watch && (format === 'nagios' || format === 'prometheus')) {
      throw new UsageError(`--watch does not go with --format ${format}`, [
        'let your monitoring call natsops health again',
      ])
    }
    return this.jsonEnabled() ? 'json' : (format ?? 'table')
  }

  /** Only a person waits and wants to see it: a check run by cron stays silent until it has a result. */
  #lookOnce(format: Format, look: () => Promise<HealthReport>): Promise<HealthReport> {
    const {terminal} = this
    return format === 'table' && terminal.decorated ? terminal.progress('looking at every node, twice', look) : look()
  }

  /** A screen is drawn anew, a pipe gets the next records: one JSON document a line. */
  #show(report: HealthReport, format: Format): void {
    if (format === 'json') {
      ux.stdout(printableJson(tellHealth(report)))
      return
    }
    this.terminal.clear()
    this.log(renderHealth(report, this.terminal))
  }
}
