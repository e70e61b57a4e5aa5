import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import type {Clock} from '../clients/ports.ts'
import {systemClock} from '../clock.ts'

/** What systemd is told about nats.service, as far as it matters to whoever stops a server. */
export interface UnitDescription {
  readonly restart: 'always' | 'on-failure' | 'no'
  /** `lame-duck`: ExecStop=nats-server --signal ldm; `none`: a stop is SIGTERM and nothing else. */
  readonly execStop: 'lame-duck' | 'none'
  readonly restartDelayMs: number
  readonly timeoutStopMs: number
}

/** As a careful operator writes it; the time to stop is longer than the server's lame duck can be. */
export const defaultUnit: UnitDescription = {
  restart: 'always',
  execStop: 'lame-duck',
  restartDelayMs: 1000,
  timeoutStopMs: 45_000,
}

export interface UnitOptions {
  readonly description: UnitDescription
  /** Resolves once the process runs. */
  readonly spawn: () => Promise<ChildProcess>
  /** After every start and every end. */
  readonly onChange: () => void
  readonly clock?: Clock
}

/** From a signal that ExecStop sends to systemd's own: about what its process needs to end. */
const EXEC_STOP_MS = 150
/** systemd gives up on a service that has been started so often in so short a time. */
const START_LIMIT = {burst: 5, intervalMs: 10_000}

/**
 * nats.service of one instance, as systemd keeps it: what was started is started again if it ends by itself and the
 * unit says so; what was stopped stays down. Whoever calls sees to it that starts and stops do not overlap.
 */
export class Unit {
  readonly description: UnitDescription
  readonly #options: UnitOptions
  readonly #clock: Clock
  #process: ChildProcess | undefined
  #ended: {readonly code: number | null; readonly signal: string | null} | undefined
  #changedAt: number
  #startedAt: readonly number[] = []
  #state: 'active' | 'deactivating' | 'activating' | 'inactive' | 'failed' = 'inactive'
  #restart = new AbortController()
  #restarts = 0

  constructor(options: UnitOptions) {
    this.#options = options
    this.description = options.description
    this.#clock = options.clock ?? systemClock
    this.#changedAt = this.#clock.now()
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** systemd's ActiveState; `activating` while it waits to start again. */
  get state(): 'active' | 'deactivating' | 'activating' | 'inactive' | 'failed' {
    return this.#state
  }

  /** How the last process ended, in words; undefined while one runs or where none ever did. */
  get ended(): string | undefined {
    if (this.#process || !this.#ended) return undefined
    const {code, signal} = this.#ended
    return signal ? `killed by ${signal}` : `exited with status ${code}`
  }

  /** How often it was started again by itself since somebody started it. */
  get restarts(): number {
    return this.#restarts
  }

  /** Milliseconds since the epoch of the last change of state. */
  get changedAt(): number {
    return this.#changedAt
  }

  /** `systemctl start`: false where it runs. */
  async start(): Promise<boolean> {
    if (this.#process) return false
    this.#restart.abort()
    this.#startedAt = []
    this.#restarts = 0
    await this.#spawn()
    return true
  }

  /**
   * `systemctl stop`: ExecStop, then SIGTERM and SIGCONT (a paused process would never see the first), SIGKILL when time
   * is up. A server that is leaving as a lame duck ignores SIGTERM. False where nothing runs.
   */
  async stop(options: {readonly limitMs?: number; readonly gently?: boolean} = {}): Promise<boolean> {
    const {limitMs = this.description.timeoutStopMs, gently = this.description.execStop === 'lame-duck'} = options
    this.#restart.abort()
    const process = this.#process
    if (!process) {
      this.#enter('inactive')
      return false
    }
    this.#enter('deactivating')
    const gone = once(process, 'exit')
    if (gently) {
      process.kill('SIGUSR2')
      await Promise.race([gone, this.#clock.sleep(EXEC_STOP_MS)])
    }
    process.kill('SIGTERM')
    process.kill('SIGCONT')
    const patience = new AbortController()
    await Promise.race([gone, this.#clock.sleep(limitMs, patience.signal).catch(() => {})])
    patience.abort()
    process.kill('SIGKILL')
    await gone
    return true
  }

  /** `systemctl kill`: a signal and nothing else, so that the unit decides what follows. False where nothing runs. */
  signal(signal: NodeJS.Signals): boolean {
    return this.#process?.kill(signal) ?? false
  }

  /** Ends it at once and keeps it down, as a broken disk would. False where nothing runs. */
  async breakDown(): Promise<boolean> {
    this.#restart.abort()
    const process = this.#process
    if (!process) return false
    this.#enter('deactivating')
    const gone = once(process, 'exit')
    process.kill('SIGKILL')
    await gone
    return true
  }

  async #spawn(): Promise<void> {
    const restart = new AbortController()
    this.#restart = restart
    const child = await this.#options.spawn()
    if (restart.signal.aborted) {
      child.kill('SIGKILL')
      throw new Error('stopped while it was started')
    }
    this.#process = child
    this.#startedAt = [...this.#startedAt, this.#clock.monotonic()].slice(-START_LIMIT.burst)
    this.#enter('active')
    child.once('exit', (code, signal) => this.#onExit(code, signal))
    if (child.exitCode !== null || child.signalCode !== null) this.#onExit(child.exitCode, child.signalCode)
    else this.#options.onChange()
  }

  #onExit(code: number | null, signal: string | null): void {
    if (!this.#process) return
    this.#process = undefined
    this.#ended = {code, signal}
    const wasAsked = this.#state === 'deactivating'
    const isClean = signal === null ? code === 0 : ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'].includes(signal)
    const {restart, restartDelayMs} = this.description
    if (wasAsked || restart === 'no' || (restart === 'on-failure' && isClean)) {
      this.#enter(isClean ? 'inactive' : 'failed')
    } else if (this.#isTooOften()) this.#enter('failed')
    else {
      this.#enter('activating')
      this.#clock
        .sleep(restartDelayMs, this.#restart.signal)
        .then(() => {
          this.#restarts += 1
          return this.#spawn()
        })
        .catch(() => this.#enter(this.#process ? 'active' : 'inactive'))
    }
    this.#options.onChange()
  }

  #isTooOften(): boolean {
    const [first = 0] = this.#startedAt
    return this.#startedAt.length >= START_LIMIT.burst && this.#clock.monotonic() - first < START_LIMIT.intervalMs
  }

  #enter(state: Unit['state']): void {
    if (this.#state !== state) this.#changedAt = this.#clock.now()
    this.#state = state
  }
}
