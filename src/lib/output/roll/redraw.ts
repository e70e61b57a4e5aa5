import {stripVTControlCharacters} from 'node:util'
import {displayWidth} from '../table.ts'
import type {Conversation} from '../terminal.ts'

/** A block of lines at the end of the conversation that is drawn over itself. */
export interface Redraw {
  /** Puts these lines in place of the block. */
  draw(lines: readonly string[]): void
  /** Clears the window and puts these lines at its top: for one whose size changed, where nobody knows the old place. */
  drawAnew(lines: readonly string[]): void
  /** A line that stays, above the block. */
  print(line: string): void
  /** Leaves the block as it stands and gives the cursor back. */
  end(): void
}

/** Everything of one step goes out in one write, each line overwritten in place and not erased first: no flicker. */
export function openRedraw(screen: Pick<Conversation, 'width' | 'write'>): Redraw {
  let shown: readonly string[] = []
  let hidden = false

  const backToStart = (): string => {
    const back = heightOf(shown, screen.width)
    return back > 0 ? `\u001b[${back}A\r` : ''
  }
  const step = (printed: readonly string[], lines: readonly string[], up = backToStart()): void => {
    const body = [...printed, ...lines].map((line) => `${line}\u001b[K\n`).join('')
    const hide = hidden ? '' : '\u001b[?25l'
    hidden = true
    shown = lines
    screen.write(`${hide}${up}${body}\u001b[J`)
  }
  return {
    draw: (lines) => step([], lines),
    drawAnew: (lines) => step([], lines, '\u001b[H\u001b[J'),
    print: (line) => step([line], shown),
    end() {
      if (hidden) screen.write('\u001b[?25h')
      hidden = false
      shown = []
    },
  }
}

/** Rows the lines take on a terminal that may have become narrower since they were written. */
function heightOf(lines: readonly string[], width: number): number {
  return lines.reduce(
    (sum, line) => sum + Math.max(1, Math.ceil(displayWidth(stripVTControlCharacters(line)) / Math.max(1, width))),
    0,
  )
}
