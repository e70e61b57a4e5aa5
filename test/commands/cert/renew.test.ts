import assert from 'node:assert/strict'
import {X509Certificate} from 'node:crypto'
import {copyFileSync, existsSync, readFileSync, rmSync} from 'node:fs'
import CertCheck from '../../../src/commands/cert/check.ts'
import CertGenerate from '../../../src/commands/cert/generate.ts'
import CertRenew from '../../../src/commands/cert/renew.ts'
import {splitPem} from '../../../src/lib/author/certificates-check.ts'
import {FakeMachine, FakeParameterStore} from '../../support/fakes.ts'
import {runCommand} from '../../support/run.ts'

describe('cert renew', () => {
  let machine: FakeMachine
  let root: string
  beforeEach(async () => {
    machine = new FakeMachine()
    root = machine.path('tls')
    const argv = ['--node', 'n1=n1.example.internal,10.0.1.7', '--node', 'n2=h2', '--client', 'c1', '--out', root]
    await runCommand(CertGenerate, argv, machine.wiring(new FakeParameterStore()))
  })
  afterEach(() => machine[Symbol.dispose]())

  const renew = (...argv: string[]) => runCommand(CertRenew, [root, ...argv], machine.wiring(new FakeParameterStore()))
  const check = () => runCommand(CertCheck, [root], machine.wiring(new FakeParameterStore()))
  const read = (...names: string[]): string => readFileSync(machine.path('tls', ...names), 'utf8')
  const whole = (): string =>
    machine
      .files()
      .map((name) => readFileSync(machine.path(name), 'utf8'))
      .join()
  const rotation = async (...argv: string[]) => JSON.parse((await renew('--json', ...argv)).stdout).rotation

  it('says where it stands and changes nothing', async () => {
    const before = whole()
    const {stdout, exitCode} = await renew()
    assert.deepEqual(stdout.split('\n'), [
      'state\tno rotation of the authority is running; 3 certificates',
      'next\tcertificates of the same authority: --step certificates',
      'next\ta new authority: --step trust',
      '',
    ])
    assert.deepEqual([exitCode, whole()], [0, before])
  })

  it('renews certificates with the names they have, of the same authority', async () => {
    const [key, authority] = [read('n1', 'server.key'), read('n1', 'ca.crt')]
    machine.clock.time += 300 * 86_400_000
    const {stdout} = await renew('--step', 'certificates')
    assert.match(stdout, /^changed\t.*\/tls\/n1\nchanged\t.*\/tls\/n2\nchanged\t.*\/clients\/c1$/m)
    const {subject, subjectAltName, validToDate} = new X509Certificate(read('n1', 'server.crt'))
    assert.deepEqual(
      [subject, subjectAltName, validToDate.toISOString().slice(0, 10)],
      ['CN=n1', 'DNS:n1.example.internal, IP Address:10.0.1.7, DNS:n1', '2027-10-29'],
    )
    assert.notEqual(read('n1', 'server.key'), key)
    assert.equal(read('n1', 'ca.crt'), authority)
    assert.equal((await check()).exitCode, 0)
  })

  it('rotates the authority in three steps, and every certificate is trusted after each', async () => {
    const old = read('ca', 'ca.crt')
    machine.clock.time += 86_400_000
    assert.deepEqual(await rotation('--step', 'trust'), {running: true, trusting: 3, issued: 0, holders: 3})
    assert.deepEqual([splitPem(read('n1', 'ca.crt')).length, (await check()).exitCode], [2, 0])
    assert.deepEqual(await rotation('--step', 'issue'), {running: true, trusting: 3, issued: 3, holders: 3})
    assert.deepEqual([splitPem(read('clients', 'c1', 'ca.crt')).length, (await check()).exitCode], [2, 0])
    assert.deepEqual(await rotation('--step', 'drop'), {running: false, trusting: 0, issued: 0, holders: 3})
    assert.equal((await check()).exitCode, 0)
    assert.equal(read('n1', 'ca.crt'), read('ca', 'ca.crt'))
    assert.notEqual(read('ca', 'ca.crt'), old)
    assert.ok(!existsSync(machine.path('tls', 'ca', 'next.key')))
    assert.equal(new X509Certificate(read('ca', 'ca.crt')).subject, 'CN=nats CA 2026-01-03')
  })

  it('refuses a step before its time', async () => {
    const refusals = async (...steps: string[]) => {
      const said: string[] = []
      for (const step of steps) {
        const {stderr, exitCode} = await renew('--step', step)
        assert.equal(exitCode, 3)
        said.push(stderr.split('\n')[0] ?? '')
      }
      return said
    }
    const begun = 'error: no rotation of the authority has been begun'
    assert.deepEqual(await refusals('issue', 'drop'), [begun, begun])
    await renew('--step', 'trust')
    const [drop, certificates] = await refusals('drop', 'certificates')
    assert.match(drop ?? '', /n1 has no certificate of the new authority yet$/)
    assert.equal(certificates, 'error: the authority is being rotated')
  })

  it('goes on after an end in the middle of a step', async () => {
    await renew('--step', 'trust')
    const before = read('n1', 'ca.crt')
    // One holder was not reached.
    copyFileSync(machine.path('tls', 'ca', 'ca.crt'), machine.path('tls', 'n2', 'ca.crt'))
    assert.deepEqual(await rotation(), {running: true, trusting: 2, issued: 0, holders: 3})
    assert.match((await renew('--step', 'issue')).stderr, /n2 does not trust the new authority yet/)
    await renew('--step', 'trust')
    assert.equal(read('n2', 'ca.crt'), before)
    await renew('--step', 'issue')
    const key = read('n2', 'server.key')
    // A certificate was written and its key was not.
    copyFileSync(machine.path('tls', 'n2', 'server.key'), machine.path('tls', 'n1', 'server.key'))
    assert.equal((await check()).exitCode, 21)
    await renew('--step', 'issue')
    assert.deepEqual([(await check()).exitCode, read('n2', 'server.key')], [0, key])
    // The new authority's key is in place and its certificate is not.
    copyFileSync(machine.path('tls', 'ca', 'next.key'), machine.path('tls', 'ca', 'ca.key'))
    assert.equal((await renew('--step', 'drop')).exitCode, 0)
    assert.equal((await check()).exitCode, 0)
  })

  it('goes on where the first step made a key and no certificate', async () => {
    copyFileSync(machine.path('tls', 'ca', 'ca.key'), machine.path('tls', 'ca', 'next.key'))
    assert.deepEqual(await rotation('--step', 'trust'), {running: true, trusting: 3, issued: 0, holders: 3})
    assert.notEqual(read('ca', 'next.key'), read('ca', 'ca.key'))
  })

  it('changes nothing on a dry run of any step', async () => {
    for (const step of ['certificates', 'trust', 'issue', 'drop']) {
      const before = whole()
      await renew('--step', step, '--dry-run')
      assert.equal(whole(), before, step)
      if (step !== 'certificates') await renew('--step', step)
    }
  })

  it('gives a node that joins during a rotation both authorities', async () => {
    await renew('--step', 'trust')
    await runCommand(CertGenerate, ['--node', 'n3=h3', '--out', root], machine.wiring(new FakeParameterStore()))
    assert.equal(read('n3', 'ca.crt'), read('n1', 'ca.crt'))
  })

  it('needs the authority and its key', async () => {
    rmSync(machine.path('tls', 'ca', 'ca.key'))
    assert.equal((await renew('--step', 'certificates')).exitCode, 3)
    rmSync(machine.path('tls', 'ca', 'ca.crt'))
    const {stderr, exitCode} = await renew()
    assert.match(stderr, /^error: there is no authority in .*\/tls\/ca\n/)
    assert.equal(exitCode, 9)
  })
})
