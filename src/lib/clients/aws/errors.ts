import type {AwsService} from '../../domain/settings.ts'
import {quoteForShell} from '../../domain/shell.ts'
import {Exit, OpsError} from '../../errors.ts'
import {causeOf, type Facts, factsOf} from './error-facts.ts'
import {type AwsOrigin, identityOf, waysToLogIn} from './origin.ts'

/** One call to AWS, in the words of its error message. */
export interface AwsCall {
  readonly service: AwsService
  /** As IAM spells it, without the prefix: GetParameters. */
  readonly action: string
  /** What it is about, in words: a parameter's name, an instance id; empty for calls about nothing in particular. */
  readonly resource: string
  /** What a policy has to allow the action on: `parameter/a/b`, or `*` for actions IAM cannot narrow. */
  readonly iamResource: string
  /** Values that were sent and must not come back in a message: AWS quotes what it refuses. */
  readonly secrets?: readonly string[]
}

interface Explanation {
  readonly code: string
  readonly exit: Exit
  /** Goes after the call's name. */
  readonly problem: string
  readonly suggestions?: readonly string[]
}

/**
 * An error of an SDK client as an OpsError that names the call, the resource, the region and what is missing.
 * `cause` is a copy reduced to name, message, HTTP status, request id and stack, and `sent: false` where AWS surely never
 * heard of it: the SDK's own error drags along the
 * request with its signature and the answer with decrypted values. What no client threw is returned unchanged: a bug.
 *
 * Credentials and permissions exit with 10; network, time limits, throttling that outlasted every retry and AWS's own
 * failures with 7 (AWS could not be used now, nothing is wrong with the request); not found with 9; what AWS calls
 * invalid with 2; a refusal because of the state of the resource with 3.
 */
export function translateError(error: unknown, call: AwsCall, origin: AwsOrigin): unknown {
  const facts = factsOf(error, call.secrets ?? [])
  const explanation = facts && explain(facts, call, origin)
  if (!explanation) return error
  const {code, exit, problem, suggestions = []} = explanation
  const resource = call.resource === '' ? '' : ` on ${call.resource}`
  return new OpsError(`${call.service}:${call.action}${resource} in ${origin.region}: ${problem}`, {
    code,
    exit,
    suggestions,
    cause: causeOf(error as Error, facts),
  })
}

function explain(facts: Facts, call: AwsCall, origin: AwsOrigin): Explanation | undefined {
  switch (facts.kind) {
    case 'credentials':
      return explainCredentials(facts, origin)
    case 'network':
      return explainNetwork(facts, origin)
    case 'timeout':
      return {
        code: 'AWS_TIMEOUT',
        exit: Exit.unreachable,
        problem: `no answer from ${hostOf(facts, origin)} within ${origin.timeoutMs} ms`,
        suggestions: ['check the network, or give it longer with --timeout'],
      }
    case 'undecodable':
      return {
        code: 'AWS_BAD_ANSWER',
        exit: Exit.unreachable,
        problem: `${hostOf(facts, origin)} answered with something that is not AWS's${facts.status === undefined ? '' : ` (HTTP ${facts.status})`}`,
        suggestions: ['check for a proxy or a captive portal, and the endpoint URL if one is set'],
      }
    case 'configuration':
      return {code: 'AWS_CONFIGURATION', exit: Exit.usage, problem: facts.message}
    case 'service':
      return (
        explainIdentity(facts, call, origin) ?? explainState(facts) ?? explainRequest(facts, origin) ?? fallback(facts)
      )
    case 'foreign':
      return undefined
  }
}

const expired = /^(ExpiredToken(Exception)?|TokenRefreshRequired)$/
const skewed = /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)$/
const badSignature = /^(SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature(Exception)?)$/
const unknownKey =
  /^(UnrecognizedClientException|InvalidClientTokenId|InvalidAccessKeyId|AuthFailure|MissingAuthenticationToken(Exception)?)$/
const denied = /^(AccessDenied(Exception)?|UnauthorizedOperation|UnauthorizedAccess|NotAuthorized|OptInRequired)$/

/** Whose request it is: expired, unknown, wrongly signed, or not allowed. */
function explainIdentity(facts: Facts, call: AwsCall, origin: AwsOrigin): Explanation | undefined {
  const {name, message} = facts
  const who = identityOf(origin)
  if (expired.test(name)) {
    return {
      code: 'AWS_CREDENTIALS_EXPIRED',
      exit: Exit.auth,
      problem: `the credentials of ${who} have expired`,
      suggestions: waysToLogIn(origin),
    }
  }
  if (skewed.test(name) || (badSignature.test(name) && /signature (expired|not yet current)/i.test(message))) {
    return {
      code: 'AWS_CLOCK_SKEW',
      exit: Exit.auth,
      problem: `AWS refused the time of the request: this machine's clock reads ${facts.sentAt ?? 'another time than AWS'}`,
      suggestions: ['set the clock: sudo timedatectl set-ntp true (Linux), sudo sntp -sS time.apple.com (macOS)'],
    }
  }
  if (badSignature.test(name)) {
    return {
      code: 'AWS_CREDENTIALS_REFUSED',
      exit: Exit.auth,
      problem: `the secret key of ${who} does not belong to its access key`,
      suggestions: waysToLogIn(origin),
    }
  }
  if (unknownKey.test(name)) {
    return {
      code: 'AWS_CREDENTIALS_REFUSED',
      exit: Exit.auth,
      problem: `AWS does not know the access key of ${who}`,
      suggestions: waysToLogIn(origin),
    }
  }
  return denied.test(name) ? explainDenial(message, call, origin) : undefined
}

/** AWS's own words name the identity, the action (kms:Decrypt, say, in ssm:GetParameters) and the kind of policy. */
function explainDenial(message: string, call: AwsCall, origin: AwsOrigin): Explanation {
  const user = /User: (\S+)/.exec(message)?.[1]
  const action = /not authorized to perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? `${call.service}:${call.action}`
  const resource = /on resource: (\S+)/.exec(message)?.[1] ?? arnOf(call, origin)
  const reason = /because (.+?)\.?$/.exec(message)?.[1]
  const {profile, source} = origin
  return {
    code: 'AWS_ACCESS_DENIED',
    exit: Exit.auth,
    problem: `${user ?? identityOf(origin)} is not allowed ${action} on ${resource}${reason ? `: ${reason}` : ''}`,
    suggestions: [
      `have ${action} on ${resource} allowed (docs/iam.md lists what each command needs)`,
      ...(source === 'profile' && origin.credentialsFile === undefined
        ? [quoteForShell(['aws', 'sts', 'get-caller-identity', '--profile', profile])]
        : []),
    ],
  }
}

const throttled =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|BandwidthLimitExceeded|SlowDown|PriorRequestNotComplete|EC2ThrottledException)/
const busy = /^(ScalingActivityInProgress|InstanceRefreshInProgress|ResourceContention|TooManyUpdates)/

/** The request is fine, but not now. */
function explainState({name, message, status, attempts}: Facts): Explanation | undefined {
  if (throttled.test(name) || status === 429) {
    return {
      code: 'AWS_THROTTLED',
      exit: Exit.unreachable,
      problem: `AWS limits the rate of this call${attempts !== undefined && attempts > 1 ? `, still after ${attempts} attempts` : ''}`,
      suggestions: ['wait a minute and try again'],
    }
  }
  if (name === 'ParameterAlreadyExists') {
    return {code: 'PARAMETER_EXISTS', exit: Exit.refused, problem: 'the parameter exists already'}
  }
  if (name === 'InvalidInstanceId' || name === 'TargetNotConnected') {
    return {
      code: 'INSTANCE_NOT_MANAGED',
      exit: Exit.unreachable,
      problem: 'no SSM agent answers on this instance: it is not running, or its agent or its role is missing',
      suggestions: ['aws ssm describe-instance-information', 'check AmazonSSMManagedInstanceCore on its role'],
    }
  }
  if (busy.test(name)) {
    return {code: 'AWS_BUSY', exit: Exit.refused, problem: `another change is under way: ${message}`}
  }
  return undefined
}

/** The request itself: about something that is not there, or not valid, or not answered. */
function explainRequest({name, message, status}: Facts, origin: AwsOrigin): Explanation | undefined {
  if (/NotFound/.test(name) || (/^Validation/.test(name) && /not found/i.test(message))) {
    return {code: 'AWS_NOT_FOUND', exit: Exit.notFound, problem: `not found: ${message}`}
  }
  if (status !== undefined && status >= 500) {
    return {
      code: 'AWS_UNAVAILABLE',
      exit: Exit.unreachable,
      problem: `${origin.host ?? 'AWS'} failed with HTTP ${status} ${name}`,
      suggestions: ['try again; https://health.aws.amazon.com/health/status tells of outages'],
    }
  }
  if (/^(Validation|Invalid|Unsupported|ParameterPattern|Hierarchy|MalformedQuery)/.test(name)) {
    return {code: 'AWS_INVALID_REQUEST', exit: Exit.usage, problem: `not valid: ${message}`}
  }
  return undefined
}

function fallback({name, message}: Facts): Explanation {
  return {code: 'AWS_REFUSED', exit: Exit.refused, problem: `AWS refused with ${name}: ${message}`}
}

/** No request was sent: no credentials, or the place they come from refused. */
function explainCredentials({message, networkCode}: Facts, origin: AwsOrigin): Explanation {
  if (networkCode !== undefined) {
    return {
      code: 'AWS_UNREACHABLE',
      exit: Exit.unreachable,
      problem: `cannot get credentials for ${identityOf(origin)}: ${message}`,
      suggestions: ['check the network and the VPN'],
    }
  }
  if (/\bsso\b|token is expired|session token|UnauthorizedException/i.test(message)) {
    return {
      code: 'AWS_CREDENTIALS_EXPIRED',
      exit: Exit.auth,
      problem: `profile ${origin.profile} is not logged in: ${message}`,
      suggestions: [quoteForShell(['aws', 'sso', 'login', '--profile', origin.profile])],
    }
  }
  if (/^Could not resolve credentials using profile/.test(message)) {
    return {
      code: 'AWS_CREDENTIALS_MISSING',
      exit: Exit.auth,
      problem: `${identityOf(origin)} does not exist, or names no credentials`,
      suggestions: origin.credentialsFile === undefined ? ['aws configure list-profiles'] : waysToLogIn(origin),
    }
  }
  return {
    code: 'AWS_CREDENTIALS_MISSING',
    exit: Exit.auth,
    problem:
      origin.source === 'profile'
        ? `no credentials from ${identityOf(origin)}: ${message}`
        : 'there are no AWS credentials',
    suggestions: waysToLogIn(origin),
  }
}

const certificate = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO/

function explainNetwork(facts: Facts, origin: AwsOrigin): Explanation {
  const host = hostOf(facts, origin)
  const {networkCode = 'unknown'} = facts
  if (certificate.test(networkCode)) {
    return {
      code: 'AWS_TLS',
      exit: Exit.unreachable,
      problem: `no trusted TLS connection to ${host} (${networkCode})`,
      suggestions: ['where a gateway inspects TLS, trust its authority: export NODE_EXTRA_CA_CERTS=FILE.pem'],
    }
  }
  const {problem, suggestion} =
    networkCode === 'ENOTFOUND' || networkCode === 'EAI_AGAIN'
      ? {problem: `${host} does not resolve`, suggestion: `check the network, and that ${origin.region} is a region`}
      : networkCode === 'ECONNREFUSED'
        ? {
            problem: `${host} refused the connection`,
            suggestion: 'check the endpoint URL, and that something listens there',
          }
        : {problem: `the connection to ${host} failed (${networkCode})`, suggestion: 'check the network and the VPN'}
  return {code: 'AWS_UNREACHABLE', exit: Exit.unreachable, problem, suggestions: [suggestion]}
}

function hostOf(facts: Facts, {host}: AwsOrigin): string {
  return host ?? facts.host ?? 'the endpoint'
}

function arnOf({service, iamResource}: AwsCall, {region}: AwsOrigin): string {
  return iamResource === '*' ? '*' : `arn:aws:${service}:${region}:*:${iamResource}`
}
