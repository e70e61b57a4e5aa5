import assert from 'node:assert/strict'
import {lintConfigurations, lintRules} from '../../../src/lib/author/lint.ts'
import {parseConfiguration} from '../../../src/lib/author/parse.ts'
import {lint, node, nodes} from '../../support/linted.ts'

describe('lintConfigurations', () => {
  it('says nothing of a cluster that is in order', async () => {
    const [first, others] = nodes()
    assert.deepEqual(await lint(first, {others, stopSeconds: 90, readable: true}), [])
  })

  it('says everything of an empty file', async () => {
    assert.deepEqual(await lint(''), [
      'auth-none a:1 clients are asked for nothing on every address',
      'server-name-missing a:1 server_name is not set',
      'connections-unlimited a:1 max_connections is not set',
      'lame-duck-default a:1 leaving takes 130 s, TimeoutStopSec is not known',
    ])
  })

  const single: readonly [title: string, changes: Readonly<Record<string, string>>, findings: readonly string[]][] = [
    ['no authentication', {authorization: ''}, ['auth-none a:2 clients are asked for nothing on every address']],
    ['loopback needs none', {authorization: '', listen: '127.0.0.1:4222'}, []],
    ['certificates of clients are authentication', {authorization: '', tls: '{verify: true}'}, []],
    ['users of an account are authentication', {authorization: '', accounts: '{A {users: [{nkey: U}]}, $SYS {}}'}, []],
    [
      'no tls where secrets are sent',
      {tls: ''},
      ['clients-plain a:2 clients log in with passwords or tokens on every address without tls'],
    ],
    ['tls that may be left out', {allow_non_tls: 'true'}, ['tls-optional a:10 allow_non_tls is on']],
    ['anonymous clients', {no_auth_user: 'a'}, ['auth-anonymous a:10 clients without credentials are a']],
    [
      'a plain password',
      {authorization: '{user: bob, password: s3cret}'},
      ['password-plain a:8 the password of bob is not hashed'],
    ],
    [
      'a plain token',
      {authorization: '{token: s3cret}'},
      ['password-plain a:8 the token of the clients is not hashed'],
    ],
    [
      'a cheap hash',
      {authorization: '{user: bob, password: "$2a$04$x"}'},
      ['bcrypt-cost a:8 the hash of bob has cost 4'],
    ],
    [
      'a dear hash',
      {authorization: '{user: bob, password: $2a$16$x}'},
      ['bcrypt-cost a:8 the hash of bob has cost 16'],
    ],
    [
      'monitoring for everybody',
      {http: '8222'},
      ['monitor-exposed a:3 the monitoring port is open on every address, without tls'],
    ],
    ['monitoring where clients are', {http: '', http_port: '8222', listen: '127.0.0.1:4222'}, []],
    ['monitoring over https', {http: '', https: '0.0.0.0:8222'}, []],
    [
      'routes in plain text, and open',
      {cluster: '{name: c, listen: "10.0.0.1:6222"}'},
      [
        'routes-open a:7 servers are asked for nothing on 10.0.0.1',
        'routes-plain a:7 routes are open on 10.0.0.1 without tls',
      ],
    ],
    [
      'routes in plain text, with a hash',
      {cluster: '{name: c, port: 6222, authorization {user: r, password: "$2a$11$x"}}'},
      ['routes-plain a:7 routes are open on every address without tls'],
    ],
    [
      'a gateway in plain text',
      {gateway: '{name: c, port: 7222}'},
      ['gateway-plain a:10 the gateway is open on every address without tls'],
    ],
    [
      'leaf nodes in plain text',
      {leafnodes: '{port: 7422}'},
      ['leafnodes-plain a:10 leaf nodes connect to every address without tls'],
    ],
    [
      'certificates that are not verified',
      {gateway: '{name: c, listen: "127.0.0.1:1", tls {insecure: true}}'},
      ['tls-insecure a:10 insecure is on'],
    ],
    [
      'a store in a temporary folder',
      {jetstream: '{store_dir: /tmp/nats, max_file: 1G, max_mem: 1G, sync: always}'},
      ['store-temporary a:6 store_dir is /tmp/nats'],
    ],
    [
      'a store nobody named, without limits',
      {jetstream: 'enabled'},
      [
        'store-temporary a:6 store_dir is not set: it is in the temporary folder',
        'storage-unlimited a:6 max_file_store and max_memory_store not set',
        'sync-default a:6 sync_interval is not set',
      ],
    ],
    ['no JetStream, no rules for it', {jetstream: 'disabled', cluster: ''}, []],
    [
      'a single server',
      {cluster: '', jetstream: '{store_dir: /d, max_file: 1G, max_mem: 1G}'},
      ['sync-single a:6 a single server without sync_interval', 'single-server a:6 JetStream without a cluster'],
    ],
    [
      'a slow sync',
      {jetstream: '{store_dir: /d, max_file: 1G, max_mem: 1G, sync: "5m"}'},
      ['sync-slow a:6 sync_interval is 300 s'],
    ],
    ['no name in a cluster with JetStream', {server_name: ''}, ['server-name-missing a:1 server_name is not set']],
    [
      'the name of an instance',
      {server_name: 'i-0123456789abcdef0'},
      ['server-name-changing a:1 server_name i-0123456789abcdef0 is the name of one machine, not of a node'],
    ],
    [
      'a cluster without a name',
      {cluster: '{listen: "127.0.0.1:6222"}'},
      ['cluster-name-missing a:7 the cluster has no name'],
    ],
    [
      'blanks in names',
      {server_name: '"c node 1"', cluster: '{name: "my c", listen: "127.0.0.1:6222"}'},
      [
        'name-whitespace a:1 server_name has white space in it',
        'name-whitespace a:7 the name of the cluster has white space in it',
      ],
    ],
    [
      'two servers, by their routes',
      {cluster: '{name: c, listen: "127.0.0.1:6222", routes: ["nats://other:6222"]}'},
      ['cluster-small a:7 cluster c has 2 servers'],
    ],
    [
      'four servers, by their routes',
      {
        cluster:
          '{name: c, listen: "127.0.0.1:6222", routes: ["nats://c-node-1.x:1", "nats://b:1", "nats://c:1", "nats://d:1"]}',
      },
      ['cluster-even a:7 cluster c has 4 servers'],
    ],
    ['large messages', {max_payload: '16MB'}, ['payload-large a:10 max_payload is 16777216 bytes']],
    ['a verbose log', {debug: 'true', trace: 'false'}, ['logging-verbose a:10 debug is on']],
    ['a setting given twice', {Max_Connections: '7'}, ['key-repeated a:10 Max_Connections is set already in line 4']],
    [
      'accounts nobody can administer',
      {accounts: '{A {users: [{nkey: U}]}}'},
      ['system-account-missing a:1 no account is named as system_account'],
    ],
    [
      'a leaf node that shares its hub',
      {leafnodes: '{remotes: [{url: "nats://hub:7422"}]}'},
      ['domain-missing a:6 a leaf node with JetStream and without a domain'],
    ],
  ]
  for (const [title, changes, findings] of single) {
    it(`judges ${title}`, async () => assert.deepEqual(await lint(node(1, changes), {stopSeconds: 90}), findings))
  }

  it('knows that a duration in minutes needs quotes', async () => {
    const text = node(1, {ping_interval: '2m', jetstream: '{store_dir: /d, max_file: 1G, max_mem: 1G, sync: 2m}'})
    assert.deepEqual(await lint(text, {stopSeconds: 90}), [
      'duration-number a:6 sync_interval is the number 2000000',
      'duration-number a:10 ping_interval is the number 2000000',
    ])
  })

  it('takes a missing name for critical only where the server would not start', async () => {
    const severities = async (text: string) => {
      const source = {read: async () => text, variable: () => undefined}
      const configuration = await parseConfiguration('a', source)
      return lintConfigurations([{configuration, readableByOthers: []}], {stopSeconds: 90})
        .filter(({rule}) => rule === 'server-name-missing')
        .map(({severity}) => severity)
    }
    assert.deepEqual(await severities(node(1, {server_name: ''})), ['critical'])
    assert.deepEqual(await severities(node(1, {server_name: '', cluster: ''})), ['warning'])
  })

  it('compares the time of leaving with the time there is', async () => {
    const text = node(1, {lame_duck_duration: '"2m"', lame_duck_grace_period: '20s'})
    assert.deepEqual(await lint(text, {stopSeconds: 150}), [])
    assert.deepEqual(await lint(text, {stopSeconds: 120}), [
      'lame-duck-long a:5 leaving takes 140 s, and after 120 s the server is killed',
    ])
  })

  it('knows a secret of the environment from one in the file, and a file others may read', async () => {
    const text = node(1, {authorization: '{user: bob, password: $PASS}'})
    assert.deepEqual(await lint(text, {variables: {PASS: 's3cret'}, stopSeconds: 90, readable: true}), [])
    const written = node(1, {authorization: '{user: bob, password: s3cret}'})
    assert.deepEqual(await lint(written, {stopSeconds: 90, readable: true}), [
      'password-plain a:8 the password of bob is not hashed',
      'file-readable a:8 a password stands in a file that others may read: chmod 600',
    ])
  })

  it('asks for care where the name of a server comes from the environment', async () => {
    assert.deepEqual(await lint(node(1, {server_name: '$NODE'}), {variables: {NODE: 'c-node-1'}, stopSeconds: 90}), [
      'server-name-changing a:1 server_name comes from $NODE: every replacement of the node must have the same',
    ])
  })

  it('has a reason and a reference for every rule, and a line in the documentation', async () => {
    const {readFileSync} = await import('node:fs')
    const text = readFileSync(new URL('../../../docs/config-check.md', import.meta.url), 'utf8')
    for (const [id, {severity, reason, reference}] of Object.entries(lintRules)) {
      assert.ok(text.includes(`| \`${id}\` | ${severity} |`), `docs/config-check.md does not have ${id} as ${severity}`)
      assert.match(reason, /^[a-z`][^\n]{20,}[^.]$/)
      assert.match(reference, /^https:\/\/docs\.nats\.io\/[a-z_/-]+$/)
    }
  })
})
