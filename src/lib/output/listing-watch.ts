import {stripVTControlCharacters} from 'node:util'
import {humanCount} from './format.ts'
import {openRedraw} from './roll/redraw.ts'
import {displayWidth} from './table.ts'
import type {Terminal} from './terminal.ts'

/**
 * A result on a terminal that is drawn over itself, cut to what the window shows. After a change of the window's size it
 * is drawn on an empty one: terminals differ in whether they break and join the old lines, and in what they scroll away.
 */
export interface WatchedScreen {
  /** Text of several lines, printable already; `foot` is under it and never cut. */
  draw(text: string, foot: readonly string[]): void
  /** Leaves the last drawing as it stands and gives the cursor back. */
  end(): void
}

export function openWatchedScreen({screen, paint}: Pick<Terminal, 'screen' | 'paint'>): WatchedScreen {
  const redraw = openRedraw(screen)
  let size: string | undefined
  const put = (lines: readonly string[]): void => {
    const before = size
    size = `${screen.width}x${screen.height}`
    if (before === undefined || before === size) redraw.draw(lines)
    else redraw.drawAnew(lines)
  }
  const rowsOf = (line: string): number =>
    Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(line)) / screen.width))
  const count = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + rowsOf(line), 0)
  return {
    draw(text, foot) {
      const lines = text.split('\n')
      // The cursor stands on the line below the block.
      const room = screen.height - 1 - count(foot)
      if (count(lines) <= room) return put([...lines, ...foot])
      const shown: string[] = []
      let used = 1
      for (const line of lines) {
        used += rowsOf(line)
        if (used > room) break
        shown.push(line)
      }
      const more = paint('dim', `and ${humanCount(lines.length - shown.length)} more lines than fit`)
      put([...shown, more, ...foot])
    },
    end: () => redraw.end(),
  }
}
