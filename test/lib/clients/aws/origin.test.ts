import assert from 'node:assert/strict'
import {translateError} from '../../../../src/lib/clients/aws/errors.ts'
import {type AwsOrigin, waysToLogIn} from '../../../../src/lib/clients/aws/origin.ts'
import {OpsError} from '../../../../src/lib/errors.ts'

/** As only the project file of somebody else's repository would name it. */
const origin: AwsOrigin = {
  region: 'us-east-2',
  profile: 'a; $(reboot)',
  credentialsFile: undefined,
  source: 'profile',
  host: undefined,
  timeoutMs: 1000,
}
const call = {service: 'ssm', action: 'GetParameters', resource: '', iamResource: '*'} as const

describe('the profile in a command to be pasted', () => {
  it('is quoted where it is to log in', () => {
    assert.deepEqual(waysToLogIn(origin), [
      "aws sso login --profile 'a; $(reboot)'",
      "aws configure --profile 'a; $(reboot)'",
    ])
    const plain = {...origin, profile: 'prod'}
    assert.deepEqual(waysToLogIn(plain), ['aws sso login --profile prod', 'aws configure --profile prod'])
  })

  it('is quoted where its SSO session ended, and where it is not allowed to do something', () => {
    const ended = Object.assign(new Error('Token is expired'), {name: 'CredentialsProviderError'})
    const denied = Object.assign(new Error('no'), {name: 'AccessDeniedException', $fault: 'client'})
    const [login, identity] = [ended, denied].map((error) => translateError(error, call, origin))
    assert.ok(login instanceof OpsError && identity instanceof OpsError)
    assert.deepEqual(login.suggestions, ["aws sso login --profile 'a; $(reboot)'"])
    assert.deepEqual(identity.suggestions.slice(1), ["aws sts get-caller-identity --profile 'a; $(reboot)'"])
  })
})
