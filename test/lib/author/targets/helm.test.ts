import assert from 'node:assert/strict'
import {parse as parseYaml} from 'yaml'
import {generate, open, secret, textOf} from '../../../support/generated-files.ts'

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
