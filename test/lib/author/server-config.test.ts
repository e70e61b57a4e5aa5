import assert from 'node:assert/strict'
import {quote} from '../../../src/lib/author/conf-text.ts'
import {renderServerConfig, type ServerDescription} from '../../../src/lib/author/server-config.ts'

const description: ServerDescription = {
  name: 'blue-node-1',
  listen: {host: '10.0.1.7', port: 4222},
  monitor: {host: '::1', port: 8222},
  cluster: {
    name: 'blue',
    listen: {host: '0.0.0.0', port: 6222},
    routes: [
      {host: 'blue-node-1.blue.internal', port: 6222},
      {host: 'blue-node-2.blue.internal', port: 6222},
    ],
  },
  jetStream: {storeDirectory: '/var/lib/nats', maxFileStore: 50_000_000_000, maxMemoryStore: 268_435_456},
  auth: {
    mode: 'operator',
    authority: {operatorJwt: 'eyJ.o.s', systemAccount: 'ASYS', accountJwts: {ASYS: 'eyJ.s.s', AAPP: 'eyJ.a.s'}},
  },
}

describe('renderServerConfig', () => {
  it('writes every setting of an operator-mode cluster node', () => {
    assert.equal(
      renderServerConfig(description),
      `server_name: "blue-node-1"
listen: "10.0.1.7:4222"
http: "[::1]:8222"
cluster: {
  name: "blue"
  listen: "0.0.0.0:6222"
  routes: [
    "nats-route://blue-node-1.blue.internal:6222"
    "nats-route://blue-node-2.blue.internal:6222"
  ]
}
jetstream: {
  store_dir: "/var/lib/nats"
  max_file_store: 50000000000
  max_memory_store: 268435456
}
operator: "eyJ.o.s"
system_account: "ASYS"
resolver: "MEMORY"
resolver_preload: {
  ASYS: "eyJ.s.s"
  AAPP: "eyJ.a.s"
}
`,
    )
  })

  it('leaves the cluster out for a server on its own', () => {
    const {cluster: _cluster, ...alone} = description
    assert.doesNotMatch(renderServerConfig(alone), /cluster/)
  })

  it('adds log, pid file and lame duck only where they are described', () => {
    const text = renderServerConfig({
      ...description,
      log: {file: '/var/log/nats.log', maxBytes: 1000, keep: 2},
      pidFile: '/run/nats.pid',
      lameDuck: {duration: 30_000, gracePeriod: 5000},
    })
    assert.ok(
      text.endsWith(`}
log_file: "/var/log/nats.log"
logfile_size_limit: 1000
logfile_max_num: 2
logtime_utc: true
pid_file: "/run/nats.pid"
lame_duck_duration: "30s"
lame_duck_grace_period: "5s"
`),
    )
  })
})

describe('quote', () => {
  const cases: readonly [string, string][] = [
    ['plain', '"plain"'],
    ['a "b" \\c', '"a \\"b\\" \\\\c"'],
    ['tab\tline\nreturn\r', '"tab\\tline\\nreturn\\r"'],
    ['bell\u0007 delete\u007f nul\u0000', '"bell\\x07 delete\\x7f nul\\x00"'],
    ["$HOME # 'x' {é}", `"$HOME # 'x' {é}"`],
  ]
  for (const [text, quoted] of cases) it(`writes ${JSON.stringify(text)}`, () => assert.equal(quote(text), quoted))
})
