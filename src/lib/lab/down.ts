import {setTimeout as delay} from 'node:timers/promises'
import {openControl} from './control.ts'
import {findLabProcesses, removeLab} from './leftovers.ts'
import {checkLabName, type LabFiles, labFiles} from './plan.ts'
import {findProcesses} from './processes.ts'
import {readRecord} from './record.ts'
import {listLabs} from './status.ts'

const POLITE_LIMIT_MS = 5_000

/**
 * Leaves no process and no file of the lab, whatever state it is in: asks the supervisor, and does it itself where
 * nobody does. False where there was no such lab.
 */
export async function takeDown(labsFolder: string, name: string): Promise<boolean> {
  checkLabName(name)
  const labs = await listLabs(labsFolder)
  if (!labs.includes(name)) return false
  const files = labFiles(labsFolder, name)
  await askSupervisor(files)
  await removeLab(files)
  return true
}

async function askSupervisor(files: LabFiles): Promise<void> {
  const record = await readRecord(files)
  const {supervisor} = await findLabProcesses(files)
  if (!record || !supervisor || supervisor.paused) return
  const asked = await openControl(record.control, 1_000)
    .down()
    .then(
      () => true,
      () => false,
    )
  const deadline = performance.now() + POLITE_LIMIT_MS
  while (asked && performance.now() < deadline) {
    if ((await findProcesses(new Set([supervisor.command]))).length === 0) return
    await delay(20)
  }
}
