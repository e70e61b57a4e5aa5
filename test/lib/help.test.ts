import assert from 'node:assert/strict'
import {readManifest} from '../../script/manifest.ts'
import {runCommandLine} from '../support/run.ts'

describe('help', () => {
  it('says everything once and fits a terminal of 80 columns', async () => {
    const {stdout, exitCode} = await runCommandLine(['creds', 'clean', '--help'])
    assert.equal(
      stdout,
      `Remove every .creds file that natsops wrote and still knows

USAGE
  $ natsops creds clean [--json] [--color] [--debug]

GLOBAL FLAGS
  --[no-]color  colour the output [env: NO_COLOR]
  --debug       show the stack and the cause of an error
  --json        print one JSON document

DESCRIPTION
  Only files that are provably ours: same place, same file, same content. One
  that was changed since, or that a running natsops exec uses, is left and
  named. Needs neither AWS nor the cluster.

EXAMPLES
  $ natsops creds clean

`,
    )
    assert.equal(exitCode, 0)
  })

  for (const id of Object.keys(JSON.parse(readManifest()).commands)) {
    it(`of ${id.replace(':', ' ')} is no wider than 80 columns: its examples can be pasted`, async () => {
      const {stdout} = await runCommandLine([...id.split(':'), '--help'])
      assert.match(stdout, /\nEXAMPLES\n/)
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 80),
        [],
      )
    })
  }
})
