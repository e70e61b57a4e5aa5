import assert from 'node:assert/strict'
import type {ServerResponse} from 'node:http'
import {inspect} from 'node:util'
import {type Call, describeInstances, FailingCalls, listGroups, parameter, readParameter} from './failing-calls.ts'

/** As fast as the reader takes it, without an end. */
function pour(response: ServerResponse): void {
  const part = Buffer.alloc(2 ** 20, ' ')
  const more = (): void => {
    while (!response.destroyed && response.write(part));
  }
  response.on('drain', more).writeHead(200)
  more()
}

describe('errors of AWS calls', function () {
  this.slow(3000)
  const calls = new FailingCalls()
  const {failure} = calls

  afterEach(() => calls.close())

  it('does not read an answer that is larger than any of AWS', async () => {
    const error = await failure(pour, readParameter, 60_000)
    assert.deepEqual([error.code, error.exit], ['AWS_BAD_ANSWER', 7])
  })

  const page = '<html><body>log in here<br></body></html>'
  for (const [what, act, status, body] of [
    ['a page in place of JSON', readParameter, 200, page],
    ['a page with a refusal in place of JSON', readParameter, 403, page],
    ['a page in place of XML', listGroups, 200, page],
    ["a page in place of EC2's XML", describeInstances, 200, page],
    ['an empty body in place of JSON', readParameter, 200, ''],
    ['an empty body in place of XML', listGroups, 200, ''],
    ['an empty object', readParameter, 200, '{}'],
    ['JSON of another kind', readParameter, 200, '[1,2,3]'],
    ['half an answer', readParameter, 200, `{"Parameters":[{"Name":"${parameter}","Value":"SUA`],
  ] as [string, Call, number, string][]) {
    it(`does not take for AWS: ${what}`, async () => {
      const error = await failure((r) => void r.writeHead(status, {'content-type': 'text/html'}).end(body), act)
      assert.equal(error.code, 'AWS_BAD_ANSWER')
      assert.equal(error.exit, 7)
      assert.match(error.message, new RegExp(`: ${calls.canned.host} answered with something that is not AWS's`))
      assert.doesNotMatch(inspect(error, {depth: 20, showHidden: true}), /log in here|SUA/)
    })
  }
})
