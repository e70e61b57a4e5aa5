import {randomUUID} from 'node:crypto'
import {messageOf} from '../../errors.ts'
import type {Facilities} from './facilities.ts'
import {ServiceFailure} from './failure.ts'
import type {InstanceRecord, RefreshRecord} from './records.ts'

/** What a refresh does to its group. */
export interface RefreshedGroup {
  readonly plan: {readonly node: string}
  readonly members: readonly Readonly<InstanceRecord>[]
  readonly templateVersion: number
  terminate(instanceId: string, options: {readonly decrement: boolean; readonly why: string}): Promise<unknown>
}

export interface RefreshOptions {
  readonly warmupMs: number
  /** Leaves an instance alone that has the newest version already. */
  readonly skipMatching: boolean
  /** `Ignore` leaves an instance alone that is protected from scale-in. */
  readonly protectedInstances: 'Ignore' | 'Refresh'
}

const POLL_MS = 100

/** The instance refreshes of one group of one: the instance goes, another comes and is given time to warm up. */
export class InstanceRefreshes {
  readonly #group: RefreshedGroup
  readonly #facilities: Facilities
  readonly #records: RefreshRecord[] = []
  #cancellation = new AbortController()

  constructor(group: RefreshedGroup, facilities: Facilities) {
    this.#group = group
    this.#facilities = facilities
  }

  /** Newest first, with the one that a fault shows. */
  list(): readonly Readonly<RefreshRecord>[] {
    if (!this.#facilities.faults.standing('refresh-running', this.#group.plan.node)) return this.#records
    const shown = {id: 'f0000000-0000-4000-8000-000000000000', startedAt: this.#facilities.clock.now(), percent: 0}
    const statusReason = 'Waiting for instances to warm up before continuing.'
    return [{...shown, endedAt: undefined, status: 'InProgress', statusReason, remaining: 1}, ...this.#records]
  }

  /** A record and nothing else. */
  add(refresh: Partial<RefreshRecord> = {}): RefreshRecord {
    const defaults = {endedAt: undefined, status: 'InProgress', statusReason: undefined, percent: 0} as const
    const startedAt = this.#facilities.clock.now()
    const record = {id: randomUUID(), startedAt, ...defaults, remaining: 1, ...refresh}
    this.#records.unshift(record)
    return record
  }

  /** @throws ServiceFailure InstanceRefreshInProgress */
  start(options: RefreshOptions): RefreshRecord {
    const {clock, signal, track} = this.#facilities
    if (this.list().some(isActive)) {
      throw new ServiceFailure(
        'InstanceRefreshInProgress',
        'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
      )
    }
    const record = this.add({status: 'Pending'})
    const cancellation = new AbortController()
    this.#cancellation = cancellation
    const either = AbortSignal.any([cancellation.signal, signal])
    const end = (status: RefreshRecord['status'], reason?: string) => {
      record.status = status
      record.statusReason = reason
      record.endedAt = clock.now()
    }
    const succeed = () => {
      record.percent = 100
      record.remaining = 0
      end('Successful')
    }
    const fail = (error: unknown) => {
      if (either.aborted) end('Cancelled', 'Cancelled due to user request.')
      else end('Failed', messageOf(error))
    }
    track(this.#run(record, options, either).then(succeed, fail))
    return record
  }

  /**
   * What is already under way goes on: an instance that was terminated is replaced all the same.
   * @throws ServiceFailure ActiveInstanceRefreshNotFound
   */
  cancel(): RefreshRecord {
    const active = this.#records.find(isActive)
    if (!active) {
      throw new ServiceFailure(
        'ActiveInstanceRefreshNotFound',
        'No in progress or pending Instance Refresh found for this Auto Scaling group.',
      )
    }
    active.status = 'Cancelling'
    this.#cancellation.abort()
    return active
  }

  async #run(record: RefreshRecord, options: RefreshOptions, signal: AbortSignal): Promise<void> {
    const {clock, timing, faults} = this.#facilities
    await clock.sleep(timing.refreshDelayMs, signal)
    record.status = 'InProgress'
    const [old] = this.#group.members
    const isProtected = old?.protected || faults.standing('scale-in-protection', this.#group.plan.node) !== undefined
    if (isProtected && options.protectedInstances === 'Ignore') return
    if (old && options.skipMatching && old.launchTemplateVersion === String(this.#group.templateVersion)) return
    if (old) await this.#group.terminate(old.id, {decrement: false, why: 'an instance refresh'})
    record.statusReason = 'Waiting for remaining instances to be available.'
    const fresh = await this.#awaitFresh(old?.id, signal)
    record.statusReason = `Waiting for instances to warm up before continuing. For example: ${fresh} is warming up.`
    await clock.sleep(options.warmupMs, signal)
  }

  async #awaitFresh(old: string | undefined, signal: AbortSignal): Promise<string> {
    for (;;) {
      const fresh = this.#group.members.find(({id, lifecycle}) => id !== old && lifecycle === 'InService')
      if (fresh) return fresh.id
      await this.#facilities.clock.sleep(POLL_MS, signal)
    }
  }
}

function isActive({status}: Readonly<RefreshRecord>): boolean {
  return status === 'Pending' || status === 'InProgress' || status === 'Cancelling'
}
