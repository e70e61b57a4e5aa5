import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {connz} from '../../../../src/lib/clients/monitor/report-schemas.ts'
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

  it('take a duration for none that is longer than any can be, in no time', () => {
    const connection = (uptime: string) => ({total: 1, connections: [{cid: 1, ip: '::1', port: 1, uptime}]})
    const read = (uptime: string) => {
      const result = check(connz, connection(uptime))
      return 'value' in result ? result.value.connections[0]?.uptime : result.wrong
    }
    assert.equal(read('1m2s'), 62_000)
    assert.equal(read('1'.repeat(2_000_000)), undefined)
  })
})
