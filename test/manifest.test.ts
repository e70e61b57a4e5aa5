import assert from 'node:assert/strict'
import {stripVTControlCharacters} from 'node:util'
import {readReference, renderHelps, renderReference} from '../script/help.ts'
import {describeCommands, readManifest} from '../script/manifest.ts'
import {runCommandLine} from './support/run.ts'

describe('oclif.manifest.json', () => {
  it('describes the commands as they are now (script/manifest.ts writes it)', async () => {
    assert.equal(readManifest(), await describeCommands())
  })
})

describe('the help that is rendered in advance', () => {
  it('is what a command says itself', async () => {
    const texts = await renderHelps()
    for (const words of [['health'], ['lab', 'up'], ['lab'], ['node', 'ls']]) {
      const {stdout} = await runCommandLine([...words, '--help'])
      assert.equal(stripVTControlCharacters(texts[words.join(' ')] ?? ''), stdout)
    }
  })

  it('is no wider than 80 columns, topics included', async () => {
    const lines = Object.values(await renderHelps()).flatMap((text) => stripVTControlCharacters(text).split('\n'))
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    )
  })

  it('is docs/commands.md as well (npm run build writes it)', async () => {
    assert.equal(readReference(), await renderReference())
  })
})
