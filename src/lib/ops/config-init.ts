import {resolve} from 'node:path'
import {descriptionTemplate} from '../author/template.ts'
import {Exit, OpsError} from '../errors.ts'
import {writePrivateFile} from '../files.ts'

/** Public under --json. */
export interface InitReport {
  readonly cluster: string
  /** Absolute path of the description that was written. */
  readonly file: string
}

/** Writes a first description. Rejects with FILE_EXISTS (exit 3) where there is one, unless `force`. */
export async function initConfig(name: string, file: string, {force}: {readonly force: boolean}): Promise<InitReport> {
  const text = descriptionTemplate(name)
  const path = resolve(file)
  try {
    await writePrivateFile(path, text, {mode: 0o644, overwrite: force})
  } catch (error) {
    if (!(error instanceof OpsError) || error.code !== 'FILE_EXISTS') throw error
    throw new OpsError(error.lines, {
      code: 'FILE_EXISTS',
      exit: Exit.refused,
      suggestions: ['give another --file', 'add --force to replace it'],
      cause: error,
    })
  }
  return {cluster: name, file: path}
}
