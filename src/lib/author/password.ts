import {randomBytes} from 'node:crypto'

/** Passwords as servers without an operator keep them: bcrypt. */

/** Below it a stolen hash is guessed cheaply; above the largest, every connection costs the server a second or more. */
export const BCRYPT_COSTS = {least: 11, largest: 14} as const

/** bcrypt takes no notice of what comes after. */
const LARGEST_BYTES = 72

/** Why it is no password, completing "the password ..."; undefined where it is one. Never quotes it. */
export function whyNoPassword(password: string): string | undefined {
  if (password === '') return 'is empty'
  if (/[\u0000-\u001f\u007f]/.test(password)) return 'has control characters or more than one line'
  const bytes = Buffer.byteLength(password)
  return bytes > LARGEST_BYTES ? `has ${bytes} bytes: bcrypt reads ${LARGEST_BYTES} of them and no more` : undefined
}

/**
 * bcrypt of a password, as `$2a$...`: the one form that nats-server also takes without quotes. For passwords of at most
 * 72 bytes, all that whyNoPassword lets through, it is the same as `$2b$`.
 */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const {genSalt, hash} = await import('bcryptjs')
  return hash(password, (await genSalt(cost)).replace(/^\$2b\$/, '$2a$'))
}

/** 32 letters, digits, `-` and `_`: 192 bits, nothing that a shell, a URL or YAML would read. */
export function generatePassword(): string {
  return randomBytes(24).toString('base64url')
}
