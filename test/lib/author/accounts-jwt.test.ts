import assert from 'node:assert/strict'
import {decode, encodeAccount} from '@nats-io/jwt'
import {
  changeAccount,
  readAccount,
  readOperator,
  signAccount,
  signOperator,
} from '../../../src/lib/author/accounts-jwt.ts'
import {createKey, keyOfSeed} from '../../../src/lib/author/accounts-keys.ts'
import {makeUser} from '../../support/credentials.ts'

const [FIRST, SECOND] = ['U'.padEnd(56, 'A'), 'U'.padEnd(56, 'B')]

describe('account JWTs', () => {
  it('are changed without losing what natsops knows nothing of', async () => {
    const [operator, account] = [await createKey('operator'), await createKey('account')]
    const claims = {
      imports: [{name: 'x', subject: 'x.>', type: 'stream', account: account.publicKey} as const],
      tags: ['a:b'],
      limits: {streams: 3, conn: 9},
      revocations: {[FIRST]: 50, [SECOND]: 500},
    }
    // The library writes into what it is given.
    const jwt = await encodeAccount('APP', account.publicKey, structuredClone(claims), {
      signer: operator.seed,
      exp: 4_000_000_000,
    })
    const changed = await changeAccount(jwt, operator, {revoke: [FIRST, SECOND], at: 100})
    const {exp, name, sub, iss, nats} = decode<typeof claims>(changed)
    assert.deepEqual([exp, name, sub, iss], [4_000_000_000, 'APP', account.publicKey, operator.publicKey])
    const {type, version, ...content} = nats as typeof claims & {type: string; version: number}
    assert.deepEqual([type, version], ['account', 2])
    assert.deepEqual(content, {...claims, revocations: {[FIRST]: 100, [SECOND]: 500}})
    const limited = await changeAccount(changed, operator, {
      jetStream: {memoryStorage: 1, fileStorage: 2, streams: 3, consumers: 4},
      at: 100,
    })
    assert.deepEqual(decode<typeof claims>(limited).nats.limits, {
      streams: 3,
      conn: 9,
      mem_storage: 1,
      disk_storage: 2,
      consumer: 4,
    })
  })

  it('are not read where the kind or the signature is another one', async () => {
    const [operator, account] = [await createKey('operator'), await createKey('account')]
    const jwt = await signOperator('o', operator, {signingKey: operator.publicKey, systemAccount: account.publicKey})
    const content = {name: 'APP', publicKey: account.publicKey, signingKeys: [], jetStream: undefined}
    const signed = await signAccount(content, operator)
    assert.equal((await readOperator(jwt))?.publicKey, operator.publicKey)
    assert.equal((await readAccount(signed))?.issuer, operator.publicKey)
    const [header, , signature] = signed.split('.')
    const forged = [header, jwt.split('.')[1], signature].join('.')
    const {jwt: user} = await makeUser()
    for (const text of [jwt, user, forged, 'a.b.c', '']) assert.equal(await readAccount(text), undefined)
    for (const text of [signed, user, forged, 'a.b.c', '']) assert.equal(await readOperator(text), undefined)
  })
})

describe('keyOfSeed', () => {
  it('takes a seed of the kind that is asked for, and nothing else', async () => {
    const {publicKey, seed} = await createKey('account')
    assert.deepEqual(await keyOfSeed('account', ` ${seed}\n`), {publicKey, seed})
    for (const text of [publicKey, '', 'S', `${seed}A`, (await makeUser()).seed]) {
      assert.equal(await keyOfSeed('account', text), undefined)
    }
    assert.equal(await keyOfSeed('operator', seed), undefined)
  })
})
