import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {OLDEST_PLUGIN, parseForward} from '../../lib/domain/session-plugin.ts'
import {UsageError} from '../../lib/errors.ts'
import {orInterrupted} from '../../lib/ops/interruption.ts'
import {openSession, prepareSession} from '../../lib/ops/node-session.ts'

/** The terminal is the session's: there is no --json. */
export default class NodeSession extends NatsopsCommand<void> {
  static override summary = 'Open a shell on a node, or forward a port to it, through SSM Session Manager'
  static override description =
    `Needs the Session Manager plugin, ${OLDEST_PLUGIN} or newer, and no login, key or open port. With --forward a port of this
machine leads to one of the node until Ctrl-C: 4222 and 8222 are within reach without the VPN.

The exit status is the plugin's. A session that the plugin leaves behind is ended.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod',
    '<%= config.bin %> <%= command.id %> 1 --cluster nats-prod --forward 18222:8222',
  ]
  static override enableJsonFlag = false
  static override args = {
    node: Args.string({required: true, description: 'which node: 2, node-2 or its whole name'}),
  }
  static override flags = {
    ...clusterFlags,
    forward: Flags.string({summary: 'forward a port of this machine to one of the node', helpValue: 'LOCAL:REMOTE'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(NodeSession)
    const forward = flags.forward === undefined ? undefined : parseForward(flags.forward)
    if (flags.forward !== undefined && forward === undefined) {
      throw new UsageError(`--forward ${flags.forward}: not two ports between 1 and 65535`, ['--forward 18222:8222'])
    }
    const ctx = await this.clusterContext(flags)
    const placed = await orInterrupted(ctx.signal, prepareSession(ctx, args.node))
    ctx.signal.throwIfAborted()
    ctx.terminal.say(`session on ${placed.node.name} (${placed.instanceId})`)
    this.releaseSignals()
    const {status, failure} = await openSession(ctx, placed, forward)
    if (failure) ctx.terminal.fail(failure, undefined)
    process.exitCode = status
  }
}
