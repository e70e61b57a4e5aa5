import {basename, dirname} from 'node:path'
import {describe, messageOf} from '../errors.ts'
import type {CommitMessage, SupervisorMessage} from './channel.ts'
import {labFiles} from './plan.ts'
import {readPlan} from './record.ts'
import {type RunningLab, startLab} from './supervisor.ts'

/**
 * The program of the supervisor: `node supervisor-main.ts LAB_FOLDER`, started by `lab up` in a session of its own.
 * Nobody imports it.
 *
 * Until `lab up` says `commit` the lab hangs on it: if the channel closes first, whatever the reason, the supervisor
 * takes everything down again. From then on only `lab down`, SIGTERM or SIGINT end it, and they leave nothing. A crash
 * leaves the servers running and the folder in place, for `lab status` to see and for `lab down` to remove.
 */
await supervise(process.argv[2] ?? '')

async function supervise(folder: string): Promise<void> {
  const down = Promise.withResolvers<string>()
  let committed = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => down.resolve(signal))
  process.on('SIGHUP', () => {})
  process.on('disconnect', () => void (committed || down.resolve('lab up ended before it was done')))

  const lab = await start(folder, () => down.resolve('lab down'))
  if (!lab) return
  process.on('message', async ({type}: CommitMessage) => {
    if (type !== 'commit') return
    await lab.register()
    committed = true
    tell({type: 'committed'})
  })
  if (!process.connected) down.resolve('lab up ended before it was done')
  tell({type: 'started'})
  say(`going down: ${await down.promise}`)
  await lab.destroy()
  process.exit()
}

async function start(folder: string, onDown: () => void): Promise<RunningLab | undefined> {
  const files = labFiles(dirname(folder), basename(folder))
  try {
    const plan = await readPlan(files)
    if (!plan) throw new Error(`there is no plan in ${folder}`)
    return await startLab(plan, files, {say, onDown})
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.stack : messageOf(error)}`)
    tell({type: 'failed', error: describe(error)})
    return undefined
  }
}

function tell(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** stdout is the lab's own log file. */
function say(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`)
}
