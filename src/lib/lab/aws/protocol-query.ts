import {ServiceFailure} from './failure.ts'
import type {Protocol, WireRequest} from './service.ts'
import {renderXml} from './xml.ts'

/** AWS Query (Auto Scaling, STS): a form with Action and Version in, XML with a result element out. */
export function queryProtocol(version: string, xmlns: string): Protocol {
  return {
    contentType: 'text/xml',
    readCall: readForm,
    renderAnswer: (action, answer, requestId) =>
      renderXml(
        `${action}Response`,
        {...(answer && {[`${action}Result`]: answer}), ResponseMetadata: {RequestId: requestId}},
        'member',
        xmlns,
      ),
    renderFailure: ({code, message, status}, requestId) => {
      const error = {Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message}
      return renderXml('ErrorResponse', {Error: error, RequestId: requestId}, 'member', xmlns)
    },
    unknownAction: (action) => unknownQueryAction(action, version),
  }
}

/** EC2's own dialect: no result element, items in place of members, errors in a list. */
export function ec2Protocol(version: string): Protocol {
  return {
    contentType: 'text/xml;charset=UTF-8',
    readCall: readForm,
    renderAnswer: (action, answer, requestId) =>
      declaration +
      renderXml(`${action}Response`, {requestId, ...answer}, 'item', `http://ec2.amazonaws.com/doc/${version}/`),
    renderFailure: ({code, message}, requestId) => {
      const error = {Code: code, Message: message}
      return declaration + renderXml('Response', {Errors: {Error: error}, RequestID: requestId}, 'item')
    },
    unknownAction: (action) =>
      action === undefined
        ? new ServiceFailure('MissingAction', 'The request is missing an action or a required parameter.')
        : new ServiceFailure('InvalidAction', `The action ${action} is not valid for this web service.`),
  }
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

function unknownQueryAction(action: string | undefined, version: string): ServiceFailure {
  if (action === undefined) {
    return new ServiceFailure('MissingAction', 'The request must contain the parameter Action')
  }
  return new ServiceFailure('InvalidAction', `Could not find operation ${action} for version ${version}`)
}

function readForm({query, body}: WireRequest): ReturnType<Protocol['readCall']> {
  const {Action: action, ...values} = toTree([...new URLSearchParams(query), ...new URLSearchParams(body)])
  return typeof action === 'string' ? {action, values} : undefined
}

type Tree = {[name: string]: string | Tree}

/** `Filter.1.Name=x` becomes {Filter: {1: {Name: 'x'}}}; no prototypes, so that no name is special. */
function toTree(pairs: readonly (readonly [string, string])[]): Tree {
  const tree: Tree = Object.create(null)
  for (const [path, value] of pairs) {
    const names = path.split('.', maximumDepth)
    const last = names.pop() ?? ''
    let branch = tree
    for (const name of names) {
      const existing = branch[name]
      const next: Tree = typeof existing === 'object' ? existing : Object.create(null)
      branch[name] = next
      branch = next
    }
    branch[last] = value
  }
  return tree
}

const maximumDepth = 8
