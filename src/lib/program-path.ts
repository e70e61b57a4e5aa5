import {basename, dirname, extname, join} from 'node:path'
import {fileURLToPath} from 'node:url'

/**
 * File of a program of natsops' own, to be started as a process: `lib/lab/supervisor-main` is src/....ts where this
 * runs from the sources and dist/....js in a build, in whichever of its files this function ended up.
 */
export function programPath(program: string): string {
  const own = fileURLToPath(import.meta.url)
  const extension = extname(own)
  const top = extension === '.ts' ? 'src' : 'dist'
  let folder = dirname(own)
  while (basename(folder) !== top && dirname(folder) !== folder) folder = dirname(folder)
  return join(folder, `${program}${extension}`)
}
