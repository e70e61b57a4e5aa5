import {Exit, OpsError} from '../errors.ts'
import {readSmallFile} from '../files.ts'
import type {AuthorityPreload} from './server-config.ts'

/**
 * What servers in operator mode are told of their operator and accounts, as a file: JSON for whoever reads it here, and
 * at the same time a configuration that nats-server includes as it is. Nothing in it is secret.
 */

/** The text of the file; the same authority gives the same bytes, whatever the order of its accounts. */
export function renderPreload({operatorJwt, systemAccount, accountJwts}: AuthorityPreload): string {
  const resolver_preload = Object.fromEntries(Object.entries(accountJwts).sort(([a], [b]) => (a < b ? -1 : 1)))
  const document = {operator: operatorJwt, system_account: systemAccount, resolver: 'MEMORY', resolver_preload}
  return `${JSON.stringify(document, undefined, 2)}\n`
}

const LARGEST_BYTES = 16 * 1024 * 1024

/** Reads such a file. Rejects with FILE_NOT_FOUND (exit 9) or PRELOAD_BROKEN (exit 2). */
export async function readPreload(path: string): Promise<AuthorityPreload> {
  return parsePreload(path, await readSmallFile(path, LARGEST_BYTES))
}

/** As readPreload, of a text that was read already. */
export function parsePreload(path: string, text: string): AuthorityPreload {
  const {operator, system_account, resolver_preload} = parseObject(text) ?? {}
  const accounts = Object.entries(typeof resolver_preload === 'object' && resolver_preload ? resolver_preload : {})
  const jwts = accounts.filter((entry): entry is [string, string] => ACCOUNT.test(entry[0]) && isJwt(entry[1]))
  const isComplete = jwts.length === accounts.length && jwts.some(([key]) => key === system_account)
  if (!isJwt(operator) || typeof system_account !== 'string' || !isComplete) {
    throw new OpsError(`${path} does not hold an operator's JWT and its accounts'`, {
      code: 'PRELOAD_BROKEN',
      exit: Exit.usage,
      suggestions: ['name the preload.json that natsops auth init wrote'],
    })
  }
  return {operatorJwt: operator, systemAccount: system_account, accountJwts: Object.fromEntries(jwts)}
}

const ACCOUNT = /^A[A-Z2-7]{55}$/

function isJwt(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
