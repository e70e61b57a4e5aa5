import type {State} from '../../domain/roll/algorithm.ts'
import {isFleeting, type RollEvent} from '../../domain/roll/events.ts'
import type {LockDocument} from '../../domain/roll/lock.ts'
import {authorityIsFresh} from '../../domain/roll/predicates.ts'
import {broken, type Predicate, type RollView} from '../../domain/roll/view.ts'
import {Exit, type Exit as ExitStatus, messageOf, OpsError} from '../../errors.ts'
import {isLockLost} from './lock.ts'
import {toView} from './looks.ts'
import {RollHeld} from './outcome.ts'
import type {Look, LookOptions, RollDependencies} from './ports.ts'

/** What a turn of a wait found: done, or what it waits for; `moved` restarts the wait's limit. */
export type Judgement<T> =
  | {readonly done: true; readonly value: T}
  | {readonly done: false; readonly waitingFor: readonly Predicate[]; readonly moved?: boolean}

/** When something was seen, on both clocks, and in which epoch. */
export interface Moment {
  readonly monotonic: number
  readonly wall: number
  readonly epoch: number
}

export interface Wait {
  readonly state: State
  readonly node: string | undefined
  readonly limitMs: number
  /** Where AWS has no say in the wait, its last answer may be this old, milliseconds. */
  readonly awsMaxAgeMs?: number
  /** What the wait is for, as the reason of a hold: `the other replicas hold the data`. */
  readonly goal: string
  /** Commands for the operator that may mend what ran out of time, by the last view. */
  readonly suggestions?: (view: RollView) => readonly string[]
}

/** Looks in a row that may take longer than a laptop's nap before the roll holds. */
const SLOW_LOOKS = 5
/** A look from before counts up to this many sample gaps before the later one. */
const YOUNG = 2

/** The shared body of all states: looking, waiting, recording, keeping the lock. Decides nothing by itself. */
export class RollMachine {
  readonly deps: RollDependencies
  state: State = 'LOCK'
  /** A termination of the node in flight may have reached AWS: from then on there is only forward. */
  mayHaveTerminated = false
  /** A server that was stopped could not be started again. */
  undoFailed = false
  #looks: {readonly look: Look; readonly at: number; readonly wall: number}[] = []
  #document: LockDocument
  #renewalProblem: string | undefined
  #renewing: Promise<void> = Promise.resolve()
  #epoch = 0
  /** Both clocks, when the latest look began. */
  #lookedAt = {monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY}

  constructor(deps: RollDependencies) {
    this.deps = deps
    this.#document = deps.lock.document
  }

  get document(): LockDocument {
    return this.#document
  }

  get cluster(): string {
    return this.#document.cluster
  }

  async enter(state: State, node: string | undefined): Promise<void> {
    this.state = state
    await this.record({type: 'state', at: this.deps.clock.now(), state, node})
  }

  async record(event: RollEvent, {durable = false} = {}): Promise<void> {
    if (!isFleeting(event)) await this.deps.journal.append(event, {durable})
    this.deps.report(event)
  }

  /** Forgets every earlier look: the next view is made of two new ones. */
  forget(): void {
    this.#looks = []
    this.#epoch += 1
  }

  /** Changes whenever what was seen before stopped counting (the laptop slept). */
  get epoch(): number {
    return this.#epoch
  }

  moment(): Moment {
    return {monotonic: this.deps.clock.monotonic(), wall: this.deps.clock.now(), epoch: this.#epoch}
  }

  /** Nothing long has happened since, on either clock: what was seen then may be acted on. */
  isRecent({monotonic, wall, epoch}: Moment): boolean {
    const now = this.moment()
    const {freshLock} = this.deps.rhythm
    return now.epoch === epoch && now.monotonic - monotonic <= freshLock && Math.abs(now.wall - wall) <= freshLock
  }

  /** What was seen last was asked for just now: answers that took long tell of a world that may be gone. */
  lookIsFresh(): Predicate {
    const {clock, rhythm} = this.deps
    const age = Math.max(clock.monotonic() - this.#lookedAt.monotonic, clock.now() - this.#lookedAt.wall)
    const holds = age <= rhythm.freshLook
    const reasons = holds ? [] : [`the last look at the cluster and AWS began ${Math.round(age / 1000)} s ago`]
    return {id: 'I9', title: 'what was seen is recent', holds, reasons, remedy: 'every node and AWS answer sooner'}
  }

  /**
   * A view of two looks at least the sample gap apart, the later one taken now. Waits for it where needed. Rejects with
   * LOOKS_TOO_SLOW where that cannot be had.
   *
   * A replica is judged by what its leader held in the earlier look, so that one which stopped following since then goes
   * unnoticed: a look from before this call counts only while it is young, and one of this call, whose answers may take
   * their time, never when it began longer before the later one than `freshLook`. AWS does not make it older: what
   * becomes the earlier look asks only the nodes, where an answer of AWS is known.
   */
  async view(options: LookOptions = {}): Promise<RollView> {
    const {clock, rhythm, signal} = this.deps
    const young = YOUNG * rhythm.sampleGap
    const begun = clock.monotonic()
    for (let slow = 0; ; ) {
      signal.throwIfAborted()
      const before = {at: clock.monotonic(), wall: clock.now()}
      const last = this.#looks.at(-1)
      if (
        last &&
        (before.at - last.at > rhythm.sleepGap ||
          Math.abs(before.wall - last.wall - (before.at - last.at)) > rhythm.sleepGap)
      )
        this.forget()
      const earlier = this.#looks.findLast(({at}) => before.at - at >= rhythm.sampleGap)
      const isOurs = earlier !== undefined && earlier.at >= begun
      const counts = earlier !== undefined && before.at - earlier.at <= (isOurs ? rhythm.freshLook : young)
      const look = await this.deps.world.look(counts ? options : {...options, awsMaxAgeMs: Number.POSITIVE_INFINITY})
      // A look during which the laptop slept is as old as its first answer.
      const slept = clock.monotonic() - before.at > rhythm.sleepGap
      if (slept || (isOurs && !counts)) {
        slow += 1
        if (slow >= SLOW_LOOKS) throw tooSlow(slept ? rhythm.sleepGap : rhythm.freshLook, this.cluster)
      }
      if (slept) continue
      this.#lookedAt = {monotonic: before.at, wall: before.wall}
      this.#looks = [...this.#looks.filter(({at}) => before.at - at <= young), {look, ...before}]
      if (counts) return toView(earlier.look, look, clock.now())
      await clock.sleep(rhythm.sampleGap, signal)
    }
  }

  /** Looks until `judge` is content; holds when the limit passes. The signal is honoured between two looks only. */
  async wait<T>(wait: Wait, judge: (view: RollView) => Judgement<T> | Promise<Judgement<T>>): Promise<T> {
    const {clock, rhythm, signal} = this.deps
    let patience = clock.monotonic()
    let said = ''
    for (;;) {
      signal.throwIfAborted()
      await this.keepLock()
      const view = await this.view(wait.awsMaxAgeMs === undefined ? {} : {awsMaxAgeMs: wait.awsMaxAgeMs})
      // A laptop that sleeps while it judges has not been patient: it looks again first.
      const at = clock.monotonic()
      const judgement = await judge(view)
      if (judgement.done) return judgement.value
      if (judgement.moved) patience = at
      const waitingFor = broken(judgement.waitingFor)
      const text = JSON.stringify(waitingFor.map(({id, reasons}) => [id, reasons]))
      if (text !== said) {
        said = text
        await this.record({
          type: 'waiting',
          at: clock.now(),
          state: wait.state,
          node: wait.node,
          predicates: waitingFor,
        })
      }
      if (at - patience > wait.limitMs) throw this.hold(wait, view, waitingFor)
      await clock.sleep(rhythm.poll, signal)
    }
  }

  /** The hold of a state: contact lost where nothing answers, else by what has happened to the node so far. */
  hold(
    {state, node, goal, limitMs, suggestions}: Wait,
    view: RollView | undefined,
    waitingFor: readonly Predicate[],
    exit?: ExitStatus,
  ): RollHeld {
    const isBlind = view?.later.nodes.every(({server}) => !server.ok) ?? false
    const standing =
      exit ?? (isBlind ? Exit.unreachable : this.mayHaveTerminated && state !== 'SOAK' ? Exit.heldDegraded : Exit.held)
    const reasons = broken(waitingFor).flatMap(({id, reasons: why}) =>
      why.slice(0, 10).map((reason) => `${id}: ${reason}`),
    )
    const why = exit === undefined ? `${goal}: not within ${Math.round(limitMs / 1000)} s` : goal
    return new RollHeld({
      cluster: this.cluster,
      consent: this.#document.request,
      state,
      node,
      exit: standing,
      why: isBlind ? `no node answers (${why})` : why,
      reasons,
      suggestions: view ? (suggestions?.(view) ?? []) : [],
    })
  }

  /** Renews the lock when its heartbeat is due. A lock that somebody else wrote ends everything; silence does not. */
  async keepLock(): Promise<void> {
    const {clock, lock, rhythm} = this.deps
    if (clock.monotonic() - lock.renewedAt() < rhythm.heartbeat) return
    await this.tryRenew(this.#document)
  }

  /** Changes what the lock says; whoever resumes reads it. Rejects when it could not be written. */
  async declare(change: Partial<Pick<LockDocument, 'remaining' | 'done' | 'current'>>): Promise<void> {
    await this.#renew({...this.#document, ...change})
  }

  /** As declare, but only where the lock is at hand: after TERMINATE an expired credential must not stop the watching. */
  async tryDeclare(change: Partial<Pick<LockDocument, 'remaining' | 'done' | 'current'>>): Promise<void> {
    await this.tryRenew({...this.#document, ...change})
  }

  async tryRenew(document: LockDocument): Promise<void> {
    try {
      await this.#renew(document)
    } catch (error) {
      if (isLockLost(error)) throw error
      this.#document = document
    }
  }

  /** I8 before a step that a renewal of the lock of its own precedes: nothing known speaks against that one. */
  credentialsLast(view: RollView, stepMs: number): Predicate {
    return authorityIsFresh(view, {renewedAgoMs: 0, freshMs: 0, problem: this.#renewalProblem, stepMs})
  }

  /** I8, as it stands: `stepMs` is how long the credentials must outlive this moment. */
  authority(view: Pick<RollView, 'credentialsExpireAt' | 'now'>, stepMs: number): Predicate {
    const {clock, lock, rhythm} = this.deps
    return authorityIsFresh(view, {
      renewedAgoMs: clock.monotonic() - lock.renewedAt(),
      freshMs: rhythm.freshLock,
      problem: this.#renewalProblem,
      stepMs,
    })
  }

  /** Runs something long while the lock's heart goes on beating. */
  async beating<T>(work: Promise<T>): Promise<T> {
    const {clock, rhythm} = this.deps
    const stop = new AbortController()
    const beat = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await clock.sleep(rhythm.heartbeat, stop.signal).catch(() => {})
        if (!stop.signal.aborted) await this.keepLock()
      }
    }
    // What the heart died of is thrown when the work has ended, and must not end the process before that.
    const beats = beat().then(
      () => undefined,
      (error: unknown) => ({error}),
    )
    const result = await work.finally(() => stop.abort())
    const failure = await beats
    if (failure) throw failure.error
    return result
  }

  /** One after the other: a heartbeat in the middle of another renewal would take our own for somebody else's. */
  #renew(document: LockDocument): Promise<void> {
    const renewal = this.#renewing.then(async () => {
      try {
        await this.deps.lock.renew({...document, heartbeatAt: this.deps.clock.now()})
        this.#document = document
        this.#renewalProblem = undefined
      } catch (error) {
        this.#renewalProblem = messageOf(error)
        throw error
      }
    })
    this.#renewing = renewal.catch(() => {})
    return renewal
  }
}

function tooSlow(limitMs: number, cluster: string): OpsError {
  return new OpsError(
    `looking at ${cluster} and AWS took longer than ${limitMs / 1000} s, ${SLOW_LOOKS} times in a row`,
    {
      code: 'LOOKS_TOO_SLOW',
      exit: Exit.unreachable,
    },
  )
}
