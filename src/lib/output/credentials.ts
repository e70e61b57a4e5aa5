import type {ClaimsView} from '../domain/credentials-view.ts'
import type {Field} from './fields.ts'
import {humanBytes, humanCount, relativeTime} from './format.ts'

/** The user a JWT is for, as `creds fetch` and `creds show` print it. */
export function identityFields({identity, accountId, expiresAt}: ClaimsView, now: number): readonly Field[] {
  return [
    ['user', `${identity.name} ${identity.publicKey}`.trim()],
    ['account', accountId],
    ['expires', moment(expiresAt, now) ?? 'never'],
  ]
}

/** What the user may do. */
export function permissionFields(claims: ClaimsView, now: number): readonly Field[] {
  const {permissions, limits} = claims
  const {publish, subscribe, responses} = permissions
  const anything = permissions.scoped ? "as the account's signing key allows" : 'everything'
  const replies = responses && `${responses.max} of a request, to its reply subject`
  return [
    ['signing key', claims.signingKey ?? []],
    ['issued', moment(claims.issuedAt, now) ?? []],
    ['valid from', moment(claims.validFrom, now) ?? []],
    ['publish', publish.allow.length > 0 ? publish.allow : anything],
    ['not publish', publish.deny],
    ['subscribe', subscribe.allow.length > 0 ? subscribe.allow : anything],
    ['not subscribe', subscribe.deny],
    ['responses', replies ?? []],
    ['subscriptions', limits.subscriptions === null ? [] : `at most ${humanCount(limits.subscriptions)}`],
    ['data', limits.dataBytes === null ? [] : `at most ${humanBytes(limits.dataBytes)}`],
    ['payload', limits.payloadBytes === null ? [] : `at most ${humanBytes(limits.payloadBytes)} a message`],
    ['connections', claims.connectionTypes],
    ['from', claims.sources],
    ['tags', claims.tags],
    ['bearer', claims.bearer ? 'the JWT alone is enough, without the seed' : []],
  ]
}

/** The exact time, and how far it is from now. */
export function moment(time: string | null, now: number): string | undefined {
  return time === null ? undefined : `${time} (${relativeTime(Date.parse(time), now)})`
}
