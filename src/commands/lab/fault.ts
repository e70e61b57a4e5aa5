import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import type {Told} from '../../lib/domain/told.ts'
import {UsageError} from '../../lib/errors.ts'
import {
  type FaultListing,
  listFaults,
  switchFaultOn,
  switchFaultsOff,
  type ToldFault,
  tellFault,
  tellListing,
} from '../../lib/ops/lab-faults.ts'
import {renderFaults} from '../../lib/output/lab/faults.ts'

export interface LabFaultResult {
  readonly lab: string
  /** list: all there are. */
  readonly faults?: readonly Told<FaultListing>[]
  /** on: as it is now. */
  readonly on?: ToldFault
  /** off: those that were on. */
  readonly off?: readonly ToldFault[]
}

export default class LabFault extends NatsopsCommand<LabFaultResult> {
  static override summary = 'Make something go wrong in a lab, as it does on a bad night'
  static override description = `list  every fault there is, and which are on
on    switches one on, for one node or for all
off   switches one off, or with --all every one

A fault lasts until it is switched off, until --for is over, or until it has struck --count times. Each is
described in docs/game-days.md, with what natsops is expected to do then.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> list',
    '<%= config.bin %> <%= command.id %> on launch-fails --node 2 --count 1',
    '<%= config.bin %> <%= command.id %> on access-denied --value ssm:SendCommand --for 2m',
    '<%= config.bin %> <%= command.id %> off --all',
  ]

  static override args = {
    action: Args.string({required: true, options: ['list', 'on', 'off'], description: 'what to do'}),
    name: Args.string({description: 'which fault'}),
  }

  static override flags = {
    node: Flags.string({summary: 'only this node: 2, node-2 or lab-node-2', helpValue: 'NODE'}),
    value: Flags.string({summary: 'what the fault takes: a text, a duration, an action ...', helpValue: 'VALUE'}),
    count: Flags.integer({min: 1, summary: 'it happens so many times and is over', helpValue: 'N'}),
    for: Flags.string({summary: 'it is over after this', helpValue: 'DURATION'}),
    all: Flags.boolean({summary: 'off: every fault'}),
    lab: Flags.string({default: 'lab', summary: 'which lab', helpValue: 'NAME'}),
  }

  async run(): Promise<LabFaultResult> {
    const {args, flags} = await this.parse(LabFault)
    const {lab, node} = flags
    const context = this.localContext()
    if (args.action === 'list') {
      const faults = await listFaults(context, lab)
      this.log(renderFaults(faults, context.clock.now(), context.terminal))
      return {lab, faults: faults.map(tellListing)}
    }
    if (args.action === 'on') {
      const forMs = flags.for === undefined ? undefined : context.configuration.duration('--for', flags.for)
      const name = args.name ?? missingName('on')
      const on = await switchFaultOn(context, {lab, name, node, value: flags.value, count: flags.count, forMs})
      this.log(`${on.name} is on for ${on.node ?? 'all'}${on.value === '' ? '' : `: ${on.value}`}`)
      return {lab, on: tellFault(on)}
    }
    if (args.name === undefined && !flags.all) missingName('off', ', or add --all')
    const off = await switchFaultsOff(context, {lab, name: args.name, node})
    this.log(off.length === 0 ? 'nothing was on' : `off: ${off.map(({name}) => name).join(', ')}`)
    return {lab, off: off.map(tellFault)}
  }
}

function missingName(action: string, more = ''): never {
  throw new UsageError(`lab fault ${action} needs the name of a fault${more}`, ['natsops lab fault list'])
}
