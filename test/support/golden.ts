import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'

const folder = join(import.meta.dirname, '../golden')

/**
 * The text as it was approved in test/golden. `UPDATE_GOLDEN=1` writes it anew, for the difference to be
 * looked at in review; without it a missing file fails.
 */
export function assertGolden(name: string, text: string): void {
  const file = join(folder, name)
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, text)
  }
  assert.ok(existsSync(file), `test/golden/${name} is missing: run the test with UPDATE_GOLDEN=1`)
  assert.equal(text, readFileSync(file, 'utf8'), `differs from test/golden/${name}`)
}
