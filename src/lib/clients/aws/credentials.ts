import {setTimeout as delay} from 'node:timers/promises'
import type {AwsCredentialIdentity, AwsCredentialIdentityProvider} from '@smithy/types'
import type {ClusterSettings} from '../../domain/settings.ts'
import type {AwsOrigin} from './origin.ts'

/** The SDK warns on the console where it is given no logger; what it has to say to the operator comes in its errors. */
export const quietLogger = {debug: ignore, info: ignore, warn: ignore, error: ignore, trace: ignore}

/**
 * Time for one answer of the EC2 metadata service, milliseconds. On a laptop nothing is there and some networks drop
 * the packets: the SDK's own limit and its fallback to version 1 make "no credentials" take two seconds. On EC2 it
 * answers in a few.
 */
const instanceMetadataTimeoutMs = 500

type Found = AwsCredentialIdentity & {readonly $source?: Readonly<Record<string, string>>}

/**
 * Credentials by the SDK's own means. A profile or a credentials file in the settings is the operator's decision: it is
 * the only source then, so that a mistyped name never ends up as another identity. Without either, the SDK's
 * whole chain: environment, default profile, SSO, process, web identity, container, instance.
 */
export async function openCredentials({
  profile,
  credentialsFile,
}: Pick<ClusterSettings, 'profile' | 'credentialsFile'>): Promise<AwsCredentialIdentityProvider> {
  const logger = quietLogger
  if (credentialsFile !== undefined || profile !== undefined) {
    const {fromIni} = await import('@aws-sdk/credential-provider-ini')
    // The same file as both: ~/.aws/config has no say in a cluster that brings its own credentials.
    const files = credentialsFile === undefined ? {} : {filepath: credentialsFile, configFilepath: credentialsFile}
    const {doesIdentityRequireRefresh, isIdentityExpired, memoizeIdentityProvider} = await import('@smithy/core')
    const provider = fromIni({profile: profile ?? 'default', ...files, ignoreCache: true, logger})
    // One role to assume, one SSO request, however many clients there are.
    const lasting = keepingTheLast(provider)
    return memoizeIdentityProvider(lasting, isIdentityExpired, doesIdentityRequireRefresh) ?? lasting
  }
  const {defaultProvider} = await import('@aws-sdk/credential-provider-node')
  return defaultProvider({
    logger,
    ignoreCache: true,
    timeout: instanceMetadataTimeoutMs,
    maxRetries: 0,
    ec2MetadataV1Disabled: true,
  })
}

/** Nobody waits longer for a renewal while there are credentials that serve, milliseconds. */
const RENEWAL_LIMIT_MS = 10_000

/**
 * As in the SDK's own chain a renewal that fails takes nothing away: the credentials before it serve until their end. Nor
 * does one that hangs: every call would wait for a login service that does not answer, or a process that asks somebody.
 */
export function keepingTheLast(
  provider: AwsCredentialIdentityProvider,
  limitMs = RENEWAL_LIMIT_MS,
): AwsCredentialIdentityProvider {
  let last: AwsCredentialIdentity | undefined
  let hangs = false
  const serving = (): AwsCredentialIdentity | undefined =>
    (last?.expiration?.getTime() ?? 0) > Date.now() ? last : undefined
  return async (properties) => {
    const before = serving()
    if (before && hangs) return before
    const renewal = provider(properties)
      .then((found) => {
        last = found
        return found
      })
      .finally(() => {
        hangs = false
      })
    if (!before) return renewal
    const patience = new AbortController()
    const limit = delay(limitMs, undefined, {ref: false, signal: patience.signal}).then(() => {
      hangs = true
      return before
    })
    // The one that comes second is nobody's.
    for (const each of [renewal, limit]) each.catch(() => {})
    try {
      return await Promise.race([renewal, limit])
    } catch (error) {
      const still = serving()
      if (still) return still
      throw error
    } finally {
      patience.abort()
    }
  }
}

/** Where credentials came from, by the marks the SDK leaves on them. */
export function sourceOf(credentials: AwsCredentialIdentity): AwsOrigin['source'] {
  const marks = Object.keys((credentials as Found).$source ?? {})
  if (marks.includes('CREDENTIALS_ENV_VARS')) return 'environment'
  return marks.some((mark) => /PROFILE|SSO|PROCESS|LOGIN/.test(mark)) ? 'profile' : 'other'
}

function ignore(): void {}
