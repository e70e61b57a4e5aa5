import assert from 'node:assert/strict'
import {credentialInspector} from '../../../src/lib/clients/nats/nkeys.ts'
import {checkCredentials, chooseOwner, exampleCommand} from '../../../src/lib/domain/credentials.ts'
import {makeAccount, makeUser, secretsOf, type TestUser} from '../../support/credentials.ts'

const now = Date.parse('2026-01-02T03:04:05Z')
const seconds = now / 1000

describe('checkCredentials', () => {
  let user: TestUser
  let other: TestUser
  before(async () => {
    user = await makeUser()
    other = await makeUser()
  })

  const check = (jwt: string, seed: string) =>
    checkCredentials(
      {jwt: {name: '/p/jwt', value: jwt}, seed: {name: '/p/seed', value: seed}},
      credentialInspector,
      now,
    )

  const refusal = (jwt: string, seed: string): string => {
    const result = check(jwt, seed)
    assert.ok(!result.ok)
    for (const secret of secretsOf(user, other)) assert.ok(!result.problem.message.includes(secret))
    return `${result.problem.code}: ${result.problem.message}`
  }

  it('accepts the JWT and the seed of one user', () => {
    const result = check(user.jwt, user.seed)
    assert.ok(result.ok)
    const {jwt, seed, claims} = result.credentials
    assert.deepEqual({jwt, seed, key: claims.publicKey}, {jwt: user.jwt, seed: user.seed, key: user.publicKey})
  })

  it('drops white space and newlines, also in the middle', () => {
    const broken = `\ufeff ${user.jwt.slice(0, 50)}\r\n${user.jwt.slice(50)}\n`
    const result = check(broken, `\t${user.seed} \n`)
    assert.ok(result.ok)
    assert.deepEqual([result.credentials.jwt, result.credentials.seed], [user.jwt, user.seed])
  })

  it('names the parameter that is empty', () => {
    assert.equal(refusal(' \n', user.seed), 'CREDENTIALS_INVALID: /p/jwt is empty')
    assert.equal(refusal(user.jwt, ''), 'CREDENTIALS_INVALID: /p/seed is empty')
  })

  it('recognises a swap, and one kind in both places', () => {
    assert.equal(refusal(user.seed, user.jwt), 'CREDENTIALS_INVALID: /p/jwt and /p/seed are swapped')
    assert.equal(refusal(user.seed, user.seed), 'CREDENTIALS_INVALID: /p/jwt holds a seed, not a JWT')
    assert.equal(refusal(user.jwt, user.jwt), 'CREDENTIALS_INVALID: /p/seed holds a JWT, not a seed')
  })

  it('refuses the seed of another user, of another kind, and what is no seed', async () => {
    const {seed} = await makeAccount()
    assert.equal(
      refusal(user.jwt, other.seed),
      'CREDENTIALS_INVALID: /p/seed is the seed of another user than /p/jwt is for',
    )
    assert.equal(
      refusal(user.jwt, seed),
      "CREDENTIALS_INVALID: /p/seed is a seed of another kind (account), not a user's",
    )
    assert.equal(refusal(user.jwt, user.publicKey), 'CREDENTIALS_INVALID: /p/seed is not a seed')
    const damaged = `${user.seed.slice(0, -1)}${user.seed.endsWith('A') ? 'E' : 'A'}`
    assert.equal(refusal(user.jwt, damaged), 'CREDENTIALS_INVALID: /p/seed is not a seed')
    assert.equal(refusal(user.jwt, '\u0000'), 'CREDENTIALS_INVALID: /p/seed is not a seed')
  })

  it('refuses a JWT of another kind, and what is no JWT', async () => {
    const {jwt} = await makeAccount()
    assert.equal(refusal(jwt, user.seed), 'CREDENTIALS_INVALID: /p/jwt is an account, not a user')
    assert.equal(refusal('hello', user.seed), 'CREDENTIALS_INVALID: /p/jwt is not a JWT: it does not have three parts')
    assert.equal(
      refusal('a.b.c', user.seed),
      'CREDENTIALS_INVALID: /p/jwt is not a JWT: its parts are not base64url JSON',
    )
    const [, payload, signature] = user.jwt.split('.')
    const header = Buffer.from('{"typ":"JWT","alg":"HS256"}').toString('base64url')
    assert.match(refusal(`${header}.${payload}.${signature}`, user.seed), /is not a NATS JWT of version 2/)
  })

  it('refuses a JWT whose signature does not match', () => {
    const [header, payload, signature = ''] = user.jwt.split('.')
    const damaged = 'CREDENTIALS_INVALID: /p/jwt is damaged: its signature does not match its content'
    assert.equal(refusal(`${header}.${payload}.${signature.slice(0, -6)}AAAAAA`, user.seed), damaged)
    assert.equal(refusal(`${header}.${payload}.AAAA`, user.seed), damaged)
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
    const widened = Buffer.from(JSON.stringify({...claims, name: 'root'})).toString('base64url')
    assert.equal(refusal(`${header}.${widened}.${signature}`, user.seed), damaged)
  })

  it('refuses what has expired, to the second', async () => {
    const expired = await makeUser({exp: seconds})
    assert.equal(refusal(expired.jwt, expired.seed), 'CREDENTIALS_EXPIRED: /p/jwt expired at 2026-01-02T03:04:05Z')
    const lasting = await makeUser({exp: seconds + 1})
    assert.ok(check(lasting.jwt, lasting.seed).ok)
  })

  it('refuses what is not valid yet, with a minute for clocks that differ', async () => {
    const early = await makeUser({nbf: seconds + 61})
    assert.equal(
      refusal(early.jwt, early.seed),
      "CREDENTIALS_NOT_YET_VALID: /p/jwt is not valid before 2026-01-02T03:05:06Z; this machine's clock says 2026-01-02T03:04:05Z",
    )
    const close = await makeUser({nbf: seconds + 60})
    assert.ok(check(close.jwt, close.seed).ok)
  })

  it('survives any date', async () => {
    const never = await makeUser({exp: 1e300})
    assert.ok(check(never.jwt, never.seed).ok)
    const past = await makeUser({exp: 1e-300})
    assert.equal(refusal(past.jwt, past.seed), 'CREDENTIALS_EXPIRED: /p/jwt expired at 1970-01-01T00:00:00Z')
  })
})

describe('claims of a user JWT', () => {
  const claimsOf = (user: TestUser) => {
    const parts = {jwt: {name: 'j', value: user.jwt}, seed: {name: 's', value: user.seed}}
    const result = checkCredentials(parts, credentialInspector, now)
    assert.ok(result.ok)
    return result.credentials.claims
  }

  it('are complete', async () => {
    const user = await makeUser({
      name: 'facebox',
      exp: seconds + 3600,
      nbf: seconds - 3600,
      claims: {
        pub: {allow: ['facebox.>'], deny: ['facebox.secret']},
        sub: {allow: ['_INBOX.>']},
        resp: {max: 1, ttl: 2_000_000_000},
        subs: 10,
        data: -1,
        payload: 1024,
        allowed_connection_types: ['STANDARD'],
        src: ['10.0.0.0/8'],
        tags: ['team:a'],
      } as never,
    })
    const {issuedAt, ...claims} = claimsOf(user)
    assert.ok(issuedAt !== undefined && Math.abs(issuedAt - Date.now()) < 60_000)
    assert.deepEqual(claims, {
      name: 'facebox',
      publicKey: user.publicKey,
      account: user.account,
      signingKey: undefined,
      scoped: false,
      validFrom: now - 3_600_000,
      expiresAt: now + 3_600_000,
      publish: {allow: ['facebox.>'], deny: ['facebox.secret']},
      subscribe: {allow: ['_INBOX.>'], deny: []},
      responses: {max: 1, ttlMs: 2000},
      limits: {subscriptions: 10, data: undefined, payload: 1024},
      connectionTypes: ['STANDARD'],
      sources: ['10.0.0.0/8'],
      tags: ['team:a'],
      bearer: false,
    })
  })

  it('name the account behind a signing key, and its role', async () => {
    const signed = await makeUser({signed: 'signing key'})
    const {account, signingKey, scoped} = claimsOf(signed)
    assert.deepEqual(
      {account, signingKey, scoped},
      {account: signed.account, signingKey: signed.signingKey, scoped: false},
    )
    assert.equal(claimsOf(await makeUser({signed: 'signing key with a role'})).scoped, true)
  })
})

describe('credentialInspector', () => {
  it('says no to garbage and never throws', () => {
    for (const text of ['', 'S', 'SU', 'SUAAAA', '\u0000', 'é'.repeat(58), 'A'.repeat(100_000)]) {
      assert.equal(credentialInspector.publicKeyOf(text), undefined)
      assert.equal(credentialInspector.verifySignature(text), false)
      assert.equal(credentialInspector.verifySignature(`${text}.${text}.${text}`), false)
    }
    assert.equal(credentialInspector.verifySignature(`e30.${Buffer.from('{"iss":1}').toString('base64url')}.AA`), false)
    assert.equal(credentialInspector.verifySignature(`e30.${Buffer.from('null').toString('base64url')}.AA`), false)
  })
})

it('exampleCommand shows what each kind of user is allowed, quoted', () => {
  const command = (system: boolean, service?: string): string =>
    exampleCommand(chooseOwner(system, service), ['nats://a:4222', 'nats://b:4222'], '/a b/x.creds')
  const start = "nats --server nats://a:4222,nats://b:4222 --creds '/a b/x.creds'"
  assert.equal(command(false), `${start} stream ls`)
  assert.equal(command(true), `${start} server list`)
  assert.equal(command(false, 'messenger'), `${start} sub 'messenger.>'`)
})
