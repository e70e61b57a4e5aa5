import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {check, healthz, jsz, raftz, routez, varz} from '../../../../src/lib/clients/monitor/schemas.ts'

describe('schemas of monitoring answers', () => {
  const schemas = {healthz, jsz, raftz, routez, varz}

  for (const [name, schema] of Object.entries(schemas)) {
    it(`find the same in ${name}, compiled or not`, () => {
      const golden = new URL(`../../../golden/monitor/2.15.1/${name}.json`, import.meta.url)
      const answer = {...JSON.parse(readFileSync(golden, 'utf8'))}
      const compiled = check<unknown>(schema, answer)
      assert.deepEqual(check<unknown>(schema, answer, {compile: false}), compiled)
      assert.ok('value' in compiled)
      const [field = ''] = Object.keys(compiled.value as object)
      const broken = {...answer, [field]: 7}
      const wrong = check<unknown>(schema, broken)
      assert.deepEqual(check<unknown>(schema, broken, {compile: false}), wrong)
      assert.ok('wrong' in wrong && wrong.wrong.startsWith(`${field}: `), JSON.stringify(wrong))
    })
  }
})
