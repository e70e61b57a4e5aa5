import assert from 'node:assert/strict'
import {type Column, cutText, displayWidth, renderTable} from '../../../src/lib/output/table.ts'

interface Node {
  readonly name: string
  readonly lag: number
  readonly note: string
}

const columns: readonly Column<Node>[] = [
  {header: 'NODE', value: ({name}) => name, whole: true},
  {header: 'LAG', value: ({lag}) => String(lag), align: 'right', tone: ({lag}) => (lag > 0 ? 'bad' : undefined)},
  {header: 'NOTE', value: ({note}) => note},
]
const rows: readonly Node[] = [
  {name: 'nats-prod-node-1', lag: 0, note: 'meta leader'},
  {name: 'nats-prod-node-2', lag: 1200, note: ''},
]
const pipe = {width: Number.POSITIVE_INFINITY, decorated: false}

describe('renderTable', () => {
  it('aligns columns under a header on a terminal', () => {
    assert.equal(
      renderTable(columns, rows, {width: 80, decorated: true}),
      ['NODE               LAG  NOTE', 'nats-prod-node-1     0  meta leader', 'nats-prod-node-2  1200'].join('\n'),
    )
  })

  it('writes one tab separated record a line in a pipe, without header, whatever the width', () => {
    const long = {name: 'n', lag: 1, note: 'x'.repeat(500)}
    assert.equal(
      renderTable(columns, [...rows, long], pipe),
      `nats-prod-node-1\t0\tmeta leader\nnats-prod-node-2\t1200\t\nn\t1\t${'x'.repeat(500)}`,
    )
  })

  it('is empty in a pipe and a lone header on a terminal when there are no rows', () => {
    assert.equal(renderTable(columns, [], pipe), '')
    assert.equal(renderTable(columns, [], {width: 80, decorated: true}), 'NODE  LAG  NOTE')
  })

  it('shows a hundred and fifty thousand rows', () => {
    const many: readonly Node[] = Array(150_000).fill(rows[0])
    assert.equal(renderTable(columns, many, {width: 80, decorated: true}).split('\n').length, 150_001)
  })

  it('cuts the widest cells until the line fits, never a column that is to stay whole', () => {
    const note = 'the replica is catching up from the leader'
    const text = renderTable(columns, [{name: 'nats-prod-node-3', lag: 7, note}], {width: 40, decorated: true})
    assert.deepEqual(text.split('\n'), ['NODE              LAG  NOTE', 'nats-prod-node-3    7  the replica is c…'])
  })

  it('lets a line wrap rather than cut below what can be recognised', () => {
    const text = renderTable(columns, [{name: 'nats-prod-node-3', lag: 7, note: 'catching up'}], {
      width: 10,
      decorated: true,
    })
    assert.deepEqual(text.split('\n'), ['NODE              LAG  NOTE', 'nats-prod-node-3    7  catch…'])
  })

  it('lets a whole cell that is far wider than the others tear its own line and no other', () => {
    const values: readonly Column<readonly string[]>[] = ['KEY', 'VALUE', 'SOURCE'].map((header, index) => ({
      header,
      value: (row) => row[index] ?? '',
      whole: true,
    }))
    const style = {width: 40, decorated: true}
    const path = '/home/somebody/.aws/credentials'
    assert.deepEqual(
      renderTable(
        values,
        [
          ['region', 'us-east-2', 'convention'],
          ['settle', '120', 'convention'],
          ['credentialsFile', path, 'flag'],
        ],
        style,
      ).split('\n'),
      [
        'KEY              VALUE        SOURCE',
        'region           us-east-2    convention',
        'settle           120          convention',
        `credentialsFile  ${path}  flag`,
      ],
    )
  })

  it('keeps columns aligned beside wide characters', () => {
    const names = ['日本', 'ab'].map((name) => ({name, lag: 0, note: '|'}))
    assert.deepEqual(renderTable(columns, names, {width: 80, decorated: true}).split('\n'), [
      'NODE  LAG  NOTE',
      '日本    0  |',
      'ab      0  |',
    ])
  })

  it('shows control characters of a name instead of sending them', () => {
    const hostile = [{name: 'a\u001b[2J\tb\nc', lag: 0, note: ''}]
    assert.equal(renderTable(columns, hostile, pipe), 'a\\x1b[2J\\x09b\\x0ac\t0\t')
    assert.equal(renderTable(columns, hostile, {width: 80, decorated: true}).split('\n').length, 2)
  })

  it('paints the text of a cell and not its padding', () => {
    const paint = (tone: string, text: string): string => `<${tone}>${text}</${tone}>`
    assert.deepEqual(renderTable(columns, rows, {width: 80, decorated: true, paint}).split('\n'), [
      '<strong>NODE               LAG  NOTE</strong>',
      'nats-prod-node-1     0  meta leader',
      'nats-prod-node-2  <bad>1200</bad>',
    ])
  })
})

describe('cutText', () => {
  for (const [text, width, expected] of [
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['👩‍👩‍👧 family', 4, '👩‍👩‍👧 …'],
    ['x', 0, ''],
  ] as const) {
    it(`${text} in ${width} columns is ${expected || 'nothing'}`, () => {
      assert.equal(cutText(text, width), expected)
      assert.ok(displayWidth(cutText(text, width)) <= width)
    })
  }
})
