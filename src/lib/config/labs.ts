import {readdir} from 'node:fs/promises'
import {join} from 'node:path'
import {messageOf, UsageError} from '../errors.ts'
import {readText, resolvePaths} from './files.ts'
import {CLUSTER_NAME, type ClusterValues} from './values.ts'

/** File that says a lab is running, below `labs/<name>/`: a cluster's keys as in a configuration file, as JSON. */
const LAB_FILE = 'cluster.json'

export function labFile(labs: string, name: string): string {
  return join(labs, name, LAB_FILE)
}

/** Names of the labs that run, without reading their descriptions. */
export async function labNames(labs: string): Promise<readonly string[]> {
  const folders = await readdir(labs).catch((): string[] => [])
  const running = await Promise.all(
    folders.map(async (name) => {
      const files = CLUSTER_NAME.test(name) ? await readdir(join(labs, name)).catch((): string[] => []) : []
      return files.includes(LAB_FILE)
    }),
  )
  return folders.filter((_, index) => running[index])
}

/** What a running lab says of itself, or undefined where none of this name runs. */
export async function readLab(labs: string, name: string, home: string): Promise<ClusterValues | undefined> {
  const path = labFile(labs, name)
  let text: string
  try {
    text = await readText(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      return undefined
    }
    throw broken(path, name, messageOf(error))
  }
  const {labSchema} = await import('./schema.ts')
  const parsed = labSchema().safeParse(parseJson(text), {jitless: true})
  if (parsed.success) return resolvePaths(parsed.data, join(labs, name), home)
  const [issue] = parsed.error.issues
  throw broken(path, name, `${issue?.path.map(String).join('.') || 'the file'}: expected ${issue?.message}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function broken(path: string, name: string, reason: string): UsageError {
  return new UsageError(`${path} does not describe a lab: ${reason}`, [`natsops lab down ${name}`])
}
