import {execFile} from 'node:child_process'
import {constants} from 'node:fs'
import {access, readdir, stat} from 'node:fs/promises'
import {delimiter, join, resolve} from 'node:path'
import {promisify} from 'node:util'
import {compareNames} from '../domain/natural-order.ts'
import {Exit, messageOf, OpsError, UsageError} from '../errors.ts'
import type {NatsServer} from './plan.ts'

const OLDEST_SERVER = '2.10'

export interface ServerSearch {
  /** A binary named by the operator: it and nothing else. */
  readonly path: string | undefined
  /** Only a server of this version or series: `2.15` or `2.15.1`. */
  readonly version: string | undefined
  /** NATSOPS_NATS_SERVER. */
  readonly environment: string | undefined
  /** PATH. */
  readonly searchPath: string | undefined
  /** Folder with one folder a version, each with a nats-server in it. */
  readonly cacheFolder: string
}

/**
 * The nats-server to run: the named one, else NATSOPS_NATS_SERVER, PATH, the newest of the cache; 2.10 or newer and of
 * the version asked for. Rejects with NATS_SERVER_NOT_FOUND (exit 9) and what was found instead, or with
 * NATS_SERVER_NOT_USABLE (exit 2) where a binary that was named does not run or is of another version.
 */
export async function findNatsServer(search: ServerSearch): Promise<NatsServer> {
  if (search.version !== undefined) checkVersionText(search.version)
  const named = search.path ?? search.environment
  if (named) {
    const server = await examine(named)
    if (fits(server, search.version)) return server
    if (search.path !== undefined) throw unfit(server, search.version)
  }
  const seen: NatsServer[] = []
  for (const path of [...onPath(search.searchPath), ...(await inCache(search.cacheFolder))]) {
    const server = await examine(path).catch(() => undefined)
    if (server && fits(server, search.version)) return server
    if (server) seen.push(server)
  }
  throw notFound(search.version, seen)
}

async function examine(path: string): Promise<NatsServer> {
  const absolute = resolve(path)
  try {
    if (!(await stat(absolute)).isFile()) throw new Error('it is not a file')
    await access(absolute, constants.X_OK)
    const {stdout} = await promisify(execFile)(absolute, ['--version'], {timeout: 10_000})
    const version = /^nats-server: v(\d+\.\d+\.\d+)/m.exec(stdout)?.[1]
    if (version === undefined) throw new Error('it does not say it is a nats-server')
    return {path: absolute, version}
  } catch (cause) {
    throw new OpsError(`${absolute} cannot be run as nats-server: ${reasonOf(cause)}`, {
      code: 'NATS_SERVER_NOT_USABLE',
      exit: Exit.usage,
      cause,
    })
  }
}

function reasonOf(cause: unknown): string {
  const {code} = cause as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES') return 'it is not executable'
  return messageOf(cause).split('\n')[0] ?? ''
}

function fits({version}: NatsServer, wanted: string | undefined): boolean {
  if (compareNames(version, OLDEST_SERVER) < 0) return false
  return wanted === undefined || version === wanted || version.startsWith(`${wanted}.`)
}

function checkVersionText(version: string): void {
  if (/^\d+\.\d+(\.\d+)?$/.test(version)) return
  throw new UsageError(`'${version}' is not a nats-server version; write it as 2.15 or 2.15.1`)
}

function onPath(searchPath: string | undefined): readonly string[] {
  const folders = (searchPath ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, 'nats-server'))
}

/** Newest first. */
async function inCache(folder: string): Promise<readonly string[]> {
  const versions = await readdir(folder).catch(() => [])
  return versions.sort((a, b) => compareNames(b, a)).map((version) => join(folder, version, 'nats-server'))
}

function unfit({path, version}: NatsServer, wanted: string | undefined): OpsError {
  const need = wanted === undefined ? `${OLDEST_SERVER} or newer is needed` : `${wanted} was asked for`
  return new OpsError(`${path} is nats-server ${version}, ${need}`, {code: 'NATS_SERVER_NOT_USABLE', exit: Exit.usage})
}

function notFound(wanted: string | undefined, seen: readonly NatsServer[]): OpsError {
  const what = wanted === undefined ? `${OLDEST_SERVER} or newer` : `of version ${wanted}`
  const instead =
    seen.length === 0 ? '' : `; found ${seen.map(({version, path}) => `${version} at ${path}`).join(', ')}`
  return new OpsError(`there is no nats-server ${what} on this machine${instead}`, {
    code: 'NATS_SERVER_NOT_FOUND',
    exit: Exit.notFound,
    suggestions: [
      'script/bootstrap (in a checkout of natsops)',
      'brew install nats-server',
      'apt-get install nats-server',
      'natsops lab up --nats-server /path/to/nats-server',
    ],
  })
}
