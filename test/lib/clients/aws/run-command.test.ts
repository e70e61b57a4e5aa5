import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import type {ServerResponse} from 'node:http'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import {commandLine} from '../../../../src/lib/clients/aws/run-command.ts'
import type {CommandResult} from '../../../../src/lib/clients/ports.ts'
import {OpsError} from '../../../../src/lib/errors.ts'
import {changedNothing} from '../../../../src/lib/ops/roll/problems.ts'
import {eventually} from '../../../support/eventually.ts'
import {type Canned, json, jsonError, type Seen, serve} from './canned.ts'

const instanceId = 'i-0123456789abcdef0'
const commandId = '11111111-2222-3333-4444-555555555555'

type Invocation = Readonly<Record<string, unknown>>
/** Answers of GetCommandInvocation in turn; the last one stays. */
type Script = readonly (Invocation | 'absent' | 'broken')[]

describe('Run Command', () => {
  let canned: Canned
  afterEach(() => canned?.close())

  async function agent(script: Script, send?: (response: ServerResponse) => void): Promise<void> {
    let asked = 0
    canned = await serve((response, _count, request) => {
      const operation = operationOf(request)
      if (operation === 'SendCommand') {
        if (send) return send(response)
        return json(response, 200, {Command: {CommandId: commandId, Status: 'Pending'}})
      }
      if (operation === 'CancelCommand') return json(response, 200, {})
      const answer = script[Math.min(asked++, script.length - 1)]
      if (answer === 'absent') return jsonError(response, 400, 'InvocationDoesNotExist', '')
      if (answer === 'broken') return void response.destroy()
      json(response, 200, {CommandId: commandId, InstanceId: instanceId, ...answer})
    })
  }

  it('is sent once where it is right only for the moment, and again where it may wait for AWS', async () => {
    await agent([success], (response) => jsonError(response, 400, 'ThrottlingException', 'Rate exceeded'))
    const commands = await openAws(canned.settings, {timeoutMs: 30_000}).runCommand()
    const argv = ['systemctl', 'stop', 'nats']
    await assert.rejects(commands.run(instanceId, argv, {timeoutMs: 60_000, now: true}), {code: 'AWS_THROTTLED'})
    assert.deepEqual(sent(), ['SendCommand'])
    await canned.close()
    await agent([success], (response) => {
      if (sent().length === 1) return jsonError(response, 400, 'ThrottlingException', 'Rate exceeded')
      json(response, 200, {Command: {CommandId: commandId, Status: 'Pending'}})
    })
    assert.equal((await run()).exitCode, 0)
    assert.deepEqual(sent(), ['SendCommand', 'SendCommand', 'GetCommandInvocation'])
  }).slow(10_000)

  async function run(timeoutMs = 60_000, signal?: AbortSignal): Promise<CommandResult> {
    const commands = await openAws(canned.settings, {timeoutMs: 30_000}).runCommand()
    return commands.run(instanceId, ['echo', "it's", '$HOME'], {timeoutMs, ...(signal ? {signal} : {})})
  }

  const sent = (): readonly string[] => canned.seen.map(operationOf)
  const refused = async (work: Promise<unknown>): Promise<readonly [string, number, string]> => {
    const error = (await work.then(
      () => assert.fail('resolved'),
      (reason: unknown) => reason,
    )) as OpsError
    return [error.code, error.exit, error.message]
  }
  const success = {Status: 'Success', StatusDetails: 'Success', ResponseCode: 0, StandardOutputContent: 'out\n'}

  it('sends one quoted line with both time limits, and asks until the command has ended', async () => {
    await agent(['absent', {Status: 'Pending'}, {Status: 'InProgress'}, {...success, StandardErrorContent: 'err\n'}])
    assert.deepEqual(await run(), {exitCode: 0, stdout: 'out\n', stderr: 'err\n', cut: false})
    assert.deepEqual(sent(), ['SendCommand', ...Array(4).fill('GetCommandInvocation')])
    assert.deepEqual(JSON.parse(canned.seen[0]?.body ?? ''), {
      InstanceIds: [instanceId],
      DocumentName: 'AWS-RunShellScript',
      Comment: 'natsops',
      TimeoutSeconds: 30,
      Parameters: {commands: [`echo 'it'\\''s' '$HOME'`], executionTimeout: ['60']},
    })
    assert.deepEqual(JSON.parse(canned.seen[1]?.body ?? ''), {CommandId: commandId, InstanceId: instanceId})
  })

  it('gives the exit status of a command that ran and failed', async () => {
    const error = 'Unit nats.service not found.\nfailed to run commands: exit status 5'
    await agent([{Status: 'Failed', StatusDetails: 'Failed', ResponseCode: 5, StandardErrorContent: error}])
    assert.deepEqual(await run(), {exitCode: 5, stdout: '', stderr: error, cut: false})
  })

  it('says when AWS kept only the beginning of the output', async () => {
    await agent([{...success, StandardOutputContent: 'x'.repeat(24_000)}])
    assert.equal((await run()).cut, true)
    await canned.close()
    await agent([{...success, StandardErrorContent: 'e'.repeat(8000)}])
    assert.equal((await run()).cut, true)
    await canned.close()
    await agent([{...success, StandardOutputContent: 'x\n---Output truncated---'}])
    assert.equal((await run()).cut, true)
    await canned.close()
    await agent([{...success, StandardOutputContent: 'x'.repeat(23_999)}])
    assert.equal((await run()).cut, false)
  })

  it('goes on asking when AWS is out of reach for a while: the command goes on there', async () => {
    await agent([{Status: 'InProgress'}, ...Array(5).fill('broken'), success])
    assert.equal((await run()).exitCode, 0)
    assert.ok(!sent().includes('CancelCommand'))
  })

  for (const [what, invocation, expected] of [
    [
      'was not delivered in time',
      {Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut'},
      ['RUN_COMMAND_UNDELIVERED', 7, `the SSM agent of ${instanceId} did not take the command: DeliveryTimedOut`],
    ],
    [
      'could not be delivered',
      {Status: 'Failed', StatusDetails: 'Undeliverable', ResponseCode: -1},
      ['RUN_COMMAND_UNDELIVERED', 7, `the SSM agent of ${instanceId} did not take the command: Undeliverable`],
    ],
    [
      'ran out of time',
      {Status: 'TimedOut', StatusDetails: 'ExecutionTimedOut', ResponseCode: -1},
      ['RUN_COMMAND_TIMEOUT', 7, `the command did not end in time on ${instanceId}`],
    ],
    [
      'was cancelled',
      {Status: 'Cancelled', StatusDetails: 'Cancelled', ResponseCode: -1},
      ['RUN_COMMAND_CANCELLED', 3, `the command on ${instanceId} was cancelled by somebody`],
    ],
    [
      'may not be run',
      {Status: 'Failed', StatusDetails: 'AccessDenied', ResponseCode: -1},
      ['AWS_ACCESS_DENIED', 10, `ssm:SendCommand on ${instanceId}: not allowed`],
    ],
    [
      'cannot be run on this platform',
      {Status: 'Failed', StatusDetails: 'InvalidPlatform', ResponseCode: -1},
      ['RUN_COMMAND_FAILED', 3, `the command could not be run on ${instanceId}: InvalidPlatform`],
    ],
    [
      'failed without ever having an exit status',
      {Status: 'Failed', StatusDetails: 'Failed', ResponseCode: -1, StandardErrorContent: 'document worker failed\nx'},
      ['RUN_COMMAND_FAILED', 3, `the command could not be run on ${instanceId}: Failed: document worker failed`],
    ],
  ] as const) {
    it(`rejects a command that ${what}`, async () => {
      await agent([invocation])
      assert.deepEqual(await refused(run()), expected)
    })
  }

  it('names an instance that SSM does not manage', async () => {
    await agent([], (response) => jsonError(response, 400, 'InvalidInstanceId', 'Instances not in a valid state'))
    const [code, exit, message] = await refused(run())
    assert.deepEqual([code, exit], ['INSTANCE_NOT_MANAGED', 7])
    assert.match(message, new RegExp(`^ssm:SendCommand on ${instanceId} in us-east-2: no SSM agent answers`))
  })

  it('is refused like every other call where it is not allowed', async () => {
    const text = `User: arn:aws:iam::1:user/a is not authorized to perform: ssm:SendCommand on resource: arn:x`
    await agent([], (response) => jsonError(response, 400, 'AccessDeniedException', text))
    const [code, exit] = await refused(run())
    assert.deepEqual([code, exit], ['AWS_ACCESS_DENIED', 10])
  })

  it('does not send a command twice when the answer is lost', async () => {
    await agent([], (response) => void response.destroy())
    assert.equal((await refused(run()))[0], 'AWS_UNREACHABLE')
    assert.deepEqual(sent(), ['SendCommand'])
  })

  it('never looks unsent because a question about it was: it may have run', async () => {
    for (const lose of [
      (response: ServerResponse) => jsonError(response, 400, 'ThrottlingException', 'Rate exceeded'),
      (response: ServerResponse) => void response.destroy(),
    ]) {
      canned = await serve((response, _count, request) => {
        if (operationOf(request) !== 'GetCommandInvocation') {
          return json(response, 200, {Command: {CommandId: commandId, Status: 'Pending'}})
        }
        lose(response)
      })
      const error = await run(100).catch((reason: unknown) => reason as OpsError)
      assert.ok(error instanceof OpsError)
      assert.deepEqual([error.code, error.exit, changedNothing(error)], ['RUN_COMMAND_TIMEOUT', 7, false])
      assert.match(error.message, /^whether the command ended within 0 s on i-0123456789abcdef0 is not known: ssm:Get/)
      await canned.close()
    }
  }).slow(20_000)

  it('cancels a command that takes longer than it may', async () => {
    await agent([{Status: 'InProgress', StatusDetails: 'InProgress'}])
    assert.deepEqual(await refused(run(300)), [
      'RUN_COMMAND_TIMEOUT',
      7,
      `the command did not end within 0 s on ${instanceId}`,
    ])
    assert.equal(sent().at(-1), 'CancelCommand')
  })

  it('tells a command that no agent took from one that takes too long', async () => {
    await agent(['absent', {Status: 'Delayed', StatusDetails: 'Delayed'}])
    assert.equal((await refused(run(300)))[0], 'RUN_COMMAND_UNDELIVERED')
    assert.equal(sent().at(-1), 'CancelCommand')
  })

  it('cancels and rejects with the reason when interrupted', async () => {
    await agent([{Status: 'InProgress'}])
    const interruption = new AbortController()
    const reason = new Error('enough')
    const work = assert.rejects(run(60_000, interruption.signal), reason)
    await eventually('a command under way', () => sent().includes('GetCommandInvocation'))
    interruption.abort(reason)
    await work
    assert.equal(sent().at(-1), 'CancelCommand')
    const before = canned.seen.length
    await assert.rejects(run(60_000, interruption.signal), reason)
    assert.equal(canned.seen.length, before)
  })
})

describe('the line that Run Command is given', () => {
  const cases: readonly (readonly string[])[] = [
    ['{{ssm:/nats-cluster/c/admin/nats_admin_nkey_seed}}'],
    ['{{{{{', '{', '{{', 'a{{b}}c', "'{{'"],
    ['$(id)', '`id`', ';', '&&', '', 'a b\nc', '"', '\\', '*', '~'],
  ]

  it('holds nothing that Systems Manager would replace', () => {
    for (const words of cases) assert.ok(!commandLine(words).includes('{{'), commandLine(words))
  })

  it('is read back by a shell as the words it was made of', () => {
    const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))'
    for (const words of cases) {
      const line = commandLine([process.execPath, '-e', print, '--', ...words])
      assert.deepEqual(JSON.parse(execFileSync('/bin/sh', ['-c', line], {encoding: 'utf8'})), words)
    }
  })
})

function operationOf({headers}: Seen): string {
  return String(headers['x-amz-target']).split('.').at(-1) ?? ''
}
