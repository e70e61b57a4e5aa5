import assert from 'node:assert/strict'
import ServiceShow from '../../../src/commands/service/show.ts'
import {Exit} from '../../../src/lib/errors.ts'
import {makeUser, secretsOf} from '../../support/credentials.ts'
import {runCommand} from '../../support/run.ts'
import {BASE, HOSTILE, HOSTS, ServiceScene} from '../../support/services.ts'

describe('service show', () => {
  let scene: ServiceScene
  beforeEach(() => {
    scene = new ServiceScene()
  })
  afterEach(() => scene[Symbol.dispose]())
  const show = (...argv: readonly string[]) => runCommand(ServiceShow, ['--cluster', 'c', ...argv], scene.wiring)

  it('shows parameters, hosts, user and permissions, and no secret', async () => {
    const user = await scene.add('face.box', {days: 1, claims: {pub: {allow: ['a.>']}, sub: {deny: ['b']}}})
    scene.set('face.box', {host: `${HOSTS},10.0.0.9`})
    const {stdout, stderr, exitCode} = await show('face.box')
    assert.equal(exitCode, 0)
    const lines = stdout.split('\n')
    assert.deepEqual(lines.slice(0, 9), [
      'service\tface.box',
      `parameters\t${BASE}/face.box/nats_host v2`,
      `parameters\t${BASE}/face.box/nats_admin_jwt v1`,
      `parameters\t${BASE}/face.box/nats_admin_nkey_seed v1`,
      ...[1, 2, 3].map((n) => `hosts\tnats://c-node-${n}.c.internal:4222`),
      'hosts\tnats://10.0.0.9:4222',
      'no node of it\tnats://10.0.0.9:4222',
    ])
    assert.ok(lines.includes(`user\tface.box ${user.publicKey}`))
    assert.ok(lines.includes('publish\ta.>'))
    assert.ok(lines.includes('not subscribe\tb'))
    for (const secret of secretsOf(user)) assert.ok(!(stdout + stderr).includes(secret))
  })

  it('says why a service could not connect, with exit status 10', async () => {
    await scene.add('old', {days: -1})
    const stranger = await makeUser()
    await scene.add('mixed')
    scene.set('mixed', {seed: stranger.seed})
    scene.set('half', {host: 'what is this', jwt: stranger.jwt})
    const problems = async (name: string) => {
      const {stdout, exitCode} = await show(name, '--json')
      assert.equal(exitCode, Exit.auth)
      assert.equal(JSON.parse(stdout).exit, Exit.auth)
      return JSON.parse(stdout).problems
    }
    assert.deepEqual(await problems('old'), [`${BASE}/old/nats_admin_jwt expired at 2026-01-01T03:04:05Z`])
    assert.deepEqual(await problems('mixed'), [
      `${BASE}/mixed/nats_admin_nkey_seed is the seed of another user than ${BASE}/mixed/nats_admin_jwt is for`,
    ])
    assert.deepEqual(await problems('half'), [
      `${BASE}/half/nats_admin_nkey_seed is missing`,
      'nats_host is not a list of NATS servers: "what is this"',
    ])
  })

  it('names the services that are there where one is not', async () => {
    await scene.add('app')
    scene.set(HOSTILE, {host: HOSTS})
    const {stderr, exitCode} = await show('nope')
    assert.equal(exitCode, Exit.notFound)
    assert.match(
      stderr,
      /error: there is no service nope below \/nats-cluster\/c\/services in us-east-2\n {2}try: services that are there: .*app/,
    )
    assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  for (const name of ['', '..', 'a/b', 'a:3', '*', HOSTILE]) {
    it(`asks SSM for nothing by the name ${JSON.stringify(name.slice(0, 12))}`, async () => {
      const {stderr, exitCode} = await show(name)
      assert.equal(exitCode, Exit.usage)
      assert.match(stderr, /is no name of a service: letters, digits and \. - _/)
      assert.deepEqual(scene.store.calls, [])
    })
  }
})
