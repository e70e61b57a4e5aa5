import assert from 'node:assert/strict'
import Top from '../../src/commands/top.ts'
import {emptyConfiguration, type RunOptions, runCommand} from '../support/run.ts'

describe('top', () => {
  const run = (argv: readonly string[], variables: Readonly<Record<string, string>> = {}, options: RunOptions = {}) =>
    runCommand(Top, argv, {configuration: emptyConfiguration(variables)}, options)

  const cases: readonly [what: string, argv: readonly string[], variables: Record<string, string>, says: RegExp][] = [
    [
      'in a pipe',
      [],
      {},
      /^error: top needs a terminal, and this is none\n {2}try: natsops report jetstream --watch\n$/,
    ],
    ['on a dumb terminal', [], {TERM: 'dumb'}, /TERM is dumb\n {2}try: natsops report jetstream --watch/],
    ['at an interval that is none', ['--interval', 'fast'], {}, /--interval/],
    ['at an interval too short', ['--interval', '100ms'], {}, /--interval 100ms is too short: give at least 500ms/],
    ['with a flag mistyped', ['--intervall', '2s'], {}, /unknown flag --intervall, did you mean --interval\?/],
  ]
  for (const [what, argv, variables, says] of cases) {
    it(`refuses to run ${what}, before anybody is asked`, async () => {
      const {stdout, stderr, exitCode} = await run(argv, variables)
      assert.match(stderr, says)
      assert.deepEqual([stdout, exitCode], ['', 2])
    })
  }

  it('has no --json, and its help does not say so', async () => {
    const {stdout, stderr, exitCode} = await run(['--json'])
    assert.match(stderr, /^error: unknown flag --json\n/)
    assert.deepEqual([stdout, exitCode, Top.enableJsonFlag], ['', 2, false])
  })

  it('names a report of the same cluster for what cannot be watched here', async () => {
    for (const flags of [['--cluster', 'nats-prod'], ['--cluster=nats-prod'], ['-c', 'nats-prod'], ['-cnats-prod']]) {
      const {stderr} = await run(flags, {CLUSTER_NAME: 'nats-staging'})
      assert.match(stderr, /\n {2}try: natsops report jetstream --cluster nats-prod --watch\n$/)
    }
  })
})
