import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {join} from 'node:path'
import {temporaryFolder} from './support/folder.ts'

const root = join(import.meta.dirname, '..')

const FAILING = `
describe('failing', () => {
  before(() => {
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
  it.skip('two', () => {})
})
`

describe('the totals of a run of tests', () => {
  it('are its last line, and count what fails before a test', () => {
    using folder = temporaryFolder({'sound.test.mjs': SOUND, 'failing.test.mjs': FAILING})
    const run = (...files: readonly string[]) => {
      const mocha = join(root, 'node_modules/mocha/bin/mocha.js')
      const reporter = ['--reporter', join(root, 'test/support/reporter.ts')]
      const argv = [mocha, '--no-config', '--no-package', '--parallel', '--jobs', '2', ...reporter, ...files]
      const {status, stdout} = spawnSync(process.execPath, argv, {cwd: folder.path, encoding: 'utf8'})
      return {status, last: stdout.trimEnd().split('\n').at(-1)}
    }
    assert.deepEqual(run('sound.test.mjs'), {status: 0, last: '1 passed, 0 failed, 1 skipped'})
    assert.deepEqual(run('failing.test.mjs', 'sound.test.mjs'), {status: 1, last: '1 passed, 1 failed, 1 skipped'})
  })
})
