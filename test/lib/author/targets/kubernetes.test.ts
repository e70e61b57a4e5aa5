import assert from 'node:assert/strict'
import {parseAllDocuments, parse as parseYaml} from 'yaml'
import {generate, open, secret, textOf} from '../../../support/generated-files.ts'

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

async function validateKubernetes(document: {apiVersion: string; kind: string}): Promise<void> {
  const models = await import(`kubernetes-models/${document.apiVersion}/${document.kind}`)
  const model = new models[document.kind](document)
  model.validate()
}
