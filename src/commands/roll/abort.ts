import * as Flags from '@oclif/core/flags'
import {changeFlags, clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {type AbortDocument, abortRoll, planAbort} from '../../lib/ops/roll/abort.ts'
import {readClaim} from '../../lib/ops/roll/claim.ts'
import {statusOf} from '../../lib/ops/roll/status.ts'
import {renderFields} from '../../lib/output/fields.ts'
import {renderAbort} from '../../lib/output/roll/abort.ts'
import {statusFields} from '../../lib/output/roll/status.ts'
import {sayEvent} from '../../lib/output/roll/words.ts'

export default class RollAbort extends NatsopsCommand<AbortDocument> {
  static override summary = 'Give a roll up: start what it stopped, release its lock, say how things stand'
  static override description =
    `Nothing is terminated and nothing is brought back: an instance that AWS is replacing is replaced all the same, and
nobody watches it any more. natsops roll resume is the better way to end a roll.

Exit status: 0 at full strength, 5 with a node down or syncing, 3 where there is no roll, 6 while somebody drives it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> --cluster nats-prod --take-over --confirm nats-prod',
  ]
  static override flags = {
    ...clusterFlags,
    ...changeFlags,
    'take-over': Flags.boolean({summary: 'take the lock of somebody who is gone'}),
  }

  async run(): Promise<AbortDocument> {
    const {flags} = await this.parse(RollAbort)
    const ctx = await this.clusterContext(flags)
    const {terminal} = this
    const held = await readClaim(ctx, await (await ctx.aws()).parameters(), flags['take-over'])
    const {document} = held
    const status = await statusOf(ctx, held)
    const style = {decorated: terminal.interactive, paint: terminal.conversation.paint}
    terminal.conversation.write(`${renderFields(statusFields(status, ctx.clock.now(), style.decorated), style)}\n\n`)
    if (flags['dry-run']) {
      terminal.say('dry run: nothing was changed')
      return planAbort(document)
    }
    const what = document.purpose === 'drain' ? 'drain' : 'roll'
    await this.confirm(`abort ${what} ${document.roll}`, ctx.settings.name, flags.confirm)
    const result = await terminal.progress('finding out how the cluster stands', (update) =>
      abortRoll(ctx, held, this.openRollWorld, (event) => {
        const text = sayEvent(event)
        if (text !== undefined) update(text)
      }),
    )
    this.log(renderAbort(result, terminal))
    process.exitCode = result.exit
    return {...result, outcome: 'aborted'}
  }
}
