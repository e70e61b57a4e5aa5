import assert from 'node:assert/strict'
import fc from 'fast-check'
import {type ConfigurationValue, parseConfiguration} from '../../../src/lib/author/parse.ts'
import {DEEPEST} from '../../../src/lib/author/parse-syntax.ts'
import {Exit, OpsError} from '../../../src/lib/errors.ts'

type Files = Readonly<Record<string, string>>

/** The values as plain data; a repeated key has its last value. */
function plain(value: ConfigurationValue): unknown {
  if (value.kind === 'map') return Object.fromEntries(value.entries.map((entry) => [entry.key, plain(entry.value)]))
  if (value.kind === 'array') return value.items.map(plain)
  return 'text' in value ? value.text : value.value
}

async function read(text: string, files: Files = {}, variables: Files = {}) {
  const known: Files = {'/etc/nats.conf': text, ...files}
  const source = {
    read: async (path: string) => known[path] ?? assert.fail(`${path} is read`),
    variable: (name: string) => variables[name],
  }
  return parseConfiguration('/etc/nats.conf', source)
}

const values = async (text: string, files?: Files, variables?: Files) =>
  plain((await read(text, files, variables)).root)

async function refusal(text: string, files?: Files, variables?: Files): Promise<string> {
  const error = await read(text, files, variables).then(
    () => assert.fail(`${JSON.stringify(text)} is accepted`),
    (problem: unknown) => problem,
  )
  assert.ok(error instanceof OpsError, String(error))
  assert.deepEqual([error.code, error.exit], ['CONFIG_NOT_PARSED', Exit.usage])
  return error.message
}

describe('parseConfiguration', () => {
  it('reads keys with =, : and blanks, and every kind of comment and end', async () => {
    const text = 'a = 1\nb: 2 # two\nc 3; d: 4, "e f": 5 // five\n\'g\'=6\n# last'
    assert.deepEqual(await values(text), {a: 1, b: 2, c: 3, d: 4, 'e f': 5, g: 6})
  })

  it('reads maps and arrays in every form', async () => {
    const text =
      'cluster {\n name: c, routes [\n  nats://a:1\n  "nats://b:2", nats://c:3 ]\n}\nm={n={o:[[1 ], {p:2}]}}\n'
    assert.deepEqual(await values(text), {
      cluster: {name: 'c', routes: ['nats://a:1', 'nats://b:2', 'nats://c:3']},
      m: {n: {o: [[1], {p: 2}]}},
    })
  })

  it('reads JSON', async () => {
    const text = '{"listen": "127.0.0.1:4222", "cluster": {"routes": ["nats://a:1"]}, "debug": true}\n'
    assert.deepEqual(await values(text), {listen: '127.0.0.1:4222', cluster: {routes: ['nats://a:1']}, debug: true})
  })

  it('reads numbers with their units, dates, booleans and what only looks like a number', async () => {
    const text = `a: 1k\nb: 1KB\nc: 64MiB\nd: 2g\ne: -5\nf: 1.5\ng: yes\nh: OFF\ni: 2026-01-31T10:00:00Z
j: 127.0.0.1:4222\nk: 4222:1\nl: 10s\nm: 5e7bcd\n`
    assert.deepEqual(await values(text), {
      a: 1000,
      b: 1024,
      c: 67_108_864,
      d: 2_000_000_000,
      e: -5,
      f: 1.5,
      g: true,
      h: false,
      i: '2026-01-31T10:00:00Z',
      j: '127.0.0.1:4222',
      k: '4222:1',
      l: '10s',
      m: '5e7bcd',
    })
  })

  it('reads texts: plain, in quotes with escapes, raw, blocks', async () => {
    const text = `a: x\\ty\nb: "q\\"\\\\\\x41\\xc3\\xa9"\nc: 'no \\n $X #'\nd: (\nline 1\n  )\n)\ne: "$X"\n`
    assert.deepEqual(await values(text), {a: 'x\ty', b: 'q"\\Aé', c: 'no \\n $X #', d: '\nline 1\n  )\n', e: '$X'})
  })

  it('takes an unquoted bcrypt hash for a text', async () => {
    assert.deepEqual(await values('p: $2a$11$abc/def.\n'), {p: '$2a$11$abc/def.'})
  })

  it('puts variables in: of the block, of the blocks around it, of the environment', async () => {
    const text = 'X: 1\na: $X\nb { X: 2, c: $X, d { e: $X } }\nf: $X\ng: [$ENV]\nh: $MAP\n'
    assert.deepEqual(await values(text, {}, {ENV: '8MB', MAP: '{i: $ENV}', X: '9'}), {
      X: 1,
      a: 1,
      b: {X: 2, c: 2, d: {e: 2}},
      f: 1,
      g: [8_388_608],
      h: {i: 8_388_608},
    })
  })

  it('says which variable a value came from', async () => {
    const {root} = await read('X: 1\na: $X\nb: $HOST', {}, {HOST: 'n1'})
    const origins = root.entries.map(({value}) => [value.variable, value.isFromEnvironment])
    assert.deepEqual(origins, [
      [undefined, undefined],
      ['X', undefined],
      ['HOST', true],
    ])
  })

  it('reads includes in, from the folder of the file that names them, whatever their path looks like', async () => {
    const files = {'/etc/a/b.conf': 'b: 1\ninclude "c.conf"\n', '/etc/a/c.conf': 'c: 2', '/etc/d.conf': 'e: 3\n'}
    const text = 'include a/b.conf\nx {\n include /d.conf\n}\n'
    assert.deepEqual(await values(text, files), {b: 1, c: 2, x: {e: 3}})
    assert.deepEqual((await read(text, files)).files, [
      '/etc/nats.conf',
      '/etc/a/b.conf',
      '/etc/a/c.conf',
      '/etc/d.conf',
    ])
  })

  it('gives every value its file and line', async () => {
    const {root} = await read('\n# c\na: 1\ninclude b.conf\n', {'/etc/b.conf': '\nb {\n\n  c: 1 }'})
    assert.deepEqual(
      root.entries.map(({key, place}) => [key, place.file, place.line]),
      [
        ['a', '/etc/nats.conf', 3],
        ['b', '/etc/b.conf', 2],
      ],
    )
  })

  const refused: readonly [text: string, message: string][] = [
    ['a: "x', '1: a text in quotes is not closed'],
    ["a: 1\n\nb: 'x", '3: a text in quotes is not closed'],
    ['a: {\n b: 1\n', "3: a map is not closed by '}'"],
    ['a: [1 ; 2]', "1: ',' or ']' expected, \";\" found"],
    ['a: [1 ', "1: ',' or ']' expected, the end of the file found"],
    ['a: (\nx', "1: a block is not closed by ')' on its own line"],
    ['a:\nb: 1', '1: a key has no value on its line'],
    ['a', '1: a key has no value'],
    ['cluster{', '1: a key has no value'],
    ['a: .5', "1: a number begins with a digit, not with '.'"],
    ['a: -x', "1: a number has no digit behind '-'"],
    ['a: 1.x', "1: a number has no digit behind '.'"],
    ['a: 99999999999999999999', '1: a number is out of range'],
    ['a: 1kbb', '1: a number has an unknown unit: k, m, g, t, p or e, then b, i or ib'],
    ['a: 2026-13-01T00:00:00Z', '1: a date is not written as 2026-01-31T00:00:00Z'],
    ['a: "\\q"', '1: an escape is none of \\xHH \\t \\n \\r \\" \\\\'],
    ['a: "x" y', '1: the end of the line after a value expected, "y" found'],
    ['a { b: }', '1: a value expected, "}" found'],
    [': 1', '1: a key expected, ":" found'],
    ['\0', '1: a key expected, "\\u0000" found'],
    ['a: $X', '1: a variable is set nowhere before this line; a text that begins with $ needs quotes'],
    ['a: $X\nX: 1', '1: a variable is set nowhere before this line; a text that begins with $ needs quotes'],
    ['include {', '1: the path of a file expected, "{" found'],
    ['include "x', '1: the path of an include is not closed'],
    ['\ninclude nats.conf\n', '2: a file includes itself, directly or through others'],
  ]
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      assert.equal(await refusal(text), `/etc/nats.conf:${message}`)
    })
  }

  it('refuses a loop over several files, and a variable of the environment that refers to itself', async () => {
    const loop = {'/etc/a': 'include b\n', '/etc/b': '\ninclude a\n'}
    assert.match(await refusal('include a\n', loop), /^\/etc\/b:2: a file includes itself/)
    assert.match(
      await refusal('x: $A', {}, {A: '$B', B: '[$A]'}),
      /:1: a variable of the environment refers to itself$/,
    )
    assert.match(await refusal('x: $A', {}, {A: '"'}), /:1: a variable of the environment holds no value$/)
  })

  it('has limits: depth, files, values', async () => {
    const deep = (levels: number): string => `a: ${'['.repeat(levels)}x${'\n]'.repeat(levels)}\n`
    assert.ok(await read(deep(DEEPEST)))
    assert.match(await refusal(deep(DEEPEST + 1)), /nested more than 100 deep$/)
    assert.match(await refusal('{'.repeat(100_000)), /nested more than 100 deep$/)
    const many = Object.fromEntries(Array.from({length: 60}, (_, n) => [`/etc/${n}`, `include ${'x'.repeat(n + 1)}\n`]))
    const names = Object.fromEntries(Array.from({length: 60}, (_, n) => [`/etc/${'x'.repeat(n + 1)}`, 'a: 1\n']))
    const includes = Object.keys(many).map((path) => `include "${path.slice(5)}"\n`)
    assert.match(await refusal(includes.join(''), {...many, ...names}), /more than 100 files are included$/)
    const doubling = Array.from({length: 40}, (_, n) => `v${n + 1}: [$v${n}, $v${n}]\n`)
    assert.match(await refusal(`v0: [x, y]\n${doubling.join('')}`), /more than 200000 values$/)
  })

  it('never quotes a value', async () => {
    for (const text of [
      'password: "s3cret',
      'password: s3cret\\q',
      'p: $s3cret',
      'p: 1-s3cret',
      'p { password: [s3cret }',
      'p: (s3cret',
    ]) {
      assert.doesNotMatch(await refusal(text), /cret/)
    }
  })

  it('ends on any text, with a configuration or a refusal that names a line', async () => {
    const pieces = fc.constantFrom(
      ...['a', 'b {', 'c: [', 'include x', '"', "'", '{', '}', '[', ']', '(\n', '\n)\n', ':', '=', ',', ';', ' ', '\n'],
      ...['\r\n', '\t', '#', '//', '/', '$a', '$', '\\', '\\x41', '\\n', '1', '-', '.5', '1.5', '2kb', '127.0.0.1:1'],
      ...[
        '2026-01-01T00:00:00Z',
        'true',
        '\u00a0',
        'é',
        '😀',
        '\ud800',
        '\0',
        '٣',
        '$2a$11$x',
        '\u2028',
        'constructor',
      ],
    )
    const text = fc.oneof(
      fc.array(pieces, {maxLength: 30}).map((parts) => parts.join('')),
      fc.string({unit: 'binary', maxLength: 60}),
    )
    await fc.assert(
      fc.asyncProperty(text, text, async (file, included) => {
        const answer = await read(file, {'/etc/x': included}, {a: included}).catch((error: unknown) => error)
        if (answer instanceof OpsError) assert.match(answer.message, /^\/etc\/(nats\.conf|x):\d+: /)
        else if (answer instanceof assert.AssertionError) assert.match(answer.message, /is read$/)
        else assert.ok(!(answer instanceof Error), String(answer))
      }),
      {numRuns: 3000},
    )
  })

  /** Any other proportion takes longer than a test may. */
  it('takes time in proportion to the length', async () => {
    const line = Array.from({length: 20_000}, (_, n) => `k${n}: $k0x, `).join('')
    assert.ok(await read(`k0x: 1\nm { ${line} }\n`))
    assert.ok(await read(`a: "${'\\t'.repeat(200_000)}"\n`))
    assert.match(await refusal(`a: (${'\n)x'.repeat(200_000)}`), /a block is not closed/)
    assert.ok(await read('a (\n)\n'.repeat(190_000)))
  })
})
