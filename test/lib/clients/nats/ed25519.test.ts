import assert from 'node:assert/strict'
import {createRequire} from 'node:module'
import {loadNkeys} from '../../../../src/lib/clients/nats/ed25519.ts'

/** RFC 8032, 7.1, tests 1 and 2: seed, public key, message, signature. */
const vectors = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
] as const

describe('the Ed25519 that nkeys.js uses here', () => {
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
  const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')

  it('makes the keys and signatures of the standard, and knows a wrong one', () => {
    loadNkeys()
    const {getEd25519Helper} = createRequire(import.meta.url)('nkeys.js/lib/helper.js')
    const ed25519 = getEd25519Helper()
    for (const [seed, publicKey, message, signature] of vectors) {
      const pair = ed25519.fromSeed(bytes(seed))
      assert.deepEqual([hex(pair.publicKey), hex(pair.secretKey)], [publicKey, seed + publicKey])
      assert.equal(hex(ed25519.sign(bytes(message), pair.secretKey)), signature)
      assert.equal(ed25519.verify(bytes(message), bytes(signature), pair.publicKey), true)
      assert.equal(ed25519.verify(bytes(`${message}00`), bytes(signature), pair.publicKey), false)
    }
  })

  it('makes keys of its own that work, all different', () => {
    const {createUser, fromPublic, fromSeed} = loadNkeys()
    const [one, other] = [createUser(), createUser()]
    assert.notEqual(one.getPublicKey(), other.getPublicKey())
    const signature = fromSeed(one.getSeed()).sign(bytes('0102'))
    assert.equal(fromPublic(one.getPublicKey()).verify(bytes('0102'), signature), true)
    assert.equal(fromPublic(other.getPublicKey()).verify(bytes('0102'), signature), false)
  })
})
