import {ServiceFailure} from './failure.ts'
import type {Complaints} from './input.ts'
import type {Refusal} from './service.ts'

/** The same refusals under each kind of service's own codes and statuses. */

type Table = Readonly<Record<Refusal, readonly [code: string, status: number, message?: string]>>

const json: Table = {
  missing: ['MissingAuthenticationTokenException', 400],
  incomplete: ['IncompleteSignatureException', 400],
  'unknown-key': ['UnrecognizedClientException', 400],
  mismatch: ['InvalidSignatureException', 400],
  skewed: ['InvalidSignatureException', 400],
  denied: ['AccessDeniedException', 400],
  expired: ['ExpiredTokenException', 400, 'The security token included in the request is expired'],
  throttled: ['ThrottlingException', 400, 'Rate exceeded'],
}

const query: Table = {
  missing: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  incomplete: ['IncompleteSignature', 400],
  'unknown-key': ['InvalidClientTokenId', 403, 'The security token included in the request is invalid.'],
  mismatch: ['SignatureDoesNotMatch', 403],
  skewed: ['SignatureDoesNotMatch', 403],
  denied: ['AccessDenied', 403],
  expired: ['ExpiredToken', 403, 'The security token included in the request is expired'],
  throttled: ['Throttling', 400, 'Rate exceeded'],
}

/** EC2 has one answer for a wrong key, a wrong secret and a wrong clock. */
const notValidated = 'AWS was not able to validate the provided access credentials'

const ec2: Table = {
  missing: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  incomplete: ['IncompleteSignature', 400],
  'unknown-key': ['AuthFailure', 401, notValidated],
  mismatch: ['AuthFailure', 401, notValidated],
  skewed: ['AuthFailure', 401, notValidated],
  denied: ['UnauthorizedOperation', 403],
  expired: ['RequestExpired', 400, 'Request has expired.'],
  throttled: ['RequestLimitExceeded', 503, 'Request limit exceeded.'],
}

const refuseBy =
  (table: Table) =>
  (refusal: Refusal, message: string): ServiceFailure => {
    const [code, status, own] = table[refusal]
    return new ServiceFailure(code, own ?? message, status)
  }

export const refuseAsJson = refuseBy(json)
export const refuseAsQuery = refuseBy(query)
export const refuseAsEc2 = refuseBy(ec2)

/** SSM and Auto Scaling complain in the same words under different codes. */
export function validationComplaints(code: string): Complaints {
  return {
    missing: (name) => complain(code, 'null', name, 'not be null'),
    invalid: (name, value, constraint) => complain(code, String(value), name, constraint),
  }
}

function complain(code: string, value: string, name: string, constraint: string): ServiceFailure {
  const member = name.charAt(0).toLowerCase() + name.slice(1)
  return new ServiceFailure(
    code,
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
  )
}

export const ec2Complaints: Complaints = {
  missing: (name) => new ServiceFailure('MissingParameter', `The request must contain the parameter ${name}`),
  invalid: (name, value, constraint) =>
    new ServiceFailure(
      'InvalidParameterValue',
      `Value ( ${value} ) for parameter ${name} is invalid. It must ${constraint}.`,
    ),
}
