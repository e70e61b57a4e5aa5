import type {CredentialInspector} from '../ports.ts'
import {loadNkeys} from './ed25519.ts'

const KINDS: Readonly<Record<string, 'user' | 'account' | 'operator'>> = {U: 'user', A: 'account', O: 'operator'}

/** Over nkeys.js. Answers "no" to whatever is no key, never throws and keeps no copy of a seed. */
export const credentialInspector: CredentialInspector = {
  publicKeyOf(seed) {
    const {fromSeed} = loadNkeys()
    const bytes = new TextEncoder().encode(seed)
    try {
      const pair = fromSeed(bytes)
      const publicKey = pair.getPublicKey()
      pair.clear()
      return {publicKey, kind: KINDS[publicKey.charAt(0)] ?? 'other'}
    } catch {
      return undefined
    } finally {
      bytes.fill(0)
    }
  },
  verifySignature(jwt) {
    const {fromPublic} = loadNkeys()
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    try {
      const {iss} = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {iss: string}
      const signed = new TextEncoder().encode(`${header}.${payload}`)
      return fromPublic(iss).verify(signed, Buffer.from(signature, 'base64url'))
    } catch {
      return false
    }
  },
}
