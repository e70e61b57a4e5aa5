import assert from 'node:assert/strict'
import type {ServerResponse} from 'node:http'
import {json, jsonError, type Reply, xmlError} from './canned.ts'
import {FailingCalls, parameter, readParameter, terminate} from './failing-calls.ts'

function trickle(response: ServerResponse): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

describe('errors of AWS calls', function () {
  this.slow(3000)
  const calls = new FailingCalls()
  const {failure} = calls

  afterEach(() => calls.close())

  it('tries again when AWS throttles', async () => {
    await calls.serve((response, count) =>
      count < 3
        ? jsonError(response, 400, 'ThrottlingException', 'Rate exceeded')
        : json(response, 200, {Parameters: [{Name: parameter, Value: 'v', Version: 4, Type: 'SecureString'}]}),
    )
    const found = await readParameter(calls.open({timeoutMs: 30_000}))
    assert.deepEqual(found, new Map([[parameter, {name: parameter, value: 'v', version: 4, secure: true}]]))
    assert.equal(calls.canned.seen.length, 3)
  })

  it('tries a change again when AWS throttles it', async () => {
    await calls.serve((response, count) =>
      count < 2
        ? jsonError(response, 400, 'ThrottlingException', 'Rate exceeded')
        : json(response, 200, {Version: 2, Tier: 'Standard'}),
    )
    const store = await calls.open({timeoutMs: 30_000}).parameters()
    assert.equal(await store.put(parameter, 'v', {secure: true, overwrite: true}), 2)
    assert.equal(calls.canned.seen.length, 2)
  })

  it('tries a reading again after an error of AWS itself, five times in all', async () => {
    const error = await failure((response) => jsonError(response, 500, 'InternalServerError', 'oops'))
    assert.equal(error.code, 'AWS_UNAVAILABLE')
    assert.equal(error.exit, 7)
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: ${calls.canned.host} failed with HTTP 500 InternalServerError`,
    )
    assert.equal(calls.canned.seen.length, 5)
  })

  it('does not send a change again whose answer may be all that was lost', async () => {
    const failed = await failure((response) => xmlError(response, 500, 'InternalFailure', 'oops'), terminate)
    assert.equal(failed.code, 'AWS_UNAVAILABLE')
    assert.equal(calls.canned.seen.length, 1)
    await calls.close()
    const reset = await failure((response) => response.destroy(), terminate)
    assert.equal(reset.code, 'AWS_UNREACHABLE')
    assert.equal(calls.canned.seen.length, 1)
  })

  it('tries a reading again after a broken connection', async () => {
    const error = await failure((response) => response.destroy())
    assert.equal(error.code, 'AWS_UNREACHABLE')
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: the connection to ${calls.canned.host} failed (ECONNRESET)`,
    )
    assert.equal(calls.canned.seen.length, 5)
  })

  for (const [what, reply] of [
    ['no answer', () => {}],
    ['an answer that never ends', (response) => void response.writeHead(200, {'content-length': '100'}).write('{')],
    ['an answer that trickles in', trickle],
  ] as [string, Reply][]) {
    it(`gives up after the time limit and not five times later: ${what}`, async () => {
      const error = await failure(reply, readParameter, 200)
      assert.equal(error.code, 'AWS_TIMEOUT')
      assert.equal(error.exit, 7)
      assert.equal(
        error.message,
        `ssm:GetParameters on ${parameter} in us-east-2: no answer from ${calls.canned.host} within 200 ms`,
      )
      // None where the time was over before the request had arrived.
      assert.ok(calls.canned.seen.length <= 1, `${calls.canned.seen.length} requests`)
    })
  }
})
