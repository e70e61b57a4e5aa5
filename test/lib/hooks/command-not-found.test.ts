import assert from 'node:assert/strict'
import {explainUnknown} from '../../../src/lib/hooks/command-not-found.ts'
import {runCommandLine} from '../../support/run.ts'

const commands = ['health', 'creds:fetch', 'creds:show', 'cluster:list', 'cluster:show', 'roll', 'roll:status'].map(
  (id) => id.split(':'),
)

describe('explainUnknown', () => {
  for (const [typed, message, suggestion] of [
    ['helth', 'unknown command helth, did you mean natsops health?', 'natsops health'],
    ['creds fecth', 'unknown command creds fecth, did you mean natsops creds fetch?', 'natsops creds fetch'],
    ['cred fetch', 'unknown command cred fetch, did you mean natsops creds fetch?', 'natsops creds fetch'],
    ['clutser shwo prod', 'unknown command clutser shwo, did you mean natsops cluster show?', 'natsops cluster show'],
    ['rol', 'unknown command rol, did you mean natsops roll?', 'natsops roll'],
    ['roll statsu', 'unknown command roll statsu, did you mean natsops roll status?', 'natsops roll status'],
    ['roll prod', 'natsops roll takes no argument "prod", see natsops roll --help', 'natsops roll --help'],
    ['health now', 'natsops health takes no argument "now", see natsops health --help', 'natsops health --help'],
    ['creds mint', 'natsops creds has no command mint, see natsops creds --help', 'natsops creds --help'],
    ['frobnicate', 'unknown command frobnicate, see natsops --help', 'natsops --help'],
    ['help creds', 'unknown command help, see natsops creds --help', 'natsops creds --help'],
    ['-c prod health', 'flags come after the command, not before it: -c, see natsops --help', 'natsops --help'],
    ['help', 'unknown command help, see natsops --help', 'natsops --help'],
  ] as const) {
    it(`${typed}: ${message}`, () => {
      const error = explainUnknown(typed.split(' '), commands, 'natsops')
      assert.deepEqual([error.message, error.suggestions, error.exit], [message, [suggestion], 2])
    })
  }
})

describe('an unknown command', () => {
  it('is answered in one line with the nearest one, exit 2', async () => {
    assert.deepEqual(await runCommandLine(['cluster', 'shwo', '--cluster', 'x']), {
      stdout: '',
      stderr: 'error: unknown command cluster shwo, did you mean natsops cluster show?\n',
      exitCode: 2,
      error: undefined,
    })
  })

  it('is answered likewise where its help is asked for', async () => {
    assert.deepEqual(await runCommandLine(['creds', 'fech', '--help']), {
      stdout: '',
      stderr: 'error: unknown command creds fech, did you mean natsops creds fetch?\n',
      exitCode: 2,
      error: undefined,
    })
  })

  it('is one JSON document under --json', async () => {
    const {stdout, stderr, exitCode} = await runCommandLine(['clustr', 'list', '--json'])
    assert.deepEqual(JSON.parse(stdout), {
      error: {
        code: 'USAGE',
        message: 'unknown command clustr list, did you mean natsops cluster list?',
        exit: 2,
        suggestions: ['natsops cluster list'],
      },
    })
    assert.deepEqual([stderr, exitCode], ['', 2])
  })

  it('never sends its control characters to the terminal', async () => {
    const {stderr, exitCode} = await runCommandLine(['\u001b[2Jqqqqqqqq'])
    assert.equal(stderr, 'error: unknown command \\x1b[2Jqqqqqqqq, see natsops --help\n')
    assert.equal(exitCode, 2)
    const {stdout} = await runCommandLine(['help', '\u009b2J', '--json'])
    assert.match(stdout, /"natsops \\u009b2J --help"/)
  })

  it('is not ls, which users of the nats CLI type for list', async () => {
    const {stderr, exitCode} = await runCommandLine(['cluster', 'ls', '--nope'])
    assert.match(stderr, /^error: unknown flag --nope\n {2}try: natsops cluster list --help\n$/)
    assert.equal(exitCode, 2)
  })
})
