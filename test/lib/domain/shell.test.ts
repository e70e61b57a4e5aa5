import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import fc from 'fast-check'
import {quoteForShell} from '../../../src/lib/domain/shell.ts'

describe('quoteForShell', () => {
  it('leaves ordinary words as they are', () => {
    assert.equal(
      quoteForShell(['nats', '--server', 'nats://a:4222,nats://b:4222', 'ls']),
      'nats --server nats://a:4222,nats://b:4222 ls',
    )
  })

  const words = [
    '',
    ' ',
    "it's",
    '$HOME',
    '`id`',
    '"',
    '\\',
    '*',
    'a;b',
    '>',
    '~',
    '!',
    '\t',
    'ä',
    'A=1',
    "''",
    '-x',
    '#c',
    '(',
    'new\nline',
  ]
  for (const word of words) {
    it(`keeps ${JSON.stringify(word)} one and the same word of a shell`, () => {
      const line = quoteForShell(['printf', '%s|', word, 'end'])
      assert.equal(execFileSync('/bin/sh', ['-c', line], {encoding: 'utf8'}), `${word}|end|`)
    })
  }

  it('quotes a first word that a shell would take for an assignment', () => {
    assert.equal(quoteForShell(['PATH=x', 'ls']), "'PATH=x' ls")
  })

  it('keeps any word at all, whatever it is made of', () => {
    const dangerous = fc.constantFrom(...'\'"`$\\;&|<>(){}[]*?~!#= \t\n\r-%^', 'a', 'ü', '\u202e', '\u001b')
    const word = fc
      .oneof(fc.string({unit: dangerous}), fc.string({unit: 'binary'}))
      .filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.array(word, {minLength: 1, maxLength: 40}), (words) => {
        const line = quoteForShell(['printf', '%s\\0', ...words])
        // Bytes: a lone surrogate is the same replacement character on both ways.
        assert.deepEqual(execFileSync('/bin/sh', ['-c', line]), Buffer.from(`${words.join('\0')}\0`))
      }),
      {numRuns: 40},
    )
  })
})
