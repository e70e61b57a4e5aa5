import {tmpdir} from 'node:os'
import {openKnownClusters} from './config/clusters.ts'
import {requireDuration} from './config/duration.ts'
import {checkName, type Environment, firstSet} from './config/environment.ts'
import {findHome, findPaths} from './config/paths.ts'
import type {ClusterSettings} from './domain/settings.ts'

/** Where a value came from, for `cluster show`. */
export interface Source {
  readonly layer: 'flag' | 'environment' | 'lab' | 'project file' | 'user file' | 'aws profile' | 'convention'
  /** The flag's, variable's or file's name (a file with the key's path in it). */
  readonly detail: string
}

export interface ResolvedCluster {
  readonly settings: ClusterSettings
  /**
   * Source of every value, by its dotted key as written in a file, e.g. `ports.monitor`; `name` says what chose or
   * named the cluster. Endpoints that nothing sets are absent.
   */
  readonly sources: ReadonlyMap<string, Source>
}

/** Folders and files of natsops on this machine, all absolute. */
export interface Paths {
  /** $XDG_CONFIG_HOME/natsops */
  readonly config: string
  /** $XDG_STATE_HOME/natsops */
  readonly state: string
  /** $XDG_STATE_HOME/natsops/labs: one folder a lab */
  readonly labs: string
  /** $XDG_CACHE_HOME/natsops */
  readonly cache: string
  /** $XDG_RUNTIME_DIR/natsops, else a folder of this user's in the temporary folder: for secrets that must not stay. */
  readonly runtime: string
}

export interface ClusterSelection {
  readonly cluster?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
}

/** Everything the outside says about how natsops should behave: environment, files, conventions. */
export interface Configuration {
  readonly paths: Paths
  /**
   * Settles one cluster by flag > environment > project file > user file > convention, a running lab by flag > its own
   * description > convention. UsageError where none is named, or a file or a value is wrong.
   */
  cluster(selection: ClusterSelection): Promise<ResolvedCluster>
  /** Every cluster that a file or a running lab names, sorted by name. */
  clusters(): Promise<readonly ResolvedCluster[]>
  /** Whether to colour: the flag, else NO_COLOR, FORCE_COLOR, TERM=dumb. */
  colour(flag: boolean | undefined): boolean
  /** Whether a terminal may be drawn over, with or without colour: not where TERM=dumb. */
  animation(): boolean
  /** Milliseconds of `5s`, `2m`, `1h30m`, `250ms`; `option` names the culprit in the UsageError. */
  duration(option: string, text: string): number
  /** The service whose credentials or hosts are meant: the flag, else NATSOPS_SERVICE, SERVICE_NAME; checked. */
  service(flag: string | undefined): string | undefined
  /** Environment of a child process: ours, with these set or (undefined) removed. */
  childEnvironment(changes: Readonly<Record<string, string | undefined>>): Record<string, string>
  /** One environment variable, for the few that are nobody else's (NATSOPS_NATS_SERVER). */
  variable(name: string): string | undefined
}

/** What `openConfiguration` takes from the process; a test passes its own. */
export interface Surroundings {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cwd: string | undefined
  /** Folder for temporary files. */
  readonly temporary: string
  readonly uid: number
}

/**
 * Reads no file yet: files are read when a cluster is asked for, and once. Every variable that is set to nothing counts
 * as unset.
 */
export function openConfiguration(given: Partial<Surroundings> = {}): Configuration {
  const variables = given.variables ?? process.env
  const variable = (name: string): string | undefined => variables[name] || undefined
  const environment: Environment = {
    variable,
    home: given.home ?? findHome(variable('HOME')),
    cwd: 'cwd' in given ? given.cwd : workingFolder(),
    temporary: given.temporary ?? tmpdir(),
    uid: given.uid ?? process.getuid?.() ?? 0,
  }
  const paths = findPaths(environment)
  const known = openKnownClusters(environment, paths)
  return {
    paths,
    cluster: (selection) => known.select(selection),
    clusters: () => known.list(),
    colour(flag) {
      if (flag !== undefined) return flag
      if (variable('NO_COLOR')) return false
      const forced = variable('FORCE_COLOR')
      if (forced) return forced !== '0' && forced !== 'false'
      return variable('TERM') !== 'dumb'
    },
    animation: () => variable('TERM') !== 'dumb',
    duration: requireDuration,
    service(flag) {
      const named =
        flag === undefined ? firstSet(environment, 'NATSOPS_SERVICE', 'SERVICE_NAME') : {name: '--service', value: flag}
      return named && checkName('service', named)
    },
    childEnvironment(changes) {
      const merged = Object.entries({...variables, ...changes})
      return Object.fromEntries(merged.filter((entry): entry is [string, string] => entry[1] !== undefined))
    },
    variable,
  }
}

/** Undefined where the folder we were started in is gone. */
function workingFolder(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
