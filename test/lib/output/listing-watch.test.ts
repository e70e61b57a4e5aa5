import assert from 'node:assert/strict'
import xterm from '@xterm/headless'
import {openWatchedScreen} from '../../../src/lib/output/listing-watch.ts'

describe('a result that is drawn over itself', () => {
  for (const [what, columns, rows] of [
    ['narrower', 30, 24],
    ['lower', 80, 8],
    ['wider', 120, 24],
    ['higher', 80, 40],
  ] as const) {
    it(`is alone in a window that became ${what}`, async () => {
      const window = new xterm.Terminal({cols: 80, rows: 24, allowProposedApi: true, convertEol: true})
      const written = (text: string): Promise<void> => new Promise((resolve) => window.write(text, resolve))
      const screen = {
        get width() {
          return window.cols
        },
        get height() {
          return window.rows
        },
        write: (text: string): void => window.write(text),
      }
      await written(`${'earlier\n'.repeat(9)}$ natsops\n`)
      const watched = openWatchedScreen({screen, paint: (_tone, text) => text})
      const table = (look: string): string =>
        Array.from({length: 12}, (_, row) => `${look} ${row} ${'x'.repeat(60)}`).join('\n')
      watched.draw(table('old'), ['foot of old'])
      await written('')
      window.resize(columns, rows)
      watched.draw(table('new'), ['foot of new'])
      await written('')
      const {active} = window.buffer
      const lines = Array.from({length: rows}, (_, row) => active.getLine(active.baseY + row)?.translateToString(true))
      assert.equal(lines[0]?.startsWith('new 0 x'), true, lines.join('\n'))
      assert.deepEqual(
        [lines.filter((line) => line?.includes('old')), lines.filter((line) => line === 'foot of new')],
        [[], ['foot of new']],
      )
    })
  }
})
