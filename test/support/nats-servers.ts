import {execFileSync} from 'node:child_process'
import {accessSync, constants, readdirSync, statSync} from 'node:fs'
import {homedir} from 'node:os'
import {delimiter, join, resolve} from 'node:path'
import {compareNames} from '../../src/lib/domain/natural-order.ts'

export interface NatsServer {
  /** As the binary says itself, e.g. `2.10.27`. */
  readonly version: string
  readonly path: string
}

/** The release series every integration test has to hold on: the oldest supported one and the newest. */
export type NatsSeries = '2.10' | '2.15'

/** All real servers of this machine, oldest first, one a version: NATSOPS_NATS_SERVER, then PATH, then the cache. */
function natsServers(): readonly NatsServer[] {
  const candidates = [process.env.NATSOPS_NATS_SERVER, findOnPath('nats-server'), ...cachedServers()]
  const byVersion = new Map<string, NatsServer>()
  for (const path of candidates) {
    if (path === undefined || path === '') continue
    const version = versionOf(path)
    if (!byVersion.has(version)) byVersion.set(version, {version, path: resolve(path)})
  }
  return [...byVersion.values()].sort((a, b) => compareNames(a.version, b.version))
}

export function newestNatsServer(): NatsServer {
  return natsServers().at(-1) ?? absent('no nats-server on this machine')
}

/** The newest server of one series. Throws where there is none, so that a test fails and is not skipped. */
export function natsServerOf(series: NatsSeries): NatsServer {
  const found = natsServers().filter(({version}) => version.startsWith(`${series}.`))
  return found.at(-1) ?? absent(`no nats-server ${series}.x on this machine`)
}

/** The `nats` command line tool, an independent judge of what we write; optional everywhere. */
export function natsCli(): string | undefined {
  const cached = join(cacheFolder(), 'bin', 'nats')
  return findOnPath('nats') ?? (isExecutable(cached) ? cached : undefined)
}

/** What script/bootstrap fills: $XDG_CACHE_HOME/natsops. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'natsops')
}

function cachedServers(): readonly string[] {
  const folder = join(cacheFolder(), 'nats-server')
  try {
    return readdirSync(folder)
      .map((version) => join(folder, version, 'nats-server'))
      .filter(isExecutable)
  } catch {
    return []
  }
}

const versions = new Map<string, string>()

/** Asked once for each binary and process. Throws where the binary cannot run: a broken server is not an absent one. */
function versionOf(path: string): string {
  const known = versions.get(path)
  if (known) return known
  const text = execFileSync(path, ['--version'], {encoding: 'utf8'})
  const version = /v?(\d+\.\d+\.\d+)/.exec(text)?.[1]
  if (!version) throw new Error(`${path} --version says ${JSON.stringify(text)}, not a nats-server's version`)
  versions.set(path, version)
  return version
}

function findOnPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function absent(problem: string): never {
  throw new Error(`${problem}: run script/bootstrap --test`)
}
