import assert from 'node:assert/strict'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import type {OpsError} from '../../../../src/lib/errors.ts'
import {type Canned, json, jsonError, type Reply, serve} from './canned.ts'

const instanceId = 'i-0123456789abcdef0'
const answer = {SessionId: 'anna-1', TokenValue: 'SECRET-TOKEN', StreamUrl: 'wss://x'}

describe('Session Manager', () => {
  let canned: Canned
  afterEach(() => canned.close())

  const sessions = async (reply: Reply) => {
    canned = await serve(reply)
    return openAws(canned.settings, {timeoutMs: 30_000}).sessions()
  }

  it('gives the plugin what the AWS CLI gives it', async () => {
    const started = await (await sessions((response) => json(response, 200, answer))).start(instanceId, undefined)
    assert.deepEqual(started, {
      sessionId: 'anna-1',
      response: '{"SessionId":"anna-1","TokenValue":"SECRET-TOKEN","StreamUrl":"wss://x"}',
      request: `{"Target":"${instanceId}"}`,
      region: 'us-east-2',
      endpoint: canned.url,
    })
  })

  it("names AWS's own endpoint where none is configured", async () => {
    canned = await serve((response) => json(response, 200, answer))
    const {openSessions} = await import('../../../../src/lib/clients/aws/sessions.ts')
    const {openSession} = await import('../../../../src/lib/clients/aws/session.ts')
    for (const [region, expected] of [
      ['eu-west-1', 'https://ssm.eu-west-1.amazonaws.com'],
      ['cn-north-1', 'https://ssm.cn-north-1.amazonaws.com.cn'],
    ] as const) {
      const session = openSession({...canned.settings, region}, {timeoutMs: 30_000})
      const {endpoint} = await openSessions(session, {endpoints: {}}).start(instanceId, undefined)
      assert.equal(endpoint, expected)
    }
  })

  it('takes an agent that is not connected for one that is not there', async () => {
    const {start} = await sessions((response) =>
      jsonError(response, 400, 'TargetNotConnected', 'i-1 is not connected.'),
    )
    await assert.rejects(start(instanceId, undefined), ({code, exit}: OpsError) => {
      assert.deepEqual([code, exit], ['INSTANCE_NOT_MANAGED', 7])
      return true
    })
  })

  it('asks once only, and does not take half an answer for a session', async () => {
    const lost = await sessions((response) => void response.destroy())
    await assert.rejects(lost.start(instanceId, undefined), {code: 'AWS_UNREACHABLE'})
    assert.equal(canned.seen.length, 1)
    await canned.close()
    const half = await sessions((response) => json(response, 200, {SessionId: 'anna-1', TokenValue: 'SECRET-TOKEN'}))
    await assert.rejects(half.start(instanceId, undefined), (error: OpsError) => {
      assert.equal(error.code, 'AWS_BAD_ANSWER')
      assert.ok(!`${error.message}${error.cause}`.includes('SECRET'))
      return true
    })
  })
})
