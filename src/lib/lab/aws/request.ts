import type {IncomingMessage} from 'node:http'
import {ServiceFailure} from './failure.ts'
import type {SignedRequest} from './signature.ts'

/** More than any call of these services can need: a parameter has 8 KiB, a command 64. */
const bodyLimit = 256 * 1024

/** The whole request; undefined when its sender went away before its end. */
export async function readRequest(message: IncomingMessage): Promise<SignedRequest | undefined> {
  const {method = '', url = ''} = message
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  if (path !== '/') throw new ServiceFailure('UnknownOperationException', `There is nothing at ${path}.`, 404)
  if (method !== 'POST' && method !== 'GET') {
    throw new ServiceFailure('UnknownOperationException', `There is no method ${method}.`, 405)
  }
  const body = await readBody(message)
  return body && {method, path, query, headers: joinHeaders(message), body}
}

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge()
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of message.iterator({destroyOnReturn: false}) as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > bodyLimit) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof ServiceFailure) throw error
    return undefined
  }
  return Buffer.concat(chunks)
}

/** Several of one name as one, in the form signatures are made over. */
function joinHeaders({headersDistinct}: IncomingMessage): Readonly<Record<string, string>> {
  const pairs = Object.entries(headersDistinct).map(([name, values = []]) => {
    return [name, values.map((value) => value.trim()).join(',')] as const
  })
  return Object.fromEntries(pairs)
}

function tooLarge(): ServiceFailure {
  return new ServiceFailure('RequestEntityTooLarge', `The request is larger than ${bodyLimit} bytes.`, 413)
}
