import assert from 'node:assert/strict'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {type Configuration, openConfiguration} from '../../src/lib/config.ts'
import {UsageError} from '../../src/lib/errors.ts'
import {temporaryFolder} from './folder.ts'

export const uid = process.getuid?.() ?? 0

/** A home with these files in it; the working folder is `~/work/deep` unless told. */
export function openHome(
  files: Readonly<Record<string, string>> = {},
  variables: Readonly<Record<string, string>> = {},
  cwd = 'work/deep',
): Disposable & {readonly home: string; readonly configuration: Configuration} {
  const folder = temporaryFolder(files)
  const home = folder.path
  mkdirSync(join(home, cwd), {recursive: true})
  const configuration = openConfiguration({variables, home, cwd: join(home, cwd), temporary: home, uid})
  return {home, configuration, [Symbol.dispose]: () => folder[Symbol.dispose]()}
}

export const userFile = '.config/natsops/config.yaml'
export const labFile = '.local/state/natsops/labs/lab/cluster.json'

/** Passes when the work is refused as a usage error with this message and these suggestions. */
export async function assertRefused(work: Promise<unknown>, message: string | RegExp, suggestions?: readonly string[]) {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof UsageError, String(error))
    assert.equal(error.exit, 2)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    if (suggestions) assert.deepEqual(error.suggestions, suggestions)
    return true
  })
}
