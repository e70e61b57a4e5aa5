import assert from 'node:assert/strict'
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import type {CommandResult} from '../../../../src/lib/lab/aws/host.ts'
import type {AwsWorld} from '../../../../src/lib/lab/aws/world.ts'
import {FaultBoard} from '../../../../src/lib/lab/faults-board.ts'
import {FakeClock} from './support/fake-clock.ts'
import {FakeHost} from './support/fake-host.ts'
import {startLab, startWorld} from './support/lab.ts'

/** Machines with an agent that does what the test says. */
class AgentHost extends FakeHost {
  readonly scripts: string[] = []
  answer: (script: string, signal: AbortSignal) => Promise<CommandResult> = async () => said('done')

  run(instanceId: string, script: string, signal: AbortSignal): Promise<CommandResult> {
    this.scripts.push(`${this.on.get(instanceId)}: ${script}`)
    return this.answer(script, signal)
  }
}

const said = (stdout: string, exitCode = 0, stderr = ''): CommandResult => ({exitCode, stdout, stderr})

describe('Run Command of the lab', () => {
  let clock: FakeClock
  let world: AwsWorld
  let host: AgentHost
  let faults: FaultBoard
  let client: SSMClient
  let close: () => Promise<void>

  beforeEach(async () => {
    clock = new FakeClock()
    host = new AgentHost()
    faults = new FaultBoard({nodes: ['c-node-1'], clock})
    ;({world} = await startWorld({clock, host, faults}))
    const lab = await startLab(world)
    client = new SSMClient(lab.settings)
    close = async () => {
      client.destroy()
      await lab.close()
    }
  })
  afterEach(() => close())

  const instance = (n = 1) => world.group(`c-node-${n}-asg`)?.members[0]?.id ?? ''
  const send = async (commands: readonly string[], parameters: Record<string, string[]> = {}, ids = [instance()]) => {
    const Parameters = {commands: [...commands], ...parameters}
    const input = {DocumentName: 'AWS-RunShellScript', InstanceIds: ids, Parameters}
    const {Command} = await client.send(new SendCommandCommand(input))
    return Command?.CommandId ?? assert.fail('no command')
  }
  const get = (CommandId: string, InstanceId = instance()) =>
    client.send(new GetCommandInvocationCommand({CommandId, InstanceId}))

  it('is not known at first, pending, in progress, and then a success with its output', async () => {
    const finished = Promise.withResolvers<CommandResult>()
    host.answer = () => finished.promise
    const id = await send(['systemctl is-active nats', 'df -h'])
    await assert.rejects(get(id), {name: 'InvocationDoesNotExist'})
    await clock.advance(99)
    assert.deepEqual(host.scripts, [])
    await clock.advance(1)
    const running = await get(id)
    assert.deepEqual([running.Status, running.ResponseCode, running.ExecutionEndDateTime], ['InProgress', -1, ''])
    assert.deepEqual(host.scripts, ['c-node-1: systemctl is-active nats\ndf -h'])
    await clock.advance(1500)
    finished.resolve(said('active\n'))
    await clock.advance(0)
    const {$metadata: _, ...done} = await get(id)
    assert.deepEqual(done, {
      CommandId: id,
      InstanceId: instance(),
      Comment: '',
      DocumentName: 'AWS-RunShellScript',
      DocumentVersion: '$DEFAULT',
      PluginName: 'aws:runShellScript',
      ResponseCode: 0,
      ExecutionStartDateTime: '2026-03-01T09:00:00.100Z',
      ExecutionElapsedTime: 'PT1.5S',
      ExecutionEndDateTime: '2026-03-01T09:00:01.600Z',
      Status: 'Success',
      StatusDetails: 'Success',
      StandardOutputContent: 'active\n',
      StandardOutputUrl: '',
      StandardErrorContent: '',
      StandardErrorUrl: '',
      CloudWatchOutputConfig: {CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false},
    })
  })

  it('fails with the exit status, and cuts what is too long', async () => {
    host.answer = async () => said('x'.repeat(30_000), 3, 'no\n')
    const id = await send(['false'])
    await clock.advance(100)
    const failed = await get(id)
    assert.deepEqual(
      [failed.Status, failed.StatusDetails, failed.ResponseCode, failed.StandardErrorContent],
      ['Failed', 'Failed', 3, 'no\nfailed to run commands: exit status 3'],
    )
    assert.equal(failed.StandardOutputContent?.length, 24_000)
    assert.match(failed.StandardOutputContent ?? '', /x\n---Output truncated---$/)
    const listed = await client.send(new ListCommandInvocationsCommand({CommandId: id, Details: true}))
    const [plugin] = listed.CommandInvocations?.[0]?.CommandPlugins ?? []
    assert.deepEqual([plugin?.Status, plugin?.Output?.length], ['Failed', 2500])
  })

  it('ends when its time is up, or when it is cancelled, and the shell is told', async () => {
    const aborted: unknown[] = []
    host.answer = (_script, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason)
          reject(signal.reason)
        })
      })
    const late = await send(['sleep 1000'], {executionTimeout: ['5']})
    await clock.advance(5100)
    const timedOut = await get(late)
    assert.deepEqual(
      [timedOut.Status, timedOut.StatusDetails, timedOut.ResponseCode],
      ['TimedOut', 'ExecutionTimedOut', 137],
    )
    const unwanted = await send(['sleep 1000'])
    await clock.advance(100)
    await client.send(new CancelCommandCommand({CommandId: unwanted}))
    await clock.advance(0)
    assert.equal((await get(unwanted)).Status, 'Cancelled')
    assert.equal(aborted.length, 2)
    await assert.rejects(client.send(new CancelCommandCommand({CommandId: '0'.repeat(36)})), {name: 'InvalidCommandId'})
  })

  it('is refused for an instance that does not run or whose agent is not connected', async () => {
    const old = instance()
    faults.switchOn({name: 'agent-lost', node: 'c-node-1'})
    const message = `Instances [[${old}]] not in a valid state for account 123456789012`
    await assert.rejects(send(['true']), {name: 'InvalidInstanceId', message})
    const agents = await client.send(new DescribeInstanceInformationCommand({}))
    assert.deepEqual(
      agents.InstanceInformationList?.map(({InstanceId, PingStatus}) => [InstanceId, PingStatus]).sort(),
      [1, 2, 3].map((n) => [instance(n), n === 1 ? 'ConnectionLost' : 'Online']).sort(),
    )
    faults.switchOff()
    await send(['true'])
    await world.terminate(old, {decrement: false})
    await clock.advance(5000)
    await assert.rejects(send(['true'], {}, [old]), {name: 'InvalidInstanceId', message})
    await assert.rejects(send(['true'], {}, [instance(2), 'i-0123456789abcdef0']), {name: 'InvalidInstanceId'})
    const Filters = [{Key: 'InstanceIds', Values: [instance()]}]
    const one = await client.send(new DescribeInstanceInformationCommand({Filters}))
    assert.deepEqual(
      one.InstanceInformationList?.map(({InstanceId, PingStatus}) => [InstanceId, PingStatus]),
      [[instance(), 'Online']],
    )
  })

  it('is refused for another document, without commands, or with an impossible time limit', async () => {
    const other = {DocumentName: 'AWS-RunPowerShellScript', InstanceIds: [instance()], Parameters: {commands: ['x']}}
    await assert.rejects(client.send(new SendCommandCommand(other)), {name: 'InvalidDocument'})
    await assert.rejects(send([]), {name: 'InvalidParameters'})
    for (const executionTimeout of ['0', 'soon', '172801']) {
      await assert.rejects(send(['x'], {executionTimeout: [executionTimeout]}), {name: 'InvalidParameters'})
    }
    assert.deepEqual(host.scripts, [])
  })

  it('lists what was sent, in pages', async () => {
    const ids = [await send(['1']), await send(['2']), await send(['3'], {}, [instance(2)])]
    await clock.advance(100)
    const list = (input: object) => client.send(new ListCommandInvocationsCommand(input))
    const first = await list({MaxResults: 2})
    const second = await list({MaxResults: 2, NextToken: first.NextToken})
    const found = [first, second].flatMap(({CommandInvocations = []}) => CommandInvocations)
    assert.deepEqual(
      found.map(({CommandId}) => CommandId),
      ids.toReversed(),
    )
    const there = await list({InstanceId: instance(2)})
    assert.deepEqual(
      there.CommandInvocations?.map(({CommandId, CommandPlugins}) => [CommandId, CommandPlugins]),
      [[ids[2], []]],
    )
  })
})
