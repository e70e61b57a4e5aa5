import assert from 'node:assert/strict'
import fc from 'fast-check'
import {type LogPlace, pageCommand, readPage} from '../../../src/lib/domain/node-log.ts'

const LIMIT = 400
const MARK = '\n---Output truncated---'

/** What AWS keeps of an output. */
function kept(output: string): {readonly stdout: string; readonly cut: boolean} {
  if (output.length <= LIMIT) return {stdout: output, cut: false}
  return {stdout: output.slice(0, LIMIT - MARK.length) + MARK, cut: true}
}

/** Reads page by page to the end, at most so often. */
function readAll(from: LogPlace, print: (place: LogPlace) => string): readonly string[] {
  const texts: string[] = []
  let place = from
  for (let page = 0; page < 500; page += 1) {
    const {stdout, cut} = kept(print(place))
    const {entries, next} = readPage(place, stdout, {cut, isLast: true})
    texts.push(...entries.map(({text}) => text))
    const isMore = cut && next !== place
    place = next
    if (!isMore) return texts
  }
  throw new Error('the log has no end')
}

const line = fc.string({minLength: 1, maxLength: 60}).map((text) => text.replaceAll('\n', ' '))

const entryLine = (seconds: string, text: string): string => `${seconds} ip-10-0-0-1 ${text}\n`

describe('a log on an instance', () => {
  const journal = (seconds: string, known = 0): LogPlace => ({kind: 'journal', unit: 'nats', seconds, known})
  const file: LogPlace = {kind: 'file', path: '/var/log/x', line: 1}

  it('is asked for from a place on', () => {
    assert.deepEqual(pageCommand(journal('1.500000')), [
      ...['journalctl', '-u', 'nats', '--since', '@1.500000', '-o', 'short-unix', '--no-pager'],
    ])
    assert.deepEqual(pageCommand({...file, line: 4}), ['tail', '-n', '+4', '/var/log/x'])
  })

  it('is read whole and in order from a journal, each entry once, as long as a page holds what shares a moment', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({max: 3}), line), {maxLength: 40}), (steps) => {
        let micros = 1_700_000_000_000_000
        const entries = steps.map(([step, text], index) => {
          micros += step
          const digits = String(micros)
          return {seconds: `${digits.slice(0, -6)}.${digits.slice(-6)}`, text: `p[1]: ${index} ${text}`}
        })
        const moments = [...Map.groupBy(entries, ({seconds}) => seconds).values()]
        const lengths = moments.map((ones) => ones.map(({seconds, text}) => entryLine(seconds, text)).join('').length)
        fc.pre(Math.max(0, ...lengths) <= LIMIT - MARK.length)
        const print = (place: LogPlace): string => {
          const since = place.kind === 'journal' ? place.seconds : ''
          const shown = entries.filter(({seconds}) => seconds >= since)
          if (shown.length === 0) return '-- No entries --\n'
          return shown.map(({seconds, text}) => entryLine(seconds, text)).join('')
        }
        const read = readAll(journal('1700000000.000000'), print)
        assert.deepEqual(
          read,
          entries.map(({text}) => text),
        )
      }),
    )
  })

  it('is read whole from a file, line by line', () => {
    fc.assert(
      fc.property(fc.array(line, {maxLength: 60}), (lines) => {
        const print = (place: LogPlace): string =>
          lines
            .slice(place.kind === 'file' ? place.line - 1 : 0)
            .map((each) => `${each}\n`)
            .join('')
        assert.deepEqual(readAll(file, print), lines)
      }),
    )
  })

  it('goes on after an entry or a line that is longer than a page', () => {
    const entries = [`1.000001 h p: ${'x'.repeat(900)}\n`, '1.000002 h p: short\n']
    const fromJournal = readAll(journal('1.000000'), (place) => {
      return entries.filter((entry) => entry.slice(0, 8) >= (place.kind === 'journal' ? place.seconds : '')).join('')
    })
    assert.deepEqual([fromJournal.length, fromJournal[1]], [2, 'p: short'])
    const lines = ['y'.repeat(900), 'short']
    const fromFile = readAll(file, (place) => lines.slice(place.kind === 'file' ? place.line - 1 : 0).join('\n'))
    assert.deepEqual([fromFile.length, fromFile[1]], [2, 'short'])
  })

  it('takes no beginning of an entry for a line of the only one before it', () => {
    for (const begun of ['1', '1.', '1.000002', '1.000002 ', '1.000002 ip-10']) {
      const page = `1.000001 h p: known\n1.000001 h p: whole\n${begun}${MARK}`
      const {entries, next} = readPage(journal('1.000001', 1), page, {cut: true, isLast: true})
      assert.deepEqual([entries.map(({text}) => text), next], [['p: whole'], journal('1.000001', 2)])
    }
  })

  it('goes on after a moment that fills more than a page, and ends where nothing can be read', () => {
    const burst = Array.from({length: 20}, (_, index) => `1.000001 h p: ${index} ${'x'.repeat(40)}\n`)
    const entries = [...burst, '1.000002 h p: after\n']
    const read = readAll(journal('1.000000'), (place) => {
      return entries.filter((entry) => entry.slice(0, 8) >= (place.kind === 'journal' ? place.seconds : '')).join('')
    })
    assert.deepEqual([read[0]?.slice(0, 4), read.at(-1)], ['p: 0', 'p: after'])
    assert.deepEqual(
      readAll(journal('1.000000'), () => 'x'.repeat(900)),
      [],
    )
  })

  it('keeps the lines of one entry together and leaves out what journalctl says itself', () => {
    const stdout =
      '-- Boot 1 --\n1.000000 h p: panic: x\n    goroutine 1\n    main.go\n-- Reboot --\n2.000000 h p: up\n'
    assert.deepEqual(readPage(journal('0.000000'), stdout, {cut: false, isLast: true}), {
      entries: [
        {at: 1000, text: 'p: panic: x\n    goroutine 1\n    main.go'},
        {at: 2000, text: 'p: up'},
      ],
      next: journal('2.000000', 1),
    })
  })

  it('waits for the rest of half a line while it is followed', () => {
    const page = (isLast: boolean) => readPage(file, 'one\ntw', {cut: false, isLast})
    assert.deepEqual(
      page(false).entries.map(({text}) => text),
      ['one'],
    )
    assert.deepEqual(page(false).next, {...file, line: 2})
    assert.deepEqual(
      page(true).entries.map(({text}) => text),
      ['one', 'tw'],
    )
  })
})
