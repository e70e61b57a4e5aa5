import {NatsopsCommand} from '../../lib/command.ts'
import {printable} from '../../lib/domain/printable.ts'
import {type CleanOutcome, cleanCredentials} from '../../lib/ops/credentials-file.ts'

export default class CredsClean extends NatsopsCommand<CleanOutcome> {
  static override summary = 'Remove every .creds file that natsops wrote and still knows'
  static override description =
    `Only files that are provably ours: same place, same file, same content. One that was changed since, or that a running
natsops exec uses, is left and named. Needs neither AWS nor the cluster.`
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<CleanOutcome> {
    await this.parse(CredsClean)
    const ctx = this.localContext()
    const outcome = await cleanCredentials(ctx)
    const {removed, left} = outcome
    for (const path of removed) this.log(printable(`removed ${path}`))
    for (const {path, reason} of left) ctx.terminal.say(`left ${path}: ${reason}`)
    if (removed.length === 0 && left.length === 0) ctx.terminal.say('there is nothing to remove')
    return outcome
  }
}
