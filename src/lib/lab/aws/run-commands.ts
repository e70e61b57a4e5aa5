import {randomUUID} from 'node:crypto'
import type {Clock} from '../../clients/ports.ts'
import {messageOf} from '../../errors.ts'
import type {FaultBoard} from '../faults-board.ts'
import {ServiceFailure} from './failure.ts'
import type {CommandResult, InstanceHost} from './host.ts'
import type {InstanceRecord} from './records.ts'

export interface RunCommandsOptions {
  readonly host: InstanceHost
  readonly clock: Clock
  readonly faults: FaultBoard
  readonly account: string
  /** From SendCommand until its invocations are known, and until the agents begin with them. */
  readonly delayMs: number
  readonly signal: AbortSignal
  readonly instances: () => readonly Readonly<InstanceRecord>[]
  readonly track: (work: Promise<void>) => void
}

export interface CommandRequest {
  readonly document: string
  readonly instanceIds: readonly string[]
  readonly script: string
  readonly comment: string
  readonly executionTimeoutMs: number
}

export interface CommandRecord extends CommandRequest {
  readonly id: string
  readonly requestedAt: number
  readonly invocations: readonly InvocationRecord[]
}

export interface InvocationRecord {
  readonly instanceId: string
  readonly instanceName: string
  status: 'Pending' | 'InProgress' | 'Success' | 'Failed' | 'TimedOut' | 'Cancelling' | 'Cancelled'
  statusDetails: string
  /** -1 until there is one. */
  responseCode: number
  stdout: string
  stderr: string
  startedAt: number | undefined
  endedAt: number | undefined
  readonly cancellation: AbortController
}

const commandsKept = 200

/** SSM Run Command: what was sent to the instances' agents and what became of it. */
export class RunCommands {
  readonly #options: RunCommandsOptions
  #commands: readonly CommandRecord[] = []

  constructor(options: RunCommandsOptions) {
    this.#options = options
  }

  /** Instances with an agent, each with whether it is connected. */
  agents(): readonly {readonly instance: Readonly<InstanceRecord>; readonly isOnline: boolean}[] {
    const {host, faults, instances} = this.#options
    if (!host.run) return []
    return instances()
      .filter(({state}) => state === 'running')
      .map((instance) => ({instance, isOnline: faults.standing('agent-lost', instance.node) === undefined}))
  }

  /** @throws ServiceFailure InvalidInstanceId */
  send(request: CommandRequest): CommandRecord {
    const {clock, account, track} = this.#options
    const agents = this.agents().filter(({isOnline}) => isOnline)
    const found = request.instanceIds.map((id) => agents.find(({instance}) => instance.id === id)?.instance)
    if (found.includes(undefined)) {
      const message = `Instances [[${request.instanceIds.join(', ')}]] not in a valid state for account ${account}`
      throw new ServiceFailure('InvalidInstanceId', message)
    }
    const invocations = found
      .filter((instance) => instance !== undefined)
      .map(({id, name}): InvocationRecord => {
        const pending = {status: 'Pending', statusDetails: 'Pending', responseCode: -1, stdout: '', stderr: ''} as const
        const times = {startedAt: undefined, endedAt: undefined}
        return {instanceId: id, instanceName: name, ...pending, ...times, cancellation: new AbortController()}
      })
    const command = {...request, id: randomUUID(), requestedAt: clock.now(), invocations}
    this.#commands = [command, ...this.#commands].slice(0, commandsKept)
    for (const invocation of invocations) track(this.#execute(command, invocation))
    return command
  }

  /** Newest first. */
  list(): readonly CommandRecord[] {
    return this.#commands
  }

  /** AWS needs a moment before it knows what it was sent. */
  invocation(commandId: string, instanceId: string): readonly [CommandRecord, InvocationRecord] | undefined {
    const command = this.#commands.find(({id}) => id === commandId)
    const invocation = command?.invocations.find((one) => one.instanceId === instanceId)
    if (!command || !invocation) return undefined
    const isKnown = invocation.status !== 'Pending' || invocation.endedAt !== undefined
    return isKnown || this.#options.clock.now() - command.requestedAt >= this.#options.delayMs
      ? [command, invocation]
      : undefined
  }

  /** Cancels what has not ended; a process that does not notice goes on. */
  cancel(commandId: string, instanceIds: readonly string[]): boolean {
    const command = this.#commands.find(({id}) => id === commandId)
    for (const invocation of command?.invocations ?? []) {
      const isMeant = instanceIds.length === 0 || instanceIds.includes(invocation.instanceId)
      if (!isMeant || invocation.endedAt !== undefined) continue
      invocation.status = 'Cancelling'
      invocation.statusDetails = 'Cancelling'
      invocation.cancellation.abort()
    }
    return command !== undefined
  }

  async #execute(command: CommandRecord, invocation: InvocationRecord): Promise<void> {
    const {host, clock, delayMs, signal} = this.#options
    const cancelled = AbortSignal.any([signal, invocation.cancellation.signal])
    const timeout = new AbortController()
    try {
      await clock.sleep(delayMs, cancelled)
      invocation.status = 'InProgress'
      invocation.statusDetails = 'InProgress'
      invocation.startedAt = clock.now()
      void clock.sleep(command.executionTimeoutMs, AbortSignal.any([cancelled, timeout.signal])).then(
        () => timeout.abort(new TimedOut()),
        () => {},
      )
      const work = host.run?.(invocation.instanceId, command.script, AbortSignal.any([cancelled, timeout.signal]))
      this.#end(invocation, await orAborted(work, [cancelled, timeout.signal]))
    } catch (error) {
      this.#fail(invocation, error)
    } finally {
      timeout.abort()
    }
  }

  #end(invocation: InvocationRecord, result: CommandResult | undefined): void {
    const {exitCode = 1, stdout = '', stderr = ''} = result ?? {}
    invocation.stdout = stdout
    invocation.stderr = exitCode === 0 ? stderr : `${stderr}failed to run commands: exit status ${exitCode}`
    invocation.responseCode = exitCode
    invocation.status = exitCode === 0 ? 'Success' : 'Failed'
    invocation.statusDetails = invocation.status
    invocation.endedAt = this.#options.clock.now()
  }

  #fail(invocation: InvocationRecord, error: unknown): void {
    if (invocation.cancellation.signal.aborted) {
      invocation.status = 'Cancelled'
      invocation.statusDetails = 'Cancelled'
    } else if (error instanceof TimedOut) {
      invocation.status = 'TimedOut'
      invocation.statusDetails = 'ExecutionTimedOut'
      invocation.responseCode = 137
      invocation.stderr = 'failed to run commands: exit status 137'
    } else {
      invocation.status = 'Failed'
      invocation.statusDetails = 'Failed'
      invocation.stderr = messageOf(error)
    }
    invocation.endedAt = this.#options.clock.now()
  }
}

class TimedOut extends Error {}

/** What goes on after an abort is not waited for: a shell that is killed does not end what systemd does for it. */
async function orAborted<T>(work: Promise<T> | undefined, signals: readonly AbortSignal[]): Promise<T | undefined> {
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => {})
  const interrupts = signals.map((signal) => {
    const interrupt = () => aborted.reject(signal.reason)
    signal.addEventListener('abort', interrupt, {once: true})
    return () => signal.removeEventListener('abort', interrupt)
  })
  work?.catch(() => {})
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    for (const stop of interrupts) stop()
  }
}
