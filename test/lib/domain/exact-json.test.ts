import assert from 'node:assert/strict'
import {parseExactJson} from '../../../src/lib/domain/exact-json.ts'

describe('exact JSON', () => {
  for (const text of [
    '{"id":18446744073709551615,"seq":9007199254740993,"small":12}',
    '[1.0,1e+06,-0,0.1,1.2345678901234567890]',
    '{"text":"18446744073709551615","__proto__":{"a":1},"none":null,"on":true}',
  ]) {
    it(`writes ${text} again as it was`, () => assert.equal(JSON.stringify(parseExactJson(text)), text))
  }

  it('leaves ordinary numbers numbers', () => assert.deepEqual(parseExactJson('{"a":[1,2.5]}'), {a: [1, 2.5]}))

  it('refuses what is no JSON', () => assert.throws(() => parseExactJson('404 page not found'), SyntaxError))
})
