import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {type RollReport, tellReport} from '../../lib/domain/roll/report.ts'
import type {Told} from '../../lib/domain/told.ts'
import {findRoll, writePage} from '../../lib/ops/roll/history.ts'
import {renderReportHtml} from '../../lib/output/roll/html.ts'
import {renderReport} from '../../lib/output/roll/report.ts'

export default class RollShow extends NatsopsCommand<Told<RollReport>> {
  static override summary = 'Show the report of a roll that was driven from this machine'
  static override description =
    `How long each node spent in each state, what was moved and skipped, the longest publish stall, how it ended.
--html writes it as one page that needs nothing else, with a picture of the timeline.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> last --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> 20260102-0304 --cluster nats-prod --html roll.html',
  ]

  static override args = {
    id: Args.string({required: true, description: 'id of the roll, the beginning of one, or last'}),
  }

  static override flags = {
    ...clusterFlags,
    html: Flags.string({summary: 'write the report as a page to this file', helpValue: 'FILE'}),
  }

  async run(): Promise<Told<RollReport>> {
    const {args, flags} = await this.parse(RollShow)
    const ctx = await this.clusterContext(flags)
    const report = await findRoll(ctx, ctx.settings.name, args.id)
    if (flags.html === undefined) this.log(renderReport(report, this.terminal))
    else {
      await writePage(flags.html, renderReportHtml(report))
      this.log(flags.html)
    }
    return tellReport(report)
  }
}
