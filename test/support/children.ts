import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'

/** Kills what of these is still running, and waits until it is gone. */
export async function killAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    }),
  )
}
