import assert from 'node:assert/strict'
import {reportRoll} from '../../../../src/lib/domain/roll/report.ts'
import {renderReportHtml} from '../../../../src/lib/output/roll/html.ts'
import {renderReport} from '../../../../src/lib/output/roll/report.ts'
import {displayWidth} from '../../../../src/lib/output/table.ts'
import {assertGolden} from '../../../support/golden.ts'
import {HOSTILE, heldRoll, ROLL, replacement, START, started, wholeRoll} from '../../../support/roll-events.ts'

const paint = (_tone: string, text: string): string => text
const screen = {width: 80, decorated: true, paint}
const pipe = {width: Infinity, decorated: false, paint}
const whole = () => reportRoll(ROLL, wholeRoll())
const held = (hostile = '') => reportRoll(ROLL, heldRoll(hostile))

describe('the report of a roll in text', () => {
  it('is for people on a terminal', () => {
    assertGolden('roll/done.screen.txt', `${renderReport(whole(), screen)}\n`)
    assertGolden('roll/held.screen.txt', `${renderReport(held(), screen)}\n`)
  })

  it('is one record a line in a pipe', () => {
    assertGolden('roll/done.records.txt', `${renderReport(whole(), pipe)}\n`)
  })

  it('leaves out how it ended where the error itself follows', () => {
    assert.doesNotMatch(renderReport(held(), screen, {withEnd: false}), /held in SYNC of/)
    assert.match(renderReport(held(), screen), /^ended {5}held in SYNC of/m)
  })

  it('never goes beyond the width: more nodes make more tables', () => {
    const nodes = Array.from({length: 9}, (_, n) => replacement(`nats-production-node-${n}`, 1, START + n * 1000))
    const report = reportRoll(ROLL, [started(), ...nodes.flatMap(({events}) => events)])
    const lines = renderReport(report, screen).split('\n')
    for (const line of lines) assert.ok(displayWidth(line) <= 80, line)
    assert.equal(lines.filter((line) => line.startsWith('STATE')).length, 5)
  })

  it('lets no name reach the terminal as it is', () => {
    for (const style of [screen, pipe]) {
      assert.doesNotMatch(renderReport(held(HOSTILE), style), /[\u0000-\u0008\u000b-\u001f]|^error: fake/m)
    }
  })

  it('says what is known where nothing is', () => {
    const text = renderReport(reportRoll(ROLL, []), screen)
    assert.match(text, /^roll 20260102-030405-abc123: unfinished, 0 of 0 nodes replaced\n/)
  })
})

describe('the report of a roll as a page', () => {
  it('is one page with the time line, the tables and the remarks', () => {
    assertGolden('roll/done.html', renderReportHtml(whole()))
  })

  it('needs nothing from elsewhere and runs nothing', () => {
    for (const report of [whole(), held()]) {
      const page = renderReportHtml(report)
      assert.doesNotMatch(page, /<script|<link|<img|<iframe|javascript:|https?:|url\(|@import|\son\w+=/i)
      assert.match(page, /default-src 'none'/)
      assert.match(page, /prefers-color-scheme: dark/)
    }
  })

  it('escapes every name', () => {
    const page = renderReportHtml(held(`${HOSTILE}" onload="alert(1)' <b>`))
    assert.doesNotMatch(page, /<script|<b>|" onload=|\u001b/)
    assert.ok(page.includes('&#60;script&#62;'))
  })

  it('draws a bar for every stay, in its place', () => {
    const page = renderReportHtml(held())
    const bars = [...page.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)]
    assert.equal(bars.length, held().nodes[0]?.spans.length)
    const last = bars.at(-1)
    assert.equal(last?.[1], 'sync')
    assert.ok(Math.abs(Number(last?.[2]) + Number(last?.[3]) - 960) < 0.2)
  })

  it('keeps every bar within the picture, and a name of wide characters beside the bars', () => {
    const events = [
      ...replacement('nats-prod-木木木木木木木木', 2, START, 'SYNC').events,
      {type: 'state', at: START + 127_000, state: 'VERIFY', node: 'nats-prod-木木木木木木木木'} as const,
    ]
    const page = renderReportHtml(reportRoll(ROLL, events))
    const bars = [...page.matchAll(/<rect class="\w+" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)]
    assert.ok(bars.every(([, x, width]) => Number(x) + Number(width) <= 960.1))
    assert.match(page, /<text x="0" y="23">nats-prod-木木木木…<\/text>/)
  })

  it('closes every element it opens', () => {
    for (const report of [whole(), held(), reportRoll(ROLL, [])]) {
      const open: string[] = []
      for (const [tag, closing, name = ''] of renderReportHtml(report).matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?>/g)) {
        if (tag.endsWith('/>') || name === 'meta') continue
        if (closing === '') open.push(name)
        else assert.equal(open.pop(), name)
      }
      assert.deepEqual(open, [])
    }
  })
})
