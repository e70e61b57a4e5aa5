import * as Flags from '@oclif/core/flags'
import * as ux from '@oclif/core/ux'
import {changeFlags, clusterFlags, NatsopsCommand, type ParsedClusterFlags} from './command.ts'
import {parseDuration} from './config/duration.ts'
import type {ClusterContext} from './context.ts'
import {printableJson} from './domain/printable.ts'
import {type Consent, resumeCommand} from './domain/roll/consent.ts'
import type {RollEvent} from './domain/roll/events.ts'
import {
  type DrainMode,
  drainModes,
  type RollPlan,
  type RollRequest,
  type Strategy,
  strategies,
} from './domain/roll/plan.ts'
import {type RollReport, reportRoll, tellReport} from './domain/roll/report.ts'
import {isSettle} from './domain/settings.ts'
import {type Told, tell} from './domain/told.ts'
import {exitOf, UsageError} from './errors.ts'
import {type EventFile, openEventFile} from './ops/roll/event-file.ts'
import {findRoll} from './ops/roll/history.ts'
import {RollRefused} from './ops/roll/outcome.ts'
import {type OpenWorld, prepareRoll, startRoll} from './ops/roll/start.ts'
import {surviveLostTerminal} from './output/lost-terminal.ts'
import {renderPlan} from './output/roll/plan.ts'
import {openRollProgress, type ProgressOptions} from './output/roll/progress.ts'
import {renderReport} from './output/roll/report.ts'

/** Public, under --json, moments in RFC 3339; beside `error` where there was one. */
export interface RollResult {
  readonly cluster: string
  /** Null where no roll was begun. */
  readonly roll: string | null
  readonly outcome: 'replaced' | 'planned' | 'nothing-to-do' | 'refused' | 'ended-early'
  readonly exit: number
  readonly plan: Told<RollPlan> | null
  readonly report: Told<RollReport> | null
}

export const eventsFlag = {
  events: Flags.string({summary: 'append every event to this file as a JSON line; - is stdout', helpValue: 'FILE'}),
}

/** What may be accepted by name, and by nothing else. */
export const acceptanceFlags = {
  'accept-loss': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'stream or STREAM/CONSUMER whose only copy may be lost; once for each',
    helpValue: 'STREAM',
  }),
  'accept-unseen': Flags.boolean({
    default: false,
    summary: 'go on with a silent node, though nobody knows what lives on it alone',
  }),
}

/** Flags of everything that replaces nodes. */
export const replaceFlags = {
  ...clusterFlags,
  ...changeFlags,
  settle: Flags.string({
    summary: "time of proven health between two nodes [default: the cluster's settle, 120s]",
    helpValue: 'DURATION',
  }),
  strategy: Flags.string({
    options: strategies,
    default: 'terminate',
    summary: 'how AWS is asked to replace an instance',
  }),
  drain: Flags.string({
    options: drainModes,
    default: 'auto',
    summary: 'before a node goes: move its leaders (api), stop its server (ssm), both (auto) or neither (none)',
  }),
  ...acceptanceFlags,
  'accept-old-servers': Flags.boolean({
    default: false,
    summary: 'roll servers before 2.12, which let an empty node vote',
  }),
  'skip-bootstrap-check': Flags.boolean({summary: 'do not wait for the bootstrap log of the new instance'}),
  ...eventsFlag,
}

export interface ParsedReplaceFlags extends ParsedClusterFlags {
  readonly confirm?: string | undefined
  readonly 'dry-run': boolean
  readonly settle?: string | undefined
  readonly strategy: string
  readonly drain: string
  readonly 'accept-loss'?: readonly string[] | undefined
  readonly 'accept-unseen': boolean
  readonly 'accept-old-servers': boolean
  readonly 'skip-bootstrap-check': boolean
  readonly events?: string | undefined
}

interface Drive extends Omit<ProgressOptions, 'now'> {
  /** Undefined until the first event tells it. */
  readonly roll?: string
  readonly plan?: RollPlan
  /** What whoever drives has accepted: for the command that goes on. */
  readonly consent: Consent
}

/** What the commands share that drive a roll: the plan, the progress, the events, the report, and one JSON document. */
export abstract class RollCommand<Result> extends NatsopsCommand<Result> {
  #result: RollResult | undefined
  #events: string | undefined

  /** PREFLIGHT to DONE: shows, refuses, asks, and goes ahead. */
  protected async replaceNodes(
    flags: ParsedReplaceFlags,
    choice: Pick<RollRequest, 'only' | 'onlyOutdated'>,
  ): Promise<RollResult> {
    const ctx = await this.clusterContext(flags)
    const {name: cluster} = ctx.settings
    const request = this.#requestOf(flags, choice, ctx)
    const sink = this.openEvents(flags.events)
    const opened: {close(): Promise<void>}[] = []
    const open: OpenWorld = async (context, nodes) => {
      const world = await this.openRollWorld(context, nodes)
      opened.push(world)
      return world
    }
    try {
      const look = () => prepareRoll(ctx, request, open)
      const prepared = await this.terminal.progress('looking at every node and at AWS', look)
      const {plan} = prepared
      const dryRun = flags['dry-run']
      this.#showPlan(plan, request.settleMs, dryRun)
      if (plan.blockers.length > 0) {
        const refusal = new RollRefused(cluster, plan, {
          shown: !this.jsonEnabled(),
          again: this.rehearsal(cluster, dryRun),
        })
        this.#result = {cluster, roll: null, outcome: 'refused', exit: refusal.exit, plan: tell(plan), report: null}
        throw refusal
      }
      if (plan.nodes.length === 0) return this.#endWithout('nothing-to-do', plan)
      if (dryRun) return this.#endWithout('planned', plan)
      const names = plan.nodes.map(({identity}) => identity.node)
      await this.confirm(`replace ${names.join(', ')}`, cluster, flags.confirm)
      const {request: consent} = prepared
      return await this.drive(ctx, sink, {remaining: names, plan, consent}, (report) =>
        startRoll(ctx, prepared, report),
      )
    } finally {
      sink?.close()
      for (const world of opened) await world.close()
    }
  }

  /** Runs what reports events, with progress and a report at the end, also when it does not get to the end. */
  protected async drive(
    ctx: ClusterContext,
    sink: EventFile | undefined,
    {roll: known, plan = undefined, remaining, done = [], consent}: Drive,
    work: (report: (event: RollEvent) => void) => Promise<string>,
  ): Promise<RollResult> {
    const {name: cluster} = ctx.settings
    const events: RollEvent[] = []
    let roll = known
    const finish = async (outcome: RollResult['outcome'], exit: number): Promise<RollResult> => {
      // The journal knows what other drivers did; where it cannot be read, what was seen here has to do.
      const id = roll
      const report = id === undefined ? null : await findRoll(ctx, cluster, id).catch(() => reportRoll(id, events))
      const result = {cluster, roll: id ?? null, outcome, exit, plan: tell(plan), report: report && tellReport(report)}
      this.#result = result
      if (report !== null) this.show(renderReport(report, this.terminal, {withEnd: false}))
      return result
    }
    try {
      await showProgress(ctx, {remaining, done}, resumeCommand(cluster, consent), (report) =>
        work((event) => {
          if (event.type === 'started') roll = event.roll
          if (event.type !== 'progress' && event.type !== 'waiting' && event.type !== 'soaking') events.push(event)
          sink?.write(event)
          report(event)
        }),
      )
      return await finish('replaced', 0)
    } catch (error) {
      if (this.#result === undefined) await finish('ended-early', exitOf(error))
      throw error
    }
  }

  /** The result, on stdout; on stderr where stdout belongs to the events. */
  protected show(text: string): void {
    if (this.#events === '-') this.terminal.conversation.write(`${text}\n`)
    else this.log(text)
  }

  /** Where --events go; undefined where nobody asked. */
  protected openEvents(target: string | undefined): EventFile | undefined {
    this.#events = target
    if (target === undefined) return undefined
    if (target !== '-') return openEventFile(target, (line) => this.terminal.say(line))
    if (this.jsonEnabled()) {
      throw new UsageError('--events - and --json both want stdout', ['give --events a file, or leave out --json'])
    }
    return {write: (event) => ux.stdout(printableJson(tell(event))), close: () => {}}
  }

  protected override toErrorJson(error: unknown): unknown {
    return {...(super.toErrorJson(error) as object), ...this.#result}
  }

  #requestOf(
    flags: ParsedReplaceFlags,
    choice: Pick<RollRequest, 'only' | 'onlyOutdated'>,
    {settings}: ClusterContext,
  ): RollRequest {
    return {
      ...choice,
      strategy: flags.strategy as Strategy,
      drain: flags.drain as DrainMode,
      settleMs: flags.settle === undefined ? settings.settleSeconds * 1000 : settleOf(flags.settle),
      acceptedLoss: flags['accept-loss'] ?? [],
      acceptsUnseen: flags['accept-unseen'],
      acceptsOldServers: flags['accept-old-servers'],
      checksBootstrap: !flags['skip-bootstrap-check'],
    }
  }

  /** The plan is the result of a dry run, and part of the conversation before a question. */
  #showPlan(plan: RollPlan, settleMs: number, isResult: boolean): void {
    const {conversation, paint, width} = this.terminal
    const purpose = {action: 'replace', settleMs} as const
    if (isResult) this.show(renderPlan(plan, purpose, {paint, width}))
    else conversation.write(`${renderPlan(plan, purpose, conversation)}\n\n`)
  }

  #endWithout(outcome: 'nothing-to-do' | 'planned', plan: RollPlan): RollResult {
    this.terminal.say(
      outcome === 'planned'
        ? 'nothing stands in its way; dry run: nothing was changed'
        : 'nothing to do: no node is outdated',
    )
    return {cluster: plan.cluster, roll: null, outcome, exit: 0, plan: tell(plan), report: null}
  }
}

/** Runs what reports events and shows them, on a terminal that may be closed meanwhile; `next` is what a signal tells. */
export async function showProgress<T>(
  {terminal, clock, signal}: ClusterContext,
  options: Omit<ProgressOptions, 'now'>,
  next: string,
  work: (report: (event: RollEvent) => void) => Promise<T>,
): Promise<T> {
  surviveLostTerminal()
  const progress = openRollProgress(terminal.conversation, {now: clock.now, ...options})
  const onSignal = (): void => progress.interrupt(next)
  signal.addEventListener('abort', onSignal, {once: true})
  try {
    return await work(progress.report)
  } finally {
    progress.end()
    signal.removeEventListener('abort', onSignal)
  }
}

/** As narrow as the configuration's own key. */
function settleOf(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && isSettle(ms)) return ms
  throw new UsageError(`--settle ${JSON.stringify(text)} is not between 1s and 24h`, ['--settle 120s'])
}
