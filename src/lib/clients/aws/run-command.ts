import {setTimeout as delay} from 'node:timers/promises'
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationResult,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, messageOf, OpsError} from '../../errors.ts'
import type {CommandResult, RunCommand} from '../ports.ts'
import type {AwsCall} from './errors.ts'
import {required} from './lists.ts'
import type {Session} from './session.ts'

const document = 'AWS-RunShellScript'
/** The least time AWS takes for handing a command to an agent, seconds. */
const deliverySeconds = 30
/** What GetCommandInvocation gives at most, characters. */
const stdoutLimit = 24_000
const stderrLimit = 8000
/** Between two questions about a command: at first, and at most, milliseconds. */
const firstPollMs = 100
const longestPollMs = 2000

/** SSM Run Command over AWS-RunShellScript. */
export function openRunCommand(session: Session): RunCommand {
  const reader = session.client('ssm', 'repeat', (options) => new SSMClient(options))
  const writer = session.client('ssm', 'once', (options) => new SSMClient(options))
  const urgent = session.client('ssm', 'now', (options) => new SSMClient(options))

  async function send(instanceId: string, line: string, timeoutMs: number, now: boolean): Promise<string> {
    const command = new SendCommandCommand({
      InstanceIds: [instanceId],
      DocumentName: document,
      Comment: 'natsops',
      TimeoutSeconds: deliverySeconds,
      Parameters: {commands: [line], executionTimeout: [String(Math.max(1, Math.ceil(timeoutMs / 1000)))]},
    })
    return session.call(callOf('SendCommand', instanceId), async () => {
      const {Command} = await (await (now ? urgent : writer)()).send(command)
      return required(Command?.CommandId, 'CommandId')
    })
  }

  /** Undefined right after sending: the invocation is not there yet. */
  async function ask(commandId: string, instanceId: string): Promise<GetCommandInvocationResult | undefined> {
    const command = new GetCommandInvocationCommand({CommandId: commandId, InstanceId: instanceId})
    return session.call(callOf('GetCommandInvocation', instanceId), async () => {
      try {
        const invocation = await (await reader()).send(command)
        required(invocation.Status, 'Status')
        return invocation
      } catch (error) {
        if (error instanceof Error && error.name === 'InvocationDoesNotExist') return undefined
        throw error
      }
    })
  }

  /** Asks until the command has ended. AWS out of reach for a while does not end the wait: the command goes on there. */
  async function awaitEnd(
    {commandId, instanceId}: {readonly commandId: string; readonly instanceId: string},
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<GetCommandInvocationResult> {
    const deadline = performance.now() + timeoutMs
    let pause = firstPollMs
    let last: GetCommandInvocationResult | undefined
    for (;;) {
      let problem: OpsError | undefined
      try {
        last = (await ask(commandId, instanceId)) ?? last
        if (last && !isUnderWay(last)) return last
      } catch (error) {
        if (!(error instanceof OpsError) || error.exit !== Exit.unreachable) throw error
        problem = error
      }
      const left = deadline - performance.now()
      if (left <= 0) throw problem ? unseenEnd(instanceId, problem, timeoutMs) : overdue(instanceId, last, timeoutMs)
      await delay(Math.min(pause, left), undefined, signal ? {signal} : {}).catch(() => {})
      signal?.throwIfAborted()
      pause = Math.min(pause * 1.5, longestPollMs)
    }
  }

  async function cancel(commandId: string, instanceId: string): Promise<void> {
    const command = new CancelCommandCommand({CommandId: commandId, InstanceIds: [instanceId]})
    await writer()
      .then((client) => client.send(command))
      .catch(() => {})
  }

  return {
    async run(instanceId, argv, {timeoutMs, signal, now = false}) {
      signal?.throwIfAborted()
      const commandId = await send(instanceId, commandLine(argv), timeoutMs, now)
      let invocation: GetCommandInvocationResult
      try {
        invocation = await awaitEnd({commandId, instanceId}, timeoutMs, signal)
      } catch (error) {
        // Nobody waits for it any more; where it cannot be cancelled, its own time limit ends it.
        await cancel(commandId, instanceId)
        throw error
      }
      return resultOf(invocation, instanceId)
    },
  }
}

/**
 * The words as the document's command. Systems Manager replaces `{{ssm:name}}` and its like before any shell sees them:
 * two braces are kept apart by a pair of quotes, which the shell takes away again. A brace is always between quotes.
 */
export function commandLine(argv: readonly string[]): string {
  return quoteForShell(argv).replace(/\{(?=\{)/g, "{''")
}

function isUnderWay({Status}: GetCommandInvocationResult): boolean {
  return ['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(Status ?? '')
}

/** What a command that has ended says, or why it did not run to its end. */
function resultOf(invocation: GetCommandInvocationResult, instanceId: string): CommandResult {
  const {Status, StatusDetails = Status, ResponseCode = -1} = invocation
  const {StandardOutputContent: stdout = '', StandardErrorContent: stderr = ''} = invocation
  if (Status === 'Success' || (Status === 'Failed' && StatusDetails === 'Failed' && ResponseCode >= 0)) {
    return {exitCode: Math.max(0, ResponseCode), stdout, stderr, cut: isCut(stdout, stdoutLimit, stderr)}
  }
  const detail = [StatusDetails, stderr.trim().split('\n', 1)[0]?.slice(0, 200)].filter(Boolean).join(': ')
  switch (StatusDetails?.replaceAll(' ', '')) {
    case 'DeliveryTimedOut':
    case 'Undeliverable':
      throw undelivered(instanceId, detail)
    case 'ExecutionTimedOut':
    case 'TimedOut':
      throw failure(`the command did not end in time on ${instanceId}`, 'RUN_COMMAND_TIMEOUT', Exit.unreachable)
    case 'Cancelled':
    case 'Canceled':
      throw failure(`the command on ${instanceId} was cancelled by somebody`, 'RUN_COMMAND_CANCELLED', Exit.refused)
    case 'AccessDenied':
      throw failure(`ssm:SendCommand on ${instanceId}: not allowed`, 'AWS_ACCESS_DENIED', Exit.auth)
    default:
      throw failure(`the command could not be run on ${instanceId}: ${detail}`, 'RUN_COMMAND_FAILED', Exit.refused)
  }
}

function isCut(stdout: string, limit: number, stderr: string): boolean {
  const isMarked = [stdout, stderr].some((text) => /-+(output|error) truncated-+\s*$/i.test(text))
  return isMarked || stdout.length >= limit || stderr.length >= stderrLimit
}

/** Our own limit has passed; a command that was not even begun is another matter than one that takes too long. */
function overdue(instanceId: string, last: GetCommandInvocationResult | undefined, timeoutMs: number): OpsError {
  const seconds = Math.round(timeoutMs / 1000)
  if (last === undefined || last.Status === 'Pending' || last.Status === 'Delayed') {
    return undelivered(instanceId, `not taken within ${seconds} s`)
  }
  const message = `the command did not end within ${seconds} s on ${instanceId}`
  return failure(message, 'RUN_COMMAND_TIMEOUT', Exit.unreachable)
}

/** The question about the command was lost, not the command: nothing of the question's error may speak for that one. */
function unseenEnd(instanceId: string, problem: OpsError, timeoutMs: number): OpsError {
  const seconds = Math.round(timeoutMs / 1000)
  const message = `whether the command ended within ${seconds} s on ${instanceId} is not known: ${messageOf(problem)}`
  return failure(message, 'RUN_COMMAND_TIMEOUT', Exit.unreachable, problem.suggestions)
}

function undelivered(instanceId: string, detail: string): OpsError {
  return failure(
    `the SSM agent of ${instanceId} did not take the command: ${detail}`,
    'RUN_COMMAND_UNDELIVERED',
    Exit.unreachable,
    [`aws ssm describe-instance-information --filters Key=InstanceIds,Values=${instanceId}`],
  )
}

function failure(message: string, code: string, exit: Exit, suggestions: readonly string[] = []): OpsError {
  return new OpsError(message, {code, exit, suggestions})
}

function callOf(action: string, instanceId: string): AwsCall {
  return {service: 'ssm', action, resource: instanceId, iamResource: '*'}
}
