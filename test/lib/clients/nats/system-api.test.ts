import assert from 'node:assert/strict'
import {askSystemAccount} from '../../../../src/lib/clients/nats/system-api.ts'
import type {GatherOptions, NatsClient} from '../../../../src/lib/clients/ports.ts'
import {target} from '../../../support/report-looks.ts'

const nodes = ['n1', 'n2', 'n3'].map(target)

describe('one question to all servers through the system account', () => {
  it('is over as soon as every node has answered', async () => {
    const client = new FakeServers([said('n2'), said('n3'), said('n1'), said('n9')])
    const sightings = await ask(client)('jsz', {accounts: true, consumers: true})
    assert.deepEqual(
      sightings.map(({node, server, answer}) => [node.name, server?.id, answer.ok && answer.value]),
      ['n1', 'n2', 'n3'].map((name) => [name, `ID-${name}`, {from: name}]),
    )
    assert.equal(client.taken, 3)
    assert.deepEqual(client.requests, [['$SYS.REQ.SERVER.PING.JSZ', {accounts: true, consumer: true}]])
  })

  it('waits for servers that only the meta group knows of', async () => {
    const client = new FakeServers([
      said('n1', {data: {meta_cluster: {cluster_size: 4}}}),
      said('n2'),
      said('n3'),
      said('n4'),
      said('n5'),
    ])
    const sightings = await ask(client)('jsz', {})
    assert.deepEqual(
      sightings.map(({node, answer}) => [node.name, node.host, answer.ok]),
      [
        ['n1', 'n1.test', true],
        ['n2', 'n1.test', true],
        ['n3', 'n1.test', true],
        ['n4', 'stranger', true],
      ],
    )
  })

  it('does not take the answer of another cluster, nor what is no answer', async () => {
    const client = new FakeServers([
      said('n1', {server: {name: 'n1', id: 'X', ver: '1', cluster: 'elsewhere'}}),
      'not JSON',
      '{}',
      'null',
      said('n2'),
    ])
    const sightings = await ask(client)('connz', {})
    assert.deepEqual(
      sightings.map(({node, answer}) => [node.name, answer.ok]),
      [
        ['n1', false],
        ['n2', true],
        ['n3', false],
      ],
    )
  })

  it('gives a server that is busy the whole time, and one that is away a moment', async () => {
    const offline = {meta_cluster: {cluster_size: 3, replicas: [{name: 'n2'}, {name: 'n3', offline: true}, null]}}
    const client = new FakeServers([said('n2'), said('n1', {data: offline})])
    await ask(client)('jsz', {})
    assert.deepEqual(client.waits, [Number.POSITIVE_INFINITY, 1000])
  })

  it('does not wait again for one that let the whole time pass, until it is heard of', async () => {
    const client = new FakeServers([said('n1'), said('n2')])
    const question = ask(client)
    await question('connz', {})
    assert.deepEqual(client.waits.splice(0), [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
    await question('connz', {})
    assert.deepEqual(client.waits.splice(0), [Number.POSITIVE_INFINITY, 1000])
    client.answers = [said('n1'), said('n2'), said('n3')]
    await question('connz', {})
    client.answers = [said('n1'), said('n2')]
    client.waits.splice(0)
    await question('connz', {})
    assert.deepEqual(client.waits, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  it('gives servers that are not configured the whole time too', async () => {
    const meta = {data: {meta_cluster: {cluster_size: 5, replicas: [{name: 'n5', offline: true}]}}}
    const client = new FakeServers([said('n1', meta), said('n2'), said('n3'), said('n4'), said('n5')])
    await ask(client)('jsz', {})
    assert.deepEqual(client.waits, [...Array(3).fill(Number.POSITIVE_INFINITY), 1000, 0])
  })

  it("tells a server's refusal as its answer", async () => {
    const client = new FakeServers([said('n1', {error: {code: 500, description: 'not now'}, data: undefined})])
    const [{answer}] = (await ask(client)('raftz', {acc: 'A'})) as [Awaited<ReturnType<ReturnType<typeof ask>>>[number]]
    assert.deepEqual(!answer.ok && answer.problem, {kind: 'unsupported', detail: 'the server refused: not now'})
    assert.deepEqual(client.requests, [['$SYS.REQ.SERVER.PING.RAFTZ', {account: 'A'}]])
  })

  it('asks for accounts without a connection too', async () => {
    const client = new FakeServers(['n1', 'n2', 'n3'].map((name) => said(name)))
    await ask(client)('accstatz', {unused: 1})
    assert.deepEqual(client.requests, [['$SYS.REQ.ACCOUNT.PING.STATZ', {include_unused: true}]])
  })
})

function ask(client: FakeServers) {
  return askSystemAccount(client as unknown as NatsClient, nodes, {
    timeoutMs: 5000,
    stranger: (name) => ({...target(name), host: 'stranger'}),
  })
}

function said(name: string, changes: object = {}): string {
  return JSON.stringify({
    server: {name, id: `ID-${name}`, ver: '2.15.1', cluster: 'test'},
    data: {from: name},
    ...changes,
  })
}

/** Servers that answer in this order, each only while somebody waits. */
class FakeServers {
  readonly requests: (readonly [string, unknown])[] = []
  readonly waits: number[] = []
  taken = 0
  answers: readonly string[]

  constructor(answers: readonly string[]) {
    this.answers = answers
  }

  server() {
    return {name: 'n1', id: 'ID-n1', version: '2.15.1', cluster: 'test'}
  }

  async gather(subject: string, payload: string, {take}: GatherOptions): Promise<void> {
    this.requests.push([subject, JSON.parse(payload)])
    for (const answer of this.answers) {
      this.taken += 1
      const wait = take(new TextEncoder().encode(answer))
      this.waits.push(wait)
      if (wait <= 0) return
    }
  }
}
