import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {temporaryFolder} from './support/folder.ts'

const root = join(import.meta.dirname, '..')

const FLAKY = `
import {existsSync, writeFileSync} from 'node:fs'
describe('flaky', () => {
  before(() => {
    if (existsSync('flag')) return
    writeFileSync('flag', '')
    throw new Error('at first')
  })
  it('one', () => {})
  it('two', () => {})
  it.skip('three', () => {})
})
`
const SOUND = `
describe('sound', () => {
  it('one', () => {})
})
`

describe('the totals of a run of tests', () => {
  it('are those of all files, also where a few of them are run a second time, and count what still fails', () => {
    using folder = temporaryFolder({'sound.test.mjs': SOUND, 'flaky.test.mjs': FLAKY})
    const results = join(folder.path, 'results')
    const run = (...files: readonly string[]) => {
      const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
      const reporter = ['--reporter', join(root, 'test/support/reporter.ts'), '--reporter-option', `results=${results}`]
      const argv = [mocha, '--no-config', '--no-package', '--parallel', '--jobs', '2', ...reporter, ...files]
      const {status, stdout} = spawnSync(process.execPath, argv, {cwd: folder.path, encoding: 'utf8'})
      return {status, last: stdout.trimEnd().split('\n').at(-1)}
    }
    assert.deepEqual(run('flaky.test.mjs', 'sound.test.mjs'), {status: 1, last: '1 passed, 1 failed'})
    assert.deepEqual(readFileSync(results, 'utf8').split('\n').filter(Boolean).sort(), [
      '0\t1\t0\tflaky.test.mjs',
      '1\t0\t0\tsound.test.mjs',
    ])
    assert.deepEqual(run('flaky.test.mjs'), {status: 0, last: '3 passed, 0 failed, 1 skipped'})
  })
})
