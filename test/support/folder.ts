import {mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'

/** A temporary folder of this test alone, with these files in it; gone at the end of a `using` block. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): Disposable & {readonly path: string} {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'natsops-test-')))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), {recursive: true})
    writeFileSync(join(path, name), content)
  }
  return {path, [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true})}
}
