import assert from 'node:assert/strict'
import {exitStatusOf, type RemoteOutcome, withoutAgentNote} from '../../../src/lib/domain/remote-command.ts'

const outcome = (exitCode: number | null, exit?: number): RemoteOutcome => ({
  node: 'n',
  instanceId: 'i-1',
  exitCode,
  stdout: '',
  stderr: '',
  cut: false,
  error: exit === undefined ? null : {code: 'X', message: 'x', exit, suggestions: []},
})

describe('the outcome of a command on nodes', () => {
  for (const [what, outcomes, expected] of [
    ["one node's own status", [outcome(42)], 42],
    ['0 where all ended with 0', [outcome(0), outcome(0)], 0],
    ['3 where one of several failed', [outcome(0), outcome(42)], 3],
    ["the first broken node's", [outcome(42), outcome(null, 7), outcome(null, 10)], 7],
    ['0 of no nodes', [], 0],
  ] as const) {
    it(`is ${what}`, () => assert.equal(exitStatusOf(outcomes), expected))
  }

  for (const [stderr, expected] of [
    ['failed to run commands: exit status 5', ''],
    ['broken\nfailed to run commands: exit status 5\n', 'broken\n'],
    ['failed to run commands: exit status 5\nand more', 'failed to run commands: exit status 5\nand more'],
    ['fine\n', 'fine\n'],
  ] as const) {
    it(`leaves of the errors ${JSON.stringify(stderr)} what the command said`, () => {
      assert.equal(withoutAgentNote(stderr), expected)
    })
  }
})
