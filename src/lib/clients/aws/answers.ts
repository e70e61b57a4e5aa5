import {pipeline, Readable, Transform} from 'node:stream'
import type {AbsoluteLocation, DeserializeHandlerOptions, DeserializeMiddleware} from '@smithy/types'
import {IncompleteAnswerError} from './lists.ts'

/** Bytes. A full page of what natsops asks for has a few million at most. */
const longestAnswer = 64 * 2 ** 20

interface Stack {
  add(middleware: DeserializeMiddleware<object, object>, options: DeserializeHandlerOptions & AbsoluteLocation): void
}

/**
 * Limits the time from an answer's head to its end, and its size. The SDK limits the time to the head and the silence
 * between two parts: what trickles in or never ends, from a proxy say, would be read until the memory is full.
 */
export function limitAnswers(stack: Stack, timeoutMs: number): void {
  stack.add(
    (next) => async (args) => {
      const result = await next(args)
      const response = result.response as {body?: unknown}
      if (response.body instanceof Readable) response.body = limit(response.body, timeoutMs)
      return result
    },
    // Next to the HTTP handler: what reads the answer stands further out.
    {step: 'deserialize', priority: 'low', name: 'natsopsLimits'},
  )
}

function limit(body: Readable, timeoutMs: number): Readable {
  let size = 0
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > longestAnswer) done(new IncompleteAnswerError('end'))
      else done(null, chunk)
    },
  })
  const timeout = Object.assign(new Error(`the answer did not end within ${timeoutMs} ms`), {name: 'TimeoutError'})
  const timer = setTimeout(() => limited.destroy(timeout), timeoutMs)
  pipeline(body, limited, () => clearTimeout(timer))
  return limited
}
