import assert from 'node:assert/strict'
import {parseServerList} from '../../../src/lib/domain/server-list.ts'

describe('parseServerList', () => {
  const cases: Readonly<Record<string, readonly string[] | undefined>> = {
    'a.example': ['nats://a.example:4222'],
    'nats://a:4223, tls://b ,': ['nats://a:4223', 'tls://b:4222'],
    'nats://[::1]:4222,10.0.0.1\n': ['nats://[::1]:4222', 'nats://10.0.0.1:4222'],
    'nats://user:pass@a:4222/': ['nats://a:4222'],
    '': undefined,
    ' , ': undefined,
    'a,b c': undefined,
    'http://a:8222': undefined,
    'a:0': undefined,
    'a:70000': undefined,
    "a';rm": undefined,
    'nats://a:4222/path': undefined,
    'a\u001b[2J': undefined,
  }
  for (const [text, expected] of Object.entries(cases)) {
    it(`reads ${JSON.stringify(text)} as ${expected?.join(' ') ?? 'no server list'}`, () => {
      assert.deepEqual(parseServerList(text, 4222), expected)
    })
  }
})
