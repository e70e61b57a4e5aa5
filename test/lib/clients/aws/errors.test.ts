import assert from 'node:assert/strict'
import type {ServerResponse} from 'node:http'
import {createServer} from 'node:net'
import {inspect} from 'node:util'
import {openAws} from '../../../../src/lib/clients/aws/aws.ts'
import type {Aws} from '../../../../src/lib/clients/ports.ts'
import {describe as describeError, OpsError} from '../../../../src/lib/errors.ts'
import {type Canned, ec2Error, json, jsonError, type Reply, secretKey, serve, xmlError} from './canned.ts'

const parameter = '/nats-cluster/nats-test/admin/nats_admin_jwt'
const readParameter = async (aws: Aws): Promise<unknown> => (await aws.parameters()).get([parameter])
const listGroups = async (aws: Aws): Promise<unknown> => (await aws.autoScaling()).groups()
const terminate = async (aws: Aws): Promise<unknown> => (await aws.autoScaling()).terminateInstance('i-1')
const describeInstances = async (aws: Aws): Promise<unknown> => (await aws.ec2()).instances({ids: ['i-1']})
const whoAmI = async (aws: Aws): Promise<unknown> => (await aws.identity()).caller()

function trickle(response: ServerResponse): void {
  response.writeHead(200)
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}

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
  let canned: Canned

  afterEach(() => canned.close())

  async function failure(reply: Reply, act = readParameter, timeoutMs = 30_000): Promise<OpsError> {
    canned = await serve(reply)
    return rejection(act(openAws(canned.settings, {timeoutMs})))
  }

  it('names the identity, the action and the resource that is not allowed', async () => {
    const error = await failure((response) =>
      jsonError(
        response,
        400,
        'AccessDeniedException',
        'User: arn:aws:sts::123456789012:assumed-role/ReadOnly/me is not authorized to perform: ssm:GetParameters on ' +
          `resource: arn:aws:ssm:us-east-2:123456789012:parameter${parameter} because no identity-based policy allows ` +
          'the ssm:GetParameters action',
      ),
    )
    assert.deepEqual(describeError(error), {
      code: 'AWS_ACCESS_DENIED',
      exit: 10,
      message:
        `ssm:GetParameters on ${parameter} in us-east-2: arn:aws:sts::123456789012:assumed-role/ReadOnly/me is not ` +
        `allowed ssm:GetParameters on arn:aws:ssm:us-east-2:123456789012:parameter${parameter}: no identity-based policy ` +
        'allows the ssm:GetParameters action',
      suggestions: [
        `have ssm:GetParameters on arn:aws:ssm:us-east-2:123456789012:parameter${parameter} allowed ` +
          '(docs/iam.md lists what each command needs)',
      ],
    })
    assert.equal(canned.seen.length, 1, 'not retried')
  })

  it('names the key that may not be used, where that is what is missing', async () => {
    const error = await failure((response) =>
      jsonError(
        response,
        400,
        'AccessDeniedException',
        'User: arn:aws:iam::1:user/me is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-2:1:key/k',
      ),
    )
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: arn:aws:iam::1:user/me is not allowed kms:Decrypt on ` +
        'arn:aws:kms:us-east-2:1:key/k',
    )
  })

  it('falls back to its own knowledge where the denial says nothing', async () => {
    const error = await failure((response) => jsonError(response, 400, 'AccessDeniedException', 'no'))
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: profile default of ${canned.folder}/credentials is not allowed ` +
        `ssm:GetParameters on arn:aws:ssm:us-east-2:*:parameter${parameter}`,
    )
  })

  it("leaves out EC2's encoded message", async () => {
    const error = await failure(
      (response) =>
        ec2Error(
          response,
          403,
          'UnauthorizedOperation',
          'You are not authorized to perform this operation. User: arn:aws:iam::1:user/me is not authorized to perform: ' +
            'ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action. Encoded ' +
            'authorization failure message: ENCODED',
        ),
      describeInstances,
    )
    assert.equal(
      error.message,
      'ec2:DescribeInstances on i-1 in us-east-2: arn:aws:iam::1:user/me is not allowed ec2:DescribeInstances on *: no ' +
        'identity-based policy allows the ec2:DescribeInstances action',
    )
    assert.doesNotMatch(inspect(error, {depth: 20, showHidden: true}), /ENCODED/)
  })

  it('says that credentials have expired and where they came from, and does not try again', async () => {
    const error = await failure((response) => jsonError(response, 400, 'ExpiredTokenException', 'expired'))
    assert.deepEqual(describeError(error), {
      code: 'AWS_CREDENTIALS_EXPIRED',
      exit: 10,
      message:
        `ssm:GetParameters on ${parameter} in us-east-2: the credentials of profile default of ` +
        `${canned.folder}/credentials have expired`,
      suggestions: [`put current keys into profile default of ${canned.folder}/credentials`],
    })
    assert.equal(canned.seen.length, 1)
  })

  for (const [protocol, act, reply] of [
    ['JSON', readParameter, (r) => jsonError(r, 400, 'UnrecognizedClientException', 'invalid')],
    ['query', whoAmI, (r) => xmlError(r, 403, 'InvalidClientTokenId', 'invalid')],
    ['EC2', describeInstances, (r) => ec2Error(r, 401, 'AuthFailure', 'not able to validate')],
  ] as [string, typeof whoAmI, Reply][]) {
    it(`says that the access key is unknown (${protocol} protocol)`, async () => {
      const error = await failure(reply, act)
      assert.equal(error.code, 'AWS_CREDENTIALS_REFUSED')
      assert.equal(error.exit, 10)
      assert.match(error.message, /: AWS does not know the access key of profile default of .+\/credentials$/)
    })
  }

  it('says that the secret key is wrong, without the canonical request that AWS quotes', async () => {
    const error = await failure((response) =>
      jsonError(
        response,
        400,
        'InvalidSignatureException',
        'The request signature we calculated does not match.\n\nThe Canonical String was\nx-amz-security-token:TOKEN',
      ),
    )
    assert.equal(error.code, 'AWS_CREDENTIALS_REFUSED')
    assert.match(error.message, /: the secret key of profile default of .+ does not belong to its access key$/)
    assert.doesNotMatch(inspect(error, {depth: 20, showHidden: true}), /TOKEN/)
  })

  it('says that the clock is wrong', async () => {
    const error = await failure((response) => xmlError(response, 403, 'RequestTimeTooSkewed', 'too skewed'), whoAmI)
    assert.equal(error.code, 'AWS_CLOCK_SKEW')
    assert.equal(error.exit, 10)
    const late = 'Signature expired: 20250101T000000Z is now earlier than 20250101T001000Z (20250101T001500Z - 5 min.)'
    await canned.close()
    const other = await failure((response) => jsonError(response, 400, 'InvalidSignatureException', late))
    assert.equal(other.code, 'AWS_CLOCK_SKEW')
    assert.match(other.message, /this machine's clock reads 20250101T000000Z$/)
  })

  it('tries again when AWS throttles', async () => {
    canned = await serve((response, count) =>
      count < 3
        ? jsonError(response, 400, 'ThrottlingException', 'Rate exceeded')
        : json(response, 200, {Parameters: [{Name: parameter, Value: 'v', Version: 4, Type: 'SecureString'}]}),
    )
    const found = await readParameter(openAws(canned.settings, {timeoutMs: 30_000}))
    assert.deepEqual(found, new Map([[parameter, {name: parameter, value: 'v', version: 4, secure: true}]]))
    assert.equal(canned.seen.length, 3)
  })

  it('tries a change again when AWS throttles it', async () => {
    canned = await serve((response, count) =>
      count < 2
        ? jsonError(response, 400, 'ThrottlingException', 'Rate exceeded')
        : json(response, 200, {Version: 2, Tier: 'Standard'}),
    )
    const store = await openAws(canned.settings, {timeoutMs: 30_000}).parameters()
    assert.equal(await store.put(parameter, 'v', {secure: true, overwrite: true}), 2)
    assert.equal(canned.seen.length, 2)
  })

  it('tries a reading again after an error of AWS itself, five times in all', async () => {
    const error = await failure((response) => jsonError(response, 500, 'InternalServerError', 'oops'))
    assert.equal(error.code, 'AWS_UNAVAILABLE')
    assert.equal(error.exit, 7)
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: ${canned.host} failed with HTTP 500 InternalServerError`,
    )
    assert.equal(canned.seen.length, 5)
  })

  it('does not send a change again whose answer may be all that was lost', async () => {
    const failed = await failure((response) => xmlError(response, 500, 'InternalFailure', 'oops'), terminate)
    assert.equal(failed.code, 'AWS_UNAVAILABLE')
    assert.equal(canned.seen.length, 1)
    await canned.close()
    const reset = await failure((response) => response.destroy(), terminate)
    assert.equal(reset.code, 'AWS_UNREACHABLE')
    assert.equal(canned.seen.length, 1)
  })

  it('tries a reading again after a broken connection', async () => {
    const error = await failure((response) => response.destroy())
    assert.equal(error.code, 'AWS_UNREACHABLE')
    assert.equal(
      error.message,
      `ssm:GetParameters on ${parameter} in us-east-2: the connection to ${canned.host} failed (ECONNRESET)`,
    )
    assert.equal(canned.seen.length, 5)
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
        `ssm:GetParameters on ${parameter} in us-east-2: no answer from ${canned.host} within 200 ms`,
      )
      // None where the time was over before the request had arrived.
      assert.ok(canned.seen.length <= 1, `${canned.seen.length} requests`)
    })
  }

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
  ] as [string, typeof whoAmI, number, string][]) {
    it(`does not take for AWS: ${what}`, async () => {
      const error = await failure((r) => void r.writeHead(status, {'content-type': 'text/html'}).end(body), act)
      assert.equal(error.code, 'AWS_BAD_ANSWER')
      assert.equal(error.exit, 7)
      assert.match(error.message, new RegExp(`: ${canned.host} answered with something that is not AWS's`))
      assert.doesNotMatch(inspect(error, {depth: 20, showHidden: true}), /log in here|SUA/)
    })
  }

  it('tells an instance that is not there from a request that is not valid', async () => {
    const text = 'Instance Id not found - No managed instance found for instance ID: i-1'
    const missing = await failure((response) => xmlError(response, 400, 'ValidationError', text), terminate)
    assert.deepEqual([missing.code, missing.exit], ['AWS_NOT_FOUND', 9])
    assert.equal(
      missing.message,
      `autoscaling:TerminateInstanceInAutoScalingGroup on i-1 in us-east-2: not found: ${text}`,
    )
    await canned.close()
    const invalid = await failure((r) => jsonError(r, 400, 'ValidationException', 'must be fully qualified'))
    assert.deepEqual([invalid.code, invalid.exit], ['AWS_INVALID_REQUEST', 2])
  })

  it('says when another change is under way', async () => {
    const error = await failure((response) => xmlError(response, 400, 'ScalingActivityInProgress', 'wait'), terminate)
    assert.deepEqual([error.code, error.exit], ['AWS_BUSY', 3])
  })

  it('refuses to overwrite with a code of its own', async () => {
    const error = await failure(
      (response) => jsonError(response, 400, 'ParameterAlreadyExists', 'exists'),
      async (aws) => (await aws.parameters()).put(parameter, 'v', {secure: false, overwrite: false}),
    )
    assert.deepEqual([error.code, error.exit], ['PARAMETER_EXISTS', 3])
  })

  it('passes on a refusal it does not know, in one line of bounded length', async () => {
    const error = await failure((r) => jsonError(r, 400, 'SomethingNew', `${'x'.repeat(5000)}\nsecond line`))
    assert.deepEqual([error.code, error.exit], ['AWS_REFUSED', 3])
    assert.ok(error.message.length < 600)
    assert.doesNotMatch(error.message, /\n/)
  })

  it('never shows a value, a key or a signature, in whatever depth', async () => {
    const value = 'SUAEXAMPLESEEDVALUE'
    const put = async (aws: Aws): Promise<unknown> =>
      (await aws.parameters()).put(parameter, value, {secure: true, overwrite: true})
    const replies: Reply[] = [
      (r) =>
        jsonError(r, 400, 'ValidationException', `1 validation error detected: Value '${value}' at 'value' failed`),
      (r, _count, seen) => jsonError(r, 400, 'Odd', `cannot read ${seen.body}`),
      (r, _count, seen) => void r.writeHead(200).end(seen.body.slice(0, -1)),
      (r) => r.destroy(),
    ]
    for (const reply of replies) {
      const error = await failure(reply, put)
      const signature = /Signature=(\w+)/.exec(canned.seen[0]?.headers.authorization ?? '')?.[1]
      assert.ok(signature, 'the request was signed')
      assert.match(canned.seen[0]!.body, new RegExp(value))
      const shown = inspect(error, {depth: 20, showHidden: true, getters: true})
      for (const secret of [value, secretKey, signature]) assert.ok(!shown.includes(secret), shown)
      assert.ok(error.cause instanceof Error)
      await canned.close()
    }
    canned = await serve(() => {})
  })

  it('keeps what support asks for in the cause', async () => {
    const error = await failure((response) => jsonError(response, 400, 'AccessDeniedException', 'no'))
    const {name, message, ...rest} = error.cause as Error
    assert.deepEqual(
      {name, message, ...rest},
      {
        name: 'AccessDeniedException',
        message: 'no',
        status: 400,
        requestId: 'request-1',
        attempts: 1,
      },
    )
  })
})

describe('an AWS that cannot be reached', () => {
  async function failure(endpoint: string): Promise<OpsError> {
    const canned = await serve(() => {})
    await canned.close()
    const settings = {...canned.settings, endpoints: {all: endpoint.replace('CLOSED', canned.host)}}
    const again = await serve(() => {})
    try {
      return await rejection(
        whoAmI(openAws({...settings, credentialsFile: again.settings.credentialsFile}, {timeoutMs: 30_000})),
      )
    } finally {
      await again.close()
    }
  }

  it('names the host that refuses the connection', async () => {
    const error = await failure('http://CLOSED')
    assert.deepEqual([error.code, error.exit], ['AWS_UNREACHABLE', 7])
    assert.match(error.message, /^sts:GetCallerIdentity in us-east-2: 127\.0\.0\.1:\d+ refused the connection$/)
  })

  it('names the host that does not resolve', async () => {
    const error = await failure('http://nowhere.invalid')
    assert.deepEqual(describeError(error), {
      code: 'AWS_UNREACHABLE',
      exit: 7,
      message: 'sts:GetCallerIdentity in us-east-2: nowhere.invalid does not resolve',
      suggestions: ['check the network, and that us-east-2 is a region'],
    })
  })

  it('says when TLS is what fails', async () => {
    const server = createServer((socket) => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as {port: number}
    try {
      const error = await failure(`https://127.0.0.1:${port}`)
      assert.deepEqual([error.code, error.exit], ['AWS_TLS', 7])
      assert.match(error.message, new RegExp(`no trusted TLS connection to 127\\.0\\.0\\.1:${port} \\(\\w+\\)$`))
    } finally {
      server.close()
    }
  })

  it('names an endpoint URL that is none', async () => {
    const error = await failure('not a url')
    assert.deepEqual([error.code, error.exit], ['AWS_CONFIGURATION', 2])
    assert.equal(error.message, 'sts:GetCallerIdentity in us-east-2: Invalid URL: not a url')
  })

  it('names a region that is none', async () => {
    const canned = await serve(() => {})
    try {
      const error = await rejection(
        whoAmI(openAws({...canned.settings, endpoints: {}, region: 'us east'}, {timeoutMs: 30_000})),
      )
      assert.deepEqual([error.code, error.exit], ['AWS_CONFIGURATION', 2])
      assert.match(error.message, /region="us east"/)
    } finally {
      await canned.close()
    }
  })
})

async function rejection(work: Promise<unknown>): Promise<OpsError> {
  const outcome = await work.then(
    (value) => assert.fail(`resolved with ${inspect(value)}`),
    (error: unknown) => error,
  )
  if (!(outcome instanceof OpsError)) throw outcome
  return outcome
}
