import assert from 'node:assert/strict'
import {type ClusterDescription, parseDescription, readDescription} from '../../../src/lib/author/description.ts'
import {descriptionTemplate} from '../../../src/lib/author/template.ts'
import {temporaryFolder} from '../../support/folder.ts'

const parse = (text: string, path = '/work/c.yaml'): Promise<ClusterDescription> => parseDescription({path, text})

describe('a description', () => {
  it('is filled in with the conventions where it says nothing', async () => {
    const description = await parse('name: blue\nauth: {mode: none}')
    assert.deepEqual(description.nodes[2], {
      name: 'blue-node-3',
      host: 'blue-node-3.blue.internal',
      aliases: [],
      ports: {client: 4222, cluster: 6222, monitor: 8222, leaf: 7422, gateway: 7222},
      storeDirectory: '/var/lib/nats',
      tlsDirectory: '/etc/nats/tls',
    })
    assert.equal(description.nodes.length, 3)
    assert.equal(description.deploy.image, 'nats:2.15.1-alpine')
    assert.equal(description.jetStream, undefined)
  })

  it('takes sizes and durations as bytes and milliseconds', async () => {
    const {jetStream, limits, lameDuck} = await parse(
      'name: b\nauth: {mode: none}\njetStream: {maxFileStore: 1.5GiB, maxMemoryStore: 1024, syncInterval: always}\n' +
        'limits: {maxPayload: 8Mi, writeDeadline: 1m30s, pingInterval: 20}\nlameDuck: {duration: 30s, gracePeriod: 0.5s}',
    )
    assert.deepEqual(jetStream, {
      maxFileStore: 1610612736,
      maxMemoryStore: 1024,
      domain: undefined,
      syncInterval: 'always',
    })
    assert.deepEqual([limits.maxPayload, limits.writeDeadline, limits.pingInterval], [8388608, 90_000, 20_000])
    assert.deepEqual(lameDuck, {duration: 30_000, gracePeriod: 500})
  })

  it('sees paths of this machine from its own folder and leaves those of the nodes as they are', async () => {
    using folder = temporaryFolder({
      'clusters/c.yaml':
        'name: b\nauth: {mode: operator, preload: p.json}\ntls: {source: ../tls, client: true}\nroutes: {auth: {user: r, passwordFile: pw}}',
    })
    const {auth, tls, routes} = await readDescription(`${folder.path}/clusters/c.yaml`)
    assert.equal(auth.mode === 'operator' && auth.preload, `${folder.path}/clusters/p.json`)
    assert.equal(tls?.source, `${folder.path}/tls`)
    assert.equal(routes.auth?.passwordFile, `${folder.path}/clusters/pw`)
  })

  it('names every mistake with line, key, value and what would be right', async () => {
    const text = `name: blue
jetstream: {maxFileStore: 50GB}
auth:
  mode: users
  users:
    - {name: app, password: hunter2, sytem: true}
tls: {monitor: true, routes: {verify: false}}
leafNodes: {remotes: [{urls: ["app:hunter2@hub:7422"]}]}
`
    await assert.rejects(parse(text), {
      message: `/work/c.yaml:6: auth.users.0.password is another text (not shown), expected a bcrypt hash: natsops auth passwd makes one
/work/c.yaml:6: auth.users.0.sytem is unknown, did you mean system
/work/c.yaml:7: tls.routes.verify is false, expected true: servers always verify each other
/work/c.yaml:8: leafNodes.remotes.0.urls.0 is "***@hub:7422", expected host:port, without scheme and user
/work/c.yaml:2: jetstream is unknown, did you mean jetStream`,
    })
  })

  const refusals: readonly [what: string, text: string, message: RegExp][] = [
    [
      'an unknown kind of auth',
      'name: b\nauth: {mode: ldap}',
      /auth\.mode is "ldap", expected a mapping with mode: none, token/,
    ],
    ['no auth at all', 'name: b', /auth is missing, expected a mapping with mode/],
    ['two nodes of one name', 'name: b\nauth: {mode: none}\nnodes: [{name: n}, {name: N}]', /nodes of different names/],
    [
      'a size that reads two ways',
      'name: b\nauth: {mode: none}\njetStream: {maxFileStore: 50G}',
      /:3: jetStream.maxFileStore is "50G", expected a size such as 64MiB or 50GiB/,
    ],
    [
      'a node name that is a path',
      'name: b\nauth: {mode: none}\nnodes: [{name: ../x}]',
      /nodes.0.name is "\.\.\/x", expected a name of letters/,
    ],
    [
      'a folder with a blank',
      'name: b\nauth: {mode: none}\njetStream: {maxFileStore: 1, storeDirectory: "/a b"}',
      /expected an absolute path on the nodes/,
    ],
    ...['/', '//', '/var/lib/', '/var/lib/nats/../..', '/etc', '/dev/sdf', '/proc/1'].map(
      (path): [string, string, RegExp] => [
        `${path} for JetStream's files`,
        `name: b\nauth: {mode: none}\njetStream: {maxFileStore: 1, storeDirectory: "${path}"}`,
        /storeDirectory is "\/.*", expected a path below a folder of its own/,
      ],
    ),
    [
      'the folder of all configurations for its own',
      'name: b\nauth: {mode: none}\ndeploy: {configDirectory: /etc}',
      /deploy.configDirectory is "\/etc", expected a path below a folder of its own/,
    ],
    [
      'https to the monitor without a certificate',
      'name: b\nauth: {mode: none}\ntls: {monitor: true}',
      /tls.monitor is true, expected tls.client as well/,
    ],
    [
      'a lame duck that the server refuses',
      'name: b\nauth: {mode: none}\nlameDuck: {duration: 10s}',
      /lameDuck.duration is "10s", expected a duration of at least 30s/,
    ],
    [
      'a grace period as long as the lame duck',
      'name: b\nauth: {mode: none}\nlameDuck: {duration: 30s, gracePeriod: 30s}',
      /expected less than lameDuck.duration, which is 30s/,
    ],
    [
      'a gateway to itself',
      'name: b\nauth: {mode: none}\ngateways: {remotes: [{name: b, urls: ["h:1"]}]}',
      /expected other clusters than b itself/,
    ],
    ['text that is no YAML', 'name: [', /\/work\/c\.yaml:1: /],
  ]
  for (const [what, text, message] of refusals) {
    it(`is refused with ${what}`, () => assert.rejects(parse(text), {code: 'USAGE', message}))
  }

  it('is refused soon where it has very many unknown keys, the same key twice, or holds itself', async () => {
    const many = Array.from({length: 40_000}, (_, index) => `k${index}: 1\n`).join('')
    await assert.rejects(parse(`name: a\nauth: {mode: none}\n${many}`), {code: 'USAGE', message: /k9 is unknown/})
    await assert.rejects(parse('name: a\nauth: {mode: none}\nname: b\n'), {message: /:3: map keys must be unique$/})
    await assert.rejects(parse('name: a\nnodes: &n [*n]\nauth: {mode: none}\n'), {message: /holds itself/})
  })

  it('never quotes broken JSON, which may hold a secret', async () => {
    await assert.rejects(parse('{"auth": {"token": hunter2', '/work/c.json'), ({message}: Error) => {
      assert.match(message, /c\.json: not JSON/)
      assert.doesNotMatch(message, /hunter2/)
      return true
    })
  })

  it('is what config init writes', async () => {
    const {name, auth, tls, jetStream} = await parse(descriptionTemplate('nats-prod'))
    assert.equal(name, 'nats-prod')
    assert.equal(auth.mode === 'operator' && auth.preload, '/work/auth/preload.json')
    assert.deepEqual(tls, {
      source: '/work/tls',
      client: {verify: false},
      routes: {verify: true},
      leaf: undefined,
      gateway: undefined,
      monitor: true,
    })
    assert.equal(jetStream?.maxFileStore, 50 * 1024 ** 3)
  })

  it('that is not there yet can be made, or is somewhere else', async () => {
    await assert.rejects(readDescription('/nonexistent/cluster.yaml'), {
      code: 'FILE_NOT_FOUND',
      message: 'there is no file /nonexistent/cluster.yaml',
      suggestions: ['natsops config init', 'or name it with --file'],
    })
  })
})
