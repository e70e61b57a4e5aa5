import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {open} from 'node:fs/promises'
import {Exit, OpsError} from '../errors.ts'
import {programPath} from '../program-path.ts'
import type {CommitMessage, SupervisorMessage} from './channel.ts'
import type {LabFiles} from './plan.ts'

/** The supervisor as `lab up` sees it, until one of them is done with the other. */
export interface SupervisorProcess {
  /** Resolves when all servers run; rejects with what made that impossible. */
  started(): Promise<void>
  /** Lets go of the lab; resolves once it is registered. */
  commit(): Promise<void>
  /** Gives the lab up: the supervisor takes everything down. Resolves when it is gone, or after the limit. */
  abandon(limitMs: number): Promise<void>
}

/** The same program from the sources and from what is built of them. */
export function supervisorCommand(folder: string): readonly string[] {
  return [process.execPath, programPath('lib/lab/supervisor-main'), folder]
}

/** Starts it in a session of its own, with nothing of our terminal, environment or working folder. */
export async function startSupervisor(command: readonly string[], files: LabFiles): Promise<SupervisorProcess> {
  const [program = '', ...words] = command
  await using log = await open(files.log, 'a', 0o600)
  const child = spawn(program, words, {
    cwd: '/',
    detached: true,
    env: {},
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  const gone = once(child, 'exit').catch(() => {})
  await once(child, 'spawn')
  return {
    started: () => receive(child, 'started'),
    commit: async () => {
      const committed = receive(child, 'committed')
      child.send({type: 'commit'} satisfies CommitMessage)
      await committed
      child.disconnect()
      child.unref()
    },
    abandon: async (limitMs) => {
      if (child.connected) child.disconnect()
      const timer = AbortSignal.timeout(limitMs)
      await Promise.race([gone, once(timer, 'abort')])
      child.unref()
    },
  }
}

/** The next message, which has to be this one. */
function receive(child: ChildProcess, type: SupervisorMessage['type']): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      if (error) reject(error)
      else resolve()
    }
    const onMessage = (message: SupervisorMessage) => {
      if (message.type === type) settle()
      else settle(message.type === 'failed' ? failureOf(message) : new Error(`${message.type} in place of ${type}`))
    }
    const onExit = (code: number | null, signal: string | null) => {
      settle(new Error(`the lab's supervisor ended by itself: ${signal ?? `status ${code}`}`))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode)
  })
}

/** What an operator can act on stays that; anything else is a bug, and says so. */
function failureOf({error}: Extract<SupervisorMessage, {type: 'failed'}>): Error {
  const exit = Object.values(Exit).find((value) => value === error.exit)
  if (exit === undefined || exit === Exit.bug) return new Error(error.message)
  return new OpsError(error.message.split('\n'), {code: error.code, exit, suggestions: error.suggestions})
}
