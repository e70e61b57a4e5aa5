import assert from 'node:assert/strict'
import {X509Certificate} from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import CertGenerate from '../../../src/commands/cert/generate.ts'
import {systemClock} from '../../../src/lib/clock.ts'
import type {Context} from '../../../src/lib/context.ts'
import {generateCertificates} from '../../../src/lib/ops/cert-generate.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {emptyConfiguration, runCommand} from '../../support/run.ts'

const DESCRIPTION = `name: blue
nodes: 3
auth: {mode: none}
tls: {source: made, client: true}
`

describe('cert generate', () => {
  let machine: FakeMachine
  beforeEach(() => {
    machine = new FakeMachine()
  })
  afterEach(() => machine[Symbol.dispose]())

  const generate = (...argv: string[]) => runCommand(CertGenerate, argv, machine.wiring(new FakeParameterStore()))
  const one = (...argv: string[]) =>
    generate('--node', 'n1=n1.example.internal,10.0.1.7', '--out', machine.path('tls'), ...argv)
  const read = (...names: string[]): string => readFileSync(machine.path('tls', ...names), 'utf8')

  it('makes an authority, nodes and clients, each in a folder of its own, with private keys', async () => {
    const {stdout, stderr, exitCode} = await one('--client', 'messenger')
    assert.equal(exitCode, 0)
    assert.equal(
      stdout,
      'made\tca\tauthority\t-\nmade\tserver\tn1\tn1.example.internal 10.0.1.7 n1\nmade\tclient\tmessenger\t-\n',
    )
    assert.match(
      stderr,
      /^warning: who has .*\/tls\/ca\/ca\.key can be any server or client: move it off this machine\n$/,
    )
    assert.deepEqual(machine.files(), [
      'tls/ca/ca.crt',
      'tls/ca/ca.key',
      'tls/clients/messenger/ca.crt',
      'tls/clients/messenger/client.crt',
      'tls/clients/messenger/client.key',
      'tls/n1/ca.crt',
      'tls/n1/server.crt',
      'tls/n1/server.key',
    ])
    const modes = machine.files().map((name) => statSync(machine.path(name)).mode & 0o777)
    assert.deepEqual(
      modes,
      machine.files().map((name) => (name.endsWith('.key') ? 0o600 : 0o644)),
    )
    assert.equal(
      new X509Certificate(read('n1', 'server.crt')).subjectAltName,
      'DNS:n1.example.internal, IP Address:10.0.1.7, DNS:n1',
    )
    assert.equal(new X509Certificate(read('ca', 'ca.crt')).subject, 'CN=nats CA 2026-01-02')
  })

  it('never prints a key', async () => {
    const {stdout, stderr} = await one('--json')
    assert.equal(JSON.parse(stdout).certificates[0].change, 'made')
    const key = read('n1', 'server.key').split('\n')[1] ?? assert.fail()
    assert.ok(!stdout.includes(key) && !stderr.includes(key))
  })

  it('makes what is missing and keeps what is there, byte for byte', async () => {
    await one()
    const before = read('n1', 'server.crt') + read('n1', 'server.key') + read('ca', 'ca.key')
    const {stdout} = await one('--node', 'n2=n2.example.internal')
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t').slice(0, 3)),
      [
        ['kept', 'ca', 'authority'],
        ['kept', 'server', 'n1'],
        ['made', 'server', 'n2'],
      ],
    )
    assert.equal(read('n1', 'server.crt') + read('n1', 'server.key') + read('ca', 'ca.key'), before)
  })

  it('makes certificates anew with --force, and never the authority', async () => {
    await one()
    const [authority, key] = [read('ca', 'ca.key'), read('n1', 'server.key')]
    const {stdout} = await one('--force')
    assert.match(stdout, /^kept\tca.*\nreplaced\tserver\tn1/)
    assert.equal(read('ca', 'ca.key'), authority)
    assert.notEqual(read('n1', 'server.key'), key)
  })

  it('takes nodes from a description, with the folder it names', async () => {
    writeFileSync(machine.path('cluster.yaml'), DESCRIPTION)
    const {stdout, exitCode} = await generate('--file', machine.path('cluster.yaml'), '--localhost')
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /^made\tserver\tblue-node-2\tblue-node-2\.blue\.internal blue-node-2 localhost 127\.0\.0\.1 ::1$/m,
    )
    assert.ok(existsSync(machine.path('made', 'blue-node-3', 'server.key')))
  })

  it('holds every name that the target of a description gives a server, and the client that its files need', async () => {
    const text = DESCRIPTION.replace('blue', 'Blue_1').replace('client: true', 'client: {verify: true}')
    writeFileSync(machine.path('cluster.yaml'), text)
    const made = async (target: string) => {
      const argv = ['--file', machine.path('cluster.yaml'), '--target', target, '--out', machine.path(target), '--json']
      const {certificates} = JSON.parse((await generate(...argv)).stdout)
      return certificates.map(({use, name, hosts}: Record<string, unknown>) => [use, name, hosts])
    }
    const kubernetes = await made('kubernetes')
    assert.deepEqual(kubernetes[1], [
      'server',
      'Blue_1-node-2',
      [
        'Blue_1-node-2.Blue_1.internal',
        'Blue_1-node-2',
        'blue-1-1.blue-1-headless.nats.svc.cluster.local',
        'blue-1',
        'blue-1.nats',
        'blue-1.nats.svc',
        'blue-1.nats.svc.cluster.local',
      ],
    ])
    assert.deepEqual(kubernetes.at(-1), ['client', 'surveyor', []])
    const helm = await made('helm')
    assert.deepEqual(
      [helm.length, helm[0][1], helm[0][2].slice(0, 2)],
      [2, 'blue-1', ['blue-1-0.blue-1-headless', 'blue-1-0.blue-1-headless.nats.svc.cluster.local']],
    )
    const [first] = await made('compose')
    assert.deepEqual(first[2].slice(2), ['localhost', '127.0.0.1', '::1'])
    const leaf = new X509Certificate(read('..', 'helm', 'blue-1', 'server.crt'))
    assert.ok(leaf.checkHost('blue-1-2.blue-1-headless') && leaf.checkHost('blue-1.nats.svc'))
  })

  it('says which hosts a certificate that is kept is not for', async () => {
    writeFileSync(machine.path('cluster.yaml'), DESCRIPTION)
    await generate('--file', machine.path('cluster.yaml'))
    const again = ['--file', machine.path('cluster.yaml'), '--target', 'compose']
    const {stdout, stderr} = await generate(...again)
    assert.match(stdout, /^kept\tserver\tblue-node-1/m)
    assert.equal(
      stderr,
      'warning: blue-node-1 (and 2 more like it) is kept and not for localhost, 127.0.0.1, ::1\n  --force makes all of them anew\n',
    )
    await generate(...again, '--force')
    assert.equal((await generate(...again)).stderr, '')
    assert.equal((await generate('--file', machine.path('cluster.yaml'))).stderr, '')
  })

  it('takes nodes from a configured cluster', async () => {
    const {stdout} = await generate('--cluster', 'blue', '--out', machine.path('tls'))
    assert.match(stdout, /^made\tserver\tblue-node-1\tblue-node-1\.blue\.internal blue-node-1$/m)
  })

  it('writes nothing on a dry run', async () => {
    const {stdout, stderr} = await one('--dry-run')
    assert.match(stdout, /^made\tca\tauthority\t-\nmade\tserver\tn1/)
    assert.match(stderr, /^nothing was written to .*\/tls\n$/)
    assert.deepEqual(machine.files(), [])
  })

  it('puts nothing of a node into the folders of the authority and the clients, or outside', async () => {
    for (const name of ['ca', 'CA', 'clients']) {
      const file = machine.path('c.yaml')
      writeFileSync(file, DESCRIPTION.replace('3', `[{name: ${name}}]`))
      const {stderr, exitCode} = await generate('--file', file)
      assert.match(stderr, new RegExp(`^error: "${name}" is no name for a node`))
      assert.equal(exitCode, 2)
    }
    assert.ok(!existsSync(machine.path('made')))
  })

  it('writes no key into a folder that is a symlink or that others can write to', async () => {
    await one()
    chmodSync(machine.path('tls', 'n1'), 0o777)
    const key = read('n1', 'server.key')
    assert.match((await one('--force')).stderr, /n1 lets others write to it/)
    renameSync(machine.path('tls', 'n1'), machine.path('elsewhere'))
    symlinkSync(machine.path('elsewhere'), machine.path('tls', 'n1'))
    assert.match((await one('--force')).stderr, /n1 is a symlink/)
    assert.equal(readFileSync(machine.path('elsewhere', 'server.key'), 'utf8'), key)
  })

  it('refuses what it cannot do, and leaves nothing behind', async () => {
    const cases: readonly [argv: string[], message: RegExp][] = [
      [['--out', machine.path('tls')], /^error: nobody to make a certificate for/],
      [['--node', 'n1=h'], /^error: there is no folder to write to: name one with --out/],
      [['--node', '../n1=h', '--out', machine.path('tls')], /^error: "\.\.\/n1" is no name for a node/],
      [['--node', 'ca=h', '--out', machine.path('tls')], /^error: "ca" is no name for a node/],
      [['--client', 'a/b', '--node', 'n=h', '--out', machine.path('tls')], /^error: "a\/b" is no name for a client/],
      [['--node', 'n=h', '--node', 'n=i', '--out', machine.path('tls')], /^error: n is named twice/],
      [['--node', 'n=ok', '--node', 'm=nats://h:1', '--out', machine.path('tls')], /^error: "nats:\/\/h:1" is neither/],
      [['--node', 'n=h', '--out', machine.path('tls'), '--days', '0'], /days/],
      [
        ['--node', 'n=h', '--out', machine.path('tls'), '--target', 'helm'],
        /^error: --target is about a described cluster/,
      ],
    ]
    for (const [argv, message] of cases) {
      const {stderr, exitCode} = await generate(...argv)
      assert.match(stderr, message)
      assert.equal(exitCode, 2)
    }
    assert.deepEqual(machine.files(), [])
  })

  it('asks for the key of an authority that is kept elsewhere', async () => {
    await one()
    rmSync(machine.path('tls', 'ca', 'ca.key'))
    const {stderr, exitCode} = await one('--node', 'n2=h2')
    assert.equal(exitCode, 3)
    assert.match(stderr, /^error: the authority's key is not at .*ca\.key: put it there, or name its folder with --ca/)
  })

  it('stops at Ctrl-C with nothing half done, and goes on with the next run', async () => {
    const interruption = new AbortController()
    const reason = new Error('interrupted')
    const request = {
      ...{file: undefined, cluster: undefined, target: undefined, nodes: ['n1=h1', 'n2=h2'], clients: []},
      ...{out: machine.path('tls'), authorityFolder: undefined, localhost: false, days: 1, authorityDays: 2},
      ...{force: false, dryRun: false},
    }
    // The time is asked for once everything is read and nothing is written yet.
    const now = (): number => {
      interruption.abort(reason)
      return Date.now()
    }
    const clock = {...systemClock, now}
    const context = {configuration: emptyConfiguration(), clock, signal: interruption.signal} as Context
    await assert.rejects(generateCertificates(context, request), reason)
    assert.deepEqual(machine.files(), [])
    const again = {...context, clock: systemClock, signal: new AbortController().signal} as Context
    assert.deepEqual(
      (await generateCertificates(again, request)).certificates.map(({change}) => change),
      ['made', 'made'],
    )
  })

  it('leaves no half-made holder where it cannot write', async () => {
    mkdirSync(machine.path('tls', 'clients'), {recursive: true, mode: 0o700})
    writeFileSync(machine.path('tls', 'clients', 'messenger'), 'a file in the way')
    const {stderr, exitCode} = await one('--client', 'messenger')
    assert.match(stderr, /^error: .*\/clients\/messenger is there without a certificate\n/)
    assert.deepEqual([exitCode, machine.files()], [3, ['tls/clients/messenger']])
    const {exitCode: forced} = await one('--client', 'messenger', '--force')
    assert.notEqual(forced, 0)
    assert.deepEqual(readdirSync(machine.path('tls', 'clients')), ['messenger'])
  })
})
