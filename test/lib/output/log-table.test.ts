import assert from 'node:assert/strict'
import {renderLogLines} from '../../../src/lib/output/log-lines.ts'
import {renderLogCsv, renderLogTable} from '../../../src/lib/output/log-table.ts'
import {displayWidth} from '../../../src/lib/output/table.ts'

const screen = {decorated: true, width: 80, paint: (_tone: string, text: string) => text}
const hostile = {
  columns: ['a\u001b[2J', '=x,"y"'],
  rows: [
    ['\u202e\u0007', `=1+1,"q"\n${'世'.repeat(200)}`],
    [null, {deep: ['\u001b']}],
  ],
}

describe('rows of a query', () => {
  it('fit the terminal and move nothing on it, names of fields included', () => {
    const text = renderLogTable(hostile, screen, 0)
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/)
    assert.match(text, /^a\\x1b\[2J {2,}=x,"y"\n/)
    for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 80, line)
  })

  it('show of events the message whole, and beside it what there is room for', () => {
    const said = 'the stream pivot_main has no leader, and nobody of its group has been elected for 30 seconds'
    const events = {
      columns: ['_time', 'node', 'instance_id', 'source', 'message', 'code'],
      rows: [['2026-11-21T19:44:05.123456789Z', 'nats-prod-node-3', 'i-090ea09abbfe71812', 'bootstrap', said, 7]],
    }
    assert.deepEqual(renderLogTable(events, screen, 0).split('\n'), [
      '_time                 node              message',
      '2026-11-21T19:44:05Z  nats-prod-node-3  the stream pivot_main has no leader, and',
      '                                        nobody of its group has been elected for',
      '                                        30 seconds',
    ])
    assert.deepEqual(
      renderLogTable(events, {...screen, width: 100}, 0)
        .split('\n')
        .slice(0, 2),
      [
        '_time                 node              code  message',
        '2026-11-21T19:44:05Z  nats-prod-node-3  7     the stream pivot_main has no leader, and nobody of its',
      ],
    )
    const wide = renderLogTable(events, {...screen, width: 130}, 0)
    assert.match(wide, /i-090ea09abbfe71812 {2}bootstrap {2}7 {5}the stream/)
    const narrow = renderLogTable(events, {...screen, width: 40}, 0)
    assert.match(narrow, /\n2026-11-21T19:44:05Z {2}nats-prod-node-3 {2}the stream\n/)
    const records = renderLogTable(events, {...screen, decorated: false}, 0)
    assert.equal(records, events.rows[0]?.join('\t'))
  })

  it('show the verdict of a bootstrap check at its end', () => {
    const said = '2026-11-21T19:44:05Z nats-prod-node-3 bootstrap: Axiom ingest check: ok'
    const found = {columns: ['@timestamp', '@message'], rows: [['2026-11-21 19:44:06.000', said]]}
    assert.deepEqual(renderLogTable(found, screen, 0).split('\n'), [
      '@timestamp               @message',
      '2026-11-21 19:44:06.000  2026-11-21T19:44:05Z nats-prod-node-3 bootstrap: Axiom',
      '                         ingest check: ok',
    ])
  })

  it('are one record a line as CSV, and nothing a spreadsheet would run', () => {
    assert.equal(
      renderLogCsv(hostile),
      `a\\x1b[2J,"'=x,""y"""\r\n\\u202e\\x07,"'=1+1,""q""\\x0a${'世'.repeat(200)}"\r\n,"{""deep"":[""\\u001b""]}"\r\n`,
    )
  })

  it('have headers that are defused as their cells are', () => {
    const columns = ['@message', '@SUM(A1)', '＝1', '-1']
    assert.equal(renderLogCsv({columns, rows: []}), "@message,'@SUM(A1),'＝1,'-1\r\n")
  })

  it('are nothing where there are none', () => {
    assert.equal(renderLogCsv({columns: ['a'], rows: []}), 'a\r\n')
  })
})

describe('lines of a log', () => {
  const at = Date.parse('2026-11-20T19:50:50.317Z')

  it('keep together what belongs together, and are safe on a terminal', () => {
    const lines = [
      {at, node: 'c-node-1', text: 'panic\n\tat x\u001b[2J\n'},
      {at: null, text: 'no time'},
    ]
    assert.equal(renderLogLines(lines, screen), '2026-11-20T19:50:50Z c-node-1 panic\n\tat x\\x1b[2J\nno time')
    assert.equal(
      renderLogLines(lines, {...screen, decorated: false}),
      '2026-11-20T19:50:50Z\tc-node-1\tpanic\n\tat x\u001b[2J\nno time',
    )
  })
})
