import assert from 'node:assert/strict'
import {refuseSignature, type SignedRequest} from '../../../../src/lib/lab/aws/signature.ts'

/** The worked examples AWS publishes for Signature Version 4: keys, time and host are the same in all of them. */
const credentials = {accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'}
const now = Date.parse('2015-08-30T12:36:00Z')
const scope = 'AKIDEXAMPLE/20150830/us-east-1/service/aws4_request'

function example({
  signedHeaders = 'host;x-amz-date',
  signature,
  ...request
}: Partial<SignedRequest> & {signedHeaders?: string; signature: string}): SignedRequest {
  return {
    method: 'GET',
    path: '/',
    query: '',
    body: Buffer.from(''),
    ...request,
    headers: {
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
      ...request.headers,
    },
  }
}

const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'

describe('a signature', () => {
  const verify = (request: SignedRequest, at = now) =>
    refuseSignature(request, {credentials, region: 'us-east-1', now: at})
  const problemOf = (request: SignedRequest, at = now) => verify(request, at)?.problem

  it("is accepted for AWS's own examples", () => {
    assert.equal(verify(example({signature: vanilla})), undefined, 'get-vanilla')
    assert.equal(
      verify(
        example({
          query: 'Param2=value2&Param1=value1',
          signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
        }),
      ),
      undefined,
      'get-vanilla-query-order-key-case',
    )
    assert.equal(
      verify(
        example({
          headers: {'my-header1': ' value1', 'my-header2': ' "a   b   c"'},
          signedHeaders: 'host;my-header1;my-header2;x-amz-date',
          signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
        }),
      ),
      undefined,
      'get-header-value-trim',
    )
    assert.equal(
      verify(
        example({
          method: 'POST',
          body: Buffer.from('Param1=value1'),
          headers: {'content-type': 'application/x-www-form-urlencoded'},
          signedHeaders: 'content-type;host;x-amz-date',
          signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
        }),
      ),
      undefined,
      'post-x-www-form-urlencoded',
    )
  })

  it('covers method, path, query, headers and body', () => {
    for (const change of [
      {method: 'POST'},
      {path: '/other'},
      {query: 'a=b'},
      {body: Buffer.from('x')},
      {headers: {host: 'example.com'}},
    ]) {
      assert.equal(problemOf(example({signature: vanilla, ...change})), 'mismatch', JSON.stringify(change))
    }
    assert.equal(problemOf(example({signature: `${vanilla.slice(0, -1)}0`})), 'mismatch')
  })

  it('has to cover the host and every x-amz header that was sent', () => {
    const headers = {'x-amz-target': 'AmazonSSM.DeleteParameter'}
    assert.equal(
      verify(example({signature: vanilla, headers}))?.message,
      "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
    )
    assert.equal(problemOf(example({signature: vanilla, signedHeaders: 'x-amz-date'})), 'mismatch')
  })

  it('holds for five minutes to either side', () => {
    const minute = 60_000
    assert.equal(problemOf(example({signature: vanilla}), now + 5 * minute), undefined)
    assert.equal(problemOf(example({signature: vanilla}), now - 5 * minute), undefined)
    assert.deepEqual(verify(example({signature: vanilla}), now + 6 * minute), {
      problem: 'skewed',
      message: 'Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T124200Z - 5 min.)',
    })
    assert.deepEqual(verify(example({signature: vanilla}), now - 6 * minute), {
      problem: 'skewed',
      message:
        'Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T123000Z + 5 min.)',
    })
  })

  it('is refused for another key, another region, another day, or with a session token', () => {
    const authorization = (credential: string) =>
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-date, Signature=${vanilla}`
    const of = (credential: string) =>
      problemOf(example({signature: vanilla, headers: {authorization: authorization(credential)}}))
    assert.equal(of(scope.replace('AKIDEXAMPLE', 'AKIDOTHER')), 'unknown-key')
    assert.equal(of(scope.replace('us-east-1', 'eu-west-1')), 'mismatch')
    assert.equal(of(scope.replace('20150830', '20150829')), 'mismatch')
    const token = example({
      signature: vanilla,
      signedHeaders: 'host;x-amz-date;x-amz-security-token',
      headers: {'x-amz-security-token': 'FwoGZXIvYXdzE'},
    })
    assert.equal(problemOf(token), 'unknown-key')
  })

  it('is missing, or incomplete where it cannot be read', () => {
    const withHeaders = (headers: Record<string, string | undefined>) => {
      return problemOf({...example({signature: vanilla}), headers: {host: 'example.amazonaws.com', ...headers}})
    }
    const {authorization} = example({signature: vanilla}).headers
    assert.equal(withHeaders({}), 'missing')
    for (const text of [
      '',
      'Basic YTpi',
      'AWS4-HMAC-SHA256',
      authorization?.replace(vanilla, 'zz'),
      `${authorization}a`,
    ]) {
      assert.equal(withHeaders({authorization: text ?? '', 'x-amz-date': '20150830T123600Z'}), 'incomplete', text)
    }
    for (const date of [undefined, '', '2015-08-30T12:36:00Z', '20159930T123600Z']) {
      assert.equal(withHeaders({authorization, 'x-amz-date': date}), 'incomplete', date)
    }
  })
})
