import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import ConfigInit from '../../../src/commands/config/init.ts'
import {descriptionTemplate} from '../../../src/lib/author/template.ts'
import {temporaryFolder} from '../../support/folder.ts'
import {runCommand} from '../../support/run.ts'

describe('config init', () => {
  it('writes a description and says where', async () => {
    using folder = temporaryFolder()
    const file = join(folder.path, 'cluster.yaml')
    const {stdout, stderr, exitCode} = await runCommand(ConfigInit, ['blue', '--file', file])
    assert.deepEqual([stdout, exitCode], [`${file}\n`, 0])
    assert.equal(
      stderr,
      `next: edit it, then
  natsops cert generate --file ${file}
  natsops auth init --file ${file}
  natsops config generate --out deploy --file ${file}
`,
    )
    assert.equal(readFileSync(file, 'utf8'), descriptionTemplate('blue'))
  })

  it('does not replace a description unless it is told to', async () => {
    using folder = temporaryFolder({'cluster.yaml': 'mine'})
    const file = join(folder.path, 'cluster.yaml')
    const {stderr, exitCode} = await runCommand(ConfigInit, ['blue', '--file', file])
    assert.equal(exitCode, 3)
    assert.equal(
      stderr,
      `error: ${file} exists already\n  try: give another --file\n  try: add --force to replace it\n`,
    )
    assert.equal(readFileSync(file, 'utf8'), 'mine')
    assert.equal((await runCommand(ConfigInit, ['blue', '--file', file, '--force'])).exitCode, 0)
    assert.equal(readFileSync(file, 'utf8'), descriptionTemplate('blue'))
  })

  it('refuses a name that no cluster can have, without its control characters', async () => {
    using folder = temporaryFolder()
    const {stderr, exitCode} = await runCommand(ConfigInit, ['a\u001b[2J', '--file', join(folder.path, 'c.yaml')])
    assert.equal(exitCode, 2)
    assert.match(stderr, /cannot be the name of a cluster: letters, digits/)
    assert.doesNotMatch(stderr, /\u001b/)
  })
})
