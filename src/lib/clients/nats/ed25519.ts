import {createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify} from 'node:crypto'
import {createRequire} from 'node:module'

/** DER of a key up to its 32 bytes (RFC 8410). */
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex')
const SIZE = 32

/** What nkeys.js does its arithmetic with; a secret key is the seed and the public key after it, 64 bytes. */
interface Ed25519 {
  fromSeed(seed: Uint8Array): {readonly publicKey: Uint8Array; readonly secretKey: Uint8Array}
  sign(data: Uint8Array, secretKey: Uint8Array): Uint8Array
  verify(data: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
  randomBytes(count: number): Uint8Array
}

const ed25519: Ed25519 = {
  fromSeed: (seed) => {
    const publicKey = new Uint8Array(
      createPublicKey(privateKey(seed)).export({format: 'der', type: 'spki'}).subarray(-SIZE),
    )
    const secretKey = new Uint8Array(2 * SIZE)
    secretKey.set(seed)
    secretKey.set(publicKey, SIZE)
    return {publicKey, secretKey}
  },
  sign: (data, secretKey) => new Uint8Array(sign(null, data, privateKey(secretKey.subarray(0, SIZE)))),
  verify: (data, signature, publicKey) => {
    const key = createPublicKey({key: Buffer.concat([PUBLIC, publicKey]), format: 'der', type: 'spki'})
    return verify(null, data, key, signature)
  },
  randomBytes: (count) => new Uint8Array(randomBytes(count)),
}

function privateKey(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([PRIVATE, seed])
  try {
    return createPrivateKey({key, format: 'der', type: 'pkcs8'})
  } finally {
    key.fill(0)
  }
}

/**
 * Loads nkeys.js and lets it use Node's own Ed25519 where it would use one in JavaScript: the same signatures in a
 * fiftieth of the time. The library of NATS connections uses the same nkeys.js. Call it before either signs anything.
 */
export function loadNkeys(): typeof import('nkeys.js') {
  const require = createRequire(import.meta.url)
  const nkeys = require('nkeys.js') as typeof import('nkeys.js')
  const {setEd25519Helper} = require('nkeys.js/lib/helper.js') as {setEd25519Helper(helper: Ed25519): void}
  setEd25519Helper(ed25519)
  return nkeys
}
