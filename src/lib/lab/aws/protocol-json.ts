import {ServiceFailure} from './failure.ts'
import {isRecord} from './input.ts'
import type {Protocol} from './service.ts'

/** AWS JSON 1.1: the action in X-Amz-Target, JSON both ways, the error's code in `__type`. */
export function jsonProtocol(targetPrefix: string): Protocol {
  return {
    contentType: 'application/x-amz-json-1.1',
    readCall: ({headers, body}) => {
      const target = headers['x-amz-target']
      if (!target?.startsWith(`${targetPrefix}.`)) return undefined
      return {action: target.slice(targetPrefix.length + 1), values: parse(body)}
    },
    renderAnswer: (_action, answer) => JSON.stringify(answer ?? {}),
    renderFailure: ({code, message}) => JSON.stringify({__type: code, ...(message === '' ? {} : {message})}),
    unknownAction: () => new ServiceFailure('UnknownOperationException', ''),
  }
}

function parse(body: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = body === '' ? {} : JSON.parse(body)
  } catch {
    throw new ServiceFailure('SerializationException', 'The request body is not valid JSON.')
  }
  if (!isRecord(value))
    throw new ServiceFailure('SerializationException', 'Start of structure or map found where not expected.')
  return value
}
