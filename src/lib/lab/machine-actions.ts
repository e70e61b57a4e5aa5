import {mkdir, rm} from 'node:fs/promises'
import type {Unit} from './machine-unit.ts'
import type {InstanceFiles} from './plan.ts'

/** What a hand on the machine can do to a node's server; none of it is known to AWS. */
export const nodeActions = ['stop', 'kill', 'crash', 'pause', 'resume', 'start', 'wipe'] as const
export type NodeAction = (typeof nodeActions)[number]

const WIPE_LIMIT_MS = 10_000

/** False where there was nothing to do. */
export async function actOn(
  {unit, files}: {readonly unit: Unit; readonly files: InstanceFiles},
  action: NodeAction,
): Promise<boolean> {
  switch (action) {
    case 'start':
      return unit.start()
    case 'stop':
      return unit.stop()
    case 'kill':
      return unit.breakDown()
    case 'crash':
      return unit.signal('SIGKILL')
    case 'pause':
      return unit.signal('SIGSTOP')
    case 'resume':
      return unit.signal('SIGCONT')
    case 'wipe':
      await unit.stop({gently: false, limitMs: WIPE_LIMIT_MS})
      await rm(files.store, {recursive: true, force: true})
      await mkdir(files.store, {mode: 0o700})
      return unit.start()
  }
}
