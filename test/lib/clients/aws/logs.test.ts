import assert from 'node:assert/strict'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import type {OpsError} from '../../../../src/lib/errors.ts'
import {type Canned, json, jsonError, type Reply, serve} from './canned.ts'

const group = '/aws/ec2/nats-cluster/c/diagnostic'
const query = {streamPrefix: 'c-node-1-bootstrap-', text: 'say "hi" \\o/', since: 1000.5}

describe('CloudWatch Logs', () => {
  let canned: Canned
  afterEach(() => canned.close())

  const find = async (reply: Reply) => {
    canned = await serve(reply)
    return (await openAws(canned.settings, {timeoutMs: 30_000}).logs()).find(group, query)
  }
  const event = (stream: string, at: number, message: string) => ({
    logStreamName: stream,
    timestamp: at,
    message,
    eventId: String(at),
  })

  it('reads every page, empty ones too, and gives the events oldest first', async () => {
    const found = await find((response, count) => {
      const pages = [
        {events: [event('c-node-1-bootstrap-b', 3000, 'x say "hi" \\o/')], nextToken: 'a'},
        {events: [], nextToken: 'b'},
        {events: [event('c-node-1-bootstrap-a', 2000, 'say "hi" \\o/ y')]},
      ]
      json(response, 200, pages[count - 1])
    })
    assert.deepEqual(found, [
      {id: '2000', stream: 'c-node-1-bootstrap-a', at: 2000, message: 'say "hi" \\o/ y'},
      {id: '3000', stream: 'c-node-1-bootstrap-b', at: 3000, message: 'x say "hi" \\o/'},
    ])
    assert.deepEqual(JSON.parse(canned.seen[0]?.body ?? ''), {
      logGroupName: group,
      logStreamNamePrefix: 'c-node-1-bootstrap-',
      startTime: 1000,
      filterPattern: '"say \\"hi\\" \\\\o/"',
    })
    assert.equal(canned.seen.length, 3)
  })

  it('believes its own reading, not the filter on the other side', async () => {
    const found = await find((response) =>
      json(response, 200, {
        events: [
          event('c-node-1-bootstrap-a', 1000, 'say "hi" \\o/ too early'),
          event('c-node-10-bootstrap-a', 2000, 'say "hi" \\o/ of another node'),
          event('c-node-1-bootstrap-a', 2000, 'something else'),
        ],
      }),
    )
    assert.deepEqual(found, [])
  })

  it('names the group that is not there', async () => {
    await assert.rejects(
      find((response) =>
        jsonError(response, 400, 'ResourceNotFoundException', 'The specified log group does not exist.'),
      ),
      ({code, exit, message}: OpsError) => {
        assert.deepEqual([code, exit], ['AWS_NOT_FOUND', 9])
        assert.equal(
          message,
          `logs:FilterLogEvents on ${group} (c-node-1-bootstrap-*) in us-east-2: not found: The specified log group does not exist.`,
        )
        return true
      },
    )
  })

  it('does not take an answer without a list for an empty one', async () => {
    await assert.rejects(
      find((response) => json(response, 200, {})),
      {code: 'AWS_BAD_ANSWER'},
    )
  })
})
