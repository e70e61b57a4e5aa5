import assert from 'node:assert/strict'
import {chmodSync, copyFileSync, writeFileSync} from 'node:fs'
import CertCheck from '../../../src/commands/cert/check.ts'
import CertGenerate from '../../../src/commands/cert/generate.ts'
import {DAY_MS} from '../../../src/lib/author/certificates.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {type RunOptions, runCommand} from '../../support/run.ts'

describe('cert check', () => {
  let machine: FakeMachine
  let root: string
  beforeEach(async () => {
    machine = new FakeMachine()
    root = machine.path('tls')
    const argv = ['--node', 'n1=n1.example.internal,10.0.1.7', '--client', 'c1', '--out', root, '--days', '100']
    await runCommand(CertGenerate, argv, machine.wiring(new FakeParameterStore()))
  })
  afterEach(() => machine[Symbol.dispose]())

  const check = (argv: readonly string[], options: RunOptions = {}) =>
    runCommand(CertCheck, argv, machine.wiring(new FakeParameterStore()), options)
  const findings = async (...argv: string[]) => {
    const {stdout, exitCode} = await check([...argv, '--json'])
    const certificates: {findings: {problem: string; severity: string; message: string}[]}[] =
      JSON.parse(stdout).certificates
    const all = certificates.flatMap((each) => each.findings)
    return [exitCode, ...all.map(({severity, problem, message}) => `${severity} ${problem}: ${message}`)]
  }
  const server = () => machine.path('tls', 'n1', 'server.crt')

  it('finds a folder of cert generate in order', async () => {
    const {stdout, exitCode} = await check([root, '--no-color'], {columns: 100})
    assert.equal(exitCode, 0)
    assert.deepEqual(
      stdout.split('\n').map((line) => line.trimEnd().replaceAll(root, 'ROOT').replace(/ {2,}/g, '  ')),
      [
        'STATE  EXPIRES  SUBJECT  WHERE',
        'ok  in 3650d  CN=nats CA 2026-01-02  ROOT/ca/ca.crt',
        'ok  in 100d  CN=n1  ROOT/n1/server.crt',
        'ok  in 100d  CN=c1  ROOT/clients/c1/client.crt',
        '',
      ],
    )
  })

  it('is exact in JSON', async () => {
    const {stdout} = await check([server(), '--json'])
    const {certificates, verdict} = JSON.parse(stdout)
    const {serialNumber, ...certificate} = certificates[0].certificate
    assert.match(serialNumber, /^[0-9a-f]{32}$/)
    assert.deepEqual(
      [verdict, certificates[0].where, certificates[0].findings, certificate],
      [
        'ok',
        server(),
        [],
        {
          subject: 'CN=n1',
          issuer: 'CN=nats CA 2026-01-02',
          names: ['DNS:n1.example.internal', 'IP Address:10.0.1.7', 'DNS:n1'],
          isAuthority: false,
          notBefore: '2026-01-02T02:59:05Z',
          notAfter: '2026-04-12T03:04:05Z',
        },
      ],
    )
  })

  it('warns before a certificate ends, and again, and when it has ended', async () => {
    machine.clock.time += 80 * DAY_MS
    assert.deepEqual(await findings(server()), [20, 'warning expiring: expires on 2026-04-12: 20 days left'])
    machine.clock.time += 14 * DAY_MS
    assert.deepEqual(await findings(server()), [21, 'critical expiring: expires on 2026-04-12: 6 days left'])
    machine.clock.time += 7 * DAY_MS
    assert.deepEqual(await findings(server()), [21, 'critical expired: expired on 2026-04-12'])
    machine.clock.time -= 365 * DAY_MS
    assert.deepEqual(await findings(server()), [21, 'critical not-yet-valid: is valid from 2026-01-02 only'])
  })

  it('says that an authority ends, whose certificates end with it', async () => {
    machine.clock.time += 3640 * DAY_MS
    const [, ...found] = await findings(server(), '--ca', machine.path('tls', 'ca', 'ca.crt'))
    assert.deepEqual(found, [
      'critical expired: expired on 2026-04-12',
      'warning expiring: its authority CN=nats CA 2026-01-02 expires on 2035-12-31: 10 days left',
    ])
  })

  it('finds a key of another certificate, one that others can read, and what is no key', async () => {
    const key = machine.path('tls', 'n1', 'server.key')
    assert.deepEqual(await findings(server(), '--key', key), [0])
    chmodSync(key, 0o644)
    assert.deepEqual(await findings(server(), '--key', key), [
      20,
      'warning key-readable-by-others: its key can be read by others: chmod 600',
    ])
    copyFileSync(machine.path('tls', 'clients', 'c1', 'client.key'), key)
    chmodSync(key, 0o600)
    assert.deepEqual(await findings(root), [21, 'critical key-mismatch: the key is not the key of the certificate'])
    writeFileSync(key, 'no key')
    assert.deepEqual(await findings(root), [21, 'critical key-unreadable: its key is no PEM key without passphrase'])
  })

  it('finds an authority that has not signed it, a name that is missing, a use it is not for', async () => {
    await runCommand(
      CertGenerate,
      ['--node', 'x=x', '--out', machine.path('other')],
      machine.wiring(new FakeParameterStore()),
    )
    const stranger = machine.path('other', 'ca', 'ca.crt')
    assert.deepEqual(await findings(server(), '--ca', stranger), [
      21,
      'critical untrusted: no authority given here has signed CN=n1',
    ])
    assert.deepEqual(
      await findings(server(), '--host', 'n1.example.internal', '--host', '10.0.1.7', '--host', '10.0.1.8'),
      [21, 'critical name-missing: it is not for 10.0.1.8'],
    )
    copyFileSync(machine.path('tls', 'clients', 'c1', 'client.crt'), server())
    copyFileSync(machine.path('tls', 'clients', 'c1', 'client.key'), machine.path('tls', 'n1', 'server.key'))
    assert.deepEqual(await findings(root), [
      21,
      'critical use-missing: it is not made for servers (no serverAuth)',
      'critical names-absent: it has no subject alternative names: clients refuse it',
    ])
  })

  it('is one record a certificate and a finding in a pipe', async () => {
    machine.clock.time += 80 * DAY_MS
    const {stdout} = await check([server()])
    assert.deepEqual(stdout.split('\n'), [
      `warning\t2026-04-12T03:04:05Z\tCN=n1\t${server()}`,
      `finding\twarning\texpiring\t${server()}\texpires on 2026-04-12: 20 days left`,
      '',
    ])
  })

  it('refuses what is no certificate, what is not there, and two questions at once', async () => {
    const text = machine.path('text')
    writeFileSync(text, 'hello')
    const broken = machine.path('broken')
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    const cases: readonly [argv: string[], exit: number, message: RegExp][] = [
      [[text], 2, /text cannot be read as a certificate: there is no PEM certificate in it$/],
      [[broken], 2, /broken cannot be read as a certificate: /],
      [[machine.path('none')], 9, /^error: there is no file .*none$/],
      [[machine.path('run')], 9, /^error: there is no certificate in .*run$/],
      [[server(), '--cluster', 'c'], 2, /^error: files and --cluster are two questions$/],
      [['--cluster', 'c', '--host', 'h'], 2, /^error: --ca, --key and --host go with a file$/],
    ]
    for (const [argv, exit, message] of cases) {
      const {stderr, exitCode} = await check(argv)
      assert.match(stderr.split('\n')[0] ?? '', message)
      assert.equal(exitCode, exit)
    }
  })
})
