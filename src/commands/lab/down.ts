import * as Args from '@oclif/core/args'
import {NatsopsCommand} from '../../lib/command.ts'
import {downLab} from '../../lib/ops/lab.ts'

export interface LabDownResult {
  readonly lab: string
  /** False where there was no such lab. */
  readonly removed: boolean
}

export default class LabDown extends NatsopsCommand<LabDownResult> {
  static override summary = 'Take a lab down: no process and no file of it stays'
  static override description = [
    "Also after a crash of its supervisor. Ends only processes whose command line names the lab's own folder.",
    'Everything stored in the lab is gone; a lab that is not there is fine.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> practice --json',
  ]

  static override args = {
    name: Args.string({default: 'lab', description: 'name of the lab'}),
  }

  async run(): Promise<LabDownResult> {
    const {args} = await this.parse(LabDown)
    const result = await downLab(this.localContext(), args.name)
    this.log(result.removed ? `lab ${args.name} is down` : `there is no lab ${args.name}: nothing to do`)
    return result
  }
}
