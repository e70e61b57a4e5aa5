import assert from 'node:assert/strict'
import {UsageError} from '../../../src/lib/errors.ts'
import {type ListingColumn, renderCsv, renderListing, sortRows} from '../../../src/lib/output/listing.ts'

interface Fruit {
  readonly name: string
  readonly weight: number | null
  readonly ripe: boolean
  readonly pickedAt: string | null
  readonly age: number
}

const COLUMNS: readonly ListingColumn<Fruit>[] = [
  {key: 'name', header: 'NAME', kind: 'text', value: ({name}) => name},
  {key: 'weight', header: 'WEIGHT', kind: 'bytes', value: ({weight}) => weight, rank: 1},
  {key: 'ripe', header: 'RIPE', kind: 'flag', value: ({ripe}) => ripe, rank: 3},
  {key: 'pickedAt', header: 'PICKED', kind: 'time', value: ({pickedAt}) => pickedAt, rank: 2},
  {key: 'age', header: 'AGE', kind: 'duration', value: ({age}) => age, rank: 2},
]
const NOW = Date.parse('2026-01-02T03:04:05Z')
const APPLE: Fruit = {name: 'apple', weight: 2048, ripe: true, pickedAt: '2026-01-02T01:00:05.250Z', age: 90}
const PEAR: Fruit = {name: 'pear', weight: null, ripe: false, pickedAt: null, age: 0.25}
const PIPE = {decorated: false, width: Number.POSITIVE_INFINITY}
const screen = (width: number) => ({decorated: true, width})

describe('renderListing', () => {
  it('shows values for people on a terminal, numbers to the right', () => {
    assert.equal(
      renderListing(COLUMNS, [APPLE, PEAR], screen(80), NOW),
      [
        'NAME    WEIGHT  RIPE  PICKED    AGE',
        'apple  2.0 KiB  yes   2h ago  1m30s',
        'pear         -  no    -       250ms',
      ].join('\n'),
    )
  })

  it('shows exact values in a pipe, every column, without a header', () => {
    assert.equal(
      renderListing(COLUMNS, [APPLE, PEAR], PIPE, NOW),
      'apple\t2048\ttrue\t2026-01-02T01:00:05.250Z\t90\npear\t-\tfalse\t-\t0.25',
    )
  })

  it('leaves out the columns of the highest rank first where the terminal is narrow, the last of them before', () => {
    const headers = (width: number): string =>
      renderListing(COLUMNS, [APPLE, PEAR], screen(width), NOW).split('\n')[0]?.replace(/ +/g, ' ') ?? ''
    assert.deepEqual([35, 34, 28, 20, 14, 3].map(headers), [
      'NAME WEIGHT RIPE PICKED AGE',
      'NAME WEIGHT PICKED AGE',
      'NAME WEIGHT PICKED',
      'NAME WEIGHT',
      'NAME WEIGHT',
      'NAME',
    ])
  })

  it('gives a long name what is left of the line, and cuts it there', () => {
    const [, line = ''] = renderListing(COLUMNS, [{...APPLE, name: 'a'.repeat(200)}], screen(60), NOW).split('\n')
    assert.equal(line.length, 60)
    assert.match(line, /^a+… {2}2\.0 KiB {2}/)
  })

  it('shows no control character, whatever a name holds', () => {
    const hostile = {...APPLE, name: 'a\u001b[2J\tb\nc\u202ed\u061ce'}
    const [cell] = renderListing(COLUMNS, [hostile], PIPE, NOW).split('\t')
    assert.equal(cell, 'a\\x1b[2J\\x09b\\x0ac\\u202ed\\u061ce')
  })
})

describe('renderCsv', () => {
  it('has a header of keys and a record a row, exact, unknown values empty', () => {
    assert.equal(
      [...renderCsv(COLUMNS, [APPLE, PEAR])].join(''),
      'name,weight,ripe,pickedAt,age\r\napple,2048,true,2026-01-02T01:00:05.250Z,90\r\npear,,false,,0.25\r\n',
    )
  })

  it('quotes commas and quotes, and defuses what a spreadsheet would run', () => {
    const names = ['a,b', 'say "x"', '=1+1', '+1', '-1', '@x', 'a\nb', '=a,"b"', '＝1']
    const cells = [
      ...renderCsv(
        COLUMNS.slice(0, 1),
        names.map((name) => ({...APPLE, name})),
      ),
    ]
    assert.deepEqual(cells, [
      'name\r\n',
      '"a,b"\r\n',
      '"say ""x"""\r\n',
      "'=1+1\r\n",
      "'+1\r\n",
      "'-1\r\n",
      "'@x\r\n",
      'a\\x0ab\r\n',
      '"\'=a,""b"""\r\n',
      "'＝1\r\n",
    ])
  })

  it('leaves a negative number a number', () => {
    assert.deepEqual([...renderCsv(COLUMNS.slice(1, 2), [{...APPLE, weight: -1}])], ['weight\r\n', '-1\r\n'])
  })
})

describe('sortRows', () => {
  const rows = [PEAR, APPLE, {...APPLE, name: 'fig', weight: 10}]
  const names = (sort: string): readonly string[] => sortRows(COLUMNS, rows, sort).map(({name}) => name)

  it('orders by one column or several, either way, unknown values last', () => {
    assert.deepEqual(['name', '-name', 'weight', '-weight', 'ripe,-name', 'WEIGHT', '-pickedAt'].map(names), [
      ['apple', 'fig', 'pear'],
      ['pear', 'fig', 'apple'],
      ['fig', 'apple', 'pear'],
      ['apple', 'fig', 'pear'],
      ['pear', 'fig', 'apple'],
      ['fig', 'apple', 'pear'],
      ['apple', 'fig', 'pear'],
    ])
  })

  it('takes the header that the table shows for the column, where it is no other key', () => {
    assert.deepEqual(names('PICKED'), names('pickedAt'))
    assert.deepEqual(names('-picked'), names('-pickedAt'))
    const columns = [...COLUMNS, {...COLUMNS[0]!, key: 'other', header: 'WEIGHT'}]
    assert.deepEqual(sortRows(columns, rows, 'weight'), sortRows(COLUMNS, rows, 'weight'))
  })

  it('refuses a column that there is not, naming the nearest and all', () => {
    assert.throws(
      () => names('name,-wieght'),
      (error: UsageError) =>
        error instanceof UsageError &&
        error.message === '--sort name,-wieght: there is no column "wieght", did you mean weight?' &&
        error.suggestions[0] === 'sort by one of name, weight, ripe, pickedAt, age',
    )
    assert.throws(() => names(''), /there is no column ""/)
  })
})
