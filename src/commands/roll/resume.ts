import * as Flags from '@oclif/core/flags'
import {changeFlags, clusterFlags} from '../../lib/command.ts'
import {assertConsent, prepareResume, resumeRoll} from '../../lib/ops/roll/resume.ts'
import {statusOf} from '../../lib/ops/roll/status.ts'
import {renderFields} from '../../lib/output/fields.ts'
import {statusFields} from '../../lib/output/roll/status.ts'
import {acceptanceFlags, eventsFlag, RollCommand, type RollResult} from '../../lib/roll-command.ts'

export default class RollResume extends RollCommand<RollResult> {
  static override summary = 'Go on with a roll that was held or interrupted, with the node in flight first'
  static override description =
    `The lock says what is left to do, so any machine that reaches AWS and the cluster can go on. A lock that was left in
good order is taken at once; any other needs --take-over, and natsops first watches for 45 s that nobody renews it.

What the roll was allowed to lose is shown first, and whoever resumes it accepts the same again by the same flags:
refused with 3 otherwise. Nothing is allowed that was not before.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --take-over --confirm nats-prod',
  ]
  static override flags = {
    ...clusterFlags,
    ...changeFlags,
    ...acceptanceFlags,
    ...eventsFlag,
    'take-over': Flags.boolean({summary: 'take the lock of somebody who is gone'}),
  }

  async run(): Promise<RollResult> {
    const {flags} = await this.parse(RollResume)
    const ctx = await this.clusterContext(flags)
    const {name: cluster} = ctx.settings
    const takeOver = flags['take-over']
    const consent = {acceptedLoss: flags['accept-loss'] ?? [], acceptsUnseen: flags['accept-unseen']}
    const prepared = await prepareResume(ctx, {takeOver})
    const status = await statusOf(ctx, prepared.held)
    const sink = this.openEvents(flags.events)
    try {
      const {conversation} = this.terminal
      const style = {decorated: this.terminal.interactive, paint: conversation.paint}
      conversation.write(`${renderFields(statusFields(status, ctx.clock.now(), style.decorated), style)}\n\n`)
      assertConsent(cluster, prepared, consent)
      const {roll, remaining, done} = prepared.held.document
      if (flags['dry-run']) {
        this.terminal.say('dry run: nothing was changed')
        return {cluster, roll, outcome: 'planned', exit: 0, plan: null, report: null}
      }
      await this.confirm(`resume roll ${roll}`, cluster, flags.confirm)
      return await this.drive(ctx, sink, {roll, remaining, done, consent}, (report) =>
        resumeRoll(ctx, prepared, consent, this.openRollWorld, report),
      )
    } finally {
      sink?.close()
    }
  }
}
