import {Box, type Key as InkKey, Text, useApp, useInput, useWindowSize} from 'ink'
import {createElement, type ReactElement} from 'react'
import type {Key} from '../../domain/top/screen.ts'
import type {FrameSize} from './frame.ts'

export {render} from 'ink'
export {createElement} from 'react'

export interface ScreenProps {
  /** The whole screen as lines, printable and painted. */
  readonly draw: (size: FrameSize) => readonly string[]
  readonly onKey: (key: Key, size: FrameSize) => void
  readonly onQuit: (by: 'key' | 'interruption') => void
  /** Ctrl-Z, with what gives the terminal away while the callback runs. */
  readonly onSuspend: (lend: (during: () => Promise<void>) => Promise<void>) => void
}

/** Layout, input and the size of the window are ink's; what is drawn and what a key means is decided elsewhere. */
export function Screen({draw, onKey, onQuit, onSuspend}: ScreenProps): ReactElement {
  const {columns: width, rows: height} = useWindowSize()
  const {suspendTerminal} = useApp()
  useInput((input, key) => {
    for (const pressed of keysOf(input, key)) {
      if (pressed === 'interrupt') return onQuit('interruption')
      if (pressed === 'suspend') onSuspend(suspendTerminal)
      else onKey(pressed, {width, height})
    }
  })
  const lines = draw({width, height}).map((line, index) =>
    // Lines have no identity but their place. An empty text would take no line.
    createElement(Text, {key: index, wrap: 'truncate-end'}, line || ' '),
  )
  return createElement(Box, {flexDirection: 'column', width, height, overflow: 'hidden'}, lines)
}

const NAMED: readonly (readonly [of: keyof InkKey, name: Exclude<Key['name'], 'text'>])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
]

type Pressed = Key | 'interrupt' | 'suspend'

/** What is typed fast comes in one piece, with whatever control characters are in it. */
function keysOf(input: string, key: InkKey): readonly Pressed[] {
  if (key.ctrl) return input === 'c' ? ['interrupt'] : input === 'z' ? ['suspend'] : []
  if (key.tab) return [{name: key.shift ? 'back-tab' : 'tab'}]
  const named = NAMED.find(([of]) => key[of])
  if (named) return [{name: named[1]}]
  return key.meta ? [] : [...input].flatMap((text) => CONTROLS[text] ?? [{name: 'text', text}])
}

const CONTROLS: Readonly<Record<string, readonly Pressed[]>> = {
  '\u0003': ['interrupt'],
  '\u001a': ['suspend'],
  '\r': [{name: 'enter'}],
  '\n': [{name: 'enter'}],
  '\t': [{name: 'tab'}],
  '\b': [{name: 'backspace'}],
  '\u007f': [{name: 'backspace'}],
}
