import assert from 'node:assert/strict'
import {inspect} from 'node:util'
import type {Aws} from '../../../../src/lib/clients/ports.ts'
import {describe as describeError} from '../../../../src/lib/errors.ts'
import {ec2Error, jsonError, type Reply, secretKey, xmlError} from './canned.ts'
import {
  type Call,
  describeInstances,
  FailingCalls,
  parameter,
  readParameter,
  terminate,
  whoAmI,
} from './failing-calls.ts'

describe('errors of AWS calls', function () {
  this.slow(3000)
  const calls = new FailingCalls()
  const {failure} = calls

  afterEach(() => calls.close())

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
    assert.equal(calls.canned.seen.length, 1, 'not retried')
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
      `ssm:GetParameters on ${parameter} in us-east-2: profile default of ${calls.canned.folder}/credentials is not allowed ` +
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
        `${calls.canned.folder}/credentials have expired`,
      suggestions: [`put current keys into profile default of ${calls.canned.folder}/credentials`],
    })
    assert.equal(calls.canned.seen.length, 1)
  })

  for (const [protocol, act, reply] of [
    ['JSON', readParameter, (r) => jsonError(r, 400, 'UnrecognizedClientException', 'invalid')],
    ['query', whoAmI, (r) => xmlError(r, 403, 'InvalidClientTokenId', 'invalid')],
    ['EC2', describeInstances, (r) => ec2Error(r, 401, 'AuthFailure', 'not able to validate')],
  ] as [string, Call, Reply][]) {
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
    await calls.close()
    const other = await failure((response) => jsonError(response, 400, 'InvalidSignatureException', late))
    assert.equal(other.code, 'AWS_CLOCK_SKEW')
    assert.match(other.message, /this machine's clock reads 20250101T000000Z$/)
  })

  it('tells an instance that is not there from a request that is not valid', async () => {
    const text = 'Instance Id not found - No managed instance found for instance ID: i-1'
    const missing = await failure((response) => xmlError(response, 400, 'ValidationError', text), terminate)
    assert.deepEqual([missing.code, missing.exit], ['AWS_NOT_FOUND', 9])
    assert.equal(
      missing.message,
      `autoscaling:TerminateInstanceInAutoScalingGroup on i-1 in us-east-2: not found: ${text}`,
    )
    await calls.close()
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
      const signature = /Signature=(\w+)/.exec(calls.canned.seen[0]?.headers.authorization ?? '')?.[1]
      assert.ok(signature, 'the request was signed')
      assert.match(calls.canned.seen[0]!.body, new RegExp(value))
      const shown = inspect(error, {depth: 20, showHidden: true, getters: true})
      for (const secret of [value, secretKey, signature]) assert.ok(!shown.includes(secret), shown)
      assert.ok(error.cause instanceof Error)
      await calls.close()
    }
    await calls.serve(() => {})
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
