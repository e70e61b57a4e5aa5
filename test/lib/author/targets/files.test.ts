import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {parse as parseYaml} from 'yaml'
import {TARGETS} from '../../../../src/lib/author/generate.ts'
import {base, generate, HASH, open, secret, textOf} from '../../../support/generated-files.ts'

describe('generated files', () => {
  for (const target of TARGETS) {
    it(`are the same bytes each time for ${target}`, async () => {
      assert.deepEqual(await generate(target, open), await generate(target, open))
    })
  }

  for (const target of TARGETS.filter((each) => each !== 'user-data')) {
    it(`are for their owner alone where they hold a secret, for ${target}`, async () => {
      const files = [...(await generate(target, secret)).values()]
      const holding = files.filter(({text}) => text.includes(HASH) || text.includes('route-secret'))
      assert.ok(holding.length > 0)
      assert.deepEqual(
        holding.filter((file) => !file.secret),
        [],
      )
      assert.ok(files.some((file) => !file.secret))
    })
  }

  it('name the folder of certificates to a shell as a text, whatever it is called', async () => {
    const folder = "../it's $(echo run) `echo run` }"
    const script = textOf(await generate('kubernetes', open, folder), 'kubernetes/tls-secret.sh')
    const [line] = /^tls=.*$/m.exec(script) ?? assert.fail()
    const env = {PATH: process.env.PATH}
    assert.equal(execFileSync('sh', ['-c', `${line}\nprintf %s "$tls"`], {encoding: 'utf8', env}), folder)
    const values = textOf(await generate('helm', open, folder), 'values.yaml')
    assert.match(values, /'--from-file=ca\.crt=\.\.\/it'\\''s \$\(echo run\)/)
  })

  it('put no secret into user data', async () => {
    await assert.rejects(generate('user-data', secret), {
      code: 'USAGE',
      message: /user data can be read by every process/,
    })
  })

  it('alert at the thresholds that health has', async () => {
    const {groups} = parseYaml(textOf(await generate('systemd', open), 'monitoring/alerts.yml'))
    const rules = new Map<string, string>(
      groups[0].rules.map((rule: {alert: string; expr: string}) => [rule.alert, rule.expr]),
    )
    assert.equal(rules.get('NatsManyConnections'), 'sum(gnatsd_varz_connections{cluster="Blue_1"}) > 123')
    assert.match(rules.get('NatsJetStreamStorage') ?? '', /> 71$/)
  })

  it('ask the exporter only for what it has', async () => {
    const {groups} = parseYaml(textOf(await generate('systemd', open), 'monitoring/alerts.yml'))
    const text: string = groups[0].rules.map(({expr}: {expr: string}) => expr).join('\n')
    const metrics = [...new Set(text.match(/\b(gnatsd|jetstream)_\w+/g))].sort()
    assert.deepEqual(metrics, METRICS)
    // A server that does not answer is no healthy one, whatever its exporter makes of it.
    assert.match(
      text,
      /^\(count\(max by \(node\) \(gnatsd_healthz_status\{cluster="Blue_1"\}\) == 0\) or vector\(0\)\) < 3$/m,
    )
  })

  it('let surveyor in as who it has to be', async () => {
    const surveyorOf = async (text: string) =>
      parseYaml(textOf(await generate('compose', text), 'compose.yaml')).services.surveyor
    const inOperatorMode = await surveyorOf(open)
    assert.deepEqual(inOperatorMode.command.slice(2), [
      '--creds=/etc/surveyor/system.creds',
      '--tlscacert=/etc/surveyor/ca.crt',
      '--tlscert=/etc/surveyor/client.crt',
      '--tlskey=/etc/surveyor/client.key',
    ])
    assert.deepEqual(inOperatorMode.volumes, [
      `\${NATS_SYSTEM_CREDS:-./system.creds}:/etc/surveyor/system.creds:ro`,
      `\${NATS_TLS:-../tls}/Blue_1-node-1/ca.crt:/etc/surveyor/ca.crt:ro`,
      `\${NATS_TLS:-../tls}/clients/surveyor/client.crt:/etc/surveyor/client.crt:ro`,
      `\${NATS_TLS:-../tls}/clients/surveyor/client.key:/etc/surveyor/client.key:ro`,
    ])
    const key = `U${'A'.repeat(55)}`
    const withKeys = await surveyorOf(`${base}auth: {mode: nkeys, users: [{name: s, nkey: ${key}, system: true}]}\n`)
    assert.deepEqual(withKeys.command.slice(2), ['--nkey=/etc/surveyor/system.nk'])
    const withPasswords = await surveyorOf(secret.replace('{name: app', '{system: true, name: sys'))
    assert.deepEqual(withPasswords.environment, ['NATS_SURVEYOR_USER', 'NATS_SURVEYOR_PASSWORD'])
    assert.equal(await surveyorOf(secret), undefined)
    assert.equal(await surveyorOf(`${base}auth: {mode: none}\n`), undefined)
  })

  it('stop a unit later than the server has stopped by itself', async () => {
    const unit = textOf(
      await generate('systemd', `${open}lameDuck: {duration: 5m, gracePeriod: 20s}\n`),
      'nodes/Blue_1-node-1/nats.service',
    )
    assert.match(unit, /^KillSignal=SIGUSR2$/m)
    assert.match(unit, /^TimeoutStopSec=350$/m)
  })

  it('are refused where pods would need ports of their own', async () => {
    const text = `${open}nodes: [{name: a}, {name: b, ports: {client: 4223}}]\n`
    await assert.rejects(generate('kubernetes', text), {message: /pods of one StatefulSet have the same ports/})
  })
})

/** What prometheus-nats-exporter 0.17 gives with -varz, -healthz and -jsz=all, as far as rules use it. */
const METRICS = [
  'gnatsd_healthz_status',
  'gnatsd_varz_connections',
  'gnatsd_varz_cores',
  'gnatsd_varz_cpu',
  'gnatsd_varz_jetstream_config_max_storage',
  'gnatsd_varz_jetstream_stats_api_errors',
  'gnatsd_varz_jetstream_stats_storage',
  'gnatsd_varz_slow_consumers',
  'gnatsd_varz_subscriptions',
  'jetstream_consumer_num_pending',
]
