import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {type ClusterContext, changeFlags, clusterFlags, NatsopsCommand} from '../../lib/command.ts'
import {printable} from '../../lib/domain/printable.ts'
import type {RollEvent} from '../../lib/domain/roll/events.ts'
import {describeHolder, undoDrainCommand} from '../../lib/domain/roll/lock.ts'
import {type DrainRequest, drainAndStop, prepareDrain, readDrain, undoDrain} from '../../lib/ops/roll/drain-node.ts'
import {RollRefused} from '../../lib/ops/roll/outcome.ts'
import {renderPlan} from '../../lib/output/roll/plan.ts'
import {acceptanceFlags, showProgress} from '../../lib/roll-command.ts'

/** Public, under --json. */
export interface NodeDrainResult {
  readonly cluster: string
  readonly node: string
  readonly outcome: 'drained' | 'serving' | 'planned'
  /** Leaders that were moved away. */
  readonly moved: readonly {readonly group: string; readonly to: string}[]
  /** How the server was stopped; null where it was not. */
  readonly how: string | null
}

export default class NodeDrain extends NatsopsCommand<NodeDrainResult> {
  static override summary = "Move a node's leaders away and stop its server, for work on its machine"
  static override description =
    `Refused unless losing the node would cost nothing, as before a replacement. The lock of the cluster stays until the
drain is undone: while one node is down on purpose, nobody rolls or drains another. --undo starts the server again and
waits until every replica on it is whole; any machine can do it.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 2 --cluster nats-prod --dry-run',
    '<%= config.bin %> <%= command.id %> 2 --cluster nats-prod --confirm nats-prod',
    '<%= config.bin %> <%= command.id %> 2 --cluster nats-prod --undo',
  ]

  static override args = {
    node: Args.string({required: true, description: 'which node: 2, node-2 or its whole name'}),
  }

  static override flags = {
    ...clusterFlags,
    ...changeFlags,
    ...acceptanceFlags,
    undo: Flags.boolean({summary: 'start the server of a drained node again'}),
    'take-over': Flags.boolean({summary: 'undo the drain of somebody who is gone in the middle of it'}),
  }

  async run(): Promise<NodeDrainResult> {
    const {args, flags} = await this.parse(NodeDrain)
    const ctx = await this.clusterContext(flags)
    const {confirm, 'dry-run': dryRun} = flags
    if (flags.undo) return this.#undo(ctx, args.node, {takeOver: flags['take-over'], dryRun, confirm})
    const request = {acceptedLoss: flags['accept-loss'] ?? [], acceptsUnseen: flags['accept-unseen']}
    return this.#drain(ctx, args.node, request, {dryRun, confirm})
  }

  async #drain(
    ctx: ClusterContext,
    given: string,
    request: DrainRequest,
    options: Agreement,
  ): Promise<NodeDrainResult> {
    const {terminal} = this
    const {name: cluster} = ctx.settings
    const look = () => prepareDrain(ctx, given, request, this.openRollWorld)
    const prepared = await terminal.progress('looking at every node and at AWS', look)
    try {
      const {plan} = prepared
      const purpose = {action: 'drain', settleMs: 0} as const
      if (options.dryRun) this.log(renderPlan(plan, purpose, terminal))
      else terminal.conversation.write(`${renderPlan(plan, purpose, terminal.conversation)}\n\n`)
      if (plan.blockers.length > 0) {
        const again = this.rehearsal(cluster, options.dryRun)
        throw new RollRefused(cluster, plan, {shown: !this.jsonEnabled(), again})
      }
      const node = plan.nodes[0]?.identity.node ?? given
      if (options.dryRun) return this.#endPlanned(cluster, node, 'nothing stands in its way; ')
      await this.confirm(`drain ${node}`, cluster, options.confirm)
      const {how, moved} = await this.#show(ctx, node, (report) => drainAndStop(ctx, prepared, report))
      this.log(printable(`${node} is drained: ${how}; until it is undone nobody rolls ${cluster}`))
      terminal.say(`undo it: ${undoDrainCommand(cluster, node)}`)
      return {cluster, node, outcome: 'drained', moved, how}
    } finally {
      await prepared.world.close()
    }
  }

  async #undo(
    ctx: ClusterContext,
    given: string,
    {takeOver, dryRun, confirm}: Agreement & {readonly takeOver: boolean},
  ): Promise<NodeDrainResult> {
    const {name: cluster} = ctx.settings
    const held = await readDrain(ctx, given, {takeOver})
    const {current, holder} = held.document
    const node = current?.identity.node ?? given
    this.terminal.say(`${node} (${current?.identity.instanceId ?? 'unknown'}) was drained by ${describeHolder(holder)}`)
    if (dryRun) return this.#endPlanned(cluster, node)
    await this.confirm(`start ${node} again`, cluster, confirm)
    await this.#show(ctx, node, (report) => undoDrain(ctx, node, held, this.openRollWorld, report))
    this.log(printable(`${node} serves again and holds all its data; the lock is released`))
    return {cluster, node, outcome: 'serving', moved: [], how: null}
  }

  #show<T>(ctx: ClusterContext, node: string, work: (report: (event: RollEvent) => void) => Promise<T>): Promise<T> {
    return showProgress(ctx, {remaining: [node]}, `natsops roll status --cluster ${ctx.settings.name}`, work)
  }

  #endPlanned(cluster: string, node: string, verdict = ''): NodeDrainResult {
    this.terminal.say(`${verdict}dry run: nothing was changed`)
    return {cluster, node, outcome: 'planned', moved: [], how: null}
  }
}

interface Agreement {
  readonly dryRun: boolean
  readonly confirm: string | undefined
}
