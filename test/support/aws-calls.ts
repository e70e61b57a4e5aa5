import {subscribe, unsubscribe} from 'node:diagnostics_channel'
import type {ClientRequest} from 'node:http'

/** One request to AWS, in the words of a policy. */
export interface AwsCall {
  /** e.g. `ssm:GetParameters`. */
  readonly action: string
  /** What is behind the account in the ARNs it is about; empty for an action that a policy cannot narrow. */
  readonly resources: readonly string[]
}

/** What this process sends to AWS while `work` runs, as it is on the wire. */
export async function recordAwsCalls<T>(
  work: () => Promise<T>,
): Promise<{readonly result: T; readonly calls: readonly AwsCall[]}> {
  const calls: AwsCall[] = []
  const listen = (message: unknown) => {
    const {request} = message as {request: ClientRequest}
    const end = request.end.bind(request) as (...argv: readonly unknown[]) => ClientRequest
    request.end = (...argv: readonly unknown[]) => {
      const [body] = argv
      const text = typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body).toString() : ''
      calls.push(...readCall(request, text))
      return end(...argv)
    }
  }
  subscribe('http.client.request.created', listen)
  try {
    return {result: await work(), calls}
  } finally {
    unsubscribe('http.client.request.created', listen)
  }
}

/** Empty for what is no call of AWS's. */
function readCall(request: ClientRequest, body: string): readonly AwsCall[] {
  const [, service] =
    /Credential=[^,]*\/([a-z0-9]+)\/aws4_request/.exec(String(request.getHeader('authorization'))) ?? []
  if (service === undefined) return []
  const target = request.getHeader('x-amz-target')
  if (target === undefined) return [{action: `${service}:${new URLSearchParams(body).get('Action')}`, resources: []}]
  const action = String(target).split('.').at(-1)
  return [{action: `${service}:${action}`, resources: resourcesOf(JSON.parse(body))}]
}

/** By the names that SSM and CloudWatch Logs have for what they are asked about. */
function resourcesOf(input: Readonly<Record<string, unknown>>): readonly string[] {
  const found = (prefix: string, ...fields: readonly string[]) =>
    fields.flatMap((field) => input[field] ?? []).map((value) => `${prefix}${value}`)
  return [
    ...found('parameter', 'Name', 'Names', 'Path'),
    ...found('document/', 'DocumentName'),
    ...found('instance/', 'InstanceIds', 'Target'),
    ...found('log-group:', 'logGroupName', 'logGroupNames').map((group) => `${group}:`),
  ]
}
