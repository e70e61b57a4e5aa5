import assert from 'node:assert/strict'
import {openLookups} from '../../../../src/lib/clients/lookups.ts'
import type {Aws, CommandResult, RunCommand} from '../../../../src/lib/clients/ports.ts'
import {Exit, OpsError} from '../../../../src/lib/errors.ts'
import {findAddresses} from '../../../../src/lib/ops/roll/addresses.ts'
import {problemOf} from '../../../../src/lib/ops/roll/problems.ts'
import {askForUnit, startServer, stopServer} from '../../../../src/lib/ops/roll/server-control.ts'
import {judgeFailure, terminate} from '../../../../src/lib/ops/roll/terminate.ts'

const instanceId = 'i-0123456789abcdef0'
const failure = (code: string, exit: Exit, cause?: unknown, suggestions: readonly string[] = []): OpsError =>
  new OpsError(`it is ${code}`, {code, exit, suggestions, cause})

/** An instance whose unit nats does what systemd would do with it. */
class FakeUnit implements RunCommand {
  readonly ran: string[] = []
  properties: Record<string, string>
  /** By the command's text: what it does instead. */
  readonly instead = new Map<string, CommandResult | Error>()

  constructor(properties: Partial<Record<string, string>> = {}) {
    this.properties = {
      Restart: 'always',
      ExecStop: '',
      MainPID: '4711',
      ActiveState: 'active',
      TimeoutStopUSec: '1min 30s',
      ...(properties as Record<string, string>),
    }
  }

  async run(id: string, argv: readonly string[], {timeoutMs}: {readonly timeoutMs: number}): Promise<CommandResult> {
    assert.equal(id, instanceId)
    const command = argv.join(' ')
    this.ran.push(`${command} (${timeoutMs / 1000}s)`)
    const instead = [...this.instead].find(([text]) => command.startsWith(text))?.[1]
    if (instead instanceof Error) throw instead
    if (instead) return instead
    if (command === 'systemctl stop nats') this.properties = {...this.properties, ActiveState: 'inactive', MainPID: '0'}
    if (command === 'systemctl start nats') this.properties = {...this.properties, ActiveState: 'active', MainPID: '1'}
    const shown = Object.entries(this.properties).map(([key, value]) => `${key}=${value}\n`)
    return result({stdout: argv[1] === 'show' ? shown.join('') : ''})
  }
}

const result = (parts: Partial<CommandResult>): CommandResult => ({
  exitCode: 0,
  stdout: '',
  stderr: '',
  cut: false,
  ...parts,
})
/** As a roll does it: asks the unit, then stops it. */
async function stop(unit: FakeUnit, stillOurs = async (): Promise<string | undefined> => undefined) {
  const asked = await askForUnit(unit, instanceId)
  return asked.kind === 'read' ? stopServer(unit, instanceId, asked.unit, stillOurs) : asked
}

const show = 'systemctl show nats -p Restart -p ExecStop -p MainPID -p ActiveState -p TimeoutStopUSec (45s)'

describe('stopping a server', () => {
  it('reads the unit, stops it with its own time limit, and sees that it is down', async () => {
    const unit = new FakeUnit()
    assert.deepEqual(await stop(unit), {
      kind: 'stopped',
      how: 'plain stop: the unit has Restart=always and would start the server again after a lame duck',
    })
    assert.deepEqual(unit.ran, [show, 'systemctl stop nats (120s)', show])
  })

  it('lets it leave as a lame duck first where nothing would start it again', async () => {
    const unit = new FakeUnit({Restart: 'on-failure', TimeoutStopUSec: 'infinity'})
    assert.equal((await stop(unit)).kind, 'stopped')
    assert.deepEqual(unit.ran.slice(1, 3), ['nats-server --signal ldm=4711 (330s)', 'systemctl stop nats (330s)'])
  })

  it('stops it even where the lame duck could not be asked for, and says so', async () => {
    const unit = new FakeUnit({Restart: 'no'})
    unit.instead.set('nats-server', result({exitCode: 127, stderr: 'sh: nats-server: not found\nmore'}))
    assert.deepEqual(await stop(unit), {
      kind: 'stopped',
      how: 'lame duck first, the unit does not restart after a clean exit; nats-server --signal ldm=4711 ended with status 127: sh: nats-server: not found',
    })
  })

  it('counts a server that had to be killed as stopped', async () => {
    const unit = new FakeUnit()
    unit.instead.set('systemctl stop', result({}))
    unit.properties = {...unit.properties}
    const runAsIs = unit.run.bind(unit)
    unit.run = async (id, argv, options) => {
      const answer = await runAsIs(id, argv, options)
      if (argv[1] === 'stop') unit.properties = {...unit.properties, ActiveState: 'failed', MainPID: '0'}
      return answer
    }
    assert.equal((await stop(unit)).kind, 'stopped')
  })

  it('sends no second command once the lock is lost', async () => {
    const unit = new FakeUnit({Restart: 'no'})
    const why = 'the lock is not ours any more'
    assert.deepEqual(await stop(unit, async () => why), {kind: 'failed', why})
    assert.deepEqual(unit.ran, [show, 'nats-server --signal ldm=4711 (120s)'])
  })

  it('is for its caller to try again where the first command was surely not taken; later ones have failed', async () => {
    const unit = new FakeUnit({Restart: 'no'})
    unit.instead.set('nats-server', failure('AWS_THROTTLED', Exit.unreachable))
    assert.deepEqual(await stop(unit), {kind: 'again', why: 'it is AWS_THROTTLED'})
    unit.instead.delete('nats-server')
    unit.instead.set('systemctl stop', failure('AWS_THROTTLED', Exit.unreachable))
    assert.equal((await stop(unit)).kind, 'failed')
    const plain = new FakeUnit()
    plain.instead.set('systemctl stop', failure('AWS_UNREACHABLE', Exit.unreachable))
    assert.equal((await stop(plain)).kind, 'failed')
  })

  it('does not believe a stop that left the server running', async () => {
    const unit = new FakeUnit()
    unit.instead.set('systemctl stop', result({}))
    assert.deepEqual(await stop(unit), {
      kind: 'failed',
      why: 'the unit nats is still active after systemctl stop',
    })
  })

  for (const code of ['AWS_ACCESS_DENIED', 'INSTANCE_NOT_MANAGED', 'RUN_COMMAND_UNDELIVERED']) {
    it(`is not permitted where the first look is refused with ${code}`, async () => {
      const unit = new FakeUnit()
      unit.instead.set('systemctl show', failure(code, Exit.auth))
      assert.deepEqual(await stop(unit), {kind: 'not-permitted', why: `it is ${code}`})
      assert.equal(unit.ran.length, 1)
    })

    it(`has failed where ${code} comes only with the stop: something may have happened`, async () => {
      const unit = new FakeUnit()
      unit.instead.set('systemctl stop', failure(code, Exit.auth))
      assert.deepEqual(await stop(unit), {kind: 'failed', why: `it is ${code}`})
    })
  }

  it('has failed where AWS is out of reach, the unit is unknown, or the stop ends badly', async () => {
    const away = new FakeUnit()
    away.instead.set('systemctl show', failure('AWS_UNREACHABLE', Exit.unreachable))
    assert.equal((await stop(away)).kind, 'failed')
    const strange = new FakeUnit()
    strange.instead.set('systemctl show', result({stdout: 'nothing of this kind\n'}))
    assert.equal((await stop(strange)).kind, 'failed')
    const bad = new FakeUnit()
    bad.instead.set('systemctl stop', result({exitCode: 5, stderr: 'Unit nats.service not loaded.'}))
    assert.deepEqual(await stop(bad), {
      kind: 'failed',
      why: 'systemctl stop nats ended with status 5: Unit nats.service not loaded.',
    })
  })

  it('is undone by starting it', async () => {
    const unit = new FakeUnit({ActiveState: 'inactive', MainPID: '0'})
    await startServer(unit, instanceId)
    assert.deepEqual([unit.properties.ActiveState, unit.ran], ['active', ['systemctl start nats (120s)']])
    unit.instead.set('systemctl start', result({exitCode: 1, stderr: 'Job for nats.service failed.'}))
    await assert.rejects(startServer(unit, instanceId), {
      code: 'SERVER_NOT_STARTED',
      message: `systemctl start nats on ${instanceId} ended with status 1: Job for nats.service failed.`,
    })
  })
})

describe('a termination that failed', () => {
  const cause = (code: string): Error => Object.assign(new Error('x'), {code})
  const unsent = Object.assign(new Error('x'), {code: 'ENETUNREACH', sent: false})
  for (const [what, error, strategy, kind] of [
    ['throttled', failure('AWS_THROTTLED', Exit.unreachable), 'terminate', 'again'],
    ['another activity', failure('AWS_BUSY', Exit.refused), 'terminate', 'again'],
    ['a refresh in the way that may be ours', failure('AWS_BUSY', Exit.refused), 'instance-refresh', 'unknown'],
    ['a connection that never was', failure('AWS_UNREACHABLE', 7, unsent), 'terminate', 'again'],
    ['a broken connection', failure('AWS_UNREACHABLE', 7, cause('ECONNRESET')), 'terminate', 'unknown'],
    ['a vanished network', failure('AWS_UNREACHABLE', 7, cause('EHOSTUNREACH')), 'terminate', 'unknown'],
    ['an unexplained loss', failure('AWS_UNREACHABLE', 7), 'terminate', 'unknown'],
    ['no answer in time', failure('AWS_TIMEOUT', 7), 'terminate', 'unknown'],
    ["AWS's own failure", failure('AWS_UNAVAILABLE', 7), 'terminate', 'unknown'],
    ['a strange answer', failure('AWS_BAD_ANSWER', 7), 'terminate', 'unknown'],
    ['an instance that is not there', failure('AWS_NOT_FOUND', 9), 'terminate', 'unknown'],
    ['a denial', failure('AWS_ACCESS_DENIED', 10), 'terminate', 'refused'],
    ['expired credentials', failure('AWS_CREDENTIALS_EXPIRED', 10), 'terminate', 'refused'],
    ['a request that is not valid', failure('AWS_INVALID_REQUEST', 2), 'terminate', 'refused'],
    ['an unknown refusal', failure('AWS_REFUSED', 3), 'instance-refresh', 'refused'],
    ['a bug', new TypeError('oops'), 'terminate', 'unknown'],
  ] as const) {
    it(`by ${what} is ${kind}`, () => {
      assert.equal(judgeFailure(error, strategy).kind, kind)
    })
  }

  it('tells how to log in', () => {
    const expired = failure('AWS_CREDENTIALS_EXPIRED', Exit.auth, undefined, ['aws sso login --profile p'])
    assert.deepEqual(judgeFailure(expired, 'terminate'), {
      kind: 'refused',
      why: 'it is AWS_CREDENTIALS_EXPIRED (aws sso login --profile p)',
    })
  })

  it('is about this very instance, or its group where that refreshes it', async () => {
    const calls: unknown[] = []
    const scaling = {
      terminateInstance: async (id: string) => void calls.push(id),
      startRefresh: async (...call: unknown[]) => void calls.push(call),
    }
    const aws = {autoScaling: async () => scaling} as unknown as Aws
    const identity = {
      node: 'c-node-1',
      asg: 'c-node-1-asg',
      instanceId,
      privateIp: undefined,
      serverId: undefined,
      serverStartedAt: undefined,
      version: undefined,
    }
    assert.deepEqual(await terminate(aws, identity, 'terminate'), {kind: 'accepted'})
    assert.deepEqual(await terminate(aws, identity, 'instance-refresh'), {kind: 'accepted'})
    assert.deepEqual(calls, [
      instanceId,
      ['c-node-1-asg', {warmupSeconds: 120, minHealthyPercentage: 0, skipMatching: false}],
    ])
  })
})

describe('the addresses of nodes', () => {
  const node = (name: string, host: string) => ({
    name,
    host,
    clientPort: 1,
    monitorPort: 2,
    asg: 'a',
    instanceName: name,
  })
  it('are those the names resolve to, literal ones as they are, and absent for names that do not', async () => {
    const found = await findAddresses(
      [node('a', '10.1.2.3'), node('b', 'fd00::1'), node('c', 'localhost'), node('d', 'no-such-host.invalid')],
      60_000,
      openLookups({waitMs: 60_000}).addresses,
    )
    assert.deepEqual([found.get('a'), found.get('b'), found.has('d')], [['10.1.2.3'], ['fd00::1'], false])
    assert.ok(found.get('c')?.includes('127.0.0.1'))
  })
})

describe('what went wrong, as a problem', () => {
  it('has a kind, and the way to log in where that is what lacks', () => {
    const login = failure('AWS_CREDENTIALS_EXPIRED', Exit.auth, undefined, ['aws sso login --profile p'])
    assert.deepEqual(problemOf(login), ['refused', 'it is AWS_CREDENTIALS_EXPIRED (aws sso login --profile p)'])
    assert.deepEqual(problemOf(failure('REQUEST_TIMEOUT', 7, undefined, ['x'])), ['timeout', 'it is REQUEST_TIMEOUT'])
    assert.deepEqual(problemOf(failure('NATS_TLS', 7)), ['tls', 'it is NATS_TLS'])
    assert.deepEqual(problemOf(failure('NATS_UNREACHABLE', 7)), ['unreachable', 'it is NATS_UNREACHABLE'])
    assert.deepEqual(problemOf(new TypeError('oops')), ['malformed', 'oops'])
  })
})
