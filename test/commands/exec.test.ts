import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import Exec from '../../src/commands/exec.ts'
import {makeUser, type TestUser} from '../support/credentials.ts'
import {FakeMachine, FakeParameterStore} from '../support/fakes.ts'
import {type Outcome, runCommand} from '../support/run.ts'

// oclif says so when it finds the command.
Exec.id = 'exec'

describe('exec', () => {
  let machine: FakeMachine
  let user: TestUser
  let store: FakeParameterStore
  const run = (argv: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
    runCommand(Exec, ['--cluster', 'c', ...argv], machine.wiring(store, variables))

  beforeEach(async () => {
    user = await makeUser()
    machine = new FakeMachine()
    store = new FakeParameterStore({
      '/nats-cluster/c/admin/nats_admin_jwt': user.jwt,
      '/nats-cluster/c/admin/nats_admin_nkey_seed': user.seed,
    })
  })
  afterEach(() => machine[Symbol.dispose]())

  it('gives the program our environment, the two variables, and nothing that contradicts them', async () => {
    const out = machine.path('work/env')
    const variables = {MINE: 'kept', NATS_USER: 'somebody', NATS_CONTEXT: 'else', NATS_URL: 'nats://elsewhere'}
    const {stdout, stderr, exitCode} = await run(
      ['--', 'sh', '-c', `env >${out}; cat "$NATS_CREDS" >>${out}`],
      variables,
    )
    assert.deepEqual({stdout, stderr, exitCode}, {stdout: '', stderr: '', exitCode: 0})
    const text = readFileSync(out, 'utf8')
    const servers = [1, 2, 3].map((n) => `nats://c-node-${n}.c.internal:4222`).join(',')
    assert.match(text, new RegExp(`^NATS_URL=${servers}$`, 'm'))
    assert.match(text, /^NATS_CREDS=.*\/run\/natsops\/creds\/c-admin\.\d+\.creds$/m)
    assert.match(text, /^MINE=kept$/m)
    assert.doesNotMatch(text, /NATS_USER|NATS_CONTEXT/)
    assert.ok(text.includes(user.seed))
    assert.deepEqual(machine.files(), ['work/env'])
  })

  it('takes flags of natsops only before --, words of the program unchanged and in order', async () => {
    const out = machine.path('work/args')
    const words = ['c', '--json', '--debug', '--cluster', 'x', '-h', '--', 'c']
    await run(['--', 'sh', '-c', `printf '%s ' "$@" >${out}`, 'sh', ...words])
    assert.equal(readFileSync(out, 'utf8'), `${words.join(' ')} `)
  })

  it('refuses without a program, an unknown flag, or a program without --', async () => {
    for (const [argv, problem, remedy] of [
      [[], 'there is no program to run', 'natsops exec --cluster c -- nats stream ls'],
      [['--'], 'there is no program to run', 'natsops exec --cluster c -- nats stream ls'],
      [['--servce', 's', '--', 'ls'], 'unknown flag --servce, did you mean --service?', 'natsops exec --help'],
      [['--json', '--', 'ls'], 'unknown flag --json', 'natsops exec --help'],
      [['ls'], 'unexpected argument: ls', 'natsops exec --cluster c -- ls'],
      [
        ['--service', 'nats', 'nats', 'stream', 'a b'],
        'unexpected arguments: nats, stream, a b',
        "natsops exec --cluster c --service nats -- nats stream 'a b'",
      ],
      [
        ['nats', 'stream', 'ls', '-s', 'nats', '--no-color', '--', 'nats'],
        'unexpected arguments: nats, stream, ls',
        'natsops exec --cluster c -s nats --no-color -- nats stream ls nats',
      ],
    ] as const) {
      const {stderr, exitCode} = await run(argv)
      assert.deepEqual({stderr, exitCode}, {stderr: `error: ${problem}\n  try: ${remedy}\n`, exitCode: 2})
    }
    assert.deepEqual(store.calls, [])
  })

  it('runs nothing where the credentials cannot work', async () => {
    store.set('/nats-cluster/c/admin/nats_admin_jwt', user.seed)
    const out = machine.path('work/ran')
    const {stderr, exitCode} = await run(['--', 'touch', out])
    assert.match(stderr, /nats_admin_jwt holds a seed, not a JWT/)
    assert.equal(exitCode, 10)
    assert.deepEqual(machine.files(), [])
  })
})
