import assert from 'node:assert/strict'
import {GetParameterCommand, SSMClient} from '@aws-sdk/client-ssm'
import type {Authorize} from '../../../../src/lib/lab/aws/endpoint.ts'
import {account, credentials, type Lab, startLab, startWorld} from './support/lab.ts'
import {getParameter, type RawRequest, send} from './support/raw.ts'
import {refusals} from './support/refusals.ts'

describe('the AWS endpoint', () => {
  let lab: Lab
  let authorize: Authorize | undefined
  let now: () => number

  before(async () => {
    const {world} = await startWorld({nodes: 1})
    world.putParameter('/a', 'v')
    lab = await startLab(world, {
      authorize: (call) => authorize?.(call),
      now: () => now(),
    })
  })
  beforeEach(() => {
    authorize = undefined
    now = Date.now
  })
  after(() => lab.close())

  const raw = (request: Partial<RawRequest> = {}) => send(lab.url, {...getParameter, ...request})

  const token = 'The security token included in the request is invalid.'
  const calculated =
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
  const validate = '401 AuthFailure: AWS was not able to validate the provided access credentials'

  it('refuses an unknown access key as each service does', async () => {
    const stranger = {...credentials, accessKeyId: 'AKIASTRANGER'}
    assert.deepEqual(await refusals({...lab.settings, credentials: stranger}), {
      ssm: `400 UnrecognizedClientException: ${token}`,
      autoscaling: `403 InvalidClientTokenId: ${token}`,
      ec2: validate,
      sts: `403 InvalidClientTokenId: ${token}`,
    })
  })

  it('refuses a session token, even with the right key', async () => {
    const session = {...credentials, sessionToken: 'FwoGZXIvYXdzEXAMPLE'}
    assert.deepEqual(await refusals({...lab.settings, credentials: session}), {
      ssm: `400 UnrecognizedClientException: ${token}`,
      autoscaling: `403 InvalidClientTokenId: ${token}`,
      ec2: validate,
      sts: `403 InvalidClientTokenId: ${token}`,
    })
  })

  it('refuses a wrong secret as each service does', async () => {
    const wrong = {...credentials, secretAccessKey: 'wrong'}
    assert.deepEqual(await refusals({...lab.settings, credentials: wrong}), {
      ssm: `400 InvalidSignatureException: ${calculated}`,
      autoscaling: `403 SignatureDoesNotMatch: ${calculated}`,
      ec2: validate,
      sts: `403 SignatureDoesNotMatch: ${calculated}`,
    })
  })

  it('refuses a clock that is off, and lets the SDK correct itself', async () => {
    now = () => Date.now() + 6 * 60_000
    const answers = await refusals(lab.settings)
    assert.match(
      answers.ssm ?? '',
      /^400 InvalidSignatureException: Signature expired: \d{8}T\d{6}Z is now earlier than /,
    )
    assert.match(answers.autoscaling ?? '', /^403 SignatureDoesNotMatch: Signature expired: /)
    assert.equal(answers.ec2, validate)
    now = () => Date.now() - 6 * 60_000
    assert.match((await refusals(lab.settings)).sts ?? '', /^403 SignatureDoesNotMatch: Signature not yet current: /)
    const {Parameter} = await new SSMClient({...lab.settings, maxAttempts: 2}).send(
      new GetParameterCommand({Name: '/a'}),
    )
    assert.equal(Parameter?.Value, 'v')
  })

  it('refuses another region', async () => {
    const {ssm, ec2} = await refusals({...lab.settings, region: 'eu-west-1'})
    assert.equal(ssm, "400 InvalidSignatureException: Credential should be scoped to a valid region, not 'eu-west-1'.")
    assert.equal(ec2, validate)
    assert.equal((await refusals({...lab.settings, region: 'us-east-1'})).sts, 'answered', "STS's global endpoint")
  })

  it('refuses a request that changed on its way, or that is not signed at all', async () => {
    const {body, headers} = getParameter
    const type = (text: string) => JSON.parse(text).__type
    assert.equal(type((await raw({sentBody: '{"Name":"/b"}'})).text), 'InvalidSignatureException')
    const added = await raw({headers: {}, unsigned: headers})
    assert.equal(type(added.text), 'InvalidSignatureException')
    const unsigned = await fetch(lab.url, {method: 'POST', body, headers})
    assert.deepEqual(
      [unsigned.status, await unsigned.json()],
      [400, {__type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token'}],
    )
    const query = await fetch(lab.url, {method: 'POST', body: 'Action=DescribeAutoScalingGroups'})
    assert.equal(query.status, 403)
    assert.match(await query.text(), /<Code>MissingAuthenticationToken<\/Code>/)
    const basic = await fetch(lab.url, {method: 'POST', headers: {...headers, authorization: 'Basic YTpi'}})
    assert.equal(type(await basic.text()), 'IncompleteSignatureException')
  })

  it('asks whether a call is allowed, and refuses as each service does', async () => {
    const asked: string[] = []
    authorize = ({action}) => {
      asked.push(action)
      return 'denied'
    }
    const user = `User: arn:aws:iam::${account}:user/lab is not authorized to perform:`
    const because = (action: string) => `${user} ${action} because no identity-based policy allows the ${action} action`
    assert.deepEqual(await refusals(lab.settings), {
      ssm: `400 AccessDeniedException: ${because('ssm:GetParameter')}`,
      autoscaling: `403 AccessDenied: ${because('autoscaling:DescribeAutoScalingGroups')}`,
      ec2: `403 UnauthorizedOperation: ${because('ec2:DescribeInstances')}`,
      sts: `403 AccessDenied: ${because('sts:GetCallerIdentity')}`,
    })
    assert.deepEqual(asked.sort(), [
      'autoscaling:DescribeAutoScalingGroups',
      'ec2:DescribeInstances',
      'ssm:GetParameter',
      'sts:GetCallerIdentity',
    ])
    authorize = ({input}) => (input.text('Name') === '/a' ? 'expired' : 'throttled')
    const {sts, ...others} = await refusals(lab.settings)
    assert.match(sts ?? '', /^400 Throttling: Rate exceeded$/)
    assert.deepEqual(others, {
      ssm: '400 ExpiredTokenException: The security token included in the request is expired',
      autoscaling: '400 Throttling: Rate exceeded',
      ec2: '503 RequestLimitExceeded: Request limit exceeded.',
    })
    authorize = () => 'expired'
    assert.equal((await refusals(lab.settings)).ec2, '400 RequestExpired: Request has expired.')
  })
})
