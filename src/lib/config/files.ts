import {lstat, open, stat} from 'node:fs/promises'
import {basename, dirname, join, resolve} from 'node:path'
import {quoteForShell} from '../domain/shell.ts'
import {messageOf, UsageError} from '../errors.ts'
import {checkDocument} from './document.ts'
import type {Environment} from './environment.ts'
import type {ClusterValues, FileValues} from './values.ts'

/** A configuration file, read and checked. */
export interface ConfigurationFile {
  readonly path: string
  readonly layer: 'project file' | 'user file'
  readonly values: FileValues
}

/**
 * The project's file (natsops.yaml, .yml or .json in the working folder or the nearest folder above it, up to the home
 * folder or the root) and the user's (config.yaml ... in the configuration folder), highest first. UsageError for a
 * file that cannot be read or believed.
 */
export async function readConfigurationFiles(
  environment: Environment,
  userFolder: string,
): Promise<readonly ConfigurationFile[]> {
  const [project, user] = await Promise.all([
    findProjectFile(environment),
    findFile(userFolder, 'config', environment.uid),
  ])
  const found = [
    {path: project, layer: 'project file'},
    {path: user, layer: 'user file'},
  ] as const
  const files = await Promise.all(
    found.flatMap(({path, layer}) =>
      path === undefined ? [] : [parseFile(path, environment.home).then((values) => ({path, layer, values}))],
    ),
  )
  for (const {path, layer, values} of files) if (layer === 'project file') refuseCommands(path, values, userFolder)
  return files
}

/**
 * A shared credentials file may name programs that AWS's SDK runs (`credential_process`). A project file may come with
 * somebody else's repository: it chooses one of the operator's own profiles, and no file of its own.
 */
function refuseCommands(path: string, {defaults, clusters = {}}: FileValues, userFolder: string): void {
  const places = Object.entries({defaults, ...prefixed('clusters', clusters)})
  const [place] = places.find(([, values]) => values?.credentialsFile !== undefined) ?? []
  if (place === undefined) return
  throw new UsageError(
    `${path}: ${place}.credentialsFile counts in your own configuration only, for such a file can name programs to run`,
    [`move it to ${join(userFolder, 'config.yaml')}, or name a profile here`],
  )
}

function prefixed<T>(prefix: string, values: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]))
}

const EXTENSIONS = ['yaml', 'yml', 'json'] as const
const LARGEST_BYTES = 1024 * 1024

async function findProjectFile({cwd, home, uid}: Environment): Promise<string | undefined> {
  for (let folder = cwd; folder !== undefined; ) {
    const found = await findFile(folder, 'natsops', uid)
    if (found) return found
    const above = dirname(folder)
    folder = folder === home || above === folder ? undefined : above
  }
  return undefined
}

async function findFile(folder: string, name: string, uid: number): Promise<string | undefined> {
  const names = EXTENSIONS.map((extension) => `${name}.${extension}`)
  const there = await Promise.all(names.map((each) => stat(join(folder, each)).catch(() => undefined)))
  const found = names.filter((_, index) => there[index] !== undefined)
  const [first, second] = found
  if (first === undefined) return undefined
  if (second !== undefined) {
    throw new UsageError(`${folder} has both ${first} and ${second}: only one of them can count`, [
      `put everything into ${first} and remove ${second}`,
    ])
  }
  const path = join(folder, first)
  await refusePlanted(path, uid)
  return path
}

/**
 * A configuration says where credentials are sent: a file that somebody else has laid into a folder such as /tmp, or
 * can change, is not to be believed, nor is a symlink of theirs to whatever it points to. Another owner alone is
 * normal, for instance in a container.
 */
async function refusePlanted(path: string, uid: number): Promise<void> {
  const [entry, file, folder] = await guard(path, () => Promise.all([lstat(path), stat(path), stat(dirname(path))]))
  if (!file.isFile()) throw new UsageError(`${path} is not a file`)
  const foreign = [entry, file].some((each) => each.uid !== uid && each.uid !== 0)
  if (file.mode & 0o002) {
    throw new UsageError(`${path} can be changed by every user of this machine`, [
      quoteForShell(['chmod', 'o-w', path]),
    ])
  }
  if (foreign && folder.mode & 0o002) {
    throw new UsageError(`${path} belongs to another user, in a folder that everybody can write to`, [
      'work in a folder of your own',
    ])
  }
}

async function parseFile(path: string, home: string): Promise<FileValues> {
  const text = await guard(path, () => readText(path))
  const {fileSchema, knownKeys} = await import('./schema.ts')
  return resolveAll(await checkDocument({path, text}, fileSchema(), knownKeys), dirname(path), home)
}

function resolveAll({defaults, clusters = {}, ...rest}: FileValues, folder: string, home: string): FileValues {
  return {
    ...rest,
    defaults: defaults && resolvePaths(defaults, folder, home),
    clusters: Object.fromEntries(
      Object.entries(clusters).map(([name, values]) => [name, resolvePaths(values, folder, home)]),
    ),
  }
}

/** Relative paths are seen from the file's folder, `~` is the home folder. */
export function resolvePaths(values: ClusterValues, folder: string, home: string): ClusterValues {
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(folder, path.replace(/^~(?=\/|$)/, home))
  const {credentialsFile, tls} = values
  return {
    ...values,
    credentialsFile: absolute(credentialsFile),
    tls: {ca: absolute(tls?.ca), cert: absolute(tls?.cert), key: absolute(tls?.key)},
  }
}

/** The text of a file of reasonable size; a FIFO or a device was refused before. */
export async function readText(path: string): Promise<string> {
  await using handle = await open(path, 'r')
  const {size} = await handle.stat()
  if (size > LARGEST_BYTES) throw new UsageError(`${path} has ${size} bytes: no configuration is that long`)
  return handle.readFile('utf8')
}

async function guard<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${basename(path)} cannot be read: ${messageOf(error)}`)
  }
}
