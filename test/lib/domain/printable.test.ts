import assert from 'node:assert/strict'
import {printable, printableJson, printableLines} from '../../../src/lib/domain/printable.ts'

describe('text from outside', () => {
  it('shows what would move the cursor, turn a line round or fake a second one', () => {
    assert.equal(printable('a\u001b[2J\u009b\n\u202e\u2028'), 'a\\x1b[2J\\x9b\\x0a\\u202e\\u2028')
    assert.equal(printableLines('a\n\tb\r'), 'a\n\tb\\x0d')
  })

  it('shows what takes no room: two names that look the same are not', () => {
    assert.equal(printable('or\u00adders \u200b\u2060\ufeff\u180e'), 'or\\xadders \\u200b\\u2060\\ufeff\\u180e')
    assert.equal(printable('naïve 日本 👩‍🚀'), 'naïve 日本 👩‍🚀')
  })

  it('is the same value as JSON, on one line or on several', () => {
    const value = {'\u009b': ['\u007f\u202e\ufeff', 'a\nb\t"ö"', 1.5, null]}
    for (const indented of [false, true]) {
      const text = printableJson(value, {indented})
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\ufeff]/)
      assert.deepEqual(JSON.parse(text), value)
    }
    assert.equal(printableJson({a: ['\u009b']}), '{"a":["\\u009b"]}')
    assert.equal(printableJson({a: 1}, {indented: true}), '{\n  "a": 1\n}')
  })
})
