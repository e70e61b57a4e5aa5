import {ServiceFailure} from './failure.ts'
import type {Input} from './input.ts'
import {pageOf} from './paging.ts'
import type {CommandRecord, InvocationRecord} from './run-commands.ts'
import type {Service} from './service.ts'
import type {XmlContent} from './xml.ts'

const DOCUMENT = 'AWS-RunShellScript'
/** GetCommandInvocation shows so many characters, ListCommandInvocations fewer. */
const STDOUT_LIMIT = 24_000
const STDERR_LIMIT = 8000
const LISTED_LIMIT = 2500

/** Systems Manager Run Command, of the one document that runs a shell script on named instances. */
export const runCommandOperations: Service['operations'] = {
  SendCommand: ({world, input}) => {
    const document = input.required('DocumentName')
    if (document !== DOCUMENT)
      throw new ServiceFailure('InvalidDocument', `Document with name ${document} does not exist.`)
    const instanceIds = input.texts('InstanceIds')
    if (instanceIds.length === 0) throw new ServiceFailure('InvalidInstanceId', 'The lab sends to InstanceIds only.')
    if (instanceIds.length > 50) throw new ServiceFailure('ValidationException', 'InstanceIds: at most 50.')
    const command = world.commands.send({
      ...{document, instanceIds, ...readParameters(input.structure('Parameters'))},
      comment: input.text('Comment') ?? '',
    })
    return {Command: showCommand(command)}
  },

  GetCommandInvocation: ({world, input}) => {
    const found = world.commands.invocation(input.required('CommandId'), input.required('InstanceId'))
    if (!found) throw new ServiceFailure('InvocationDoesNotExist', '')
    const [command, invocation] = found
    return {
      CommandId: command.id,
      InstanceId: invocation.instanceId,
      Comment: command.comment,
      DocumentName: command.document,
      DocumentVersion: '$DEFAULT',
      PluginName: 'aws:runShellScript',
      ResponseCode: invocation.responseCode,
      ExecutionStartDateTime: toIso(invocation.startedAt),
      ExecutionElapsedTime: elapsed(invocation),
      ExecutionEndDateTime: toIso(invocation.endedAt),
      Status: invocation.status,
      StatusDetails: invocation.statusDetails,
      StandardOutputContent: cut(invocation.stdout, STDOUT_LIMIT),
      StandardOutputUrl: '',
      StandardErrorContent: cut(invocation.stderr, STDERR_LIMIT),
      StandardErrorUrl: '',
      CloudWatchOutputConfig: {CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false},
    }
  },

  ListCommandInvocations: ({world, input}) => {
    const commandId = input.text('CommandId')
    const instanceId = input.text('InstanceId')
    const all = world.commands.list().flatMap((command) => {
      return command.invocations.map((invocation) => ({command, invocation}))
    })
    const wanted = all.filter(({command, invocation}) => {
      const isIt =
        (commandId ?? command.id) === command.id && (instanceId ?? invocation.instanceId) === invocation.instanceId
      return isIt && world.commands.invocation(command.id, invocation.instanceId) !== undefined
    })
    const page = pageOf(wanted, {
      list: 'ListCommandInvocations',
      keyOf: ({command, invocation}) => `${command.id} ${invocation.instanceId}`,
      size: input.integer('MaxResults', {least: 1, most: 50}) ?? 50,
      token: input.text('NextToken'),
      refuse: refuseToken,
    })
    const details = input.flag('Details')
    const shown = page.items.map(({command, invocation}) => showInvocation(command, invocation, details))
    return {CommandInvocations: shown, NextToken: page.nextToken}
  },

  CancelCommand: ({world, input}) => {
    const commandId = input.required('CommandId')
    if (!world.commands.cancel(commandId, input.texts('InstanceIds'))) throw new ServiceFailure('InvalidCommandId', '')
    return {}
  },

  DescribeInstanceInformation: ({world, input}) => {
    const filters = [
      ...input.structures('Filters').map((filter) => [filter.required('Key'), filter.texts('Values')] as const),
      ...input
        .structures('InstanceInformationFilterList')
        .map((filter) => [filter.required('key'), filter.texts('valueSet')] as const),
    ]
    const stranger = filters.find(([key]) => key !== 'InstanceIds')
    if (stranger) throw new ServiceFailure('InvalidInstanceInformationFilterValue', `The lab knows InstanceIds only.`)
    const agents = world.commands.agents().filter(({instance}) => filters.every(([, ids]) => ids.includes(instance.id)))
    const page = pageOf(agents, {
      list: 'DescribeInstanceInformation',
      keyOf: ({instance}) => instance.id,
      size: input.integer('MaxResults', {least: 5, most: 50}) ?? 50,
      token: input.text('NextToken'),
      refuse: refuseToken,
    })
    const now = world.clock.now()
    const shown = page.items.map(({instance, isOnline}) => ({
      InstanceId: instance.id,
      PingStatus: isOnline ? 'Online' : 'ConnectionLost',
      LastPingDateTime: (isOnline ? now : Math.max(instance.launchedAt, now - 600_000)) / 1000,
      AgentVersion: '3.3.3050.0',
      IsLatestVersion: true,
      PlatformType: 'Linux',
      PlatformName: 'Amazon Linux',
      PlatformVersion: '2023',
      ResourceType: 'EC2Instance',
      IPAddress: instance.address,
      ComputerName: instance.name,
    }))
    return {InstanceInformationList: shown, NextToken: page.nextToken}
  },
}

/** The lines of `commands` are one script; numbers are text, in lists, as everything in a document's parameters. */
function readParameters(parameters: Input): {readonly script: string; readonly executionTimeoutMs: number} {
  const commands = parameters.texts('commands')
  if (commands.length === 0) {
    throw new ServiceFailure('InvalidParameters', 'Parameters: missing required parameter commands')
  }
  const [seconds = '3600'] = parameters.texts('executionTimeout')
  if (!/^\d+$/.test(seconds) || Number(seconds) < 1 || Number(seconds) > 172_800) {
    throw new ServiceFailure('InvalidParameters', `Parameters: executionTimeout ${seconds} is not allowed`)
  }
  return {script: commands.join('\n'), executionTimeoutMs: Number(seconds) * 1000}
}

function showCommand(command: CommandRecord): XmlContent {
  return {
    CommandId: command.id,
    DocumentName: command.document,
    DocumentVersion: '$DEFAULT',
    Comment: command.comment,
    ExpiresAfter: (command.requestedAt + command.executionTimeoutMs) / 1000,
    Parameters: {commands: [command.script], executionTimeout: [String(command.executionTimeoutMs / 1000)]},
    InstanceIds: command.instanceIds,
    Targets: [],
    RequestedDateTime: command.requestedAt / 1000,
    Status: 'Pending',
    StatusDetails: 'Pending',
    TargetCount: command.instanceIds.length,
    CompletedCount: 0,
    ErrorCount: 0,
  }
}

function showInvocation(command: CommandRecord, invocation: InvocationRecord, details: boolean): XmlContent {
  const {status, statusDetails, responseCode, startedAt, endedAt, stdout, stderr} = invocation
  const output = stderr === '' ? stdout : `${stdout}\n----------ERROR-------\n${stderr}`
  const plugin = {
    Name: 'aws:runShellScript',
    Status: status,
    StatusDetails: statusDetails,
    ResponseCode: responseCode,
    ResponseStartDateTime: startedAt === undefined ? undefined : startedAt / 1000,
    ResponseFinishDateTime: endedAt === undefined ? undefined : endedAt / 1000,
    Output: cut(output, LISTED_LIMIT),
  }
  return {
    CommandId: command.id,
    InstanceId: invocation.instanceId,
    InstanceName: invocation.instanceName,
    Comment: command.comment,
    DocumentName: command.document,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: command.requestedAt / 1000,
    Status: status,
    StatusDetails: statusDetails,
    CommandPlugins: details ? [plugin] : [],
  }
}

/** As the agent does where it cuts. */
function cut(text: string, limit: number): string {
  const mark = '\n---Output truncated---'
  return text.length <= limit ? text : `${text.slice(0, limit - mark.length)}${mark}`
}

function toIso(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString()
}

/** ISO 8601: PT1.5S */
function elapsed({startedAt, endedAt}: InvocationRecord): string {
  return startedAt === undefined || endedAt === undefined ? '' : `PT${(endedAt - startedAt) / 1000}S`
}

function refuseToken(): ServiceFailure {
  return new ServiceFailure('InvalidNextToken', 'The specified token is not valid.')
}
