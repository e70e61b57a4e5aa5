import {randomBytes, randomUUID} from 'node:crypto'
import {ServiceFailure} from './failure.ts'
import type {RunCommands} from './run-commands.ts'

export interface SessionRecord {
  readonly id: string
  readonly instanceId: string
  readonly document: string
  readonly parameters: Readonly<Record<string, readonly string[]>>
  /** What opens it: known to whoever started it. */
  readonly token: string
  state: 'Active' | 'Terminated'
}

const sessionsKept = 200

/** SSM Session Manager: what was started and ended. Nobody speaks behind it. */
export class Sessions {
  readonly #commands: Pick<RunCommands, 'agents'>
  #sessions: readonly SessionRecord[] = []

  constructor(commands: Pick<RunCommands, 'agents'>) {
    this.#commands = commands
  }

  /** @throws ServiceFailure TargetNotConnected */
  start(
    instanceId: string,
    {document, parameters}: Pick<SessionRecord, 'document' | 'parameters'>,
  ): Readonly<SessionRecord> {
    const agent = this.#commands.agents().find(({instance}) => instance.id === instanceId)
    if (!agent?.isOnline) throw new ServiceFailure('TargetNotConnected', `${instanceId} is not connected.`)
    const id = `lab-${randomUUID().slice(0, 17)}`
    const token = randomBytes(48).toString('base64url')
    const session: SessionRecord = {id, instanceId, document, parameters, token, state: 'Active'}
    this.#sessions = [session, ...this.#sessions].slice(0, sessionsKept)
    return session
  }

  /** One that has ended, or that nobody knows, is no error: as AWS has it. */
  terminate(id: string): void {
    const session = this.#sessions.find((one) => one.id === id)
    if (session) session.state = 'Terminated'
  }

  /** Newest first. */
  list(): readonly Readonly<SessionRecord>[] {
    return this.#sessions
  }
}
