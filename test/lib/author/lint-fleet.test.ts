import assert from 'node:assert/strict'
import {lint, node, nodes} from '../../support/linted.ts'

describe('lintConfigurations', () => {
  it('holds the nodes of a cluster against each other, without a word about values', async () => {
    const [first, others] = nodes({}, {max_payload: '2MB', authorization: '{user: a, password: "$2a$11$other"}'})
    assert.deepEqual(await lint(first, {others, stopSeconds: 90}), [
      'configs-differ b:1 differs from a in authorization.password, authorization.user, authorization.users, max_payload',
    ])
  })

  it('leaves each node its own certificates', async () => {
    const tlsOf = (n: number) =>
      `{cert_file: "/tls/${n}/server.crt", key_file: "/tls/${n}/server.key", ca_file: "/tls/${n}/ca.crt"}`
    const others = [2, 3].map((n) => node(n, {tls: tlsOf(n)}))
    assert.deepEqual(await lint(node(1, {tls: tlsOf(1)}), {others, stopSeconds: 90}), [])
  })

  it('compares values, not how they are written', async () => {
    const [first, others] = nodes({}, {max_connections: '$LIMIT'})
    const [second = '', third = ''] = others
    const given = {others: [`LIMIT: 1000\n${second}`, third], stopSeconds: 90}
    assert.deepEqual(await lint(first, given), [])
  })

  it('counts the files of a cluster', async () => {
    const two = await lint(node(1), {others: [node(2)], stopSeconds: 90})
    assert.deepEqual(two, ['cluster-small a:7 cluster c has 2 servers'])
    const four = await lint(node(1), {others: [node(2), node(3), node(4)], stopSeconds: 90})
    assert.deepEqual(four, ['cluster-even a:7 cluster c has 4 servers'])
  })

  it('finds names that clash: of servers, clusters and domains', async () => {
    const other = node(2).replace('name: c,', 'name: d,')
    const findings = await lint(node(1), {others: [other, node(1)], stopSeconds: 90})
    assert.deepEqual(findings.slice(0, 3), [
      'cluster-name-differs b:7 the name differs from a, which has the same routes',
      'server-name-duplicate c:1 server_name c-node-1 is also in a',
      'cluster-name-differs c:7 the name differs from b, which has the same routes',
    ])
    const jetStream = (domain: string) => `{store_dir: /d, max_file: 1G, max_mem: 1G, sync: always, domain: ${domain}}`
    const [first, others] = nodes({jetstream: jetStream('x')}, {jetstream: jetStream('x')}, {jetstream: jetStream('y')})
    assert.deepEqual(await lint(first, {others, stopSeconds: 90}), [
      'domain-clash c:6 the servers of cluster c have different domains',
      'configs-differ c:1 differs from a in jetstream.domain',
    ])
    const hub = node(1, {jetstream: jetStream('x'), leafnodes: '{listen: "127.0.0.1:7422"}'})
    const leaf = node(9, {jetstream: jetStream('x'), cluster: '', leafnodes: '{remotes: [{url: "nats://hub:7422"}]}'})
    assert.deepEqual(await lint(hub, {others: [leaf], stopSeconds: 90}), [
      'domain-clash b:6 domain x is also that of its hub in a',
    ])
  })
})
