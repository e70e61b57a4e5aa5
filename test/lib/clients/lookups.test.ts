import assert from 'node:assert/strict'
import type {LookupAddress} from 'node:dns'
import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type LookupFunction} from 'node:net'
import {openLookups} from '../../../src/lib/clients/lookups.ts'

/** A resolver that answers when it is told to. */
class FakeResolver {
  readonly asked: string[] = []
  readonly #open = new Map<string, PromiseWithResolvers<readonly LookupAddress[]>>()

  readonly ask = (host: string): Promise<readonly LookupAddress[]> => {
    this.asked.push(host)
    const answer = Promise.withResolvers<readonly LookupAddress[]>()
    this.#open.set(host, answer)
    return answer.promise
  }

  async answer(host: string, ...addresses: readonly string[]): Promise<void> {
    await settled()
    this.#open.get(host)?.resolve(addresses.map((address) => ({address, family: address.includes(':') ? 6 : 4})))
    await settled()
  }

  async fail(host: string, code: string): Promise<void> {
    await settled()
    this.#open.get(host)?.reject(Object.assign(new Error(code), {code}))
    await settled()
  }
}

/** All that can go on without time or input has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
const LONG_MS = 60_000

describe('lookups of names', () => {
  let resolver: FakeResolver
  beforeEach(() => {
    resolver = new FakeResolver()
  })
  const open = (options: {readonly atOnce?: number; readonly waitMs?: number} = {}) =>
    openLookups({waitMs: LONG_MS, ask: resolver.ask, ...options})

  it('ask once for a name that many want, and anew once it was answered', async () => {
    const {addresses} = open()
    const first = [addresses('a'), addresses('a'), addresses('a')]
    await resolver.answer('a', '10.0.0.1', '10.0.0.2')
    assert.deepEqual(await Promise.all(first), Array(3).fill(['10.0.0.1', '10.0.0.2']))
    const second = addresses('a')
    await resolver.answer('a', '10.0.0.9')
    assert.deepEqual([await second, resolver.asked], [['10.0.0.9'], ['a', 'a']])
  })

  it('tell a failure to all who wait for it, and ask anew afterwards', async () => {
    const {addresses} = open({atOnce: 1})
    const first = Promise.allSettled([addresses('a'), addresses('a')])
    await resolver.fail('a', 'ENOTFOUND')
    assert.deepEqual(
      (await first).map((each) => each.status === 'rejected' && each.reason.code),
      ['ENOTFOUND', 'ENOTFOUND'],
    )
    const second = addresses('a')
    await resolver.answer('a', '10.0.0.1')
    assert.deepEqual(await second, ['10.0.0.1'])
  })

  it('take no turn for an address', async () => {
    const {addresses} = open({atOnce: 0})
    assert.deepEqual([await addresses('10.0.0.1'), await addresses('fd00::1')], [['10.0.0.1'], ['fd00::1']])
  })

  it('are few at once, in the order they were wanted', async () => {
    const {addresses} = open({atOnce: 2})
    const all = Promise.all(['a', 'b', 'c', 'd', 'c'].map(addresses))
    await settled()
    assert.deepEqual(resolver.asked, ['a', 'b'])
    await resolver.answer('b', '10.0.0.2')
    assert.deepEqual(resolver.asked, ['a', 'b', 'c'])
    for (const host of ['a', 'c', 'd']) await resolver.answer(host, `10.0.0.${host.charCodeAt(0)}`)
    assert.deepEqual(await all, [['10.0.0.97'], ['10.0.0.2'], ['10.0.0.99'], ['10.0.0.100'], ['10.0.0.99']])
  })

  it('give up a name whose turn does not come, and never ask for it', async () => {
    const {addresses} = open({atOnce: 1, waitMs: 20})
    const hangs = addresses('a')
    // What gives up does not keep the process; here nothing else would.
    const alive = setInterval(() => {}, LONG_MS)
    await assert.rejects(addresses('b'), {code: 'ETIMEDOUT', message: 'other names are being looked up before b'})
    clearInterval(alive)
    await resolver.answer('a', '10.0.0.1')
    assert.deepEqual([await hangs, resolver.asked], [['10.0.0.1'], ['a']])
    const again = addresses('b')
    await resolver.answer('b', '10.0.0.2')
    assert.deepEqual(await again, ['10.0.0.2'])
  })

  const ask = (lookup: LookupFunction, all: boolean) => {
    const {promise, resolve} = Promise.withResolvers<readonly unknown[]>()
    lookup('a', {all}, (...answer) => resolve(answer))
    return promise
  }

  it('answer a socket in the form it asks for', async () => {
    const {lookup} = open()
    const answers = [ask(lookup, true), ask(lookup, false)]
    await resolver.answer('a', '10.0.0.1', 'fd00::1')
    assert.deepEqual(await Promise.all(answers), [
      [
        null,
        [
          {address: '10.0.0.1', family: 4},
          {address: 'fd00::1', family: 6},
        ],
      ],
      [null, '10.0.0.1', 4],
    ])
    const failures = [ask(lookup, true), ask(lookup, false)]
    await resolver.fail('a', 'EAI_AGAIN')
    assert.deepEqual(
      (await Promise.all(failures)).map(([error]) => (error as NodeJS.ErrnoException).code),
      ['EAI_AGAIN', 'EAI_AGAIN'],
    )
  })

  it('connect a socket', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const {port} = server.address() as AddressInfo
    const socket = connect({host: 'a', port, lookup: open().lookup})
    const connected = once(socket, 'connect')
    await resolver.answer('a', '127.0.0.1')
    await connected
    socket.destroy()
    server.close()
  })
})
