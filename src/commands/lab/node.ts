import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {NatsopsCommand} from '../../lib/command.ts'
import {actOnLabNode, type NodeAction, type NodeActResult, nodeActions} from '../../lib/ops/lab.ts'

export default class LabNode extends NatsopsCommand<NodeActResult> {
  static override summary = "Do something to a node's server, as a hand or bad luck on the instance would"
  static override description = `stop    ends the server in good order, as systemctl stop: a lame duck
kill    ends it at once (SIGKILL), and keeps it down
crash   ends it at once; systemd starts it again after a second
pause   freezes it (SIGSTOP): it keeps its connections and answers nothing
resume  lets it go on (SIGCONT)
start   starts it again on what it has stored
wipe    stops it, deletes its JetStream store, starts it again: an empty server with the same name

AWS knows nothing of it: the instance stays. What was stopped or killed is down until it is started.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> stop 2',
    '<%= config.bin %> <%= command.id %> wipe lab-node-3 --json',
    '<%= config.bin %> <%= command.id %> pause node-1 --lab practice',
  ]

  static override args = {
    action: Args.string({required: true, options: [...nodeActions], description: 'what to do'}),
    node: Args.string({required: true, description: 'which node: 2, node-2 or lab-node-2'}),
  }

  static override flags = {
    lab: Flags.string({default: 'lab', summary: 'which lab', helpValue: 'NAME'}),
  }

  async run(): Promise<NodeActResult> {
    const {args, flags} = await this.parse(LabNode)
    const action = args.action as NodeAction
    const result = await actOnLabNode(this.localContext(), {lab: flags.lab, action, node: args.node})
    this.log(`${result.node}: ${result.changed ? done[action] : `nothing to do, ${idle[action]}`}`)
    return result
  }
}

const done: Readonly<Record<NodeAction, string>> = {
  stop: 'stopped',
  kill: 'killed',
  crash: 'crashed',
  pause: 'paused',
  resume: 'resumed',
  start: 'started',
  wipe: 'wiped and started',
}

const idle: Readonly<Record<NodeAction, string>> = {
  stop: 'no server runs',
  kill: 'no server runs',
  crash: 'no server runs',
  pause: 'no server runs',
  resume: 'no server runs',
  start: 'the server runs',
  wipe: '',
}
