import assert from 'node:assert/strict'
import {decode, fromSeed} from '@nats-io/jwt'
import {createAuthority, issueUser, unlimitedJetStream} from '../../../src/lib/author/authority.ts'

const description = {
  operator: 'blue',
  systemAccount: 'SYS',
  accounts: [
    {name: 'SYS', users: [{name: 'sys'}]},
    {
      name: 'APP',
      jetStream: {...unlimitedJetStream, fileStorage: 1000},
      users: [
        {name: 'admin'},
        {
          name: 'web',
          permissions: {publish: ['web.>'], subscribe: ['_INBOX.>'], respond: true},
          expiresAt: 4_000_000_000,
        },
      ],
    },
  ],
}

describe('createAuthority', () => {
  it('signs accounts by the operator and users by their account', async () => {
    const {preload, operator, accounts} = await createAuthority(description)
    const [system, application] = accounts
    const operatorClaims = decode<{system_account: string}>(preload.operatorJwt)
    assert.equal(operatorClaims.iss, operator.publicKey)
    assert.equal(operatorClaims.nats.system_account, system!.publicKey)
    assert.equal(preload.systemAccount, system!.publicKey)
    assert.deepEqual(Object.keys(preload.accountJwts), [system!.publicKey, application!.publicKey])
    for (const account of accounts) {
      const claims = decode(preload.accountJwts[account.publicKey]!)
      assert.equal(claims.iss, operator.publicKey)
      assert.equal(claims.name, account.name)
      for (const user of account.users) assert.equal(decode(user.jwt).iss, account.publicKey)
    }
  })

  it('gives an account the JetStream it describes, or none', async () => {
    const {preload, accounts} = await createAuthority(description)
    const limits = accounts.map(({publicKey}) => {
      const claims = decode<{limits: Record<string, number>}>(preload.accountJwts[publicKey]!)
      const {mem_storage, disk_storage, streams, consumer, conn} = claims.nats.limits!
      return {mem_storage, disk_storage, streams, consumer, conn}
    })
    assert.deepEqual(limits, [
      {mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0, conn: -1},
      {mem_storage: -1, disk_storage: 1000, streams: -1, consumer: -1, conn: -1},
    ])
  })

  it('writes permissions and expiry into the user, and a seed that is the user’s own', async () => {
    const {accounts} = await createAuthority(description)
    const [admin, web] = accounts[1]!.users
    assert.equal(fromSeed(new TextEncoder().encode(web!.seed)).getPublicKey(), decode(web!.jwt).sub)
    assert.match(web!.seed, /^SU/)
    assert.equal(decode(web!.jwt).exp, 4_000_000_000)
    const {pub, sub, resp} = decode<Record<string, unknown>>(web!.jwt).nats
    assert.deepEqual({pub, sub, resp}, {pub: {allow: ['web.>']}, sub: {allow: ['_INBOX.>']}, resp: {max: 1, ttl: 0}})
    assert.equal(decode(admin!.jwt).exp, undefined)
    assert.equal(decode<Record<string, unknown>>(admin!.jwt).nats.pub, undefined)
  })

  it('refuses a system account that is not described', async () => {
    await assert.rejects(createAuthority({...description, systemAccount: 'NONE'}), /NONE is not among the accounts/)
  })
})

describe('issueUser', () => {
  it('adds a user to an account by its seed alone', async () => {
    const {accounts} = await createAuthority(description)
    const user = await issueUser({seed: accounts[1]!.seed}, {name: 'late'})
    assert.equal(decode(user.jwt).iss, accounts[1]!.publicKey)
    assert.equal(decode(user.jwt).sub, user.publicKey)
  })
})
