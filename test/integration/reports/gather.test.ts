import assert from 'node:assert/strict'
import {gzipSync} from 'node:zlib'
import {connect, headers, jwtAuthenticator, type NatsConnection} from 'nats'
import type {Authority} from '../../../src/lib/author/authority.ts'
import {connectNats} from '../../../src/lib/clients/nats/nats.ts'
import type {NatsClient} from '../../../src/lib/clients/ports.ts'
import {type SingleServer, startSingleServer, testAuthority, userOf} from '../../support/single-server.ts'

const settings = {tls: {ca: undefined, cert: undefined, key: undefined}}

describe('one request that several answer', () => {
  let authority: Authority
  let server: SingleServer
  let client: NatsClient
  let answering: NatsConnection

  before(async () => {
    authority = await testAuthority()
    server = await startSingleServer(authority)
    client = await open('admin')
    const {jwt, seed} = userOf(authority, 'admin')
    const authenticator = jwtAuthenticator(jwt, new TextEncoder().encode(seed))
    answering = await connect({servers: server.address, authenticator})
    for (const name of ['a', 'b', 'c']) {
      answering.subscribe('ask', {callback: (_error, message) => void message.respond(name)})
    }
    answering.subscribe('packed', {
      callback: (_error, message) => {
        const packed = headers()
        packed.set('Content-Encoding', String(message.headers?.get('Accept-Encoding')))
        message.respond(gzipSync('unpacked'), {headers: packed})
      },
    })
    const huge = gzipSync(Buffer.alloc(129 * 1024 * 1024))
    answering.subscribe('huge', {
      callback: (_error, message) => {
        const packed = headers()
        packed.set('Content-Encoding', 'gzip')
        message.respond(huge, {headers: packed})
      },
    })
    await answering.flush()
  })

  after(async () => {
    await client?.close()
    await answering?.close()
    await server?.stop()
  })

  async function open(user: string): Promise<NatsClient> {
    const {jwt, seed} = userOf(authority, user)
    return connectNats(settings, {servers: [server.address], credentials: {jwt, seed}, timeoutMs: 30_000})
  }

  const gather = async (subject: string, enough: number, wait = 20_000, compressed = false) => {
    const heard: string[] = []
    const take = (answer: Uint8Array): number => (heard.push(new TextDecoder().decode(answer)) < enough ? wait : 0)
    await client.gather(subject, '', {timeoutMs: 100_000, compressed, take})
    return heard.sort()
  }

  it('ends as soon as enough have answered', async () => {
    const began = performance.now()
    assert.deepEqual(await gather('ask', 3, 100_000), ['a', 'b', 'c'])
    assert.ok(performance.now() - began < 50_000)
  })

  it('ends in silence where more were expected', async () => {
    assert.deepEqual(await gather('ask', 4, 2000), ['a', 'b', 'c'])
  })

  it('unpacks compressed answers', async () => {
    assert.deepEqual(await gather('packed', 1, 20_000, true), ['unpacked'])
  })

  it('refuses an answer that unpacks into more than anybody has to say', async () => {
    await assert.rejects(gather('huge', 1, 20_000, true), {code: 'REQUEST_FAILED', exit: 7})
  })

  it('fails where nobody listens', async () => {
    await assert.rejects(gather('nobody', 1), {code: 'NO_RESPONDERS'})
  })

  it('names the permission that is missing', async () => {
    const narrow = await open('narrow')
    try {
      await assert.rejects(narrow.gather('ask', '', {timeoutMs: 20_000, take: () => 0}), {
        code: 'PERMISSION_DENIED',
        message: 'this user has no permission for ask',
      })
    } finally {
      await narrow.close()
    }
  })

  it('passes on what goes wrong with an answer', async () => {
    const broken = client.gather('ask', '', {
      timeoutMs: 20_000,
      take: () => {
        throw new Error('bad')
      },
    })
    await assert.rejects(broken, {code: 'REQUEST_FAILED', message: 'ask failed: bad'})
  })
})
