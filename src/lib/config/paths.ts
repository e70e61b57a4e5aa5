import {lstatSync} from 'node:fs'
import {userInfo} from 'node:os'
import {isAbsolute, join} from 'node:path'
import type {Paths} from '../config.ts'
import type {Environment} from './environment.ts'

/**
 * Names only, nothing is created: XDG Base Directory rules (a relative value counts as unset), with this user's own
 * folder below the temporary one where there is no usable $XDG_RUNTIME_DIR.
 */
export function findPaths(environment: Environment): Paths {
  const {home, temporary, uid} = environment
  const folder = (variable: string, fallback: string): string =>
    join(absolute(environment.variable(variable)) ?? join(home, fallback), 'natsops')
  const runtime = absolute(environment.variable('XDG_RUNTIME_DIR'))
  const state = folder('XDG_STATE_HOME', '.local/state')
  return {
    config: folder('XDG_CONFIG_HOME', '.config'),
    state,
    labs: join(state, 'labs'),
    cache: folder('XDG_CACHE_HOME', '.cache'),
    runtime: runtime && isOwnFolder(runtime, uid) ? join(runtime, 'natsops') : join(temporary, `natsops-${uid}`),
  }
}

/** $HOME where it is an absolute path, else what the user database says; `/` for a user that has no entry there. */
export function findHome(variable: string | undefined): string {
  const named = absolute(variable)
  if (named) return named
  try {
    return absolute(userInfo().homedir) ?? '/'
  } catch {
    return '/'
  }
}

function absolute(path: string | undefined): string | undefined {
  return path && isAbsolute(path) ? path : undefined
}

function isOwnFolder(path: string, uid: number): boolean {
  try {
    const information = lstatSync(path)
    return information.isDirectory() && information.uid === uid
  } catch {
    return false
  }
}
